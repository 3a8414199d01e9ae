//! The same events in several projects.

use serde_json::{Value, json};

use crate::support::TestServer;

/// Events of one kind at one instant that contradict each other: which is the last depends on nothing but what they say.
#[test]
fn ties_are_broken_alike_in_every_project() {
    let server = TestServer::start();
    let at = |seconds: u8| format!("2026-03-01T10:00:0{seconds}Z");
    let mut events = Vec::new();
    for output in 0..8 {
        let output_id = format!("o{output}");
        for (number, confidence) in [0.1, 0.5, 0.9].into_iter().enumerate() {
            events.push(
                json!({"id": format!("s{output}{number}"), "type": "shown", "output_id": output_id, "feature": "f",
                "confidence": confidence, "occurred_at": at(0)}),
            );
            events.push(
                json!({"id": format!("e{output}{number}"), "type": "edit", "output_id": output_id,
                "edit_distance": confidence, "occurred_at": at(9)}),
            );
            events.push(
                json!({"id": format!("r{output}{number}"), "type": "rate", "output_id": output_id, "rater": "r",
                "rating": confidence, "occurred_at": at(9)}),
            );
        }
    }
    let body = json!({"events": events}).to_string();
    let metrics = ["brier_acceptance", "edit_distance", "rating_mean"];
    let question = json!({"metrics": metrics}).to_string();
    let answers = |key: &str| -> Vec<Value> {
        server.post_as(key, "/api/v1/events", &body).expect(200);
        server.settle();
        let outputs = (0..8).map(|output| {
            let found = server.get_as(key, &format!("/api/v1/outputs/o{output}")).expect(200);
            let history = found["history"].as_array().unwrap().iter();
            let names: Vec<&Value> = history.map(|event| &event["event"]["id"]).collect();
            json!([found["confidence"], found["edit_distance"], found["rating"], names])
        });
        let outputs: Vec<Value> = outputs.collect();
        let asked = server.post_as(key, "/api/v1/query", &question).expect(200)["data"][0]["metrics"].clone();
        let values = metrics.map(|metric| asked[metric]["value"].clone());
        outputs.into_iter().chain(values).collect()
    };
    let expected = answers(&server.key);
    for number in 0..5 {
        let (_, key) = server.project(&format!("other {number}"));
        assert_eq!(answers(&key), expected);
    }
}
