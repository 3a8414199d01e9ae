//! How much of what the AI writes stays, in characters, and up to which edit an acceptance is one.

use serde_json::{Value, json};

use crate::support::TestServer;

const METRICS: [&str; 7] = [
    "retained_characters",
    "retained_characters_per_shown",
    "retained_characters_per_accepted",
    "deleted_characters_per_edit",
    "inserted_characters_per_edit",
    "final_share_of_ai",
    "soft_acceptance_rate",
];

/// Outputs of a feature, each with the events that follow its `shown`.
fn sent(server: &TestServer, outputs: &[(Value, &[Value])]) {
    let mut events = Vec::new();
    for (number, (shown, follow)) in outputs.iter().enumerate() {
        let mut add = |event: &Value, kind: Option<&str>, second: usize| {
            let mut event = event.clone();
            event["output_id"] = format!("o{number}").into();
            event["occurred_at"] = format!("2026-03-01T10:00:{second:02}Z").into();
            if let Some(kind) = kind {
                event["type"] = kind.into();
                event["feature"] = "f".into();
                event["user_id"] = format!("u{}", number % 3).into();
            }
            events.push(event);
        };
        add(shown, Some("shown"), 0);
        for (second, event) in follow.iter().enumerate() {
            add(event, None, second + 1);
        }
    }
    server.send(json!({"events": events}).to_string());
}

fn metrics(server: &TestServer) -> Value {
    let question = json!({"metrics": METRICS});
    let answer = server.post("/api/v1/query", question.to_string()).expect(200);
    answer["data"][0]["metrics"].clone()
}

#[track_caller]
fn check(metrics: &Value, expected: &[(&str, u64, u64)]) {
    for (id, numerator, denominator) in expected {
        let found = &metrics[id];
        assert_eq!(
            (&found["numerator"], &found["denominator"]),
            (&json!(numerator), &json!(denominator)),
            "{id}: {found}"
        );
    }
}

/// What each output comes to: ten characters as they were, seven of ten with three new ones in the place of three, nothing of what was
/// rejected and of what was undone; of the last nobody knows.
fn product(texts: bool) -> Vec<(Value, Vec<Value>)> {
    let shown = |text: &str| match texts {
        true => json!({"output": text}),
        false => json!({"chars_shown": text.len()}),
    };
    let edit = |text: &str, distance: f64, retained: usize| match texts {
        true => json!({"type": "edit", "final": text}),
        false => {
            json!({"type": "edit", "edit_distance": distance, "chars_retained": retained, "chars_final": text.len()})
        }
    };
    let accept = match texts {
        true => json!({"type": "accept"}),
        false => json!({"type": "accept", "edit_distance": 0, "chars_retained": 10, "chars_final": 10}),
    };
    vec![
        (shown("abcdefghij"), vec![accept.clone()]),
        (shown("abcdefghij"), vec![edit("abcdefgxyz", 0.3, 7)]),
        (shown("abcdefghij"), vec![edit("abcdefghijkl", 2.0 / 12.0, 10)]),
        (shown("abcdefghij"), vec![json!({"type": "reject"})]),
        (shown("abcdefghij"), vec![accept, json!({"type": "undo"})]),
        (shown("abcdefghij"), vec![json!({"type": "edit"})]),
        (shown("abcdefghij"), vec![]),
    ]
}

#[test]
fn characters_that_stay_are_counted_of_all_that_is_known() {
    for texts in [true, false] {
        let server = TestServer::start();
        let outputs = product(texts);
        let outputs: Vec<(Value, &[Value])> = outputs
            .iter()
            .map(|(shown, follow)| (shown.clone(), &follow[..]))
            .collect();
        sent(&server, &outputs);
        for (number, expected) in [
            (0, [10.into(), 10.into(), 0.into(), 0.into()]),
            (1, [10.into(), 10.into(), 3.into(), 3.into()]),
            (2, [10.into(), 12.into(), 0.into(), 2.into()]),
            (5, [10.into(), Value::Null, Value::Null, Value::Null]),
        ] {
            let output = server.get(&format!("/api/v1/outputs/o{number}")).expect(200);
            let fields = ["chars_shown", "chars_final", "chars_deleted", "chars_inserted"];
            assert_eq!(fields.map(|field| output[field].clone()), expected, "{output}");
        }
        let found = metrics(&server);
        check(
            &found,
            &[
                // Three of the first edit and none of the second; three and two are new.
                ("deleted_characters_per_edit", 3, 2),
                ("inserted_characters_per_edit", 5, 2),
                ("soft_acceptance_rate", 3, 5),
            ],
        );
        // Of four that are kept, three are told of, with nine characters each. One more was undone, one rejected, one left.
        for (id, value, all) in [
            ("retained_characters_per_shown", 9.0 * 4.0 / 7.0, 7),
            ("retained_characters_per_accepted", 9.0 * 4.0 / 5.0, 5),
        ] {
            assert!((found[id]["value"].as_f64().unwrap() - value).abs() < 1e-12, "{found}");
            assert_eq!(found[id]["n"], all);
        }
        // What was undone is without an edit too: its text was the AI's.
        assert_eq!(found["retained_characters"]["value"], 27);
        assert_eq!(found["retained_characters"]["method"], "count");
        let kept = &found["retained_characters_per_shown"];
        assert!(kept["lower"].is_number() && kept["upper"].is_number(), "{kept}");
        let share = found["final_share_of_ai"]["numerator"].as_u64().unwrap();
        let of = found["final_share_of_ai"]["denominator"].as_u64().unwrap();
        assert_eq!(of - share, 5, "{found}");
    }
}

/// Code assistants send no texts, and say later what is in place.
#[test]
fn the_latest_report_says_what_is_in_place() {
    let server = TestServer::start();
    let shown = || json!({"chars_shown": 100});
    let report =
        |share: f64, seconds: u32| json!({"type": "retained", "retained_share": share, "after_seconds": seconds});
    sent(
        &server,
        &[
            (shown(), &[json!({"type": "accept"}), report(0.9, 30), report(0.4, 120)]),
            (shown(), &[json!({"type": "accept"})]),
            (shown(), &[json!({"type": "reject"})]),
        ],
    );
    let found = metrics(&server);
    check(&found, &[("soft_acceptance_rate", 2, 3)]);
    // Of two that are kept, one is told of: the other is taken to be like it, and the rejected one is known without being told of.
    for (id, value, all) in [
        ("retained_characters_per_shown", 80.0 / 3.0, 3),
        ("retained_characters_per_accepted", 40.0, 2),
    ] {
        assert!((found[id]["value"].as_f64().unwrap() - value).abs() < 1e-12, "{found}");
        assert_eq!(found[id]["n"], all);
    }
    for id in ["deleted_characters_per_edit", "final_share_of_ai"] {
        assert_eq!(found[id]["reason"], "no_edits", "{found}");
    }
}

/// A fifth is the limit, and what is as far is still within it.
#[test]
fn an_edit_of_a_fifth_is_an_acceptance() {
    let server = TestServer::start();
    let edits = [0.0, 0.2, 0.200_001, 1.0].map(|distance| [json!({"type": "edit", "edit_distance": distance})]);
    let mut outputs: Vec<(Value, &[Value])> = edits.iter().map(|edit| (json!({}), &edit[..])).collect();
    let undone = [json!({"type": "edit", "edit_distance": 0.9}), json!({"type": "undo"})];
    outputs.push((json!({}), &undone));
    sent(&server, &outputs);
    check(&metrics(&server), &[("soft_acceptance_rate", 2, 5)]);
}

/// Where nobody may keep texts, they are measured as they come.
#[test]
fn texts_that_are_not_kept_are_measured() {
    let server = TestServer::start();
    server
        .request(
            "PATCH",
            "/api/v1/projects/current",
            Some(&server.key),
            &[],
            br#"{"stores_text":false}"#,
        )
        .expect(200);
    sent(
        &server,
        &[(
            json!({}),
            &[json!({"type": "edit", "output": "abcd", "final": "abxyz"})],
        )],
    );
    check(
        &metrics(&server),
        &[
            ("retained_characters_per_accepted", 2, 1),
            ("deleted_characters_per_edit", 2, 1),
            ("inserted_characters_per_edit", 3, 1),
            ("final_share_of_ai", 2, 5),
        ],
    );
}

#[test]
fn times_to_generate_have_quantiles() {
    let server = TestServer::start();
    let outputs: Vec<(Value, &[Value])> = (1..=100)
        .map(|n| (json!({"generation_ms": 10 * n}), &[] as &[Value]))
        .collect();
    sent(&server, &outputs);
    let question = json!({"metrics": ["generation_time_p50", "generation_time_p90", "generation_time_p95", "generation_time_p99"]});
    for more in [json!({}), json!({"granularity": "day"})] {
        let mut question = question.clone();
        question
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = server.post("/api/v1/query", question.to_string()).expect(200);
        let found = &answer["data"][0]["metrics"];
        for (id, expected) in [("p50", 500.0), ("p90", 900.0), ("p95", 950.0), ("p99", 990.0)] {
            let estimate = &found[format!("generation_time_{id}")];
            let value = estimate["value"].as_f64().unwrap();
            assert!((value / expected - 1.0).abs() <= 0.01, "{id}: {estimate}");
            assert_eq!(estimate["n"], 100);
            assert!(
                estimate["lower"].as_f64() <= Some(value) && estimate["upper"].as_f64() >= Some(value),
                "{estimate}"
            );
        }
    }
    assert_eq!(server.get("/api/v1/outputs/o4").expect(200)["generation_ms"], 50);
    server.send(r#"{"type":"accept","output_id":"x","feature":"g"}"#);
    let question =
        json!({"metrics": ["generation_time_p50"], "filters": [{"dimension": "feature", "op": "eq", "value": "g"}]});
    let answer = server.post("/api/v1/query", question.to_string()).expect(200);
    assert_eq!(
        answer["data"][0]["metrics"]["generation_time_p50"]["reason"],
        "no_times"
    );
}

/// What was refused keeps nothing, which is known without being told.
#[test]
fn of_outputs_that_were_all_refused_nothing_is_kept() {
    let server = TestServer::start();
    let reject = [json!({"type": "reject"})];
    sent(
        &server,
        &[
            (json!({"chars_shown": 100}), &reject),
            (json!({"chars_shown": 50}), &reject),
            (json!({"chars_shown": 20}), &[]),
        ],
    );
    let found = metrics(&server);
    for id in ["retained_characters", "retained_characters_per_shown"] {
        assert_eq!(
            (found[id]["value"].as_f64(), &found[id]["n"]),
            (Some(0.0), &json!(3)),
            "{id}: {found}"
        );
    }
}
