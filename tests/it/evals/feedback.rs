//! Cases from what users did: what is expected, how they are drawn, and that they are drawn again.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{CASES, all, output, send, server_with_set};
use crate::support::TestServer;

const MAKE: &str = "/api/v1/evals/refunds/cases/from-feedback";

fn make(server: &TestServer, body: &Value) -> Value {
    server.post(MAKE, body.to_string()).expect(200)
}

fn names(told: &Value) -> BTreeSet<String> {
    let names = told["cases"].as_array().unwrap().iter();
    names.map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_users_made_is_expected() {
    let server = server_with_set();
    let mut events = Vec::new();
    for (name, decision) in [("e", "edit"), ("r", "reject"), ("a", "accept"), ("u", "undo")] {
        events.extend(output(name, name, "v1", decision, None));
    }
    // Without an input there is nothing to ask.
    events.push(json!({"type": "reject", "output_id": "bare", "feature": "mail"}));
    send(&server, &events);
    let told = make(&server, &json!({"tags": ["from users"], "rubric": "is kind"}));
    assert_eq!(
        (&told["created"], &told["to_be_filled"], &told["looked_at"]),
        (&json!(2), &json!(1), &json!(2))
    );
    let case = |name: &str, expected: Value| json!({"case": name, "input": format!("ask {name}"), "expected": expected, "rubric": "is kind", "tags": ["from users"], "output_id": name});
    assert_eq!(all(&server), [case("e", json!("mean e")), case("r", json!(null))]);
    let told = make(&server, &json!({"decisions": ["accepted", "undone", "edited"]}));
    assert_eq!(
        (names(&told).into_iter().collect::<Vec<_>>(), &told["duplicates"]),
        (vec!["a".to_owned(), "u".to_owned()], &json!(1))
    );
    let cases = all(&server);
    assert_eq!(
        (&cases[0]["expected"], &cases[3]["expected"]),
        (&json!("say a"), &json!(null))
    );
    // A sheet says where a case is from, and cannot say something else.
    let told = server
        .post(CASES, "case,output_id\nmine,a\ne,r\nx,nothing\n")
        .expect(207);
    let codes: Vec<&Value> = told["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["code"])
        .collect();
    assert_eq!(codes[..2], [&json!("other_output"), &json!("unknown_output")]);
    assert_eq!(
        all(&server).iter().find(|case| case["case"] == "mine").unwrap()["output_id"],
        "a"
    );
}

#[test]
fn heavy_edits_are_found_by_their_distance() {
    let server = server_with_set();
    let mut events = Vec::new();
    for (name, last) in [("light", "say  light"), ("heavy", "something else")] {
        let mut own = output(name, name, "v1", "edit", None);
        own[1]["final"] = json!(last);
        events.extend(own);
    }
    send(&server, &events);
    let some = |body: Value| names(&make(&server, &body)).into_iter().collect::<Vec<_>>();
    assert_eq!(some(json!({"edit_distance_from": 0.3, "dry_run": true})), ["heavy"]);
    assert_eq!(some(json!({"edit_distance_to": 0.3, "dry_run": true})), ["light"]);
    server
        .post(MAKE, json!({"edit_distance_to": 1.5}).to_string())
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn inputs_that_are_the_same_are_taken_once() {
    let server = server_with_set();
    server
        .post(CASES, r#"{"case":"known","input":"Known  QUESTION"}"#)
        .expect(200);
    let mut events = Vec::new();
    for (name, input) in [
        ("o1", "Where is it?"),
        ("o2", " where IS\n it? "),
        ("o3", "known question"),
        ("o4", "something else"),
    ] {
        let mut own = output(name, name, "v1", "reject", None);
        own[0]["input"] = json!(input);
        events.extend(own);
    }
    send(&server, &events);
    let told = make(&server, &json!({}));
    assert_eq!(
        (&told["created"], &told["duplicates"]),
        (&json!(2), &json!(2)),
        "{told}"
    );
    assert!(names(&told).contains("o4"));
    // Once more there is nothing.
    assert_eq!(make(&server, &json!({}))["created"], 0);
}

/// A large and a small stratum.
fn product() -> TestServer {
    let server = server_with_set();
    let mut events = Vec::new();
    for at in 0..200 {
        let (decision, version) = (["edit", "reject"][at % 2], if at < 10 { "small" } else { "large" });
        events.extend(output(
            &format!("o{at:03}"),
            &format!("u{}", at % 30),
            version,
            decision,
            Some(at as f64 / 200.0),
        ));
    }
    send(&server, &events);
    server
}

#[test]
fn samples_are_shared_among_strata_and_repeat() {
    let server = product();
    let ask = |more: Value| {
        let mut body = json!({"strata": ["version", "decision"], "sample": 40, "seed": 3, "dry_run": true});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        make(&server, &body)
    };
    let told = ask(json!({}));
    let strata: Vec<(Value, u64, u64)> = told["strata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| {
            (
                own["values"].clone(),
                own["candidates"].as_u64().unwrap(),
                own["drawn"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        strata,
        [
            (json!(["large", "edited"]), 95, 15),
            (json!(["large", "rejected"]), 95, 15),
            (json!(["small", "edited"]), 5, 5),
            (json!(["small", "rejected"]), 5, 5),
        ]
    );
    let proportional = ask(json!({"allocation": "proportional"}));
    let drawn: Vec<&Value> = proportional["strata"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| &own["drawn"])
        .collect();
    assert_eq!(drawn, [19, 19, 1, 1]);
    // The same seed draws the same, another draws others, and nothing was made.
    assert_eq!(names(&ask(json!({}))), names(&told));
    let other = names(&ask(json!({"seed": 4})));
    assert!(other != names(&told) && other.intersection(&names(&told)).count() >= 10);
    assert_eq!(all(&server), Vec::<Value>::new());
    // More of them are those and others.
    assert!(names(&ask(json!({"sample": 60}))).is_superset(&names(&told)));
    // One output more moves at most itself in.
    send(&server, &output("new", "u1", "large", "edit", Some(0.5)));
    assert!(names(&ask(json!({}))).intersection(&names(&told)).count() >= 39);
    let made = ask(json!({"dry_run": false}));
    assert_eq!(all(&server).len(), made["created"].as_u64().unwrap() as usize);
}

#[test]
fn filters_are_those_of_outputs() {
    let server = product();
    let count = |more: Value| {
        let mut body = json!({"sample": 1000, "dry_run": true});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        make(&server, &body)["created"].clone()
    };
    assert_eq!(count(json!({})), 200);
    assert_eq!(count(json!({"version": "small"})), 10);
    assert_eq!(
        count(json!({"filters": [{"dimension": "version", "op": "ne", "value": "small"}], "decisions": ["edited"]})),
        95
    );
    assert_eq!(count(json!({"confidence_from": 0.5})), 100);
    assert_eq!(count(json!({"text": "MEAN o00"})), 5);
    assert_eq!(count(json!({"output_ids": ["o001", "o002", "none"]})), 2);
    assert_eq!(count(json!({"to": "2020-01-01T00:00:00Z"})), 0);
    for (body, code) in [
        (json!({"strata": ["nothing"]}), "unknown_dimension"),
        (
            json!({"filters": [{"dimension": "nothing", "op": "eq", "value": "x"}]}),
            "unknown_dimension",
        ),
        (json!({"decisions": []}), "invalid_body"),
        (json!({"sample": 0}), "invalid_body"),
        (json!({"tags": ["a,b"]}), "invalid_body"),
    ] {
        server.post(MAKE, body.to_string()).expect_problem(422, code);
    }
}
