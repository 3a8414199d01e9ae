//! Few events are appended in another way than many. What becomes of them is the same.

use serde_json::{Value, json};

use super::logged;
use crate::support::{TestServer, tables};

/// Events of one request that go the one way, and the other.
const FEW: usize = 60;
const MANY: usize = 600;

fn event(number: usize, output: &str) -> Value {
    json!({"id": format!("e{number}"), "type": "accept", "output_id": output, "feature": "f", "aliases": [format!("{output}-other")]})
}

fn body(events: &[Value]) -> String {
    json!({ "events": events }).to_string()
}

#[track_caller]
fn outcomes(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["code"].as_str().or(result["status"].as_str()).unwrap())
        .collect()
}

#[track_caller]
fn check(events: usize) {
    let server = TestServer::start();
    let first: Vec<Value> = (0..events).map(|number| event(number, &format!("o{number}"))).collect();
    assert_eq!(
        server.post("/api/v1/events", body(&first)).expect(200)["created"],
        events
    );

    // In turn: known, known with another content, new, new and again, without a type.
    let mixed: Vec<Value> = (0..events)
        .map(|number| match number % 5 {
            0 => event(number, &format!("o{number}")),
            1 => event(number, &format!("conflict{number}")),
            2 => event(events + number, &format!("n{number}")),
            3 => event(events + number - 1, &format!("n{}", number - 1)),
            _ => json!({"output_id": "x"}),
        })
        .collect();
    let expected: Vec<&str> = ["duplicate", "id_conflict", "created", "duplicate", "missing_field"]
        .into_iter()
        .cycle()
        .take(events)
        .collect();
    let answer = server.post("/api/v1/events", body(&mixed)).expect(207);
    assert_eq!(outcomes(&answer), expected);
    let again: Vec<&str> = expected
        .into_iter()
        .map(|outcome| if outcome == "created" { "duplicate" } else { outcome })
        .collect();
    let answer = server.post("/api/v1/events", body(&mixed)).expect(207);
    assert_eq!(outcomes(&answer), again);

    assert_eq!(logged(&server), events + events / 5);
    server.settle();
    // Aliases come with what was stored and with nothing else.
    let aliases = tables::rows(&server.db, "SELECT alias_key FROM output_aliases");
    assert_eq!(aliases.len(), events + events / 5);
    server.get("/api/v1/outputs/o7-other").expect(200);
    server
        .get("/api/v1/outputs/conflict1-other")
        .expect_problem(404, "not_found");
    assert_eq!(
        server.get("/api/v1/status").expect(200)["rejected"],
        json!({"id_conflict": events / 5 * 2, "missing_field": events / 5 * 2})
    );
}

#[test]
fn few_events_meet_known_ones() {
    check(FEW);
}

#[test]
fn many_events_meet_known_ones() {
    check(MANY);
}
