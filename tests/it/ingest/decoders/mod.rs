//! Every decoder on bytes that no one chose: none panics, and what is taken means the same when it is written and read again.
//! `PROPTEST_CASES` says how many; `make torture` tries many more.

mod events;
mod requests;
mod sheets;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;

/// As many cases as asked for, few without.
fn config() -> Config {
    Config {
        cases: std::env::var("PROPTEST_CASES")
            .ok()
            .and_then(|cases| cases.parse().ok())
            .unwrap_or(400),
        failure_persistence: None,
        ..Config::default()
    }
}

/// Pieces that a parser might stumble over.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "null",
        "true",
        "-0",
        "1e999",
        "1e-400",
        "\\ud800",
        "\\u0000",
        "\n",
        "\r\n",
        "\u{feff}",
        " ",
        "\"type\":",
        "\"accept\"",
        "{\"events\":[",
        "\"output_id\":\"o\"",
        "\"attributes\":{",
        "0x",
        "\u{1f}",
        ";",
        "\t",
        "\"\"",
        "\\",
    ];
    prop_oneof![
        select(known.map(|text| text.as_bytes().to_vec()).to_vec()),
        vec(any::<u8>(), 0..6),
    ]
}

/// A valid text with some pieces put in, taken out or doubled.
fn mutated(valid: &'static str) -> impl Strategy<Value = Vec<u8>> {
    vec((any::<Index>(), 0usize..12, piece()), 0..5).prop_map(move |edits| {
        let mut bytes = valid.as_bytes().to_vec();
        for (at, removed, added) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, added);
        }
        bytes
    })
}

fn soup() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}
