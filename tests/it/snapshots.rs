//! Whole answers, as they are on the wire. What differs from run to run is checked for its shape before it is hidden.

use chrono::{DateTime, Utc};
use insta::internals::{Content, ContentPath};

use crate::support::TestServer;

const EVENTS: &str = r#"
{"id":"1","type":"shown","output_id":"a","feature":"email.draft","version":"v1","user_id":"u1","confidence":0.8,"input":"ask","output":"Dear all","occurred_at":"2026-03-28T10:00:00Z","attributes":{"plan":"pro"}}
{"id":"2","type":"edit","output_id":"a","final":"Dear you","occurred_at":"2026-03-28T10:00:05Z","reason":"wrong_tone"}
{"id":"3","type":"judge","output_id":"a","correct":true,"occurred_at":"2026-03-28T11:00:00Z"}
{"id":"4","type":"shown","output_id":"b","feature":"email.draft","version":"v2","user_id":"u1","confidence":0.6,"occurred_at":"2026-03-29T10:00:00Z"}
{"id":"5","type":"reject","output_id":"b","occurred_at":"2026-03-29T10:00:09Z","comment":"no"}
{"id":"6","type":"judge","output_id":"b","correct":true,"source":"outcome","occurred_at":"2026-03-29T11:00:00Z"}
{"id":"7","type":"accept","output_id":"c","feature":"email.draft","version":"v2","user_id":"u2","occurred_at":"2026-03-29T12:00:00Z"}
{"id":"8","type":"accept","output_id":"lost","occurred_at":"2026-03-29T12:00:00Z"}
"#;

fn loaded() -> TestServer {
    let server = TestServer::start();
    server.post("/api/v1/events", EVENTS).expect(200);
    server.settle();
    server
}

/// A recent instant, in RFC 3339.
fn recent(value: Content, _: ContentPath) -> Content {
    let time: DateTime<Utc> = value.as_str().unwrap().parse().unwrap();
    let age = Utc::now() - time;
    assert!(age.num_seconds().abs() < 300, "{time} is not recent");
    Content::from("[recent]")
}

/// A span of seconds that is not negative.
fn seconds(value: Content, _: ContentPath) -> Content {
    assert!(matches!(value, Content::F64(seconds) if seconds >= 0.0));
    Content::from("[seconds]")
}

#[test]
fn a_query() {
    let server = loaded();
    let question = r#"{"metrics":["acceptance_rate","trust_gap","decision_time_p50","auroc_correctness"],"group_by":["version"],
        "granularity":"day","timezone":"Europe/Berlin","from":"2026-03-27T23:00:00Z","to":"2026-03-29T22:00:00Z"}"#;
    insta::assert_json_snapshot!(server.post("/api/v1/query", question).expect(200));
}

#[test]
fn the_features() {
    let server = loaded();
    insta::assert_json_snapshot!(server.get("/api/v1/features").expect(200));
}

#[test]
fn an_output_with_its_history() {
    let server = loaded();
    insta::assert_json_snapshot!(server.get("/api/v1/outputs/a").expect(200), {
        ".history[].received_at" => insta::dynamic_redaction(recent),
    });
}

#[test]
fn the_status() {
    let server = loaded();
    insta::assert_json_snapshot!(server.get("/api/v1/status").expect(200), {
        ".folded_at" => insta::dynamic_redaction(recent),
        ".backlog.lag_seconds" => insta::dynamic_redaction(seconds),
    });
}

#[test]
fn a_batch_with_faults() {
    let server = loaded();
    let batch = r#"{"events":[{"id":"1","type":"accept","output_id":"a"},{"id":"3","type":"judge","output_id":"a",
        "correct":true,"occurred_at":"2026-03-28T11:00:00Z"},{"type":"rate","output_id":"a"},{"id":"9","type":"accept",
        "output_id":"a","confidence":2},{"type":"fly","output_id":"a"}]}"#;
    insta::assert_json_snapshot!(server.post("/api/v1/events", batch).expect(207));
}

#[test]
fn a_problem() {
    let server = loaded();
    let question = r#"{"metrics":["acceptance_rate"],"group_by":["plan"]}"#;
    insta::assert_json_snapshot!(server.post("/api/v1/query", question).expect(422));
}
