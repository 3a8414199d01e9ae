//! How many events a row makes: one, one per element of a list, one per column, or as many as a count says.

use std::borrow::Cow;

use serde_json::Value;

use super::column::{Column, Scope};
use super::error::{MappingError, RowError};
use super::table::{Columns, decode, join};
use super::value;

/// More events than any honest row describes: a count column read by mistake must not fill the memory.
const MOST_EVENTS: usize = 100_000;

/// How many events a row makes.
pub(super) enum Spread {
    Once,
    /// One per element of a JSON array.
    Elements(Column),
    /// One per column that has a value.
    Columns(Vec<Column>),
    /// As many as the column says.
    Count(Column),
}

impl Spread {
    pub fn parse(path: &str, each: Option<toml::Value>, repeat: Option<toml::Value>) -> Result<Spread, MappingError> {
        match (each, repeat) {
            (None, None) => Ok(Spread::Once),
            (Some(array @ toml::Value::Array(_)), None) => {
                decode::<Columns>(&join(path, "each"), array).map(|columns| Spread::Columns(columns.0))
            }
            (Some(column), None) => decode(&join(path, "each"), column).map(Spread::Elements),
            (None, Some(column)) => decode(&join(path, "repeat"), column).map(Spread::Count),
            (Some(_), Some(_)) => Err(MappingError::new(path, "give `each` or `repeat`, not both")),
        }
    }

    /// Whether `@item` means something.
    pub fn has_items(&self) -> bool {
        matches!(self, Spread::Elements(_) | Spread::Columns(_))
    }

    /// Whether `@index` and `@number` mean something.
    pub fn has_index(&self) -> bool {
        !matches!(self, Spread::Once)
    }

    /// The elements with their numbers; those without a value are left out, but keep their number. `made` events of the
    /// row exist already.
    pub fn items<'a>(&self, scope: &Scope<'a>, made: usize) -> Result<Vec<(usize, Option<&'a Value>)>, RowError> {
        let room = MOST_EVENTS.saturating_sub(made);
        let items: Vec<_> = match self {
            Spread::Once => vec![(0, None)],
            Spread::Elements(column) => {
                let items = elements(column, scope)?.iter().enumerate();
                let present = items.filter(|(_, item)| !value::is_missing(item, scope.missing));
                present.map(|(n, item)| (n, Some(item))).collect()
            }
            Spread::Columns(columns) => {
                let items = columns.iter().enumerate();
                items
                    .filter_map(|(n, column)| Some((n, Some(borrowed(column.find(scope)?)?))))
                    .collect()
            }
            // One more than there is room for is enough to refuse the row.
            Spread::Count(column) => (0..count(column, scope)?).take(room + 1).map(|n| (n, None)).collect(),
        };
        if items.len() > room {
            let message = format!("a row makes at most {MOST_EVENTS} events");
            return Err(RowError::new("too_many_events", message));
        }
        Ok(items)
    }

    pub fn columns(&self) -> Vec<&Column> {
        match self {
            Spread::Once => Vec::new(),
            Spread::Elements(column) | Spread::Count(column) => vec![column],
            Spread::Columns(columns) => columns.iter().collect(),
        }
    }
}

/// No column is no element.
fn elements<'a>(column: &Column, scope: &Scope<'a>) -> Result<&'a [Value], RowError> {
    let Some(found) = column.find(scope) else {
        return Ok(&[]);
    };
    if let Cow::Borrowed(Value::Array(items)) = found {
        return Ok(items);
    }
    let message = format!("each = {}: {} is not a list", column.name(), value::shown(&found));
    Err(RowError::new("not_a_list", message))
}

fn count(column: &Column, scope: &Scope<'_>) -> Result<usize, RowError> {
    let count = column.find(scope).map_or(Ok(0), |count| value::count(&count));
    count
        .map(|count| count as usize)
        .map_err(|error| error.at(format_args!("repeat = {}", column.name())))
}

/// The value as it stands in the row. Only `@index` and `@number`, which `each` cannot name, are made on the way.
fn borrowed(value: Cow<'_, Value>) -> Option<&Value> {
    match value {
        Cow::Borrowed(value) => Some(value),
        Cow::Owned(_) => None,
    }
}
