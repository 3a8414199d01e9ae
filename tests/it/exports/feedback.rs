//! What users took and refused, as feedback on outputs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{decided, output, rows, send};
use crate::support::TestServer;

/// Each output's label.
fn labels(rows: &[Value]) -> BTreeMap<&str, bool> {
    let labels = rows.iter().map(|row| {
        let name = row["provenance"]["output_id"].as_str().unwrap();
        (name, row["label"].as_bool().unwrap())
    });
    labels.collect()
}

fn server() -> TestServer {
    let server = TestServer::start();
    let mut events = Vec::new();
    let texts = |input: &'static str| [Some(input), Some("say"), None];
    events.extend(output(0, "accept", texts("ask")));
    events.push(
        json!({"type": "retained", "output_id": "o0", "retained_share": 0.75, "occurred_at": "2026-03-02T10:02:05Z"}),
    );
    events.extend(output(1, "reject", texts("ask one")));
    events.last_mut().unwrap()["reason"] = json!("wrong_moment");
    events.extend(output(2, "dismiss", texts("ask two")));
    // Of somebody who did not agree.
    events.extend(output(3, "reject", texts("ask three")));
    // The user answered in the AI's place.
    events.extend(output(4, "respond", [Some("ask four"), Some("say"), Some("mean")]));
    // Changed: good and bad in one.
    events.extend(output(5, "edit", [Some("ask five"), Some("say"), Some("mean")]));
    // Taken, then taken back.
    events.extend(output(6, "accept", texts("ask six")));
    events.push(json!({"type": "undo", "output_id": "o6", "occurred_at": "2026-03-02T11:00:00Z"}));
    // The app took it by itself.
    events.extend(output(8, "accept", texts("ask eight")));
    events.last_mut().unwrap()["auto"] = json!(true);
    // Taken and wrong; refused and right.
    events.extend(output(9, "accept", texts("ask nine")));
    events.push(json!({"type": "judge", "output_id": "o9", "correct": false}));
    events.extend(output(10, "reject", texts("ask ten")));
    events.push(json!({"type": "judge", "output_id": "o10", "correct": true}));
    // Nobody answered.
    events.extend(output(12, "ignore", texts("ask twelve")));
    // Without a prompt, without what was shown.
    events.extend(output(13, "accept", [None, Some("say"), None]));
    events.extend(output(14, "reject", [Some("ask fourteen"), None, None]));
    // Called accepted, with another text than was shown.
    events.extend(output(16, "accept", [Some("ask sixteen"), Some("say"), Some("mean")]));
    // The same texts as the first: taken again, and refused.
    events.extend(output(17, "accept", texts("ask")));
    events.extend(output(18, "reject", texts("ask")));
    send(&server, &events);
    server
}

#[test]
fn feedback_is_what_users_took_and_refused() {
    let server = server();
    let found = rows(&server, "feedback.jsonl?consent=all&distinct=false");
    let expected = [
        ("o0", true),
        ("o1", false),
        ("o2", false),
        ("o3", false),
        ("o4", false),
        ("o17", true),
        ("o18", false),
    ];
    assert_eq!(labels(&found), BTreeMap::from(expected));
    let of = |name: &str| found.iter().find(|row| row["provenance"]["output_id"] == name).unwrap();
    let texts = |name: &str| [&of(name)["prompt"], &of(name)["completion"]];
    assert_eq!(texts("o0"), [&json!("ask"), &json!("say")]);
    // What the AI showed, whatever the user wrote.
    assert_eq!(texts("o4"), [&json!("ask four"), &json!("say")]);
    let provenance = |name: &str, field: &str| of(name)["provenance"][field].clone();
    assert_eq!(provenance("o0", "kept"), json!([{"after_seconds": 120, "share": 0.75}]));
    assert_eq!(provenance("o0", "edit_distance"), json!(0.0));
    assert_eq!(
        (provenance("o1", "kept"), provenance("o1", "reason")),
        (json!([]), json!("wrong_moment"))
    );

    // A text that one took and another refused is there as both.
    let distinct = rows(&server, "feedback.jsonl?consent=attributes.training:yes");
    let expected = [
        ("o1", false),
        ("o2", false),
        ("o4", false),
        ("o17", true),
        ("o18", false),
    ];
    assert_eq!(labels(&distinct), BTreeMap::from(expected));
    let refused = rows(
        &server,
        "feedback.jsonl?consent=all&decision=rejected&reason=wrong_moment",
    );
    assert_eq!(labels(&refused), BTreeMap::from([("o1", false)]));
    let chat = rows(&server, "feedback.jsonl?consent=all&form=conversational&limit=1");
    assert_eq!(chat[0]["prompt"], json!([{"role": "user", "content": "ask"}]));
    assert_eq!(chat[0]["completion"], json!([{"role": "assistant", "content": "say"}]));
    assert_eq!(chat[0]["label"], json!(false));
}

#[test]
fn feedback_is_gone_on_with_and_split_by_user() {
    let server = TestServer::start();
    send(&server, &decided(1_000));
    let path = "feedback.jsonl?consent=all";
    let whole = rows(&server, path);
    assert_eq!(whole.len(), 1_000);
    let mut parts: Vec<Value> = Vec::new();
    loop {
        let cursor = parts
            .last()
            .map(|row| format!("&cursor={}", row["provenance"]["cursor"].as_str().unwrap()));
        let part = rows(&server, &format!("{path}&limit=300{}", cursor.unwrap_or_default()));
        let is_last = part.len() < 300;
        parts.extend(part);
        if is_last {
            break;
        }
    }
    assert_eq!(parts, whole);
    let side = |side: &str| rows(&server, &format!("{path}&validation_share=0.5&split={side}"));
    let (train, validation) = (side("train"), side("validation"));
    assert_eq!(train.len() + validation.len(), 1_000);
    // Of each of ten users there are a hundred.
    assert!(train.len().is_multiple_of(100) && !train.is_empty() && !validation.is_empty());
}
