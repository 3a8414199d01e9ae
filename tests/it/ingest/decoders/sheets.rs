//! What is uploaded of evals, as CSV, lines or JSON.

use calibrant::api::evals::rows::{CASES, CaseRow, RESULTS, ResultRow};
use calibrant::api::evals::sheet::{Fields, Layout, Sheet, name};
use calibrant::ingest::limits::NAME_CHARS;
use proptest::prelude::*;
use serde_json::json;

use super::{config, mutated, soup};

const CASES_TABLE: &str = "case,input,input 2,expected,rubric,tags,output_id,mine\na,\"say \"\"x\"\"\",more,\\007,,\"t, u\",o,1\nb,\"two\nlines\",,\\,\"\\\"\"a\\r\\nb\"\"\",,,\n";
const CASES_LINES: &str = "{\"case\":\"a\",\"input\":\"x\\ny\",\"tags\":[\"t\",\"u\"]}\n\n{\"case\":\"b\",\"expected\":null,\"output_id\":\"o\",\"mine\":[1.5,{}]}\n";
const CASES_DOCUMENT: &str = r#"{"cases":[{"case":"a","input":"x","tags":"t; u"},{"input":"ü"}],"name":"n"}"#;
const RESULTS_TABLE: &str =
    "case;judge;score;pass;output;comment\na;j;0,25;yes;o;\"c;d\"\nb;;1e-1;;;\n\"c\";;;FALSCH;;\n";
const RESULTS_DOCUMENT: &str =
    r#"{"name":"n","version":"v","judge":"j","results":[{"case":"a","score":0.5,"pass":true},{"case":"b","score":1}]}"#;

fn rows(sheet: &Sheet) -> Vec<&Fields> {
    sheet.rows.iter().filter_map(|row| row.fields.as_ref().ok()).collect()
}

/// Reads an upload, and checks what holds of everything that is taken or refused.
fn read(layout: &Layout, bytes: &[u8]) -> Option<Sheet> {
    let sheet = match layout.read(bytes) {
        Ok(sheet) => sheet,
        Err(refused) => {
            assert!(!refused.detail.is_empty());
            return None;
        }
    };
    assert!(sheet.rows.is_sorted_by(|one, next| one.number < next.number));
    for row in &sheet.rows {
        match &row.fields {
            Ok(fields) => assert!(fields.keys().all(|field| layout.columns.contains(&field.as_str()))),
            Err(refused) => assert!(!refused.message.is_empty()),
        }
    }
    let written = json!({layout.list: rows(&sheet)}).to_string();
    assert_eq!(rows(&layout.read(written.as_bytes()).unwrap()), rows(&sheet));
    Some(sheet)
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= NAME_CHARS && !text.chars().any(char::is_control)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn cases_are_read_or_refused(bytes in prop_oneof![soup(), mutated(CASES_TABLE), mutated(CASES_LINES), mutated(CASES_DOCUMENT)]) {
        let Some(sheet) = read(&CASES, &bytes) else { return Ok(()) };
        for fields in rows(&sheet) {
            match CaseRow::read(fields) {
                Ok(case) => {
                    prop_assert!(case.case.iter().chain(&case.output_id).all(|name| is_name(name)));
                    prop_assert!(case.tags.iter().flatten().all(|tag| is_name(tag) && !tag.contains([',', ';'])));
                    let texts = [case.input, case.expected, case.rubric];
                    prop_assert!(!texts.into_iter().flatten().flatten().any(|text| text.contains('\0')));
                }
                Err(refused) => prop_assert!(!refused.message.is_empty()),
            }
        }
    }

    #[test]
    fn results_are_read_or_refused(bytes in prop_oneof![soup(), mutated(RESULTS_TABLE), mutated(RESULTS_DOCUMENT)]) {
        let Some(sheet) = read(&RESULTS, &bytes) else { return Ok(()) };
        for field in ["name", "version", "model", "judge"] {
            if let Ok(Some(text)) = name(&sheet.envelope, field, NAME_CHARS) {
                prop_assert!(is_name(&text));
            }
        }
        for fields in rows(&sheet) {
            match ResultRow::read(fields, sheet.is_text) {
                Ok(result) => {
                    prop_assert!(is_name(&result.case));
                    prop_assert!(result.pass.is_some() || result.score.is_some());
                    prop_assert!(result.score.is_none_or(|score| (0.0..=1.0).contains(&score)));
                }
                Err(refused) => prop_assert!(!refused.message.is_empty()),
            }
        }
    }
}
