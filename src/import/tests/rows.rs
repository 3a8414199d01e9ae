//! Rows: which are bad, and how they are told apart.

use std::collections::BTreeSet;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

#[test]
fn bad_rows_are_told_apart_and_stop_nothing() {
    let content = format!(
        "{WIDE_HEADER}\no1,0,1,p,r,r,yes,r\no2,0\no3,soon,1,p,r,r,yes,r\no4,0,1,p,r,r,maybe,r\n,0,1,p,r,r,yes,r\no6,0,1,p,r,r,no,r\n"
    );
    let expected = [
        None,
        Some("wrong_width"),
        Some("not_a_number"),
        Some("unmapped_value"),
        Some("no_output_id"),
        None,
    ];
    let expected: Vec<_> = (2..).zip(expected).collect();
    assert_eq!(codes(WIDE, "w.csv", &content), expected);

    let content = "{\"id\": 1, \"ratings\": []}\n{\"id\": 2\n[3]\n{\"id\": 4, \"ratings\": 5}\n";
    let expected = [
        (1, None),
        (2, Some("invalid_json")),
        (3, Some("not_an_object")),
        (4, Some("not_a_list")),
    ];
    assert_eq!(codes(RATINGS, "r.jsonl", content), expected);
    let expected = [(1, Some("invalid_json")), (2, None), (2, Some("unreadable"))];
    assert_eq!(codes(RATINGS, "r.json", "[{\"id\": NaN},\n {\"id\": 2}, {"), expected);
}

#[test]
fn an_error_says_where_it_is() {
    let content = format!("{WIDE_HEADER}\no1,0,many,p,r,r,yes,r\n");
    let rows = rows(WIDE, "w.csv", &content);
    let error = rows[0].events.as_ref().unwrap_err();
    assert_eq!(
        error.message,
        "event[0].confidence: column percent: \"many\" is not a number"
    );
    assert_eq!(rows[0].raw, "o1,0,many,p,r,r,yes,r");
}

#[test]
fn ids_depend_on_the_row_and_not_on_the_file() {
    let ids = |content: &str| -> Vec<String> {
        events(WIDE, "w.csv", &format!("{WIDE_HEADER}\n{content}"))
            .into_iter()
            .map(|event| event.id.unwrap())
            .collect()
    };
    let (one, other) = ("o1,0,1,p,r,r,yes,\n", "o2,0,1,p,r,r,yes,\n");
    let first = ids(&format!("{one}{other}"));
    assert_eq!(ids(&format!("{one}{other}")), first);
    assert_eq!(
        ids(&format!("{other}\"o1\",0,1,p,r,r,yes,\r\n")).split_off(2),
        first[..2],
        "order and quotes do not matter"
    );

    let twice = ids(&format!("{one}{one}"));
    assert_eq!(twice[..2], first[..2]);
    assert_eq!(
        twice.iter().collect::<BTreeSet<_>>().len(),
        4,
        "identical rows are two rows"
    );
}

#[test]
fn a_declared_row_id_outlives_a_correction() {
    let mapping = format!("row_id = \"{{id}}\"\n{WIDE}");
    let id = |row: &str| {
        events(&mapping, "w.csv", &format!("{WIDE_HEADER}\n{row}\n"))
            .remove(0)
            .id
    };
    assert_eq!(id("o1,0,1,p,r,r,yes,r"), id("o1,0,2,p,r,r,yes,r"));
    assert_eq!(
        codes(&mapping, "w.csv", &format!("{WIDE_HEADER}\n,0,1,p,r,r,yes,r\n")),
        [(2, Some("no_row_id"))]
    );
}

#[test]
fn gzip_is_recognised_by_its_content() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(format!("\u{feff}{WIDE_HEADER}\no1,0,1,p,r,r,yes,r\n").as_bytes())
        .unwrap();
    let file = Temporary::new("w.csv", &gzip.finish().unwrap());
    let mapping = Mapping::parse(WIDE).unwrap();
    let mut rows = open(&file.0, &mapping).unwrap();
    assert_eq!(rows.by_ref().count(), 1);
    assert_eq!(rows.bytes_read(), rows.total_bytes());
}

/// What a quote too many makes text of is rejected line by line, as it stands in the file.
#[test]
fn rows_behind_a_quote_that_does_not_fit_are_not_lost() {
    let row = |id: &str| format!("{id},0,1,p,r,r,yes,r\n");
    let bad = |lines: std::ops::RangeInclusive<u64>| lines.map(|line| (line, Some("bad_quotes")));
    // Never closed: all that follows.
    let content = format!(
        "{WIDE_HEADER}\r\n{}o2,0,1,\"p,r,r,yes,r\r\n{}\n{}",
        row("o1"),
        row("o3"),
        row("o4")
    );
    let expected: Vec<_> = std::iter::once((2, None)).chain(bad(3..=4)).chain(bad(6..=6)).collect();
    assert_eq!(codes(WIDE, "w.csv", &content), expected);
    let rows = rows(WIDE, "w.csv", &content);
    let raw: Vec<&str> = rows.iter().map(|row| row.raw.as_str()).collect();
    assert_eq!(raw[1..3], ["o2,0,1,\"p,r,r,yes,r", "o3,0,1,p,r,r,yes,r"]);
    let message = &rows[3].events.as_ref().unwrap_err().message;
    assert!(message.starts_with("line 3: a quote"), "{message}");
    // Closed by a quote that opens another cell: the rows up to there.
    let content = format!(
        "{WIDE_HEADER}\n{}o2,0,1,\"p,r,r,yes,r\no3,0,1,\"p\",r,r,yes,r\n{}",
        row("o1"),
        row("o4")
    );
    let expected: Vec<_> = [(2, None)].into_iter().chain(bad(3..=4)).chain([(5, None)]).collect();
    assert_eq!(codes(WIDE, "w.csv", &content), expected);
}
