//! A set whose texts programs on the way take for something else.

use serde_json::{Value, json};

use super::{CASES, all, counts, server_with_set};
use crate::support::TestServer;

/// Texts that spreadsheets, and what reads CSV, take for something else.
fn odd_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        " ",
        "007",
        "00012345678901234567890",
        "1e5",
        "1.50",
        "1,50",
        "-5",
        "+49 30 123",
        "=1+1",
        "=HYPERLINK(\"http://x\",\"y\")",
        "@SUM(A1)",
        "-cmd|' /C calc'!A0",
        "2024-01-02",
        "1/2",
        "3-4",
        "MARCH1",
        "SEPT2",
        "10:30",
        "5 %",
        "$5",
        "(5)",
        "TRUE",
        "false",
        "null",
        "NA",
        "N/A",
        "#N/A",
        "nan",
        "'quoted",
        "\"quoted\"",
        "a,b;c\td",
        "line one\nline two",
        "line one\r\nline two",
        "lone \r return",
        "trailing ",
        "\ttab first",
        "ends with newline\n",
        "\\",
        "\\\\",
        "\\d+",
        "\\007",
        "\\\"x\"",
        "日本語 – «ü» 😀",
        "e\u{301}",
        "\u{1}control",
        "x\u{feff}y",
        "١٢٣",
        "{\"json\": [1, 2]}",
        "<b>&amp;</b>",
        "a\u{a0}b",
        "\u{2028}",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    texts.push("long \"text\" 😀 ".repeat(6_000));
    texts.push("\r".repeat(20_000));
    texts
}

/// A set with these texts in every field that holds one.
pub fn odd_set() -> (TestServer, Vec<Value>) {
    let server = server_with_set();
    let texts = odd_texts();
    let rows: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let other = &texts[(at + 1) % texts.len()];
            let rubric = if at % 3 == 0 { json!(null) } else { json!(other) };
            json!({"case": format!("{at:03}"), "input": text, "expected": if at % 2 == 0 { json!(text) } else { json!(null) }, "rubric": rubric,
                "tags": if at % 4 == 0 { json!(["2024", "=x", "plain tag"]) } else { json!([]) }})
        })
        .chain(["0012", "=id", "1-2", "TRUE", "ü😀"].map(|name| json!({"case": name, "input": "named"})))
        .collect();
    let told = server.post(CASES, json!({"cases": rows}).to_string()).expect(200);
    assert_eq!(counts(&told), [rows.len() as u64, 0, 0, 0, 0], "{told}");
    let before = all(&server);
    assert_eq!(before.len(), rows.len());
    (server, before)
}
