//! What users say of their trust, and what they do.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::TestServer;

/// Appends an output of a user, whether it was taken, and how far its user says to trust it, on a scale.
fn add(events: &mut String, output: &str, user: Option<&str>, taken: Option<bool>, said: Option<(f64, [f64; 2])>) {
    let mut event = |kind: &str, more: Value| {
        let mut event =
            json!({"type": kind, "output_id": output, "feature": "f", "occurred_at": "2026-03-01T10:00:00Z"});
        if let Some(user) = user {
            event["user_id"] = user.into();
        }
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        writeln!(events, "{event}").unwrap();
    };
    event("shown", json!({}));
    if let Some(taken) = taken {
        event(if taken { "accept" } else { "reject" }, json!({}));
    }
    if let Some((rating, [lowest, highest])) = said {
        event(
            "rate",
            json!({"rubric": "trust", "rating": rating, "rating_min": lowest, "rating_max": highest}),
        );
    }
}

const SURVEY: [f64; 2] = [0.0, 4.0];

/// So many users, of whom each has ten outputs and is asked at the first; from the user's number, how many of them are taken and what is said.
fn world(users: usize, of: impl Fn(usize) -> (usize, f64)) -> TestServer {
    let server = TestServer::start();
    let mut events = String::new();
    for user in 0..users {
        let (taken, said) = of(user);
        let name = format!("u{user:02}");
        for at in 0..10 {
            let said = (at == 0).then_some((said, SURVEY));
            add(
                &mut events,
                &format!("o{user:02}-{at}"),
                Some(&name),
                Some(at < taken),
                said,
            );
        }
    }
    server.send(events);
    server
}

fn told(server: &TestServer, query: &str) -> Value {
    server
        .get(&format!("/api/v1/features/f/stated-trust{query}"))
        .expect(200)["data"]
        .clone()
}

fn value(found: &Value, field: &str) -> f64 {
    found[field]["value"]
        .as_f64()
        .unwrap_or_else(|| panic!("{field}: {found}"))
}

#[test]
fn saying_more_doing_more_and_doing_as_one_says() {
    // They say one half or more, and take three of ten, those who say more one more.
    let says = told(&world(30, |user| (2 + user % 3, 2.0 + (user % 3) as f64)), "");
    assert_eq!(says["verdict"], "says_more", "{says}");
    assert!((value(&says, "stated") - 0.75).abs() < 1e-12 && (value(&says, "taken") - 0.3).abs() < 1e-12);
    assert!((value(&says, "difference") + 0.45).abs() < 1e-12);
    assert!((value(&says, "correlation") - 1.0).abs() < 1e-12);
    let sentence = says["sentence"].as_str().unwrap();
    assert!(
        sentence
            .starts_with("Users say more than they do: they put their trust at 75.0 % of the scale and take 30.0 %"),
        "{sentence}"
    );
    assert!(sentence.contains("Those who say more take more"), "{sentence}");
    let thirds: Vec<Value> = says["thirds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|third| json!([third["from"], third["users"], third["acceptance_rate"]["value"]]))
        .collect();
    assert_eq!(json!(thirds), json!([[0.5, 10, 0.2], [0.75, 10, 0.3], [1.0, 10, 0.4]]));
    let does = told(&world(30, |user| (8 + user % 3, (user % 3) as f64)), "");
    assert_eq!(does["verdict"], "does_more", "{}", does["sentence"]);
    // Half of the scale, half of the outputs, a little more or less.
    let alike = told(&world(30, |user| (4 + user % 3, 2.0)), "");
    assert_eq!(
        (&alike["verdict"], &alike["correlation"]["reason"]),
        (&json!("alike"), &json!("one_class"))
    );
    let open = told(&world(12, |user| (if user % 2 == 0 { 0 } else { 9 }, 2.0)), "");
    assert_eq!(open["verdict"], "cannot_tell", "{}", open["sentence"]);
}

#[test]
fn each_user_counts_once_by_the_newest_answer_on_each_output() {
    let server = TestServer::start();
    let mut events = String::new();
    // One who answers three times, first otherwise, and on another scale; and one who answers once.
    for (output, rating, scale) in [("a", 4.0, SURVEY), ("a2", 1.0, [1.0, 5.0])] {
        add(&mut events, output, Some("often"), Some(true), Some((rating, scale)));
    }
    add(&mut events, "b", Some("once"), Some(false), Some((4.0, SURVEY)));
    // Nobody known, another rubric, another rater, and one who only says.
    add(&mut events, "n", None, Some(true), Some((0.0, SURVEY)));
    add(&mut events, "s", Some("says"), None, Some((2.0, SURVEY)));
    for more in [
        json!({"output_id": "a", "rubric": "trust", "rating": 2, "rating_min": 0, "rating_max": 4, "occurred_at": "2026-03-02T10:00:00Z"}),
        json!({"output_id": "b", "rubric": "tone", "rating": 0, "rating_min": 0, "rating_max": 4, "occurred_at": "2026-03-01T10:00:00Z"}),
        json!({"output_id": "b", "rubric": "trust", "rating": 0, "rater": "a colleague", "occurred_at": "2026-03-01T10:00:00Z"}),
    ] {
        let mut event = json!({"type": "rate"});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        writeln!(events, "{event}").unwrap();
    }
    server.send(events);
    let found = told(&server, "");
    // (½ + 0)/2 of the first, 1 of the second, ½ of the third.
    assert!((value(&found, "stated") - 1.75 / 3.0).abs() < 1e-12, "{found}");
    assert_eq!(
        (&found["stated"]["n"], &found["stated"]["users"]),
        (&json!(4), &json!(3))
    );
    assert_eq!(
        (&found["undecided_users"], &found["answers_of_nobody"]),
        (&json!(1), &json!(1))
    );
    assert_eq!((value(&found, "taken"), &found["taken"]["n"]), (0.5, &json!(2)));
    // What the same users decided on, each output once.
    assert_eq!(
        (
            &found["acceptance_rate"]["numerator"],
            &found["acceptance_rate"]["denominator"]
        ),
        (&json!(2), &json!(3))
    );
    assert_eq!(found["over_reliance"]["reason"], "no_cases");
    assert_eq!(
        (&found["verdict"], &found["correlation"]["reason"]),
        (&json!("cannot_tell"), &json!("too_few"))
    );
    assert_eq!(
        found["sentence"],
        "Cannot tell yet: 2 users said how far they trust it and decided on something, and it takes 10."
    );
    assert_eq!(value(&told(&server, "?rubric=tone"), "stated"), 0.0);
}

#[test]
fn nobody_says_anything() {
    let server = TestServer::start();
    let mut events = String::new();
    add(&mut events, "a", Some("u"), Some(true), None);
    server.send(events);
    let found = told(&server, "");
    assert_eq!(
        found["sentence"],
        "Nobody says: no user rated an output on the rubric `trust`."
    );
    assert_eq!(
        (&found["verdict"], &found["thirds"]),
        (&json!("cannot_tell"), &json!([]))
    );
    for (field, reason) in [
        ("stated", "no_ratings"),
        ("taken", "no_decisions"),
        ("difference", "no_cases"),
        ("correlation", "too_few"),
        ("acceptance_rate", "no_data"),
    ] {
        assert_eq!(
            (&found[field]["value"], &found[field]["reason"]),
            (&json!(null), &json!(reason)),
            "{field}"
        );
    }
    let asked = |chars: usize| server.get(&format!("/api/v1/features/f/stated-trust?rubric={}", "x".repeat(chars)));
    asked(256).expect(200);
    asked(257).expect_problem(400, "invalid_parameter");
    asked(0).expect_problem(400, "invalid_parameter");
    server
        .get("/api/v1/features/none/stated-trust")
        .expect_problem(404, "not_found");
}
