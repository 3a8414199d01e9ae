//! A project that keeps no texts has none, anywhere.

use super::output;
use crate::support::{TestServer, tables};

const SECRET: &str = "Zebrafinch";

fn events() -> String {
    let all = [
        r#"{"id":"1","type":"shown","output_id":"o","feature":"f","input":"SECRET?","output":"SECRET!"}"#,
        r#"{"id":"2","type":"edit","output_id":"o","output":"SECRET!","final":"SECRET.","reason":"short"}"#,
        r#"{"id":"3","type":"comment","output_id":"o","comment":"SECRET"}"#,
        r#"{"id":"4","type":"reject","output_id":"p","feature":"f","comment":"SECRET"}"#,
        r#"{"id":"7","type":"shown","output_id":"q","feature":"f"}"#,
        r#"{"id":"8","type":"reject","output_id":"q","reason":"it said SECRET, which is wrong"}"#,
        r#"{"id":"5","type":"rate","output_id":"p","rating":"SECRET"}"#,
        r#"{"id":"6","type":"SECRET","output_id":"p"}"#,
        r#"{"SECRET":6}"#,
    ];
    all.join("\n").replace("SECRET", SECRET)
}

fn holding(server: &TestServer) -> Vec<String> {
    let found = tables::everything(&server.db);
    let mut tables: Vec<String> = found
        .into_iter()
        .filter(|(_, row)| row.to_lowercase().contains(&SECRET.to_lowercase()))
        .map(|(table, _)| table)
        .collect();
    tables.dedup();
    tables
}

#[test]
fn a_project_without_texts_keeps_only_numbers() {
    let server = TestServer::start();
    let settings = br#"{"stores_text":false}"#;
    let answer = server.request("PATCH", "/api/v1/projects/current", Some(&server.key), &[], settings);
    assert_eq!(answer.expect(200)["stores_text"], false);
    server.post("/api/v1/events", events()).expect(207);
    server.settle();
    assert_eq!(holding(&server), [""; 0]);

    let edited = output(&server, "o");
    assert_close(&edited["edit_distance"], 1.0 / 11.0);
    assert_close(&edited["retained_share"], 10.0 / 11.0);
    assert_eq!(
        (&edited["reason"], &edited["comment"]),
        (&"short".into(), &serde_json::Value::Null)
    );
    // A retry is still known as one.
    let again = server.post("/api/v1/events", events()).expect(207);
    assert_eq!(
        (&again["created"], &again["duplicates"], &again["rejected"]),
        (&0.into(), &6.into(), &3.into())
    );
    // A reason that is words is counted, and told by none of them.
    assert_eq!(output(&server, "q")["reason"], "free_text");
    let reasons = server.get("/api/v1/features/f/reasons").expect(200);
    let mut named = reasons["data"][0]["reasons"].as_array().unwrap().iter();
    let words = named.find(|own| own["reason"] == "free_text").unwrap();
    assert_eq!(words["outputs"], 1);
}

#[test]
fn a_project_with_texts_keeps_them_where_they_belong() {
    let server = TestServer::start();
    server.post("/api/v1/events", events()).expect(207);
    server.settle();
    assert_eq!(holding(&server), ["events", "output_texts", "outputs"]);
    assert_eq!(
        output(&server, "q")["reason"],
        format!("it said {SECRET}, which is wrong")
    );
    let edited = output(&server, "o");
    assert_close(&edited["edit_distance"], 1.0 / 11.0);
    assert_eq!(edited["comment"], SECRET);
}

#[track_caller]
fn assert_close(found: &serde_json::Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}
