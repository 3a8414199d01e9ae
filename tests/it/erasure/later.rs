//! Events of an erased user that come later, or once more.

use serde_json::{Value, json};

use super::{PATH, USER, erase, found, of_others, of_user, send, sound};
use crate::support::TestServer;

fn erased() -> TestServer {
    let server = TestServer::start();
    let mixed: Vec<Value> = of_others().into_iter().chain(of_user()).collect();
    send(&server, &server.key, &mixed);
    erase(&server);
    server
}

fn codes(answer: &Value) -> Vec<&str> {
    let results = answer["results"].as_array().unwrap();
    results
        .iter()
        .map(|result| result["code"].as_str().unwrap_or(""))
        .collect()
}

#[test]
fn a_retry_is_refused_event_by_event() {
    let server = erased();
    let mixed: Vec<Value> = of_user().into_iter().chain(of_others()).collect();
    let answer = send(&server, &server.key, &mixed);
    assert_eq!(
        (&answer["rejected"], &answer["duplicates"]),
        (&json!(11), &json!(44)),
        "{answer}"
    );
    let first = &answer["results"][0];
    assert_eq!((&first["code"], &first["http_status"]), (&json!("erased"), &json!(410)));
    assert!(!first["message"].as_str().unwrap().contains("anna"));
    assert_eq!(found(&server.db), []);
    let status = server.get("/api/v1/status").expect(200);
    assert_eq!(status["rejected"]["erased"], 11, "{status}");
}

/// By a COPY, as large batches are written, and in a stream.
#[test]
fn a_large_batch_is_looked_through() {
    let server = erased();
    let mut events: Vec<Value> = (0..300)
        .map(|number| json!({"type": "accept", "output_id": format!("new-{number}"), "feature": "f", "user_id": format!("u{number}")}))
        .collect();
    for place in [3, 150, 299] {
        events[place]["user_id"] = json!(USER);
    }
    events[7]["output_id"] = json!("own");
    let answer = send(&server, &server.key, &events);
    assert_eq!(
        (&answer["created"], &answer["rejected"]),
        (&json!(296), &json!(4)),
        "{}",
        answer["rejected"]
    );
    let refused: Vec<usize> = (0..300).filter(|place| codes(&answer)[*place] == "erased").collect();
    assert_eq!(refused, [3, 7, 150, 299]);
    assert_eq!(found(&server.db), []);
    sound(&server.db);
}

#[test]
fn events_that_name_an_erased_output_only_are_refused() {
    let server = erased();
    let later = [
        json!({"type": "edit", "output_id": "own", "final": "words of anna müller"}),
        json!({"type": "edit", "output_id": "own-response", "final": "words of anna müller"}),
        json!({"type": "rate", "output_id": "theirs", "rater": USER, "rating": 1}),
        json!({"type": "judge", "output_id": "theirs", "judge": USER, "correct": true}),
        // Others, and a model of that name.
        json!({"type": "judge", "output_id": "theirs", "judge": USER, "source": "llm", "correct": true}),
        json!({"type": "accept", "output_id": "theirs"}),
    ];
    let answer = send(&server, &server.key, &later);
    assert_eq!(codes(&answer), ["erased", "erased", "erased", "erased", "", ""]);
    // Another project's user of that name is another user.
    let (_, other) = server.project("other");
    assert_eq!(send(&server, &other, &of_user())["created"], 11);
}

/// With new consent, the user's new outputs are taken; what was erased stays refused.
#[test]
fn a_user_may_come_back() {
    let server = erased();
    let admit =
        |path: &str, body: Value| server.request("PATCH", path, Some(&server.key), &[], body.to_string().as_bytes());
    let from = json!({"admits_from": "2026-06-01T00:00:00Z"});
    admit("/api/v1/users/nobody", from.clone()).expect_problem(404, "not_found");
    for wrong in ["tomorrow", "-4800-01-01T00:00:00Z", "+200000-01-01T00:00:00Z"] {
        admit(PATH, json!({"admits_from": wrong})).expect_problem(422, "invalid_body");
    }
    admit(PATH, from).expect(200);
    let back = [
        json!({"type": "accept", "output_id": "new", "feature": "f", "user_id": USER, "occurred_at": "2026-06-01T00:00:00Z"}),
        json!({"type": "accept", "output_id": "older", "feature": "f", "user_id": USER, "occurred_at": "2026-05-31T23:59:59Z"}),
        json!({"type": "accept", "output_id": "own", "feature": "f", "user_id": USER, "occurred_at": "2026-06-02T00:00:00Z"}),
    ];
    assert_eq!(codes(&send(&server, &server.key, &back)), ["", "erased", "erased"]);
    // And may leave again.
    let receipt = erase(&server);
    assert_eq!((&receipt["outputs"], &receipt["events"]), (&json!(1), &json!(1)));
    assert_eq!(codes(&send(&server, &server.key, &back)), ["erased"; 3]);
    assert_eq!(found(&server.db), []);
    sound(&server.db);
}
