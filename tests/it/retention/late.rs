//! What comes after an output was sealed is kept, told about, and in no number.

use chrono::{Datelike, Utc};
use serde_json::{Value, json};

use super::{event, let_go_in, metric, patch, sound, status};
use crate::support::{TestServer, tables};

fn server() -> TestServer {
    let server = TestServer::start();
    let mut shown = event("shown", "old", 40);
    shown["aliases"] = json!(["old-response"]);
    let events = [
        shown,
        event("accept", "old", 39),
        event("shown", "new", 1),
        event("reject", "new", 1),
    ];
    server.send(json!({"events": events}).to_string());
    patch(&server, &json!({"retain_events_days": 30})).expect(200);
    assert_eq!(let_go_in(&server, 0).sealed, 1);
    server
}

fn answers(server: &TestServer) -> [Value; 3] {
    ["shown", "acceptance_rate", "correctness_rate"].map(|id| metric(server, id))
}

#[test]
fn a_late_event_is_stored_and_counted_as_late() {
    let server = server();
    let before = answers(&server);
    let found = server.get("/api/v1/outputs/old").expect(200);
    assert_eq!(
        (&found["sealed"], found["history"].as_array().unwrap().len()),
        (&json!(true), 0)
    );

    // By its name, by another name, and a retraction of what is no longer there.
    let late = json!({"events": [
        {"type": "judge", "id": "j", "output_id": "old", "correct": false},
        {"type": "reject", "id": "r", "output_id": "old-response"},
        {"type": "retract", "id": "t", "output_id": "old", "retracts": "accept-old-39"},
    ]});
    let answer = server.post("/api/v1/events", late.to_string()).expect(200);
    assert_eq!(answer["created"], 3);
    let told = status(&server);
    assert_eq!((&told["late_events"], &told["expired_events"]), (&json!(3), &json!(2)));
    assert_eq!(told["log_position"], 7);
    assert_eq!(answers(&server), before);
    assert_eq!(
        server.post("/api/v1/events", late.to_string()).expect(200)["duplicates"],
        3
    );
    let checked = sound(&server.db);
    assert_eq!(
        (checked.late_events, checked.sealed_outputs, checked.outputs),
        (3, 1, 1)
    );

    // They go in their own time, and are not forgotten in the count.
    assert_eq!(let_go_in(&server, 20).events, 0);
    let gone = let_go_in(&server, 31);
    assert_eq!((gone.events, gone.sealed), (5, 1));
    assert_eq!(tables::rows(&server.db, "SELECT 1 AS one FROM events"), [""; 0]);
    let told = status(&server);
    assert_eq!(
        (&told["late_events"], &told["expired_events"], &told["log_position"]),
        (&json!(0), &json!(7), &json!(7))
    );
    assert_eq!(answers(&server), before);
    sound(&server.db);
}

/// An output that is gone is a new one to whoever speaks of it again; one that late events speak of stays until these go.
#[test]
fn an_output_with_late_events_stays_as_long_as_they_do() {
    let server = server();
    // On the last day that a digest looks back upon.
    let sunday = i64::from(Utc::now().weekday().num_days_from_monday()) + 1;
    server.send(event("shown", "lately", sunday).to_string());
    server.send(r#"{"type":"copy","output_id":"old"}"#);
    patch(&server, &json!({"retain_outputs_days": 35})).expect(200);
    assert_eq!(let_go_in(&server, 0).outputs, 0);
    sound(&server.db);
    let gone = let_go_in(&server, 36);
    assert_eq!((gone.outputs, metric(&server, "shown")["value"].clone()), (3, json!(3)));
    sound(&server.db);
    server.get("/api/v1/outputs/old").expect(404);
    for of_outputs in ["ratings", "reasons", "coverage"] {
        let refused = server.get(&format!("/api/v1/features/f/{of_outputs}"));
        refused.expect_problem(422, "not_kept");
    }
    let digest = server.get("/api/v1/digest").expect(200);
    assert_eq!((&digest["next"], &digest["next_from"]), (&json!([]), &digest["to"]));
    assert_eq!(tables::rows(&server.db, "SELECT 1 AS one FROM output_aliases"), [""; 0]);
}

/// Outputs that share a name keep their events until the youngest of them is old enough.
#[test]
fn outputs_that_share_a_name_go_together() {
    let server = TestServer::start();
    let named = |output: &str, days: i64| {
        let mut shown = event("shown", output, days);
        shown["aliases"] = json!(["shared"]);
        shown
    };
    let accept = json!({"type": "accept", "output_id": "shared"});
    let events = [named("a", 50), named("b", 10), accept, event("shown", "c", 50)];
    server.send(json!({"events": events}).to_string());
    patch(&server, &json!({"retain_events_days": 30})).expect(200);
    let gone = let_go_in(&server, 0);
    assert_eq!((gone.sealed, gone.events), (1, 1));
    sound(&server.db);
    let gone = let_go_in(&server, 21);
    assert_eq!((gone.sealed, gone.events), (2, 3));
    sound(&server.db);
}

/// A new output that shares a name with a sealed one lives.
#[test]
fn a_new_output_may_share_a_name_with_a_sealed_one() {
    let server = server();
    let mut shown = event("shown", "fresh", 0);
    shown["aliases"] = json!(["old"]);
    server.send(json!({"events": [shown, event("accept", "fresh", 0)]}).to_string());
    assert_eq!(metric(&server, "shown")["value"], 3);
    server.send(r#"{"type":"reject","output_id":"old","feature":"f"}"#);
    assert_eq!(metric(&server, "acceptance_rate")["numerator"], 2);
    assert_eq!(status(&server)["late_events"], 1);
    sound(&server.db);
}

/// Outputs of which everything was taken back have no state that could say how old they are.
#[test]
fn what_was_taken_back_goes_too() {
    let server = TestServer::start();
    let events = [
        event("accept", "x", 0),
        json!({"type": "retract", "id": "t", "output_id": "x", "retracts": "accept-x-0"}),
    ];
    server.send(json!({"events": events}).to_string());
    patch(&server, &json!({"retain_events_days": 30})).expect(200);
    assert!(let_go_in(&server, 29).is_nothing());
    assert_eq!(let_go_in(&server, 31).events, 2);
    for table in ["events", "output_aliases", "outputs"] {
        assert_eq!(
            tables::rows(&server.db, &format!("SELECT 1 AS one FROM {table}")),
            [""; 0],
            "{table}"
        );
    }
    sound(&server.db);
}

/// Dimensions are cut anew for outputs whose events are there; sealed ones stay as they were.
#[test]
fn sealed_outputs_keep_their_dimensions() {
    let server = server();
    let before = answers(&server);
    patch(&server, &json!({"dimensions": ["plan"], "horizon_seconds": 3600})).expect(200);
    server.settle();
    assert_eq!(answers(&server), before);
    sound(&server.db);
}
