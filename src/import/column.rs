//! Columns: how a mapping names a value of a row.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::value;

/// What the sources of one event are read from.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub row: &'a Value,
    /// Texts that stand for "no value".
    pub missing: &'a [String],
    /// The element at hand, inside `each`.
    pub item: Option<&'a Value>,
    /// The number of the element at hand, from 0, inside `each` and `repeat`.
    pub index: usize,
}

/// A column's name, or a path into nested JSON: `user`, `meta.locale`, `scores.0`, `reasons.@index`, `@item.score`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Column {
    name: String,
    root: Root,
    steps: Vec<Step>,
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Root {
    Row,
    Item,
    Index,
    Number,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    /// A key of an object, or a position in an array.
    Key(String),
    /// The position of the element at hand: walks arrays in parallel.
    Index,
}

impl TryFrom<String> for Column {
    type Error = String;

    fn try_from(name: String) -> Result<Column, String> {
        let mut parts = name.split('.').peekable();
        let root = match parts.peek() {
            Some(&"@item") => Root::Item,
            Some(&"@index") => Root::Index,
            Some(&"@number") => Root::Number,
            _ => Root::Row,
        };
        if root != Root::Row {
            parts.next();
        }
        let steps = parts.map(step).collect::<Result<Vec<_>, _>>()?;
        match root {
            Root::Row if name.is_empty() => Err("a column needs a name".to_owned()),
            Root::Index | Root::Number if !steps.is_empty() => Err(format!("`{name}`: a number has no parts")),
            _ => Ok(Column { root, steps, name }),
        }
    }
}

fn step(part: &str) -> Result<Step, String> {
    match part {
        "@index" => Ok(Step::Index),
        _ if part.starts_with('@') => Err(format!("`{part}` is not known; there are @item, @index and @number")),
        _ => Ok(Step::Key(part.to_owned())),
    }
}

impl Column {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, unless it is absent, null, or one of the texts that stand for "no value".
    pub fn find<'a>(&self, scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
        let found = match self.root {
            Root::Index => return Some(Cow::Owned(scope.index.into())),
            Root::Number => return Some(Cow::Owned((scope.index + 1).into())),
            Root::Item => self.walk(scope.item?, scope.index),
            Root::Row => self.in_row(scope.row, scope.index),
        }?;
        (!value::is_missing(found, scope.missing)).then_some(Cow::Borrowed(found))
    }

    /// Whether the row has the column, be it empty.
    pub fn exists_in(&self, row: &Value) -> bool {
        self.root != Root::Row || self.in_row(row, 0).is_some()
    }

    /// Whether a table with this header can have the column. A cell of a table has no parts.
    pub fn is_in_header(&self, header: &[String]) -> bool {
        self.root != Root::Row || header.contains(&self.name)
    }

    pub fn needs_item(&self) -> bool {
        self.root == Root::Item
    }

    pub fn needs_index(&self) -> bool {
        matches!(self.root, Root::Index | Root::Number) || self.steps.contains(&Step::Index)
    }

    /// A key that is spelled exactly like the column wins over a path, so that dots in a header do no harm.
    fn in_row<'a>(&self, row: &'a Value, index: usize) -> Option<&'a Value> {
        row.get(&self.name).or_else(|| self.walk(row, index))
    }

    fn walk<'a>(&self, start: &'a Value, index: usize) -> Option<&'a Value> {
        self.steps.iter().try_fold(start, |value, step| match (step, value) {
            (Step::Index, _) => value.get(index),
            (Step::Key(key), Value::Array(items)) => items.get(key.parse::<usize>().ok()?),
            (Step::Key(key), _) => value.get(key),
        })
    }
}
