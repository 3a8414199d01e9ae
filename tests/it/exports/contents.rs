//! What is in a data set, and what is not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{edited, output, rows, send};
use crate::support::TestServer;

/// Data sets that do not go without consent.
const SETS_OF_TEXTS: [&str; 3] = ["preferences", "feedback", "sft"];

fn outputs_of(rows: &[Value]) -> BTreeSet<&str> {
    let names = rows.iter().map(|row| row["provenance"]["output_id"].as_str().unwrap());
    names.collect()
}

fn server() -> TestServer {
    let server = TestServer::start();
    let mut events = Vec::new();
    let texts = [Some("ask"), Some("say"), None];
    events.extend(output(0, "edit", [Some("ask"), Some("say"), Some("mean")]));
    events.extend(output(1, "accept", texts));
    events.extend(output(2, "reject", [Some("ask two"), Some("say"), None]));
    // Of somebody who did not agree.
    events.extend(output(3, "edit", [Some("ask three"), Some("say"), Some("mean")]));
    // The same texts as the first, later.
    events.extend(output(4, "edit", [Some("ask"), Some("say"), Some("mean")]));
    // Changed, then taken back.
    events.extend(output(5, "edit", [Some("ask five"), Some("say"), Some("mean")]));
    events.push(json!({"type": "undo", "output_id": "o5", "occurred_at": "2026-03-02T11:00:00Z"}));
    // Taken as it was, and wrong.
    events.extend(output(6, "accept", [Some("ask six"), Some("say"), None]));
    events.push(json!({"type": "judge", "output_id": "o6", "correct": false}));
    // The user answered in the AI's place.
    events.extend(output(8, "respond", [Some("ask eight"), Some("say"), Some("mean")]));
    // The app took it by itself.
    events.extend(output(9, "accept", [Some("ask nine"), Some("say"), None]));
    events.last_mut().unwrap()["auto"] = json!(true);
    // Without a prompt.
    events.extend(output(10, "edit", [None, Some("say"), Some("mean")]));
    send(&server, &events);
    server
}

#[test]
fn preferences_are_what_users_made_of_outputs() {
    let server = server();
    let found = rows(&server, "preferences.jsonl?consent=attributes.training:yes");
    assert_eq!(outputs_of(&found), BTreeSet::from(["o4", "o8"]));
    let all = rows(&server, "preferences.jsonl?consent=all&distinct=false");
    assert_eq!(outputs_of(&all), BTreeSet::from(["o0", "o3", "o4", "o8"]));
    let first = all.last().unwrap();
    let [prompt, chosen, rejected] = ["prompt", "chosen", "rejected"].map(|name| first[name].as_str().unwrap());
    assert_eq!((prompt, chosen, rejected), ("ask", "mean", "say"));
    let provenance = &first["provenance"];
    assert_eq!(
        (&provenance["output_id"], &provenance["feature"]),
        (&json!("o0"), &json!("f"))
    );
    assert_eq!(
        (&provenance["version"], &provenance["shown_at"]),
        (&json!("v0"), &json!("2026-03-02T10:00:00Z"))
    );
    // Nobody is named.
    assert!(!json!(all).to_string().contains("\"u0\""));

    let chat = rows(&server, "preferences.jsonl?consent=all&form=conversational");
    assert_eq!(chat[0]["prompt"], json!([{"role": "user", "content": "ask eight"}]));
    assert_eq!(chat[0]["chosen"], json!([{"role": "assistant", "content": "mean"}]));
    let some = rows(
        &server,
        "preferences.jsonl?consent=all&version=v0&distinct=false&to=2026-03-02T10:04:00Z",
    );
    assert_eq!(outputs_of(&some), BTreeSet::from(["o0"]));
}

#[test]
fn demonstrations_are_what_users_took() {
    let server = server();
    let found = rows(&server, "sft.jsonl?consent=all&distinct=false");
    assert_eq!(outputs_of(&found), BTreeSet::from(["o0", "o1", "o3", "o4"]));
    let texts: BTreeMap<&str, &Value> = found
        .iter()
        .map(|row| (row["provenance"]["output_id"].as_str().unwrap(), &row["messages"]))
        .collect();
    let messages = |last: &str| json!([{"role": "user", "content": "ask"}, {"role": "assistant", "content": last}]);
    assert_eq!((texts["o0"], texts["o1"]), (&messages("mean"), &messages("say")));
}

#[test]
fn consent_must_be_said() {
    let server = server();
    for set in SETS_OF_TEXTS {
        let path = format!("/api/v1/exports/{set}.jsonl");
        server.get(&path).expect_problem(400, "invalid_parameter");
        for wrong in ["training:yes", "attributes.training", "attributes.training:", "yes", ""] {
            server
                .get(&format!("{path}?consent={wrong}"))
                .expect_problem(400, "invalid_parameter");
        }
        let none = server.get(&format!("{path}?consent=attributes.training:maybe"));
        assert_eq!((none.status, none.text()), (200, String::new()));
    }
    let before = rows(&server, "sft.jsonl?consent=attributes.training:yes");
    // A declared attribute is one like any other.
    let declare = br#"{"dimensions":["training"]}"#;
    server
        .request("PATCH", "/api/v1/projects/current", Some(&server.key), &[], declare)
        .expect(200);
    assert_eq!(rows(&server, "sft.jsonl?consent=attributes.training:yes"), before);
    assert_eq!(rows(&server, "outputs.jsonl").len(), 10);
    assert_eq!(rows(&server, "outputs.jsonl?consent=attributes.training:no").len(), 1);
}

/// What a cell says of a value.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        // A whole number has no fraction in a table.
        Value::Number(number) => number.as_f64().unwrap().to_string(),
        other => other.to_string(),
    }
}

#[test]
fn a_table_has_every_field_of_an_output() {
    let server = server();
    for (lines, table) in [
        ("exports/outputs.jsonl", "exports/outputs.csv"),
        ("outputs?limit=50", "outputs?limit=50&format=csv"),
    ] {
        let outputs: Vec<Value> = match lines {
            "exports/outputs.jsonl" => rows(&server, "outputs.jsonl"),
            path => server.get(&format!("/api/v1/{path}")).expect(200)["data"]
                .as_array()
                .unwrap()
                .clone(),
        };
        let text = server.get(&format!("/api/v1/{table}")).text();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let fields: BTreeSet<&str> = outputs[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(columns.iter().map(String::as_str).collect::<BTreeSet<_>>(), fields);
        let found: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((found.len(), outputs.len()), (10, 10));
        for (record, output) in found.iter().zip(&outputs) {
            for (column, value) in columns.iter().zip(record) {
                assert_eq!(value, cell(&output[column]), "{column} of {output}");
            }
        }
        let of = |name: &str, column: &str| {
            let output = outputs.iter().find(|output| output["output_id"] == name).unwrap();
            output[column].clone()
        };
        assert_eq!(of("o9", "manner"), "automatic");
        assert_eq!(of("o6", "judged_by"), "human");
        assert_eq!(of("o3", "attributes"), json!({"training": "no"}));
    }
}

#[test]
fn a_project_without_texts_has_no_data_sets_of_them() {
    let server = server();
    let off = br#"{"stores_text":false}"#;
    server
        .request("PATCH", "/api/v1/projects/current", Some(&server.key), &[], off)
        .expect(200);
    for set in SETS_OF_TEXTS {
        server
            .get(&format!("/api/v1/exports/{set}.jsonl?consent=all"))
            .expect_problem(422, "not_kept");
    }
    assert_eq!(rows(&server, "outputs.jsonl").len(), 10);
    server
        .get("/api/v1/exports/outputs.jsonl?output_ids=%5B%5D")
        .expect_problem(400, "invalid_parameter");
    server
        .get("/api/v1/exports/outputs.jsonl?validation_share=2")
        .expect_problem(400, "invalid_parameter");
    for limit in ["0", "-1", "x"] {
        for parameter in ["limit", "per_user"] {
            server
                .get(&format!("/api/v1/exports/outputs.jsonl?{parameter}={limit}"))
                .expect_problem(400, "invalid_parameter");
        }
    }
    assert_eq!(
        rows(&server, "outputs.jsonl?limit=3"),
        rows(&server, "outputs.jsonl")[..3]
    );
    server
        .get("/api/v1/exports/outputs.jsonl?cursor=x")
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn a_user_is_on_one_side_of_the_split() {
    let server = TestServer::start();
    send(&server, &edited(400));
    let sides = |parameters: &str| -> BTreeMap<String, BTreeSet<String>> {
        let mut sides: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows(&server, &format!("outputs.jsonl?{parameters}")) {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            sides.entry(text("user_id")).or_default().insert(text("split"));
        }
        sides
    };
    let half = sides("validation_share=0.5");
    assert_eq!(half.len(), 10);
    assert!(half.values().all(|sides| sides.len() == 1), "{half:?}");
    let validation = |sides: &BTreeMap<String, BTreeSet<String>>| {
        sides.values().filter(|sides| sides.contains("validation")).count()
    };
    assert!((1..10).contains(&validation(&half)), "{half:?}");
    assert_eq!(sides("validation_share=0.5"), half);
    assert_ne!(sides("validation_share=0.5&seed=1"), half);
    assert_eq!(
        (
            validation(&sides("validation_share=0")),
            validation(&sides("validation_share=1"))
        ),
        (0, 10)
    );
    // Both sides are all there is, and what is wanted of a training set is so of each.
    let train = rows(
        &server,
        "preferences.jsonl?consent=all&validation_share=0.5&split=train",
    );
    let rest = rows(
        &server,
        "preferences.jsonl?consent=all&validation_share=0.5&split=validation",
    );
    assert_eq!(train.len() + rest.len(), 400);
    assert!(outputs_of(&train).is_disjoint(&outputs_of(&rest)));
    assert!(rest.iter().all(|row| row["provenance"]["split"] == "validation"));
}
