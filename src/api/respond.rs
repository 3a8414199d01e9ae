//! Answers: their form, ordered objects, and CSV that spreadsheets read safely.

use std::borrow::Cow;

use actix_web::http::header::{Accept, Header};
use actix_web::{HttpRequest, HttpResponse};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::error::ApiError;
use super::rendered::Rendered;
use crate::domain::spreadsheet;

pub const JSON: &str = "application/json";

/// Bytes that an estimate takes as JSON, its name and its share of the row included, seldom more.
const ESTIMATE_BYTES: usize = 256;

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    #[default]
    Json,
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    Parquet,
}

impl Format {
    /// What the parameter says, else what `Accept` likes best.
    pub fn of(request: &HttpRequest, parameter: Option<Format>) -> Format {
        let accepted = || {
            let accept = Accept::parse(request).ok()?;
            let known = |kind: &str| match kind {
                "application/json" | "application/*" | "*/*" => Some(Format::Json),
                "text/csv" | "text/*" => Some(Format::Csv),
                "application/vnd.apache.arrow.stream" => Some(Format::Arrow),
                "application/vnd.apache.parquet" => Some(Format::Parquet),
                _ => None,
            };
            accept.ranked().iter().find_map(|kind| known(kind.essence_str()))
        };
        parameter.or_else(accepted).unwrap_or_default()
    }
}

/// An object whose keys keep their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered<V, K = String>(pub Vec<(K, V)>);

impl<V> Ordered<V> {
    pub fn get(&self, key: &str) -> Option<&V> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

impl<V: Serialize, K: Serialize> Serialize for Ordered<V, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Answers with JSON.
pub fn json(request: &HttpRequest, value: &impl Serialize) -> Result<HttpResponse, ApiError> {
    Ok(rendered_json(value)?.respond(request))
}

/// A JSON answer, to be kept.
pub fn rendered_json(value: &impl Serialize) -> Result<Rendered, ApiError> {
    Ok(Rendered::new(
        JSON,
        serde_json::to_vec(value).map_err(ApiError::internal)?,
    ))
}

/// The same of an answer with so many estimates: of thousands, memory that grows as they come would be copied again and again.
pub fn rendered_estimates(value: &impl Serialize, estimates: usize) -> Result<Rendered, ApiError> {
    let mut body = Vec::with_capacity(estimates * ESTIMATE_BYTES);
    serde_json::to_writer(&mut body, value).map_err(ApiError::internal)?;
    Ok(Rendered::new(JSON, body))
}

/// A text from a client, made harmless: a spreadsheet would run what [`spreadsheet::is_formula`].
pub fn safe_cell(text: &str) -> Cow<'_, str> {
    match spreadsheet::is_formula(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// A number, or an empty cell.
pub fn number_cell(value: Option<f64>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@a",
            "＝1",
            " =1",
            "\u{a0}=1",
            "\u{feff}=1",
            "\u{200b}＝1",
            "\n=1",
            "\ta",
            "\ra",
        ] {
            assert_eq!(safe_cell(formula), format!("'{formula}"));
        }
        assert_eq!(safe_cell(" a=1"), " a=1");
        assert_eq!(safe_cell("email.draft"), "email.draft");
    }

    #[test]
    fn keys_keep_their_order() {
        let object = Ordered(vec![("b".to_owned(), 1), ("a".to_owned(), 2)]);
        assert_eq!(serde_json::to_string(&object).unwrap(), r#"{"b":1,"a":2}"#);
    }
}
