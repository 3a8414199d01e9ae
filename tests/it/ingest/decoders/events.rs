//! What is posted as events, compressed or not, and filters in an address.

use std::io::Write;

use calibrant::api::ask;
use calibrant::domain::event::Event;
use calibrant::ingest::decode;
use calibrant::ingest::inflate::{InflateError, Inflater};
use calibrant::ingest::validate::validate;
use chrono::Utc;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{config, mutated, soup};

const FULL: &str = r#"{"id":"e","type":"judge","output_id":"o","occurred_at":"2026-03-01T00:00:00Z","feature":"f","version":"v","user_id":"ü","confidence":0.5,"input":"a\n","output":"b","final":"c","attributes":{"plan":"pro","n":1.5,"b":true},"aliases":["x"],"initial":{"agrees":true},"rating":4,"rating_min":1,"rating_max":5,"correct":true,"source":"human","comment":"no"}"#;
const FILTERS: &str =
    r#"[{"dimension":"feature","op":"in","value":["a",null]},{"dimension":"attributes.plan","op":"ne","value":"x"}]"#;

fn check_event(event: &Event) {
    let written = serde_json::to_string(event).unwrap();
    let read = decode::event(written.as_bytes()).unwrap();
    assert_eq!(&read, event);
    assert_eq!(serde_json::to_string(&read).unwrap(), written);
    assert_eq!(validate(&read, Utc::now()).is_ok(), validate(event, Utc::now()).is_ok());
}

fn inflate(pieces: &[&[u8]]) -> Result<Vec<u8>, InflateError> {
    let mut inflater = Inflater::default();
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(inflater.push(piece)?);
    }
    out.extend(inflater.finish()?);
    Ok(out)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn bodies_are_read_or_refused(bytes in prop_oneof![soup(), mutated(FULL), mutated("{\"events\":[{\"type\":\"accept\",\"output_id\":\"o\"}]}")]) {
        let Ok(events) = decode::body(&bytes) else { return Ok(()) };
        let count = events.len();
        let events: Vec<_> = events.collect();
        prop_assert_eq!(count, events.len());
        events.iter().flatten().for_each(check_event);
        for refused in events.iter().filter_map(|event| event.as_ref().err()) {
            prop_assert!(!refused.message.is_empty());
        }
    }

    #[test]
    fn lines_are_read_one_by_one(lines in vec(prop_oneof![mutated(FULL), soup()], 0..6)) {
        let lines: Vec<Vec<u8>> = lines.into_iter().map(|line| line.into_iter().filter(|byte| *byte != b'\n').collect()).collect();
        let body = lines.join(&b'\n');
        let bare = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
        let alone = bare.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).map(decode::event);
        prop_assert!(decode::lines(&body).eq(alone));
        decode::starts_as_lines(&body);
    }

    #[test]
    fn compressed_bodies_do_not_depend_on_their_pieces(text in vec(any::<u8>(), 0..3_000), form in 0..3, at in any::<Index>()) {
        let body = match form {
            0 => gzip(&text),
            1 => zstd::encode_all(text.as_slice(), 1).unwrap(),
            _ => [b"{".as_slice(), &text].concat(),
        };
        let (start, end) = body.split_at(at.index(body.len() + 1));
        let whole = if form == 2 { body.clone() } else { text };
        prop_assert_eq!(inflate(&[start, end]), Ok(whole.clone()));
        let single: Vec<&[u8]> = body.chunks(1).collect();
        prop_assert_eq!(inflate(&single), Ok(whole));
    }

    #[test]
    fn damaged_bodies_are_refused_or_read(text in vec(any::<u8>(), 0..300), form in 0..2, damage in vec((any::<Index>(), any::<u8>()), 1..4), cut in any::<Index>()) {
        let mut body = if form == 0 { gzip(&text) } else { zstd::encode_all(text.as_slice(), 1).unwrap() };
        for (at, byte) in damage {
            let at = at.index(body.len());
            body[at] = byte;
        }
        body.truncate(cut.index(body.len() + 1));
        let _ = inflate(&[&body]);
    }

    #[test]
    fn filters_are_read_or_refused(bytes in prop_oneof![soup(), mutated(FILTERS)]) {
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        let Ok(filters) = ask::filters_parameter(Some(&text)) else { return Ok(()) };
        let written: Vec<_> = filters
            .iter()
            .map(|filter| serde_json::json!({
                "dimension": format!("{}{}", if matches!(filter.dimension, calibrant::domain::dimension::Dimension::AnyAttribute(_)) { "attributes." } else { "" }, filter.dimension),
                "op": filter.operator, "value": filter.values,
            }))
            .collect();
        let again = ask::filters_parameter(Some(&serde_json::to_string(&written).unwrap()));
        prop_assert_eq!(again.unwrap(), filters);
    }
}
