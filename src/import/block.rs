//! Blocks: what makes one kind of event out of a row.

use super::assignment::{Assignment, assignments};
use super::column::{Column, Scope};
use super::condition::Condition;
use super::error::{MappingError, RowError};
use super::fields::event_kind;
use super::identity::RowIdentity;
use super::source::Source;
use super::spread::Spread;
use super::table::{self, join};
use super::value;
use crate::domain::event::{Event, EventKind};

/// One `[[event]]` of a mapping.
pub(super) struct Block {
    /// The place among the blocks, from 0. Part of the events' ids.
    position: usize,
    kind: Kind,
    when: Option<Condition>,
    spread: Spread,
    assignments: Vec<Assignment>,
}

enum Kind {
    Fixed(EventKind),
    From(Box<Source>),
}

impl Block {
    /// Reads a block; `shared` are the fields of all blocks, which its own fields replace.
    pub fn parse(position: usize, value: toml::Value, shared: &[Assignment]) -> Result<Block, MappingError> {
        let path = format!("event[{position}]");
        let mut table = table::table(&path, value)?;
        let kind = match table.remove("type") {
            Some(value) => Kind::parse(&join(&path, "type"), value)?,
            None => return Err(MappingError::new(path, "no `type`")),
        };
        let when = table
            .remove("when")
            .map(|value| Condition::parse(&join(&path, "when"), value))
            .transpose()?;
        let spread = Spread::parse(&path, table.remove("each"), table.remove("repeat"))?;
        let own = assignments(&path, table)?;
        let is_replaced = |shared: &&Assignment| own.iter().any(|own| own.name() == shared.name());
        let inherited = shared.iter().filter(|shared| !is_replaced(shared));
        let assignments = inherited.chain(&own).cloned().collect();
        let block = Block {
            position,
            kind,
            when,
            spread,
            assignments,
        };
        block.check(&path)?;
        Ok(block)
    }

    fn check(&self, path: &str) -> Result<(), MappingError> {
        let refuse = |message: String| Err(MappingError::new(path, message));
        if !self
            .assignments
            .iter()
            .any(|assignment| assignment.name() == "output_id")
        {
            return refuse("no `output_id`: set it here or in [fields]".to_owned());
        }
        for column in self.inner_columns() {
            if column.needs_item() && !self.spread.has_items() {
                return refuse(format!("`{}` needs `each`", column.name()));
            }
            if column.needs_index() && !self.spread.has_index() {
                return refuse(format!("`{}` needs `each` or `repeat`", column.name()));
            }
        }
        match self
            .spread
            .columns()
            .iter()
            .find(|column| column.needs_item() || column.needs_index())
        {
            Some(column) => refuse(format!(
                "`{}`: `each` and `repeat` take columns of the row",
                column.name()
            )),
            None => Ok(()),
        }
    }

    /// Adds the events that this block makes of the row.
    pub fn produce<'a>(
        &'a self,
        scope: &Scope<'a>,
        identity: &RowIdentity,
        events: &mut Vec<Event>,
    ) -> Result<(), RowError> {
        let items = self
            .spread
            .items(scope, events.len())
            .map_err(|error| error.at(format_args!("event[{}]", self.position)))?;
        for (index, item) in items {
            let scope = Scope { item, index, ..*scope };
            if let Some(mut event) = self.event(&scope)? {
                event.id.get_or_insert_with(|| identity.event_id(self.position, index));
                events.push(event);
            }
        }
        Ok(())
    }

    fn event(&self, scope: &Scope<'_>) -> Result<Option<Event>, RowError> {
        let here = |name: &str, error: RowError| error.at(format_args!("event[{}].{name}", self.position));
        if let Some(condition) = &self.when
            && !condition.holds(scope).map_err(|error| here("when", error))?
        {
            return Ok(None);
        }
        let Some(kind) = self.kind.read(scope).map_err(|error| here("type", error))? else {
            return Ok(None);
        };
        let mut event = Event::new(kind, "");
        for assignment in &self.assignments {
            assignment
                .apply(scope, &mut event)
                .map_err(|error| here(assignment.name(), error))?;
        }
        if event.output_id.is_empty() {
            return Err(here(
                "output_id",
                RowError::new("no_output_id", "has no value in this row"),
            ));
        }
        Ok(Some(event))
    }

    pub fn assignments(&self) -> &[Assignment] {
        &self.assignments
    }

    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.inner_columns().into_iter().chain(self.spread.columns())
    }

    /// The columns that are read once per event, not once per row.
    fn inner_columns(&self) -> Vec<&Column> {
        let mut columns: Vec<&Column> = self.assignments.iter().flat_map(|one| one.columns()).collect();
        columns.extend(self.when.iter().map(Condition::column));
        if let Kind::From(source) = &self.kind {
            columns.extend(source.columns());
        }
        columns
    }
}

impl Kind {
    /// The one place where a text is not a column: nearly every block has a fixed type.
    fn parse(path: &str, value: toml::Value) -> Result<Kind, MappingError> {
        let invalid = |error: RowError| MappingError::new(path, error.message);
        if let Some(name) = value.as_str() {
            let kind = event_kind(name).map_err(invalid)?;
            return kind
                .map(Kind::Fixed)
                .ok_or_else(|| MappingError::new(path, "a block that is always skipped"));
        }
        let source = Source::parse(path, value)?;
        for outcome in source.outcomes() {
            value::text(outcome)
                .and_then(|name| event_kind(&name))
                .map_err(invalid)?;
        }
        Ok(Kind::From(Box::new(source)))
    }

    /// The type for this row; nothing when the column is empty or says `skip`.
    fn read(&self, scope: &Scope<'_>) -> Result<Option<EventKind>, RowError> {
        match self {
            Kind::Fixed(kind) => Ok(Some(*kind)),
            Kind::From(source) => match source.read(scope)? {
                Some(name) => event_kind(&value::text(&name)?),
                None => Ok(None),
            },
        }
    }
}
