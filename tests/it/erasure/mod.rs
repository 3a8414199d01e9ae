//! An erased user is in no table, in no number, and does not come back.

mod beside;
mod disk;
mod files;
mod later;
mod numbers;
mod receipts;

use std::time::Duration;

use calibrant::fold::step;
use calibrant::fold::verify::{Checked, verify};
use calibrant::store::Db;
use serde_json::{Value, json};

use crate::crash::program::wait_until;
use crate::support::{TestServer, tables};

/// A name with a character that JSON writes in two, and one that is not ASCII.
const USER: &str = "anna\"müller";
const PATH: &str = "/api/v1/users/anna%22m%C3%BCller";

/// What the user was shown, did and said, each event with an id.
fn of_user() -> Vec<Value> {
    let at = |minute: u32| format!("2026-03-02T10:{minute:02}:00Z");
    vec![
        json!({"type": "shown", "id": "a1", "output_id": "own", "feature": "f", "version": "v1", "user_id": USER, "confidence": 0.9,
            "input": "letter to anna müller", "output": "dear anna müller", "aliases": ["own-response"], "occurred_at": at(1),
            "attributes": {"plan": "of-anna"}}),
        json!({"type": "edit", "id": "a2", "output_id": "own-response", "final": "dear ms anna müller", "occurred_at": at(2)}),
        // What others say of it goes with it.
        json!({"type": "rate", "id": "a3", "output_id": "own", "rater": "berta", "rating": 1, "occurred_at": at(3)}),
        json!({"type": "judge", "id": "a4", "output_id": "own", "judge": "qa", "correct": true, "occurred_at": at(4)}),
        // Taken back as a whole, and never linked to a feature.
        json!({"type": "accept", "id": "a5", "output_id": "taken-back", "feature": "f", "user_id": USER, "occurred_at": at(5)}),
        json!({"type": "retract", "id": "a6", "output_id": "taken-back", "retracts": "a5", "user_id": USER, "occurred_at": at(6)}),
        json!({"type": "comment", "id": "a7", "output_id": "unlinked", "comment": "anna müller was here", "user_id": USER, "occurred_at": at(7)}),
        // On outputs of others: as a rater, as a judge, and as the user of one event.
        json!({"type": "rate", "id": "a8", "output_id": "theirs", "rater": USER, "rating": 0, "occurred_at": at(8)}),
        json!({"type": "judge", "id": "a9", "output_id": "theirs", "judge": USER, "correct": false, "comment": "says anna müller", "occurred_at": at(9)}),
        json!({"type": "rate", "id": "a10", "output_id": "theirs", "user_id": USER, "rating": 0, "rubric": "tone", "occurred_at": at(10)}),
        // Of a feature that nobody else uses.
        json!({"type": "accept", "id": "a11", "output_id": "alone", "feature": "annas", "user_id": USER, "occurred_at": at(11)}),
    ]
}

/// What others did.
fn of_others() -> Vec<Value> {
    let mut events = vec![
        json!({"type": "shown", "id": "b1", "output_id": "theirs", "feature": "f", "version": "v1", "user_id": "berta", "confidence": 0.4,
            "output": "some words", "occurred_at": "2026-03-02T10:00:00Z"}),
        json!({"type": "accept", "id": "b2", "output_id": "theirs", "occurred_at": "2026-03-02T10:20:00Z"}),
        json!({"type": "rate", "id": "b3", "output_id": "theirs", "rater": "carla", "rating": 1, "occurred_at": "2026-03-02T10:21:00Z"}),
        // A model of the user's name is not the user.
        json!({"type": "judge", "id": "b4", "output_id": "theirs", "judge": "anna", "source": "llm", "correct": true,
            "occurred_at": "2026-03-02T10:22:00Z"}),
    ];
    for number in 0..40 {
        let kind = ["accept", "reject", "edit"][number % 3];
        events.push(json!({"type": kind, "id": format!("c{number}"), "output_id": format!("o{number}"), "feature": "f", "version": "v2",
            "user_id": format!("u{}", number % 7), "confidence": 0.5, "occurred_at": format!("2026-03-0{}T08:00:00Z", 1 + number % 5)}));
    }
    events
}

fn send(server: &TestServer, key: &str, events: &[Value]) -> Value {
    let body = json!({"events": events}).to_string();
    let answer = server.post_as(key, "/api/v1/events", body);
    assert!([200, 207].contains(&answer.status), "{}", answer.text());
    server.settle();
    answer.json()
}

/// Erases the user, and waits for the receipt.
fn erase(server: &TestServer) -> Value {
    let answer = server.request("DELETE", PATH, Some(&server.key), &[], b"");
    assert!([200, 202].contains(&answer.status), "{}", answer.text());
    receipt(server, answer.header("location").unwrap(), "finished_at")
}

/// The receipt, when it says when something was done.
fn receipt(server: &TestServer, path: &str, done: &str) -> Value {
    let mut told = Value::Null;
    wait_until("the receipt says when", || {
        told = server.get(path).expect(200);
        std::thread::sleep(Duration::from_millis(20));
        !told[done].is_null()
    });
    told
}

/// The rows of all tables that hold the user's name, or words of the user's texts.
fn found(db: &Db) -> Vec<(String, String)> {
    let mut rows = tables::everything(db);
    rows.retain(|(_, row)| {
        ["anna\\", "müller", "of-anna", "annas"]
            .iter()
            .any(|word| row.contains(word))
    });
    rows
}

/// Everything is what the log says, and after a rebuild too.
#[track_caller]
fn sound(db: &Db) -> Vec<Checked> {
    let check = || {
        let checked = verify(&mut db.dedicated().unwrap(), |_| ()).unwrap();
        for project in &checked {
            assert_eq!((project.differences, &project.listed), (0, &Vec::new()));
        }
        checked
    };
    let before = check();
    step::rebuild(&mut db.dedicated().unwrap(), |_| ()).unwrap();
    assert_eq!(check(), before);
    before
}
