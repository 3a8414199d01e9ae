//! Sources: where the value of a field comes from, and the steps it takes on the way.
//!
//! A text names a column, a number, boolean or time stands for itself, and a table says anything richer: one origin, then
//! steps in a fixed order, whatever the order they are written in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::column::{Column, Scope};
use super::error::{MappingError, RowError};
use super::steps::Steps;
use super::table::{Columns, Scalar, decode};
use super::template::Template;
use super::time::TimeFormat;
use super::value;

#[derive(Clone, Debug)]
pub(super) struct Source {
    origin: Origin,
    steps: Steps,
}

#[derive(Clone, Debug)]
enum Origin {
    /// The first of these columns that has a value.
    Columns(Vec<Column>),
    Template(Template),
    Constant(Value),
    /// Whether two columns hold the same text.
    Equals(Column, Column),
}

/// As it is written in the mapping.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceTable {
    column: Option<Columns>,
    template: Option<Template>,
    value: Option<Scalar>,
    equals: Option<(Column, Column)>,
    split: Option<String>,
    part: Option<usize>,
    map: Option<BTreeMap<String, Scalar>>,
    scale: Option<f64>,
    offset: Option<f64>,
    at_least: Option<f64>,
    default: Option<Scalar>,
    time_format: Option<TimeFormat>,
}

impl Source {
    pub fn parse(path: &str, value: toml::Value) -> Result<Source, MappingError> {
        let origin = match value {
            toml::Value::Table(_) => return Source::from_table(path, decode(path, value)?),
            toml::Value::String(_) => Origin::Columns(vec![decode(path, value)?]),
            constant => Origin::Constant(decode::<Scalar>(path, constant)?.0),
        };
        Ok(Source {
            origin,
            steps: Steps::default(),
        })
    }

    fn from_table(path: &str, table: SourceTable) -> Result<Source, MappingError> {
        let origin = match (table.column, table.template, table.value, table.equals) {
            (Some(columns), None, None, None) => Origin::Columns(columns.0),
            (None, Some(template), None, None) => Origin::Template(template),
            (None, None, Some(value), None) => Origin::Constant(value.0),
            (None, None, None, Some((left, right))) => Origin::Equals(left, right),
            _ => {
                return Err(MappingError::new(
                    path,
                    "give exactly one of column, template, value, equals",
                ));
            }
        };
        let split = match (table.split, table.part) {
            (None, None) => None,
            (Some(delimiter), Some(part)) if !delimiter.is_empty() => Some((delimiter, part)),
            _ => {
                return Err(MappingError::new(
                    path,
                    "`split` (a delimiter) and `part` (from 0) belong together",
                ));
            }
        };
        let linear = match (table.scale, table.offset) {
            (None, None) => None,
            (scale, offset) => Some((scale.unwrap_or(1.0), offset.unwrap_or(0.0))),
        };
        let steps = Steps {
            split,
            map: table.map,
            linear,
            at_least: table.at_least,
            default: table.default.map(|scalar| scalar.0),
            time_format: table.time_format,
        };
        Ok(Source { origin, steps })
    }

    /// The value for this row, if it has one.
    pub fn read<'a>(&'a self, scope: &Scope<'a>) -> Result<Option<Cow<'a, Value>>, RowError> {
        let found = self.origin.read(scope)?;
        let value = found.map(|value| self.steps.apply(value)).transpose()?.flatten();
        Ok(value.or(self.steps.default.as_ref().map(Cow::Borrowed)))
    }

    /// Whether the value is the same for every row.
    pub fn is_constant(&self) -> bool {
        matches!(self.origin, Origin::Constant(_))
    }

    /// The values that `map` and `default` can give.
    pub fn outcomes(&self) -> impl Iterator<Item = &Value> {
        let mapped = self.steps.map.iter().flat_map(BTreeMap::values).map(|scalar| &scalar.0);
        mapped.chain(&self.steps.default)
    }

    pub fn time_format(&self) -> Option<&TimeFormat> {
        self.steps.time_format.as_ref()
    }

    pub fn columns(&self) -> Vec<&Column> {
        match &self.origin {
            Origin::Columns(columns) => columns.iter().collect(),
            Origin::Template(template) => template.columns().collect(),
            Origin::Constant(_) => Vec::new(),
            Origin::Equals(left, right) => vec![left, right],
        }
    }

    /// For messages: the columns that the value comes from.
    pub fn label(&self) -> String {
        let names: Vec<&str> = self.columns().into_iter().map(Column::name).collect();
        if names.is_empty() {
            "a constant".to_owned()
        } else {
            format!("column {}", names.join(", "))
        }
    }
}

impl Origin {
    fn read<'a>(&'a self, scope: &Scope<'a>) -> Result<Option<Cow<'a, Value>>, RowError> {
        Ok(match self {
            Origin::Columns(columns) => columns.iter().find_map(|column| column.find(scope)),
            Origin::Template(template) => template.render(scope)?.map(|text| Cow::Owned(text.into())),
            Origin::Constant(value) => Some(Cow::Borrowed(value)),
            Origin::Equals(left, right) => match (left.find(scope), right.find(scope)) {
                (Some(left), Some(right)) => Some(Cow::Owned((value::text(&left)? == value::text(&right)?).into())),
                _ => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(source: &str) -> Result<Option<Value>, RowError> {
        let row =
            json!({"d": "accepted", "same": "accepted", "p": "62", "k": "gpt_llama", "a": {"b": [1, 2]}, "no": ""});
        let missing = [String::new()];
        let scope = Scope {
            row: &row,
            missing: &missing,
            item: None,
            index: 0,
        };
        let table: toml::Table = toml::from_str(&format!("s = {source}")).unwrap();
        let source = Source::parse("s", table["s"].clone()).unwrap();
        source.read(&scope).map(|value| value.map(Cow::into_owned))
    }

    #[test]
    fn origins() {
        assert_eq!(read("'d'"), Ok(Some(json!("accepted"))));
        assert_eq!(read("'a.b.1'"), Ok(Some(json!(2))));
        assert_eq!(read("3"), Ok(Some(json!(3))));
        assert_eq!(read("{ value = 'human' }"), Ok(Some(json!("human"))));
        assert_eq!(read("2024-01-01T00:00:00Z"), Ok(Some(json!("2024-01-01T00:00:00Z"))));
        assert_eq!(read("{ template = '{d}/{p}' }"), Ok(Some(json!("accepted/62"))));
        assert_eq!(read("{ equals = ['d', 'same'] }"), Ok(Some(json!(true))));
        assert_eq!(read("{ equals = ['d', 'no'] }"), Ok(None));
        assert_eq!(read("{ column = ['no', 'gone', 'p'] }"), Ok(Some(json!("62"))));
    }

    #[test]
    fn steps() {
        assert_eq!(
            read("{ column = 'd', map = { accepted = 'accept' } }"),
            Ok(Some(json!("accept")))
        );
        assert_eq!(
            read("{ column = 'k', split = '_', part = 1 }"),
            Ok(Some(json!("llama")))
        );
        assert_eq!(read("{ column = 'k', split = '_', part = 2 }"), Ok(None));
        assert_eq!(read("{ column = 'p', scale = 0.01 }"), Ok(Some(json!(0.62))));
        assert_eq!(
            read("{ column = 'p', scale = -1, offset = 100, at_least = 38 }"),
            Ok(Some(json!(true)))
        );
        assert_eq!(read("{ column = 'p', at_least = 62.5 }"), Ok(Some(json!(false))));
    }

    #[test]
    fn defaults_stand_in_for_what_is_absent_or_unmapped() {
        assert_eq!(read("{ column = 'no', default = 5 }"), Ok(Some(json!(5))));
        assert_eq!(
            read("{ column = 'd', map = { x = 'y' }, default = 'z' }"),
            Ok(Some(json!("z")))
        );
        let error = read("{ column = 'd', map = { x = 'y' } }").unwrap_err();
        assert_eq!(error.code, "unmapped_value");
    }
}
