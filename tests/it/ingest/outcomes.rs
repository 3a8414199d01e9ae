//! What the answer says of each event, and what `/status` says of all.

use super::{EVENT, logged};
use crate::support::TestServer;

#[test]
fn each_event_of_a_batch_has_its_own_outcome() {
    let server = TestServer::start();
    let batch = r#"{"events":[
        {"id":"a","type":"accept","output_id":"o1","feature":"f"},
        {"id":"a","type":"accept","output_id":"o1","feature":"f"},
        {"id":"a","type":"accept","output_id":"o2","feature":"f"},
        {"id":"b","type":"rate","output_id":"o1","rating":7},
        {"type":"accept"},
        {"id":"c","type":"accept","output_id":"o1","project":"other"},
        7,
        {"id":"d","type":"reject","output_id":"o3","feature":"f"}
    ]}"#;
    let answer = server.post("/api/v1/events", batch).expect(207);
    let results: Vec<[String; 5]> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| ["id", "status", "code", "http_status", "path"].map(|name| plain(&result[name])))
        .collect();
    let expected = [
        ["a", "created", "-", "-", "-"],
        ["a", "duplicate", "-", "-", "-"],
        ["a", "rejected", "id_conflict", "409", "events[2].id"],
        ["-", "rejected", "out_of_range", "422", "events[3].rating"],
        ["-", "rejected", "missing_field", "422", "events[4]"],
        ["-", "rejected", "unknown_field", "422", "events[5].project"],
        ["-", "rejected", "invalid_field", "422", "events[6]"],
        ["d", "created", "-", "-", "-"],
    ];
    assert_eq!(results, expected);
    assert_eq!(
        (&answer["created"], &answer["duplicates"], &answer["rejected"]),
        (&2.into(), &1.into(), &5.into())
    );
    assert_eq!(logged(&server), 2);
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn the_status_counts_what_was_refused_by_code() {
    let server = TestServer::start();
    server.post("/api/v1/events", "{}").expect(207);
    server
        .post("/api/v1/events", format!("{EVENT}\n{{}}\nnot json"))
        .expect(207);
    let conflict = r#"[{"id":"a","type":"accept","output_id":"x"},{"id":"a","type":"reject","output_id":"x"}]"#;
    server.post("/api/v1/events", conflict).expect(207);
    server.post("/api/v1/events", conflict).expect(207);
    server.settle();
    let status = server.get("/api/v1/status").expect(200);
    assert_eq!(
        status["rejected"],
        serde_json::json!({"id_conflict": 2, "invalid_json": 1, "missing_field": 2})
    );
    // One output has a feature, the other waits for one.
    assert_eq!((&status["outputs"], &status["unlinked"]), (&1.into(), &1.into()));
    assert_eq!(
        (&status["log_position"], &status["backlog"]["events"]),
        (&2.into(), &0.into())
    );
}
