//! The bodies, and what each is answered with.

use std::io::Write;

use super::MARK;
use crate::ingest::EVENT;

/// What a body is answered with.
#[derive(Debug)]
pub enum Expected {
    Taken,
    /// One of these codes for its first event.
    Event(&'static [&'static str]),
    Refused(u16, &'static str),
}

pub struct Case {
    pub name: String,
    pub body: Vec<u8>,
    pub expected: Expected,
}

fn case(name: impl Into<String>, body: impl Into<Vec<u8>>, expected: Expected) -> Case {
    Case {
        name: name.into(),
        body: body.into(),
        expected,
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

/// A frame that asks for a window of 128 MiB.
fn zstd_with_wide_window(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(27).unwrap();
    encoder.include_contentsize(false).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An event with one field written as given.
fn with(field: &str, raw: &str) -> String {
    format!(r#"{{"type":"accept","feature":"{MARK}","output_id":"{MARK}","{field}":{raw}}}"#).replacen(
        &format!(r#""{field}":"{MARK}","#),
        "",
        1,
    )
}

fn bombs() -> Vec<Case> {
    const LARGE: usize = 64 * 1024 * 1024;
    let spaces = vec![b' '; LARGE];
    let nested = gzip(&gzip(&spaces));
    let members = gzip(&spaces[..1024 * 1024]).repeat(200);
    let frames = zstd(&spaces[..1024 * 1024]).repeat(400);
    let too_large = || Expected::Refused(413, "body_too_large");
    vec![
        case("a gzip bomb", gzip(&spaces), too_large()),
        case("a zstd bomb", zstd(&spaces), too_large()),
        case("a bomb in many members", members, too_large()),
        case("a bomb in many frames", frames, too_large()),
        case("a bomb of lines", gzip(&b"{}\n".repeat(LARGE / 3)), too_large()),
        case("gzip in gzip", nested, Expected::Refused(400, "invalid_json")),
        case(
            "a wide window",
            zstd_with_wide_window(EVENT.as_bytes()),
            Expected::Refused(400, "invalid_json"),
        ),
    ]
}

fn shapes() -> Vec<Case> {
    let keys = |count: usize| {
        let keys: Vec<String> = (0..count).map(|number| format!(r#""{number}":1"#)).collect();
        with("attributes", &format!("{{{}}}", keys.join(",")))
    };
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let nested = "[".repeat(100_000);
    vec![
        case("many keys", keys(50_000), Expected::Event(&["too_many"])),
        case("a million keys", keys(800_000), Expected::Event(&["event_too_large"])),
        case(
            "deep text",
            with("output", &deep("[", "]")),
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "deep attribute",
            with("attributes", &format!(r#"{{"a":{}}}"#, deep("[", "]"))),
            Expected::Event(&["invalid_json", "invalid_field"]),
        ),
        case(
            "deep objects",
            with(
                "initial",
                &format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000)),
            ),
            Expected::Event(&["invalid_json", "unknown_field"]),
        ),
        case("deep array", deep("[", "]"), Expected::Event(&["invalid_field"])),
        case("open array", nested, Expected::Refused(400, "invalid_json")),
        case(
            "array for an object",
            with("initial", "[true,true]"),
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "array for attributes",
            with("attributes", "[]"),
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "array for an event",
            r#"[["x","accept","o"]]"#,
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "object for a word",
            with("type", r#"{"accept":null}"#),
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "object for a source",
            with("source", r#"{"human":null}"#),
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "object for a list",
            r#"{"events":{"0":{}}}"#,
            Expected::Refused(422, "invalid_body"),
        ),
        case(
            "a key twice",
            r#"{"type":"accept","output_id":"a","output_id":"b"}"#,
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "an attribute twice",
            with("attributes", r#"{"a":1,"a":2}"#),
            Expected::Event(&["invalid_field"]),
        ),
        case(
            "a batch twice",
            r#"{"events":[],"events":[]}"#,
            Expected::Refused(422, "invalid_body"),
        ),
    ]
}

fn numbers() -> Vec<Case> {
    let mut cases = Vec::new();
    for field in [
        "confidence",
        "score",
        "edit_distance",
        "rating",
        "rating_max",
        "output_value",
        "final_value",
    ] {
        for number in ["1e999", "-1e999", "1e308", "123456789012345678901234567890"] {
            cases.push(case(
                format!("{field} {number}"),
                with(field, number),
                Expected::Event(&["out_of_range", "invalid_json"]),
            ));
        }
        for word in ["NaN", "Infinity", "0x1", "01", "+1", ".5", "1."] {
            cases.push(case(
                format!("{field} {word}"),
                with(field, word),
                Expected::Refused(400, "invalid_json"),
            ));
        }
    }
    for number in ["-0", "-0.0", "1e-400", "0e999", "1E-5"] {
        cases.push(case(
            format!("a small number, {number}"),
            with("confidence", number),
            Expected::Taken,
        ));
    }
    for number in ["-1", "4294967296", "1.5", "1e3"] {
        cases.push(case(
            format!("a count of {number}"),
            with("after_seconds", number),
            Expected::Event(&["invalid_field"]),
        ));
    }
    cases.push(case(
        "an attribute of 1e999",
        with("attributes", r#"{"a":1e999}"#),
        Expected::Event(&["invalid_json", "invalid_field"]),
    ));
    cases
}

/// Every field that holds a text.
pub const TEXTS: [&str; 19] = [
    "id",
    "output_id",
    "feature",
    "version",
    "model",
    "prompt_version",
    "variant",
    "environment",
    "user_id",
    "session_id",
    "input",
    "output",
    "final",
    "rater",
    "judge",
    "rubric",
    "retracts",
    "reason",
    "comment",
];

fn texts() -> Vec<Case> {
    let mut cases = Vec::new();
    for field in TEXTS {
        let free = ["input", "output", "final", "comment"].contains(&field);
        let long = format!(r#""{}""#, "x".repeat(1_000_000));
        cases.push(case(
            format!("NUL in {field}"),
            with(field, r#""a\u0000b""#),
            Expected::Event(&["invalid_character"]),
        ));
        cases.push(case(
            format!("a raw NUL in {field}"),
            with(field, "\"a\0b\""),
            Expected::Refused(400, "invalid_json"),
        ));
        for surrogate in [r#""\ud800""#, r#""\udfff""#, r#""\ud800\ud800""#, r#""\ud83dx""#] {
            cases.push(case(
                format!("{surrogate} in {field}"),
                with(field, surrogate),
                Expected::Event(&["invalid_json"]),
            ));
        }
        cases.push(case(
            format!("a long {field}"),
            with(field, &long),
            Expected::Event(&["invalid_length"]),
        ));
        if !free {
            cases.push(case(
                format!("a blank {field}"),
                with(field, "\" \u{2003}\""),
                Expected::Event(&["invalid_length"]),
            ));
        }
        let mut bytes = with(field, "\"?\"").into_bytes();
        let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[at] = 0xff;
        cases.push(case(
            format!("no UTF-8 in {field}"),
            bytes,
            Expected::Refused(400, "invalid_json"),
        ));
    }
    cases.push(case(
        "NUL in an attribute",
        with("attributes", r#"{"a":"\u0000"}"#),
        Expected::Event(&["invalid_character"]),
    ));
    cases.push(case(
        "NUL in its name",
        with("attributes", r#"{"\u0000":"a"}"#),
        Expected::Event(&["invalid_character"]),
    ));
    cases.push(case(
        "NUL in an alias",
        with("aliases", r#"["\u0000"]"#),
        Expected::Event(&["invalid_character"]),
    ));
    cases
}

fn encodings() -> Vec<Case> {
    let wide =
        |order: fn(u16) -> [u8; 2]| -> Vec<u8> { format!("\u{feff}{EVENT}").encode_utf16().flat_map(order).collect() };
    let invalid = || Expected::Refused(400, "invalid_json");
    let long_line = format!("{EVENT}\n{}\n", "x".repeat(2_000_000));
    vec![
        case("UTF-16, little end first", wide(u16::to_le_bytes), invalid()),
        case("UTF-16, big end first", wide(u16::to_be_bytes), invalid()),
        case("a byte order mark", "\u{feff}", invalid()),
        case("two byte order marks", format!("\u{feff}\u{feff}{EVENT}"), invalid()),
        case(
            "a byte order mark and an event",
            format!("\u{feff}{EVENT}"),
            Expected::Taken,
        ),
        case("nothing but lines", "\r\n".repeat(500_000), invalid()),
        case(
            "empty lines between",
            format!("{EVENT}{}{EVENT}", "\n".repeat(500_000)),
            Expected::Taken,
        ),
        case("a long line that is no event", long_line, Expected::Taken),
        case("NUL bytes", vec![0; 10_000], invalid()),
    ]
}

pub fn cases() -> Vec<Case> {
    [bombs(), shapes(), numbers(), texts(), encodings()]
        .into_iter()
        .flatten()
        .collect()
}
