//! The native format: one event, `{"events": […]}`, an array of events, or NDJSON. A body is read as what it is.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::limits;
use super::rejection::{Rejection, RejectionCode};
use crate::domain::event::Event;

/// One event of a body, or why it is none.
pub type Decoded = Result<Event, Rejection>;

/// Why a body as a whole is unusable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is empty; send one event, {{\"events\": [...]}} or NDJSON")]
    Empty,
    #[error("the body is not JSON: {0}")]
    InvalidJson(String),
    #[error("the body is JSON but neither an event, nor {{\"events\": [...]}}, nor an array of events")]
    WrongShape,
    #[error("the batch holds no events")]
    NoEvents,
    #[error("the batch holds {0} events; at most {max} fit in one, send more requests or NDJSON", max = limits::BATCH_EVENTS)]
    TooManyEvents(usize),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// Reads a whole body that fits in memory. Its events, which take far more of it, are read as they are asked for.
pub fn body(bytes: &[u8]) -> Result<impl ExactSizeIterator<Item = Decoded>, BodyError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    // Most bodies are one good event. Whatever is not is looked at again, and more closely.
    let found = match plain_event(bytes) {
        Some(event) => vec![Found::Read(Box::new(event))],
        None => raw_events(bytes)?.into_iter().map(Found::Raw).collect(),
    };
    Ok(found.into_iter().map(|found| match found {
        Found::Read(event) => Ok(*event),
        Found::Raw(bytes) => event(bytes),
    }))
}

/// An event of a body, read already or still to be read.
enum Found<'a> {
    Read(Box<Event>),
    Raw(&'a [u8]),
}

fn raw_events(bytes: &[u8]) -> Result<Vec<&[u8]>, BodyError> {
    if bytes.is_empty() {
        return Err(BodyError::Empty);
    }
    match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(document) => document_events(document),
        Err(error) => {
            // Not one document: NDJSON, if its first line is one.
            let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
            if first.len() < bytes.len() && is_object(first) {
                Ok(raw_lines(bytes).collect())
            } else {
                Err(BodyError::InvalidJson(error.to_string()))
            }
        }
    }
}

fn document_events(document: &RawValue) -> Result<Vec<&[u8]>, BodyError> {
    let text = document.get();
    let raw = if text.starts_with('[') {
        serde_json::from_str::<Vec<&RawValue>>(text).map_err(|_| BodyError::WrongShape)?
    } else if let Ok(batch) = serde_json::from_str::<Batch>(text) {
        batch.events
    } else if text.starts_with('{') && !has_events(text) {
        return Ok(vec![text.as_bytes()]);
    } else {
        return Err(BodyError::WrongShape);
    };
    match raw.len() {
        0 => Err(BodyError::NoEvents),
        found if found > limits::BATCH_EVENTS => Err(BodyError::TooManyEvents(found)),
        _ => Ok(raw.into_iter().map(|raw| raw.get().as_bytes()).collect()),
    }
}

/// Whether an object has a key `events`, and so was meant as a batch.
fn has_events(text: &str) -> bool {
    serde_json::from_str::<std::collections::HashMap<String, &RawValue>>(text)
        .is_ok_and(|object| object.contains_key("events"))
}

/// Whether a body that is too long for one document starts as NDJSON does: with a line that is an object, and no batch.
pub fn starts_as_lines(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    match bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .and_then(|end| bytes.get(..end))
    {
        Some(line) => is_object(line) && !std::str::from_utf8(line).is_ok_and(has_events),
        None => false,
    }
}

fn is_object(line: &[u8]) -> bool {
    line.trim_ascii().starts_with(b"{") && serde_json::from_slice::<&RawValue>(line).is_ok()
}

/// Reads the lines of NDJSON; empty lines are passed over.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = Decoded> {
    raw_lines(bytes).map(event)
}

fn raw_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
}

/// An event without fault, or nothing.
fn plain_event(bytes: &[u8]) -> Option<Event> {
    // serde would read an array as the fields in order.
    let is_object = bytes.starts_with(b"{") && bytes.len() <= limits::EVENT_BYTES;
    is_object.then(|| serde_json::from_slice(bytes).ok()).flatten()
}

/// Reads one event.
pub fn event(bytes: &[u8]) -> Decoded {
    // Keeping the path to the place that is read costs more than reading, so it is kept only to explain a fault.
    match plain_event(bytes) {
        Some(event) => Ok(event),
        None => explained_event(bytes),
    }
}

fn explained_event(bytes: &[u8]) -> Decoded {
    if bytes.len() > limits::EVENT_BYTES {
        return Err(Rejection::new(
            RejectionCode::EventTooLarge,
            "",
            format!("the event has more than {} bytes", limits::EVENT_BYTES),
        ));
    }
    if bytes.starts_with(b"[") {
        return Err(Rejection::new(
            RejectionCode::InvalidField,
            "",
            "an event must be an object",
        ));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let event = serde_path_to_error::deserialize::<_, Event>(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => {
                let path = if path == "." { String::new() } else { path };
                let told = inner.to_string();
                Rejection::new(data_code(&told), path.as_str(), explained(&path, &told))
            }
            // Where the reader stood when the text broke is no field of the event.
            _ => Rejection::new(RejectionCode::InvalidJson, "", inner.to_string()),
        }
    })?;
    deserializer
        .end()
        .map_err(|error| Rejection::new(RejectionCode::InvalidJson, "", error.to_string()))?;
    Ok(event)
}

/// What is wrong with a field, in words for who sends it.
fn explained(path: &str, told: &str) -> String {
    match path {
        "occurred_at" => "must be RFC 3339 with an offset, such as 2026-11-20T09:12:03Z".to_owned(),
        _ if path.starts_with("attributes") => {
            "each attribute must be a text, a number or a boolean, and be there once".to_owned()
        }
        // The place that serde tells is one within the event, which says nothing in a batch.
        _ => told
            .split(" at line ")
            .next()
            .unwrap_or(told)
            .replace("expected f64", "expected a number"),
    }
}

/// serde tells these cases apart in its words only.
fn data_code(message: &str) -> RejectionCode {
    if message.starts_with("missing field") {
        RejectionCode::MissingField
    } else if message.starts_with("unknown field") {
        RejectionCode::UnknownField
    } else {
        RejectionCode::InvalidField
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"type":"accept","output_id":"x","feature":"f"}"#;

    fn kinds(body_text: &str) -> Result<Vec<Result<String, RejectionCode>>, BodyError> {
        body(body_text.as_bytes()).map(|events| {
            let outcome = |event: Decoded| event.map(|event| event.output_id).map_err(|rejection| rejection.code);
            events.map(outcome).collect()
        })
    }

    #[test]
    fn every_form_is_read() {
        let one = Ok(vec![Ok("x".to_owned())]);
        assert_eq!(kinds(EVENT), one);
        assert_eq!(kinds(&format!("\u{feff}  {EVENT}\n")), one);
        assert_eq!(kinds(&format!("{{\"events\":[{EVENT}]}}")), one);
        assert_eq!(kinds(&format!("[{EVENT}]")), one);
        assert_eq!(kinds(&format!("{EVENT}\n\n{EVENT}\r\n")).unwrap().len(), 2);
    }

    #[test]
    fn a_bad_event_does_not_spoil_its_neighbours() {
        let mixed = format!("{EVENT}\nnot json\n{{\"type\":\"accept\"}}\n{{\"type\":\"fly\",\"output_id\":\"y\"}}");
        assert_eq!(
            kinds(&mixed).unwrap(),
            [
                Ok("x".to_owned()),
                Err(RejectionCode::InvalidJson),
                Err(RejectionCode::MissingField),
                Err(RejectionCode::InvalidField)
            ]
        );
        let typo = r#"{"events":[{"type":"accept","output_id":"x","featur":"f"}]}"#;
        assert_eq!(kinds(typo).unwrap(), [Err(RejectionCode::UnknownField)]);
    }

    #[test]
    fn unusable_bodies_are_told_apart() {
        assert_eq!(kinds(" \n"), Err(BodyError::Empty));
        assert!(matches!(kinds("{\"type\":"), Err(BodyError::InvalidJson(_))));
        assert_eq!(kinds("3"), Err(BodyError::WrongShape));
        assert_eq!(kinds("{\"events\":[],\"x\":1}"), Err(BodyError::WrongShape));
        assert_eq!(kinds("{\"events\":[]}"), Err(BodyError::NoEvents));
        let many = format!("[{}]", vec![EVENT; 1_001].join(","));
        assert_eq!(kinds(&many), Err(BodyError::TooManyEvents(1_001)));
    }

    #[test]
    fn the_path_names_the_field() {
        let rejection = event(br#"{"type":"shown","output_id":"x","initial":{"agrees":"yes"}}"#).unwrap_err();
        assert_eq!(
            (rejection.code, rejection.path.as_str()),
            (RejectionCode::InvalidField, "initial.agrees")
        );
    }
}
