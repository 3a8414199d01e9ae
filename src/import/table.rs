//! Strict reading of TOML: whatever is not understood is an error with its path.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::column::Column;
use super::error::MappingError;

/// Reads `value`, which stands at `path`.
pub(super) fn decode<T: DeserializeOwned>(path: &str, value: toml::Value) -> Result<T, MappingError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let inner = match error.path().to_string() {
            inner if inner == "." => path.to_owned(),
            inner => join(path, &inner),
        };
        MappingError::new(inner, error.inner().message())
    })
}

/// The table at `path`, its values untouched: decoding would turn bare times into texts.
pub(super) fn table(path: &str, value: toml::Value) -> Result<toml::Table, MappingError> {
    match value {
        toml::Value::Table(table) => Ok(table),
        other => Err(MappingError::new(
            path,
            format!("must be a table, not {}", other.type_str()),
        )),
    }
}

/// The list at `path`, its values untouched.
pub(super) fn list(path: &str, value: toml::Value) -> Result<Vec<toml::Value>, MappingError> {
    match value {
        toml::Value::Array(values) => Ok(values),
        other => Err(MappingError::new(
            path,
            format!("must be a list, not {}", other.type_str()),
        )),
    }
}

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A text, number, boolean or time.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) struct Scalar(pub Value);

impl TryFrom<toml::Value> for Scalar {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Scalar, String> {
        match value {
            toml::Value::String(text) => Ok(Scalar(text.into())),
            toml::Value::Integer(number) => Ok(Scalar(number.into())),
            toml::Value::Float(number) => Ok(Scalar(number.into())),
            toml::Value::Boolean(flag) => Ok(Scalar(flag.into())),
            // TOML writes times as RFC 3339 does.
            toml::Value::Datetime(time) => Ok(Scalar(time.to_string().into())),
            toml::Value::Array(_) | toml::Value::Table(_) => {
                Err("a text, number, boolean or time is needed here".to_owned())
            }
        }
    }
}

impl Scalar {
    fn into_text(self) -> String {
        match self.0 {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }
}

/// One column, or several in order of preference.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) struct Columns(pub Vec<Column>);

impl TryFrom<toml::Value> for Columns {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Columns, String> {
        let names = one_or_many(value).into_iter().map(|value| match value {
            toml::Value::String(name) => Column::try_from(name),
            other => Err(format!("`{other}` is not the name of a column")),
        });
        names.collect::<Result<Vec<_>, _>>().map(Columns)
    }
}

/// One value or several, compared as texts.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(super) struct Texts(pub Vec<String>);

impl TryFrom<toml::Value> for Texts {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Texts, String> {
        one_or_many(value)
            .into_iter()
            .map(|value| Scalar::try_from(value).map(Scalar::into_text))
            .collect::<Result<_, _>>()
            .map(Texts)
    }
}

fn one_or_many(value: toml::Value) -> Vec<toml::Value> {
    match value {
        toml::Value::Array(values) => values,
        one => vec![one],
    }
}
