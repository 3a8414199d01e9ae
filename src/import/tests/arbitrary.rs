//! Mappings and files that no one wrote: nothing panics, and each row is counted once.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::Config;

use super::*;

fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    Config {
        cases: asked.unwrap_or(150),
        failure_persistence: None,
        ..Config::default()
    }
}

const FILE: &str = "1,1772323200,50,pro,a,b,yes,c\n\"2\",1772323200,x,\"p\"\"ro\",a,a,no,\n3,,,,,,none,\n";
const LINES: &str =
    "{\"id\":\"1\",\"at\":1772323200,\"percent\":50,\"decision\":\"yes\"}\n{\"id\":2,\"decision\":[1]}\n";

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        ",",
        "\"",
        "\n",
        "\r",
        "\0",
        "{",
        "}",
        "[",
        "]",
        "=",
        "column",
        "map",
        "type",
        "when",
        "value",
        "scale",
        "1e999",
        "-0",
        "each",
        "template",
        "\u{feff}",
        "\\ud800",
        "null",
        "'''",
        "#",
        ".",
        "equals",
        "\u{1f}\u{8b}",
    ];
    prop_oneof![
        select(known.map(|text| text.as_bytes().to_vec()).to_vec()),
        vec(any::<u8>(), 0..4),
    ]
}

fn mutated(valid: &'static str) -> impl Strategy<Value = Vec<u8>> {
    vec((any::<Index>(), 0usize..10, piece()), 0..5).prop_map(move |edits| {
        let mut bytes = valid.as_bytes().to_vec();
        for (at, removed, added) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, added);
        }
        bytes
    })
}

fn read(mapping: &Mapping, name: &str, content: &[u8]) {
    let file = Temporary::new(name, content);
    let Ok(rows) = open(&file.0, mapping) else { return };
    let read: Vec<ImportedRow> = rows.collect();
    let again: Vec<ImportedRow> = open(&file.0, mapping).unwrap().collect();
    assert_eq!(
        format!("{read:?}"),
        format!("{again:?}"),
        "the same file is read the same"
    );
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn mappings_are_read_or_refused(bytes in mutated(WIDE)) {
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        if let Ok(mapping) = Mapping::parse(&text) {
            read(&mapping, "rows.csv", format!("{WIDE_HEADER}\n{FILE}").as_bytes());
        }
    }

    #[test]
    fn tables_are_read_or_refused(body in mutated(FILE)) {
        let content = [WIDE_HEADER.as_bytes(), b"\n", &body].concat();
        read(&Mapping::parse(WIDE).unwrap(), "rows.csv", &content);
    }

    #[test]
    fn lines_are_read_or_refused(content in mutated(LINES), name in select(vec!["rows.jsonl", "rows.json", "rows.jsonl.gz"])) {
        read(&Mapping::parse(WIDE).unwrap(), name, &content);
    }
}
