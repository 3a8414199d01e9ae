//! Conditions: which rows, or elements, make an event.

use serde::Deserialize;

use super::column::{Column, Scope};
use super::error::{MappingError, RowError};
use super::table::{Texts, decode};
use super::value;

/// Without `is` and `is_not`, the column must have a value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Condition {
    column: Column,
    is: Option<Texts>,
    is_not: Option<Texts>,
}

impl Condition {
    pub fn parse(path: &str, value: toml::Value) -> Result<Condition, MappingError> {
        match value {
            toml::Value::String(_) => Ok(Condition {
                column: decode(path, value)?,
                is: None,
                is_not: None,
            }),
            table => decode(path, table),
        }
    }

    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, RowError> {
        let found = self.column.find(scope);
        if self.is.is_none() && self.is_not.is_none() {
            return Ok(found.is_some());
        }
        let text = found.as_deref().map(value::text).transpose()?;
        let is_among = |texts: &Texts| text.as_ref().is_some_and(|text| texts.0.iter().any(|one| one == text));
        Ok(self.is.as_ref().is_none_or(is_among) && !self.is_not.as_ref().is_some_and(is_among))
    }

    pub fn column(&self) -> &Column {
        &self.column
    }
}
