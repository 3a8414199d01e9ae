//! Data sets: what is in them, that they are whole, and that real clients read them.

mod clients;
mod contents;
mod feedback;
mod preferences;
mod streams;

use serde_json::{Value, json};

use crate::support::TestServer;

/// The rows of a data set.
#[track_caller]
fn rows(server: &TestServer, path: &str) -> Vec<Value> {
    let answer = server.get(&format!("/api/v1/exports/{path}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An output with texts, and what became of it.
fn output(number: usize, decision: &str, texts: [Option<&str>; 3]) -> Vec<Value> {
    let [input, output, last] = texts;
    let name = format!("o{number}");
    let at = |second: u32| format!("2026-03-02T10:{:02}:{second:02}Z", number % 60);
    let mut shown = json!({"type": "shown", "output_id": name, "feature": "f", "version": format!("v{}", number % 2), "model": "m",
        "user_id": format!("u{}", number % 10), "occurred_at": at(0), "attributes": {"training": if number % 4 == 3 { "no" } else { "yes" }}});
    let mut decided = json!({"type": decision, "output_id": name, "occurred_at": at(5)});
    let mut add = |field: &str, text: Option<&str>| {
        let event = if field == "final" { &mut decided } else { &mut shown };
        if let Some(text) = text {
            event[field] = json!(text);
        }
    };
    add("input", input);
    add("output", output);
    add("final", last);
    vec![shown, decided]
}

fn send(server: &TestServer, events: &[Value]) {
    for batch in events.chunks(1_000) {
        server
            .post("/api/v1/events", json!({"events": batch}).to_string())
            .expect(200);
    }
    server.settle();
}

/// So many outputs that were edited, all different.
fn edited(count: usize) -> Vec<Value> {
    (0..count)
        .flat_map(|number| {
            let [input, output_text, last] = ["ask", "say", "mean"].map(|word| format!("{word} {number} — «ü» \n"));
            output(number, "edit", [Some(&input), Some(&output_text), Some(&last)])
        })
        .collect()
}

/// So many outputs that were accepted and rejected in turn, all different; of each that was accepted, somebody looked whether it stayed.
fn decided(count: usize) -> Vec<Value> {
    let of = |number: usize| {
        let (input, text) = (format!("ask {number}"), format!("say {number} — «ü» \n"));
        let decision = ["accept", "reject"][number % 2];
        let mut events = output(number, decision, [Some(&input), Some(&text), None]);
        match decision {
            "accept" => events.push(
                json!({"type": "retained", "output_id": format!("o{number}"), "retained_share": 0.8,
                "after_seconds": 30}),
            ),
            _ => events[1]["reason"] = json!("wrong_moment"),
        }
        events
    };
    (0..count).flat_map(of).collect()
}
