//! Uploads as people and programs send them: CSV from a spreadsheet, lines of JSON, or JSON. A body is read as what it is.

mod csv;

use std::collections::BTreeSet;

use actix_web::http::header::CONTENT_ENCODING;
use actix_web::{HttpRequest, web};
use serde_json::{Map, Value};

use super::limits::UPLOAD_BYTES;
use super::view::EvalRowCode;
use crate::api::body::{Body, Share};
use crate::api::error::{ApiError, ErrorCode};
use crate::state::AppState;

/// Names that a JSON upload is told it has and we do not know.
const TOLD_NAMES: usize = 100;

/// Why a row is not taken, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub code: EvalRowCode,
    pub message: String,
}

pub fn refused<T>(code: EvalRowCode, message: impl Into<String>) -> Result<T, Refused> {
    Err(Refused {
        code,
        message: message.into(),
    })
}

/// A row by the names of its columns.
pub type Fields = Map<String, Value>;

#[derive(Clone, Debug)]
pub struct Row {
    /// As a spreadsheet counts, or from 1.
    pub number: usize,
    pub fields: Result<Fields, Refused>,
}

#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub rows: Vec<Row>,
    /// Columns that are none of those that are known.
    pub ignored: Vec<String>,
    /// What a JSON document says beside its rows.
    pub envelope: Fields,
    /// Whether numbers and truth are written as text.
    pub is_text: bool,
}

/// What columns there are.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The list of rows in a JSON document.
    pub list: &'static str,
    pub columns: &'static [&'static str],
    /// Columns of our own files that say nothing to us.
    pub told: &'static [&'static str],
    pub most_rows: usize,
}

/// The bytes of an upload.
async fn receive(
    request: &HttpRequest,
    payload: web::Payload,
    state: &AppState,
    share: &mut Share<'_>,
) -> Result<Vec<u8>, ApiError> {
    let encoding = request.headers().get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !["identity", ""].contains(&encoding.to_str().unwrap_or("?").trim())) {
        return Err(ApiError::new(
            ErrorCode::UnsupportedEncoding,
            "uploads of evals are not compressed",
        ));
    }
    let mut body = Body::new(payload.into_inner(), state.patience);
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > UPLOAD_BYTES {
            return Err(ApiError::new(
                ErrorCode::BodyTooLarge,
                format!("an upload has at most {UPLOAD_BYTES} bytes; send it in parts"),
            ));
        }
        // What is read from it takes as much again.
        share.set(2 * bytes.len())?;
    }
    Ok(bytes)
}

impl Layout {
    /// Receives an upload and reads it, off the async threads. `share` is the request's until its rows are written, which may have to wait.
    pub async fn receive(
        &'static self,
        request: &HttpRequest,
        payload: web::Payload,
        state: &AppState,
        share: &mut Share<'_>,
    ) -> Result<Sheet, ApiError> {
        let bytes = receive(request, payload, state, share).await?;
        let sheet = tokio::task::spawn_blocking(move || self.read(&bytes));
        sheet.await.map_err(ApiError::internal)?
    }

    /// Reads an upload.
    pub fn read(&self, bytes: &[u8]) -> Result<Sheet, ApiError> {
        if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            return Err(ApiError::invalid("the file is UTF-16; save it as CSV UTF-8"));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            ApiError::invalid(format!(
                "the file is not UTF-8 (byte {}); save it as CSV UTF-8",
                error.valid_up_to()
            ))
        })?;
        let mut sheet = match text.trim_start().chars().next() {
            None => return Err(ApiError::invalid("the upload is empty")),
            Some('{' | '[') => self.json(text)?,
            Some(_) => self.csv(text)?,
        };
        if sheet.rows.len() > self.most_rows {
            return Err(ApiError::new(
                ErrorCode::BodyTooLarge,
                format!("an upload has at most {} rows; send it in parts", self.most_rows),
            ));
        }
        let mut ignored: BTreeSet<String> = sheet.ignored.drain(..).collect();
        for row in &mut sheet.rows {
            let Ok(fields) = &mut row.fields else { continue };
            fields.retain(|name, _| {
                let known = self.columns.contains(&name.as_str());
                if !known && !self.told.contains(&name.as_str()) && ignored.len() < TOLD_NAMES {
                    ignored.insert(name.clone());
                }
                known
            });
        }
        sheet.ignored = ignored.into_iter().collect();
        Ok(sheet)
    }

    fn json(&self, text: &str) -> Result<Sheet, ApiError> {
        let rows = match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(rows)) => rows,
            Ok(Value::Object(mut document)) => match document.remove(self.list) {
                Some(Value::Array(rows)) => {
                    let rows = numbered(rows);
                    return Ok(Sheet {
                        rows,
                        envelope: document,
                        ..Sheet::default()
                    });
                }
                Some(_) => return Err(ApiError::invalid(format!("`{}`: must be a list", self.list))),
                None => vec![Value::Object(document)],
            },
            Ok(_) => Vec::new(),
            Err(error) => {
                return lines(text).ok_or_else(|| ApiError::invalid(format!("the upload is not JSON: {error}")));
            }
        };
        Ok(Sheet {
            rows: numbered(rows),
            ..Sheet::default()
        })
    }
}

fn numbered(rows: Vec<Value>) -> Vec<Row> {
    (1..)
        .zip(rows)
        .map(|(number, row)| Row {
            number,
            fields: object(row),
        })
        .collect()
}

fn object(row: Value) -> Result<Fields, Refused> {
    match row {
        Value::Object(fields) => Ok(fields),
        _ => refused(EvalRowCode::InvalidRow, "a row must be an object"),
    }
}

/// Lines of JSON, if the first is one.
fn lines(text: &str) -> Option<Sheet> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let rows: Vec<Row> = lines
        .map(|(number, line)| Row {
            number,
            fields: match serde_json::from_str(line) {
                Ok(row) => object(row),
                Err(error) => refused(EvalRowCode::InvalidRow, format!("the line is not JSON: {error}")),
            },
        })
        .collect();
    let is_first_good = rows.first().is_some_and(|row| row.fields.is_ok());
    is_first_good.then(|| Sheet {
        rows,
        ..Sheet::default()
    })
}

/// A text of at most so many characters; `None` where the row says nothing of it.
pub fn text(fields: &Fields, name: &str, most: usize) -> Result<Option<Option<String>>, Refused> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) if text.contains('\0') => refused(
            EvalRowCode::InvalidCharacter,
            format!("`{name}` holds the character U+0000"),
        ),
        Some(Value::String(text)) if text.chars().count() > most => refused(
            EvalRowCode::InvalidLength,
            format!("`{name}` has more than {most} characters"),
        ),
        Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
        Some(_) => refused(EvalRowCode::InvalidType, format!("`{name}` must be a text or null")),
    }
}

/// A name of at most so many characters; `None` where there is none.
pub fn name(fields: &Fields, field: &str, most: usize) -> Result<Option<String>, Refused> {
    let Some(name) = text(fields, field, most)?.flatten() else {
        return Ok(None);
    };
    if name.trim().is_empty() {
        return refused(EvalRowCode::InvalidLength, format!("`{field}` is blank"));
    }
    if name.chars().any(char::is_control) {
        return refused(
            EvalRowCode::InvalidCharacter,
            format!("`{field}` holds control characters"),
        );
    }
    Ok(Some(name))
}
