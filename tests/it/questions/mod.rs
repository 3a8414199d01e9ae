//! What may be asked, and what is answered.

mod faults;
mod forms;
mod limits;
mod listing;
mod memory;
mod slices;
mod time;

use serde_json::{Value, json};

use crate::support::TestServer;

/// A project with 2 × 3 outputs of one feature, whose names a spreadsheet would take for formulas, and one of another.
///
/// | output | feature | version | plan | user | shown | decision |
/// | --- | --- | --- | --- | --- | --- | --- |
/// | 0 to 5 | =f | v0 for even, v1 for odd | pro for 0 to 2 | u0 to u2 twice | hour 0 to 5 of 1 March | accepted for 0 to 3, else rejected |
/// | 6 | g | none | none | none | 2 March, midnight | none |
///
/// The plan is declared as a dimension; the device is not: phone for 0 and 2, desk for 1.
fn project() -> TestServer {
    let server = TestServer::start();
    let settings = br#"{"dimensions":["plan"]}"#;
    let answer = server.request("PATCH", "/api/v1/projects/current", Some(&server.key), &[], settings);
    assert_eq!(answer.status, 200);
    let mut events = Vec::new();
    for number in 0..6 {
        let mut shown = json!({
            "type": "shown", "output_id": format!("o{number}"), "feature": "=f", "version": format!("v{}", number % 2),
            "user_id": format!("u{}", number % 3), "occurred_at": format!("2026-03-01T0{number}:00:00Z"),
            "confidence": f64::from(number) / 5.0, "input": format!("+Question {number}"),
        });
        if number < 3 {
            shown["attributes"] = json!({"plan": "pro", "device": if number == 1 { "desk" } else { "phone" }});
        }
        events.push(shown);
        events.push(json!({
            "type": if number < 4 { "accept" } else { "reject" }, "output_id": format!("o{number}"),
            "occurred_at": format!("2026-03-01T0{number}:00:03Z"),
        }));
        events.push(
            json!({"type": "judge", "output_id": format!("o{number}"), "correct": number % 2 == 0,
            "occurred_at": "2026-03-02T00:00:00Z"}),
        );
    }
    events.push(json!({"type": "shown", "output_id": "o6", "feature": "g", "occurred_at": "2026-03-02T00:00:00Z"}));
    events.push(
        json!({"type": "comment", "output_id": "o5", "comment": "100% _wrong_", "occurred_at": "2026-03-01T06:00:00Z"}),
    );
    server.send(json!(events).to_string());
    server
}

fn ask(server: &TestServer, question: Value) -> Value {
    server.post("/api/v1/query", question.to_string()).expect(200)
}

/// What identifies the rows of an answer, dimensions in the order of their names, and one metric's value in each.
fn values(rows: &Value, metric: &str) -> Vec<(String, Value)> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        let group = row["group"].as_object().unwrap().values();
        let mut names: Vec<String> = group.map(|value| value.as_str().unwrap_or("-").to_owned()).collect();
        names.extend(row["bucket"].as_str().map(str::to_owned));
        (names.join("|"), row["metrics"][metric]["value"].clone())
    })
    .collect()
}
