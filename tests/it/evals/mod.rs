//! Sets of cases: kept in spreadsheets, made from feedback, run, compared, and held against what users did.

mod command;
mod feedback;
mod limits;
mod odd;
mod office;
mod privacy;
mod quality;
mod ranking;
mod runs;
mod scores;
mod sheets;

use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

const SET: &str = "/api/v1/evals/refunds";
const CASES: &str = "/api/v1/evals/refunds/cases";
const RUNS: &str = "/api/v1/evals/refunds/runs";

fn server_with_set() -> TestServer {
    let server = TestServer::start();
    server.post("/api/v1/evals", r#"{"name":"refunds"}"#).expect(201);
    server
}

fn put(server: &TestServer, path: &str, body: impl AsRef<[u8]>) -> Answer {
    server.request("PUT", path, Some(&server.key), &[], body.as_ref())
}

fn patch(server: &TestServer, path: &str, body: &Value) -> Answer {
    server.request("PATCH", path, Some(&server.key), &[], body.to_string().as_bytes())
}

fn delete(server: &TestServer, path: &str) -> Answer {
    server.request("DELETE", path, Some(&server.key), &[], b"")
}

/// All cases, without when they were added and changed.
#[track_caller]
fn all(server: &TestServer) -> Vec<Value> {
    let answer = server.get(&format!("{CASES}?format=jsonl"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/jsonl"));
    let text = answer.text();
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|mut row| {
        let fields = row.as_object_mut().unwrap();
        fields.remove("added_at");
        fields.remove("changed_at");
        row
    })
    .collect()
}

/// The counts of an upload: created, updated, unchanged, deleted, rejected.
fn counts(told: &Value) -> [u64; 5] {
    ["created", "updated", "unchanged", "deleted", "rejected"].map(|name| told[name].as_u64().unwrap())
}

/// An output with texts, and what its user did.
fn output(name: &str, user: &str, version: &str, decision: &str, confidence: Option<f64>) -> Vec<Value> {
    let now = chrono::Utc::now() - chrono::TimeDelta::hours(2);
    let mut shown = json!({"type": "shown", "output_id": name, "feature": "mail", "version": version, "user_id": user,
        "input": format!("ask {name}"), "output": format!("say {name}"), "occurred_at": now.to_rfc3339()});
    if let Some(confidence) = confidence {
        shown["confidence"] = json!(confidence);
    }
    let later = now + chrono::TimeDelta::seconds(9);
    let mut decided = json!({"type": decision, "output_id": name, "occurred_at": later.to_rfc3339()});
    if decision == "edit" {
        decided["final"] = json!(format!("mean {name}"));
    }
    vec![shown, decided]
}

fn send(server: &TestServer, events: &[Value]) {
    for batch in events.chunks(1_000) {
        let told = server
            .post("/api/v1/events", json!({"events": batch}).to_string())
            .expect(200);
        assert_eq!(told["rejected"], 0, "{told}");
    }
    server.settle();
}

#[test]
fn sets_are_made_changed_and_deleted() {
    let server = server_with_set();
    server
        .post("/api/v1/evals", r#"{"name":"refunds"}"#)
        .expect_problem(409, "conflict");
    server
        .post("/api/v1/evals", r#"{"name":"a/b"}"#)
        .expect_problem(422, "invalid_body");
    server
        .post("/api/v1/evals", r#"{"name":"b","pass_from":1.5}"#)
        .expect_problem(422, "invalid_body");
    let changed = patch(
        &server,
        SET,
        &json!({"description": "What people ask", "pass_from": 0.8}),
    )
    .expect(200);
    assert_eq!(
        (&changed["description"], &changed["pass_from"]),
        (&json!("What people ask"), &json!(0.8))
    );
    let changed = patch(&server, SET, &json!({"description": null})).expect(200);
    assert_eq!(
        (&changed["description"], &changed["pass_from"]),
        (&json!(null), &json!(0.8))
    );
    server
        .post(CASES, r#"[{"case":"a","input":"x"},{"case":"b"}]"#)
        .expect(200);
    assert_eq!(server.get("/api/v1/evals").expect(200)["data"][0]["cases"], 2);
    assert_eq!(delete(&server, SET).status, 204);
    server.get(SET).expect_problem(404, "not_found");
    server
        .get(&format!("{CASES}?format=csv"))
        .expect_problem(404, "not_found");
    server.post(CASES, r#"[{"case":"a"}]"#).expect_problem(404, "not_found");
    let audit = server.get("/api/v1/audit?action=eval_set_deleted").expect(200);
    assert_eq!(audit["data"][0]["detail"], json!({"cases": 2}));
}
