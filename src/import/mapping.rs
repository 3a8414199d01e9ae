//! The mapping: which columns become which fields of which events.

use serde::Deserialize;
use serde_json::Value;

use super::assignment::{Assignment, assignments};
use super::block::Block;
use super::column::{Column, Scope};
use super::error::{MappingError, RowError};
use super::identity::Identities;
use super::table::{self, decode};
use super::template::Template;
use crate::domain::event::Event;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A table with a header, whatever its delimiter.
    Csv,
    /// One object per line.
    Jsonl,
    /// One array of objects.
    Json,
}

/// A mapping that was read and checked.
pub struct Mapping {
    name: String,
    pub(super) format: Option<Format>,
    pub(super) delimiter: Option<u8>,
    dimensions: Vec<String>,
    missing: Vec<String>,
    row_id: Option<Template>,
    blocks: Vec<Block>,
}

/// As it is written, apart from the fields and the events.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    format: Option<Format>,
    delimiter: Option<char>,
    #[serde(default)]
    dimensions: Vec<String>,
    #[serde(default = "empty_text")]
    missing: Vec<String>,
    row_id: Option<Template>,
}

fn empty_text() -> Vec<String> {
    vec![String::new()]
}

impl Mapping {
    /// Reads a mapping. Nothing is passed over: a key that is not known is an error.
    pub fn parse(text: &str) -> Result<Mapping, MappingError> {
        let mut document: toml::Table = toml::from_str(text).map_err(|error| MappingError::new("", error))?;
        let fields = document
            .remove("fields")
            .map(|fields| table::table("fields", fields))
            .transpose()?;
        let events = document
            .remove("event")
            .map(|events| table::list("event", events))
            .transpose()?
            .unwrap_or_default();
        let document: Document = decode("", toml::Value::Table(document))?;
        if document.name.is_empty() {
            return Err(MappingError::new(
                "name",
                "is empty; the ids of the events are derived from it",
            ));
        }
        if events.is_empty() {
            return Err(MappingError::new(
                "event",
                "no [[event]] block: the mapping would import nothing",
            ));
        }
        let delimiter = document.delimiter.map(u8::try_from).transpose();
        let delimiter = delimiter.map_err(|_| MappingError::new("delimiter", "must be one ASCII character"))?;
        let shared = assignments("fields", fields.unwrap_or_default())?;
        let blocks = events.into_iter().enumerate();
        let blocks = blocks.map(|(position, event)| Block::parse(position, event, &shared));
        let mapping = Mapping {
            name: document.name,
            format: document.format,
            delimiter,
            dimensions: document.dimensions,
            missing: document.missing,
            row_id: document.row_id,
            blocks: blocks.collect::<Result<_, _>>()?,
        };
        mapping.check_dimensions()?;
        Ok(mapping)
    }

    /// The mapping's name, part of the id of every event it makes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The attributes that the project should declare as dimensions, to group by them.
    pub fn dimensions(&self) -> &[String] {
        &self.dimensions
    }

    /// Every column that is named anywhere.
    pub(super) fn columns(&self) -> Vec<&Column> {
        let row_id = self.row_id.iter().flat_map(Template::columns);
        row_id.chain(self.blocks.iter().flat_map(Block::columns)).collect()
    }

    /// The events of a row: all of them, or why there are none.
    pub(super) fn events(&self, row: &Value, raw: &str, identities: &mut Identities) -> Result<Vec<Event>, RowError> {
        let scope = Scope {
            row,
            missing: &self.missing,
            item: None,
            index: 0,
        };
        let identity = identities.of(&self.name, self.row_id.as_ref(), &scope, raw)?;
        let mut events = Vec::new();
        for block in &self.blocks {
            block.produce(&scope, &identity, &mut events)?;
        }
        Ok(events)
    }

    fn check_dimensions(&self) -> Result<(), MappingError> {
        let set: Vec<&str> = self
            .blocks
            .iter()
            .flat_map(Block::assignments)
            .filter_map(Assignment::attribute)
            .collect();
        match self.dimensions.iter().find(|name| !set.contains(&name.as_str())) {
            Some(name) => Err(MappingError::new(
                "dimensions",
                format!("no event sets `attributes.{name}`"),
            )),
            None => Ok(()),
        }
    }
}
