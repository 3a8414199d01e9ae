//! Two versions of hand-made users, compared: what textbooks say of them, and how many are enough.

use std::fmt::Write as _;
use std::ops::Range;

use serde_json::{Value, json};

use crate::support::TestServer;

/// An output each of some users, half of them of version 1 and half of version 2.
fn one_each(users: Range<u32>) -> String {
    let mut lines = String::new();
    for number in users {
        let name = number.to_string();
        let version = (1 + number % 2).to_string();
        let decision = if number % 3 == 0 { "reject" } else { "accept" };
        for event in [
            json!({"type": "shown", "output_id": name, "feature": "f", "version": version, "user_id": name}),
            json!({"type": decision, "output_id": name}),
        ] {
            writeln!(lines, "{event}").unwrap();
        }
    }
    lines
}

#[test]
fn the_textbook_interval_holds_of_users_with_one_output_each() {
    let server = TestServer::start();
    server.send(one_each(0..60));
    let asked = "/api/v1/compare?baseline=version=1&candidate=version=2&metrics=acceptance_rate";
    let naive = &server.get(asked).expect(200)["data"][0]["naive"];
    assert_eq!(
        (&naive["method"], &naive["test"]),
        (&json!("newcombe"), &json!("z_pooled"))
    );
    assert_eq!(naive["is_valid"], true, "{naive}");
    // One user comes again.
    server.send(
        json!({"type": "shown", "output_id": "again", "feature": "f", "version": "2", "user_id": "59"}).to_string()
            + "\n"
            + &json!({"type": "accept", "output_id": "again"}).to_string(),
    );
    let naive = &server.get(asked).expect(200)["data"][0]["naive"];
    assert_eq!(naive["is_valid"], false, "{naive}");
}

#[test]
fn a_sequence_waits_for_enough_users_and_says_how_many_there_are() {
    let server = TestServer::start();
    let asked = "/api/v1/compare?baseline=version=1&candidate=version=2&metrics=acceptance_rate,correctness_rate";
    let users = |found: &Value| ["users", "least_users", "enough_users"].map(|name| found[name].clone());
    server.send(one_each(0..99));
    let few = &server.get(asked).expect(200)["data"];
    assert_eq!(users(&few[0]), [json!(99), json!(100), json!(false)], "{few}");
    assert_eq!(few[0]["sequence"]["lower"], Value::Null, "{few}");
    let sentence = few[0]["sentence"].as_str().unwrap();
    assert!(
        sentence.ends_with("; 99 users so far, and it takes at least 100."),
        "{sentence}"
    );
    assert_eq!(
        users(&few[1]),
        [json!(0), json!(100), json!(false)],
        "nothing was judged: {few}"
    );
    server.send(one_each(99..100));
    let enough = &server.get(asked).expect(200)["data"];
    assert_eq!(users(&enough[0]), [json!(100), json!(100), json!(true)], "{enough}");
    assert!(enough[0]["sequence"]["lower"].is_number(), "{enough}");
}

/// How soon a difference shows goes by the days on which its own sides were shown, however old the project is.
#[test]
fn the_pace_is_that_of_the_sides() {
    let server = TestServer::start();
    let output = |feature: &str, number: u32, day: u32| {
        let at = format!("2026-03-{day:02}T12:00:00Z");
        let (name, version) = (format!("{feature}-{number}-{day}"), (1 + number % 2).to_string());
        let decision = if number.is_multiple_of(3) { "reject" } else { "accept" };
        let shown = json!({"type": "shown", "output_id": name, "feature": feature, "version": version, "user_id": name, "occurred_at": at});
        format!(
            "{shown}\n{}\n",
            json!({"type": decision, "output_id": name, "occurred_at": at})
        )
    };
    let of_days = |feature: &str, days: Range<u32>, each: u32| -> String {
        let outputs = days.flat_map(|day| (0..each).map(move |number| (number, day)));
        outputs.map(|(number, day)| output(feature, number, day)).collect()
    };
    server.send(of_days("young", 20..22, 100));
    let asked = "/api/v1/compare?feature=young&baseline=version=1&candidate=version=2&metrics=acceptance_rate&margin=0.05\
                 &from=2026-03-01T00:00:00Z&to=2026-03-31T00:00:00Z";
    let days = || {
        server.get(asked).expect(200)["data"][0]["more_days_needed"]
            .as_u64()
            .unwrap()
    };
    let alone = days();
    assert!(alone > 0);
    server.send(of_days("old", 1..30, 2));
    assert_eq!(days(), alone);
    // A day before and a day after: twice as many days for as many users again.
    server.send(of_days("young", 19..20, 100) + &of_days("young", 25..26, 100));
    let longer = days();
    assert!(longer > alone, "{longer} {alone}");
}

/// Version 1 is taken by all and right for two of five, version 2 for four of five; version 3 is taken by as few more than it is right for.
#[test]
fn the_trust_gap_that_is_closer_to_zero_is_better() {
    let server = TestServer::start();
    let mut lines = String::new();
    for number in 0..1_200 {
        let (user, version) = (number / 3, 1 + number % 3);
        let right = user % 5 < [2, 4, 4][version - 1];
        let taken = version != 3 || user % 5 < 3;
        let output = number.to_string();
        for event in [
            json!({"type": "shown", "output_id": output, "feature": "f", "version": version.to_string(), "user_id": user.to_string()}),
            json!({"type": if taken { "accept" } else { "reject" }, "output_id": output}),
            json!({"type": "judge", "output_id": output, "correct": right}),
        ] {
            writeln!(lines, "{event}").unwrap();
        }
    }
    server.send(lines);
    let compared = |baseline: u32, candidate: u32| {
        let asked =
            format!("/api/v1/compare?baseline=version={baseline}&candidate=version={candidate}&metrics=trust_gap");
        server.get(&asked).expect(200)["data"][0].clone()
    };
    let better = compared(1, 2);
    assert_eq!(better["verdict"], "better", "{better}");
    let sentence = better["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("Better: ") && sentence.ends_with(", closer to zero."),
        "{sentence}"
    );
    assert!(better["probability_better"].as_f64() > Some(0.99), "{better}");
    let worse = compared(2, 1);
    assert_eq!(worse["verdict"], "worse", "{worse}");
    assert!(
        worse["sentence"].as_str().unwrap().ends_with(", further from zero."),
        "{worse}"
    );
    // A fifth too much and a fifth too little.
    let different = compared(2, 3);
    assert_eq!(
        (&different["verdict"], &different["probability_better"]),
        (&json!("different"), &Value::Null)
    );
    let sentence = different["sentence"].as_str().unwrap();
    assert!(
        sentence.ends_with("; it is not clear which of them is closer to zero."),
        "{sentence}"
    );
}
