//! Every limit, at the limit and one beyond it.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::EVENT;
use crate::support::TestServer;

/// Sends one event with some fields changed; `refused` is the code, status and path that are expected.
#[track_caller]
fn check(server: &TestServer, changes: Value, refused: Option<(&str, u16, &str)>) {
    let mut event: Value = serde_json::from_str(EVENT).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    let answer = server.post("/api/v1/events", event.to_string());
    let Some((code, status, path)) = refused else {
        assert_eq!(answer.expect(200)["created"], 1);
        return;
    };
    let answer = answer.expect(207);
    let result = &answer["results"][0];
    let path = if path.is_empty() {
        "events[0]".to_owned()
    } else {
        format!("events[0].{path}")
    };
    assert_eq!(answer["rejected"], 1);
    assert_eq!(result["status"], "rejected");
    assert_eq!(
        (&result["code"], &result["http_status"]),
        (&code.into(), &status.into()),
        "{result}"
    );
    assert_eq!(result["path"], path);
    assert!(!result["message"].as_str().unwrap().is_empty());
}

/// A string field, at its limit and beyond; characters count, not bytes.
#[track_caller]
fn check_length(server: &TestServer, name: &str, limit: usize) {
    check(server, json!({name: "ß".repeat(limit)}), None);
    check(
        server,
        json!({name: "ß".repeat(limit + 1)}),
        Some(("invalid_length", 422, name)),
    );
}

#[test]
fn strings_have_a_longest_length() {
    let server = TestServer::start();
    for name in [
        "id",
        "output_id",
        "feature",
        "version",
        "model",
        "prompt_version",
        "variant",
        "environment",
        "user_id",
        "session_id",
        "rater",
        "judge",
        "rubric",
        "retracts",
        "reason",
    ] {
        check_length(&server, name, 256);
        check(&server, json!({name: ""}), Some(("invalid_length", 422, name)));
        check(&server, json!({name: "a\tb"}), Some(("invalid_character", 422, name)));
    }
    for name in ["input", "output", "final"] {
        check_length(&server, name, 100_000);
        check(&server, json!({name: ""}), None);
        check(&server, json!({name: "a\tb\u{1}"}), None);
        check(
            &server,
            json!({name: "a\u{0}b"}),
            Some(("invalid_character", 422, name)),
        );
    }
    check_length(&server, "comment", 10_000);
}

#[test]
fn collections_have_a_largest_size() {
    let server = TestServer::start();
    let attributes = |count: usize| -> Value { (0..count).map(|n| (format!("a{n}"), json!("v"))).collect() };
    check(&server, json!({"attributes": attributes(64)}), None);
    check(
        &server,
        json!({"attributes": attributes(65)}),
        Some(("too_many", 422, "attributes")),
    );
    check(
        &server,
        json!({"attributes": {"k".repeat(64): "v".repeat(256), "n": 1.5, "b": true}}),
        None,
    );
    check(
        &server,
        json!({"attributes": {"k".repeat(65): "v"}}),
        Some(("invalid_length", 422, "attributes")),
    );
    check(
        &server,
        json!({"attributes": {"": "v"}}),
        Some(("invalid_length", 422, "attributes")),
    );
    check(
        &server,
        json!({"attributes": {"k": "v".repeat(257)}}),
        Some(("invalid_length", 422, "attributes.k")),
    );
    check(
        &server,
        json!({"attributes": {"k": null}}),
        Some(("invalid_field", 422, "attributes.k")),
    );
    let aliases = |count: usize| -> Vec<String> { (0..count).map(|n| format!("alias-{n}")).collect() };
    check(&server, json!({"aliases": aliases(16)}), None);
    check(
        &server,
        json!({"aliases": aliases(17)}),
        Some(("too_many", 422, "aliases")),
    );
    check(
        &server,
        json!({"aliases": ["x", ""]}),
        Some(("invalid_length", 422, "aliases[1]")),
    );
}

#[test]
fn numbers_and_times_have_a_range() {
    let server = TestServer::start();
    for name in ["confidence", "edit_distance", "retained_share", "score"] {
        check(&server, json!({name: 0}), None);
        check(&server, json!({name: 1}), None);
        check(&server, json!({name: 1.000001}), Some(("out_of_range", 422, name)));
        check(&server, json!({name: -0.000001}), Some(("out_of_range", 422, name)));
        check(&server, json!({name: "0.5"}), Some(("invalid_field", 422, name)));
    }
    check(&server, json!({"chars_shown": 2_147_483_647u32}), None);
    check(
        &server,
        json!({"chars_shown": 2_147_483_648u32}),
        Some(("out_of_range", 422, "chars_shown")),
    );
    check(
        &server,
        json!({"chars_shown": 4, "chars_retained": 5}),
        Some(("out_of_range", 422, "chars_retained")),
    );
    check(&server, json!({"chars_final": 2_147_483_647u32}), None);
    check(
        &server,
        json!({"chars_final": 2_147_483_648u32}),
        Some(("out_of_range", 422, "chars_final")),
    );
    check(
        &server,
        json!({"chars_final": 4, "chars_retained": 5}),
        Some(("out_of_range", 422, "chars_retained")),
    );
    check(&server, json!({"generation_ms": 86_400_000}), None);
    check(
        &server,
        json!({"generation_ms": 86_400_001}),
        Some(("out_of_range", 422, "generation_ms")),
    );
    for name in ["initial.value", "output_value", "final_value"] {
        let of = |value: Value| match name.split_once('.') {
            Some((outer, inner)) => json!({outer: {inner: value}}),
            None => json!({name: value}),
        };
        for within in [json!(1e15), json!(-1e15), json!(0), json!(-0.25)] {
            check(&server, of(within), None);
        }
        for beyond in [
            json!(1_000_000_000_000_001i64),
            json!(-1_000_000_000_000_001i64),
            json!(1e308),
        ] {
            check(&server, of(beyond), Some(("out_of_range", 422, name)));
        }
        check(&server, of(json!("0.5")), Some(("invalid_field", 422, name)));
    }
    check(&server, json!({"type": "rate", "rating": 1}), None);
    check(
        &server,
        json!({"type": "rate", "rating": 5}),
        Some(("out_of_range", 422, "rating")),
    );
    check(
        &server,
        json!({"type": "rate", "rating": 5, "rating_min": 1, "rating_max": 5}),
        None,
    );
    check(
        &server,
        json!({"type": "rate", "rating": 1, "rating_max": 1001}),
        Some(("out_of_range", 422, "rating_max")),
    );

    let ahead = |seconds: i64| (Utc::now() + TimeDelta::hours(24) + TimeDelta::seconds(seconds)).to_rfc3339();
    check(&server, json!({"occurred_at": ahead(-5)}), None);
    check(
        &server,
        json!({"occurred_at": ahead(60)}),
        Some(("invalid_time", 422, "occurred_at")),
    );
    check(&server, json!({"occurred_at": "2000-01-01T00:00:00Z"}), None);
    check(
        &server,
        json!({"occurred_at": "1999-12-31T23:59:59.999Z"}),
        Some(("invalid_time", 422, "occurred_at")),
    );
    check(
        &server,
        json!({"occurred_at": 1_700_000_000}),
        Some(("invalid_field", 422, "occurred_at")),
    );
    check(
        &server,
        json!({"occurred_at": "yesterday"}),
        Some(("invalid_field", 422, "occurred_at")),
    );
}

#[test]
fn events_need_what_their_type_needs() {
    let server = TestServer::start();
    for (kind, field) in [
        ("rate", "rating"),
        ("judge", "correct"),
        ("retained", "retained_share"),
        ("retract", "retracts"),
        ("comment", "comment"),
    ] {
        check(&server, json!({"type": kind}), Some(("missing_field", 422, field)));
    }
    check(&server, json!({"type": "fly"}), Some(("invalid_field", 422, "type")));
    check(&server, json!({"featur": "x"}), Some(("unknown_field", 422, "featur")));
    check(
        &server,
        json!({"initial": {"agrees": "yes"}}),
        Some(("invalid_field", 422, "initial.agrees")),
    );
    check(
        &server,
        json!({"type": "judge", "source": "me", "correct": true}),
        Some(("invalid_field", 422, "source")),
    );
}

#[test]
fn batches_and_events_have_a_largest_size() {
    let server = TestServer::start();
    let batch = |count: usize| format!(r#"{{"events":[{}]}}"#, vec![EVENT; count].join(","));
    assert_eq!(
        server.post("/api/v1/events", batch(1_000)).expect(200)["created"],
        1_000
    );
    server
        .post("/api/v1/events", batch(1_001))
        .expect_problem(413, "too_many_events");

    // One event of exactly a mebibyte, and one of a byte more; white space counts.
    let padded = |bytes: usize| format!("{}{}}}", &EVENT[..EVENT.len() - 1], " ".repeat(bytes - EVENT.len()));
    let mebibyte = 1024 * 1024;
    assert_eq!(
        server.post("/api/v1/events", padded(mebibyte)).expect(200)["created"],
        1
    );
    let answer = server.post("/api/v1/events", padded(mebibyte + 1)).expect(207);
    assert_eq!(answer["results"][0]["code"], "event_too_large");
    assert_eq!(answer["results"][0]["http_status"], 413);
}
