//! Assignments: one field of an event and where its value comes from.

use serde_json::Value;

use super::column::{Column, Scope};
use super::error::{MappingError, RowError};
use super::fields::{FIELDS, Field};
use super::source::Source;
use super::table::{self, join};
use super::time::TimeFormat;
use super::value;
use crate::domain::event::{Event, EventKind};

#[derive(Clone)]
pub(super) struct Assignment {
    name: String,
    target: Target,
    source: Source,
}

#[derive(Clone)]
enum Target {
    Field(Field),
    Attribute(String),
}

/// Reads the fields of a block, or those that all blocks share.
pub(super) fn assignments(path: &str, fields: toml::Table) -> Result<Vec<Assignment>, MappingError> {
    let mut assignments = Vec::new();
    for (key, value) in fields {
        let place = join(path, &key);
        match key.as_str() {
            "attributes" => {
                for (name, value) in table::table(&place, value)? {
                    let (path, full) = (join(&place, &name), join(&key, &name));
                    assignments.push(Assignment::parse(&path, full, Target::Attribute(name), value)?);
                }
            }
            "initial" => {
                for (name, value) in table::table(&place, value)? {
                    assignments.push(Assignment::field(&join(&place, &name), join(&key, &name), value)?);
                }
            }
            "aliases" => {
                for value in table::list(&place, value)? {
                    assignments.push(Assignment::field(&place, key.clone(), value)?);
                }
            }
            _ => assignments.push(Assignment::field(&place, key, value)?),
        }
    }
    Ok(assignments)
}

impl Assignment {
    fn field(path: &str, name: String, value: toml::Value) -> Result<Assignment, MappingError> {
        let field = Field::named(&name).ok_or_else(|| {
            let known: Vec<&str> = FIELDS.iter().map(|(known, _)| *known).collect();
            MappingError::new(
                path,
                format!("unknown field; there are attributes.<name>, {}", known.join(", ")),
            )
        })?;
        Assignment::parse(path, name, Target::Field(field), value)
    }

    fn parse(path: &str, name: String, target: Target, value: toml::Value) -> Result<Assignment, MappingError> {
        let source = Source::parse(path, value)?;
        let is_time = matches!(target, Target::Field(Field::Time(_)));
        if source.time_format().is_some() && !is_time {
            return Err(MappingError::new(path, "`time_format` belongs to occurred_at"));
        }
        let assignment = Assignment { name, target, source };
        // A constant that does not fit is wrong for every row: better said once, now.
        if assignment.source.is_constant() {
            let nowhere = Scope {
                row: &Value::Null,
                missing: &[],
                item: None,
                index: 0,
            };
            let mut scratch = Event::new(EventKind::Shown, "");
            assignment
                .apply(&nowhere, &mut scratch)
                .map_err(|error| MappingError::new(path, error.message))?;
        }
        Ok(assignment)
    }

    pub fn apply(&self, scope: &Scope<'_>, event: &mut Event) -> Result<(), RowError> {
        let set = self.source.read(scope).and_then(|value| match value {
            Some(value) => self.set(event, &value),
            None => Ok(()),
        });
        set.map_err(|error| error.at(self.source.label()))
    }

    fn set(&self, event: &mut Event, value: &Value) -> Result<(), RowError> {
        match &self.target {
            Target::Field(field) => field.set(event, value, self.source.time_format().unwrap_or(&TimeFormat::Rfc3339)),
            Target::Attribute(name) => {
                event.attributes.insert(name.clone(), value::text(value)?.into_owned());
                Ok(())
            }
        }
    }

    /// The attribute that is set, if it is one.
    pub fn attribute(&self) -> Option<&str> {
        match &self.target {
            Target::Attribute(name) => Some(name),
            Target::Field(_) => None,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn columns(&self) -> Vec<&Column> {
        self.source.columns()
    }
}
