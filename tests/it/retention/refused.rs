//! Events that are older than their project keeps events are refused; settings are checked.

use serde_json::{Value, json};

use super::{event, patch};
use crate::support::TestServer;

#[test]
fn events_that_are_too_old_are_refused_by_code() {
    let server = TestServer::start();
    patch(&server, &json!({"retain_outputs_days": 30})).expect(200);
    let body = json!({"events": [event("shown", "a", 29), event("shown", "b", 31)]});
    let answer = server.post("/api/v1/events", body.to_string()).expect(207);
    assert_eq!(answer["created"], 1);
    let refused = &answer["results"][1];
    assert_eq!(
        (&refused["code"], &refused["path"], &refused["http_status"]),
        (&json!("expired"), &json!("events[1].occurred_at"), &json!(422))
    );
    assert!(
        refused["message"]
            .as_str()
            .unwrap()
            .contains("keeps events for 30 days"),
        "{refused}"
    );
    server.settle();
    assert_eq!(
        server.get("/api/v1/status").expect(200)["rejected"],
        json!({"expired": 1})
    );

    // For ever again.
    patch(&server, &json!({"retain_outputs_days": null})).expect(200);
    let answer = server.post("/api/v1/events", body.to_string()).expect(200);
    assert_eq!((&answer["created"], &answer["duplicates"]), (&json!(1), &json!(1)));
}

#[test]
fn settings_are_kept_and_checked() {
    let server = TestServer::start();
    let days =
        |project: &Value| ["texts", "events", "outputs"].map(|what| project[format!("retain_{what}_days")].clone());
    let all = json!({"retain_texts_days": 30, "retain_events_days": 90, "retain_outputs_days": 36_500});
    assert_eq!(
        days(&patch(&server, &all).expect(200)),
        [json!(30), json!(90), json!(36_500)]
    );
    // What is absent stays, what is null is for ever.
    let some = json!({"retain_events_days": null, "stores_text": true});
    assert_eq!(
        days(&patch(&server, &some).expect(200)),
        [json!(30), json!(null), json!(36_500)]
    );
    assert_eq!(
        days(&server.get("/api/v1/projects").expect(200)["data"][0]),
        [json!(30), json!(null), json!(36_500)]
    );
    for wrong in [json!(0), json!(-1), json!(36_501), json!(1.5), json!("30")] {
        for what in ["retain_texts_days", "retain_events_days", "retain_outputs_days"] {
            let answer = patch(&server, &json!({what: wrong}));
            assert_eq!(answer.status, 422, "{what} {wrong}: {}", answer.text());
        }
    }
}
