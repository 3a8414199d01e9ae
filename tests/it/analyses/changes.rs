//! What changes did, measured.

use std::fmt::Write as _;

use calibrant::stats::random::Random;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

pub fn plan(feature: &str, made_at: &str, more: &Value) -> Value {
    let mut plan =
        json!({"title": "a change", "kind": "prompt", "made_at": made_at, "feature": feature, "expected": 0.05});
    let more = more.as_object().cloned().unwrap_or_default();
    plan.as_object_mut().unwrap().extend(more);
    plan
}

pub fn log(server: &TestServer, plan: &Value) -> String {
    let logged = server.post("/api/v1/changes", plan.to_string()).expect(201);
    logged["id"].as_str().unwrap().to_owned()
}

pub fn effect(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/v1/changes/{id}/effect")).expect(200)
}

pub fn patch(server: &TestServer, id: &str, change: &Value) -> Answer {
    let path = format!("/api/v1/changes/{id}");
    server.request("PATCH", &path, Some(&server.key), &[], change.to_string().as_bytes())
}

/// Outputs of features over days from 2026-03-02, a Monday, by 150 users, two a day; `taken` gives the chance of a feature on a day.
fn days(server: &TestServer, days: i64, features: &[&str], taken: impl Fn(&str, i64) -> (f64, &'static str)) {
    let start: DateTime<Utc> = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut random = Random::new(11);
    let leans: Vec<f64> = (0..150).map(|_| 0.2 * (random.uniform() - 0.5)).collect();
    for day in 0..days {
        let at = (start + TimeDelta::days(day)).to_rfc3339();
        let mut lines = String::new();
        for feature in features {
            for (user, lean) in leans.iter().enumerate() {
                let (chance, version) = taken(feature, day);
                let id = format!("{feature}-{day}-{user}");
                let kind = if random.uniform() < chance + lean {
                    "accept"
                } else {
                    "reject"
                };
                let mut event = json!({"type": "shown", "output_id": id, "feature": feature, "version": version,
                    "user_id": format!("u{user}"), "occurred_at": at});
                writeln!(lines, "{event}").unwrap();
                event = json!({"type": kind, "output_id": id, "occurred_at": at});
                if kind == "reject" && *feature == "f" && random.uniform() < 0.4 {
                    event["reason"] = json!("too_long");
                }
                writeln!(lines, "{event}").unwrap();
            }
        }
        server.send(lines);
    }
}

#[test]
fn what_happens_to_all_features_is_no_effect() {
    let server = TestServer::start();
    // From the third week on everything is taken more often; `f` alone by more than that, and `g` was changed for nothing.
    days(&server, 28, &["f", "g", "calm"], |feature, day| {
        let later = day >= 14;
        let season = if later { 0.12 } else { 0.0 };
        let own = if later && feature == "f" { 0.12 } else { 0.0 };
        let version = if later && feature != "calm" { "2" } else { "1" };
        (0.4 + season + own, version)
    });
    let made_at = "2026-03-16T00:00:00Z";
    let worked = log(&server, &plan("f", made_at, &json!({"versions": ["2"]})));
    let placebo = log(&server, &plan("g", made_at, &json!({"versions": ["2"]})));

    let found = effect(&server, &worked);
    assert_eq!(found["design"], "difference_in_differences", "{found}");
    assert_eq!(found["verdict"], "worked", "{}", found["sentence"]);
    assert_eq!(found["controls"].as_array().unwrap().len(), 1);
    assert_eq!(found["controls"][0]["feature"], "calm", "`g` was changed, too");
    let value = found["effect"]["value"].as_f64().unwrap();
    assert!((value - 0.12).abs() < 0.05, "{value}");
    assert_eq!(
        (&found["before_days"]["from"], &found["after_days"]["to"]),
        (&json!("2026-03-02T00:00:00Z"), &json!("2026-03-30T00:00:00Z"))
    );
    assert_eq!((&found["trend"]["weeks"], &found["users"]), (&json!(2), &json!(150)));
    // By hand: after minus before, less that of the control, from the rates that the query gives.
    let rate = |feature: &str, from: &str, to: &str| {
        let body = json!({"metrics": ["acceptance_rate"], "filters": [{"dimension": "feature", "op": "eq", "value": feature}], "from": from, "to": to});
        let answer = server.post("/api/v1/query", body.to_string()).expect(200);
        answer["data"][0]["metrics"]["acceptance_rate"]["value"]
            .as_f64()
            .unwrap()
    };
    let moved =
        |feature| rate(feature, made_at, "2026-03-30T00:00:00Z") - rate(feature, "2026-03-02T00:00:00Z", made_at);
    assert!((moved("f") - moved("calm") - value).abs() < 1e-9);

    let found = effect(&server, &placebo);
    assert_eq!(found["design"], "difference_in_differences");
    assert!(
        found["verdict"] != "worked" && found["verdict"] != "made_it_worse",
        "{}",
        found["sentence"]
    );
    // Without a look at the control, the season would be taken for an effect.
    let alone = moved("g");
    assert!(alone > 0.07, "{alone}");

    // The list says the same in short, the latest first.
    let listed = server.get("/api/v1/changes").expect(200);
    assert_eq!(listed["data"][1]["effect"]["verdict"], "worked");
    assert_eq!(listed["data"][1]["effect"]["outcome"]["metric"], "acceptance_rate");
    let of_g = server.get("/api/v1/changes?feature=g&limit=1").expect(200);
    assert_eq!((&of_g["total"], &of_g["data"][0]["id"]), (&json!(1), &json!(placebo)));

    // Aimed at a reason that no other feature has, it is before and after.
    let aimed = plan(
        "f",
        "2026-03-16T09:00:00Z",
        &json!({"aim": {"reason": "too_long"}, "expected": 0.02}),
    );
    let aimed = log(&server, &aimed);
    let found = effect(&server, &aimed);
    assert_eq!(
        (&found["design"], &found["outcome"]["reason"]),
        (&json!("before_after"), &json!("too_long"))
    );
    assert_eq!(found["verdict"], "worked", "{}", found["sentence"]);
    let warnings = found["warnings"].to_string();
    assert!(
        warnings.contains("No feature that did not change has `too_long`"),
        "{warnings}"
    );
    assert!(
        warnings.contains("Other changes of the feature were logged for that day"),
        "{warnings}"
    );
}

#[test]
fn a_rise_that_was_there_before_is_no_effect() {
    let server = TestServer::start();
    // `f` rises by a point a day all along, whatever is changed.
    days(&server, 42, &["f"], |_, day| (0.2 + 0.01 * day as f64, "1"));
    let id = log(&server, &plan("f", "2026-03-30T00:00:00Z", &json!({})));
    let found = effect(&server, &id);
    assert_eq!(
        (&found["design"], &found["trend"]["differs"]),
        (&json!("before_after"), &json!(true)),
        "{found}"
    );
    let value = found["effect"]["value"].as_f64().unwrap();
    assert!(value > 0.1, "it looks like one: {value}");
    assert!(found["at_all_looks"]["lower"].as_f64().unwrap() > 0.0);
    let unsaid = |found: &Value, why: &str| {
        assert_eq!(
            (&found["verdict"], &found["more_days_needed"]),
            (&json!("cannot_tell_yet"), &Value::Null),
            "{found}"
        );
        let sentence = found["sentence"].as_str().unwrap();
        assert!(sentence.contains(why), "{sentence}");
    };
    unsaid(&found, ", but it was moving before the change already, by +");
    let listed = server.get("/api/v1/changes").expect(200);
    assert_eq!(listed["data"][0]["effect"]["verdict"], "cannot_tell_yet");
    let progress = &server.get("/api/v1/priorities?to=2026-04-13T00:00:00Z").expect(200)["progress"];
    assert_eq!(
        (&progress["worked"], &progress["cannot_tell_yet"]),
        (&json!(0), &json!(1))
    );

    // With a control that stays as it is, it moves apart from that.
    days(&server, 42, &["calm"], |_, _| (0.5, "1"));
    let found = effect(&server, &id);
    assert_eq!(found["design"], "difference_in_differences", "{found}");
    unsaid(
        &found,
        ", but it was moving apart from its controls before the change already, by +",
    );
}

#[test]
fn versions_shown_side_by_side_are_compared_on_the_same_days() {
    let server = TestServer::start();
    let start: DateTime<Utc> = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut random = Random::new(5);
    // Days get better and better; users move over at ten a day. What is seen before and after is mostly the days.
    for day in 0..28_i64 {
        let mut lines = String::new();
        for user in 0..160_i64 {
            let new = day >= 7 && user < 10 * (day - 6);
            let at = (start + TimeDelta::days(day)).to_rfc3339();
            let chance = 0.3 + 0.012 * day as f64 - if new { 0.15 } else { 0.0 };
            for number in 0..2 {
                let id = format!("{day}-{user}-{number}");
                let kind = if random.uniform() < chance { "accept" } else { "reject" };
                let shown = json!({"type": "shown", "output_id": id, "feature": "f", "version": if new { "b" } else { "a" },
                    "user_id": format!("u{user}"), "occurred_at": at});
                writeln!(
                    lines,
                    "{shown}\n{}",
                    json!({"type": kind, "output_id": id, "occurred_at": at})
                )
                .unwrap();
            }
        }
        server.send(lines);
    }
    let id = log(&server, &plan("f", "2026-03-09T00:00:00Z", &json!({"versions": ["b"]})));
    let found = effect(&server, &id);
    assert_eq!(
        (&found["design"], &found["verdict"]),
        (&json!("same_days"), &json!("made_it_worse")),
        "{found}"
    );
    let value = found["effect"]["value"].as_f64().unwrap();
    assert!((value + 0.15).abs() < 0.05, "{value}");
    assert_eq!(found["trend"], Value::Null);
    // Without its version, all that is left is before and after, and that says the opposite.
    patch(&server, &id, &json!({"versions": []})).expect(200);
    let found = effect(&server, &id);
    assert_eq!(found["design"], "before_after");
    assert!(found["effect"]["value"].as_f64().unwrap() > value + 0.1);
}

/// Who likes the feature moves to a version that changes nothing first, and days get better.
#[test]
fn who_moves_first_is_no_effect() {
    let server = TestServer::start();
    let start: DateTime<Utc> = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut random = Random::new(6);
    for day in 0..28_i64 {
        let mut lines = String::new();
        for user in 0..160_i64 {
            let version = if day >= 7 && user < 8 * (day - 6) { "b" } else { "a" };
            let at = (start + TimeDelta::days(day)).to_rfc3339();
            let chance = 0.7 - 0.003 * user as f64 + 0.005 * day as f64;
            for number in 0..2 {
                let id = format!("{day}-{user}-{number}");
                let kind = if random.uniform() < chance { "accept" } else { "reject" };
                let shown = json!({"type": "shown", "output_id": id, "feature": "f", "version": version,
                    "user_id": format!("u{user}"), "occurred_at": at});
                let decision = json!({"type": kind, "output_id": id, "occurred_at": at});
                writeln!(lines, "{shown}\n{decision}").unwrap();
            }
        }
        server.send(lines);
    }
    let id = log(&server, &plan("f", "2026-03-09T00:00:00Z", &json!({"versions": ["b"]})));
    let found = effect(&server, &id);
    assert_eq!(found["design"], "same_days", "{found}");
    let [before, after] = ["before", "after"].map(|side| found[side]["value"].as_f64().unwrap());
    assert!(after - before > 0.15, "the sides differ: {before} {after}");
    let value = found["effect"]["value"].as_f64().unwrap();
    assert!(value.abs() < 0.05, "{value}");
    assert!(
        found["verdict"] != "worked" && found["verdict"] != "made_it_worse",
        "{}",
        found["sentence"]
    );
    // What is said of both sides is of the days that are named, and no others.
    let counted = |version: &str| {
        let body = json!({"metrics": ["acceptance_rate"], "from": found["before_days"]["from"], "to": found["before_days"]["to"],
            "filters": [{"dimension": "version", "op": "eq", "value": version}]});
        let answer = server.post("/api/v1/query", body.to_string()).expect(200);
        answer["data"][0]["metrics"]["acceptance_rate"]["denominator"].clone()
    };
    assert_eq!(found["before"]["denominator"], counted("a"));
    assert_eq!(found["after"]["denominator"], counted("b"));
    assert_eq!(found["users"], 160);
}

#[test]
fn what_cannot_be_told_says_what_it_takes() {
    let server = TestServer::start();
    let told = |id: &str, words: &str| {
        let found = effect(&server, id);
        assert_eq!(
            (&found["verdict"], &found["design"]),
            (&json!("cannot_tell_yet"), &Value::Null)
        );
        let sentence = found["sentence"].as_str().unwrap();
        assert!(sentence.contains(words), "{sentence}");
    };
    told(
        &log(&server, &plan("unseen", "2026-03-09T00:00:00Z", &json!({}))),
        "no full week after it",
    );
    days(&server, 20, &["f"], |_, _| (0.5, "1"));
    let early = log(&server, &plan("f", "2026-03-05T08:00:00Z", &json!({})));
    told(&early, "there is no full week before it");
    let late = log(&server, &plan("f", "2026-03-19T00:00:00Z", &json!({})));
    told(&late, "no full week after it whose decisions have arrived, 4 more days");
    let absent = plan("f", "2026-03-12T00:00:00Z", &json!({"versions": ["9"]}));
    told(&log(&server, &absent), "none of its versions has been shown since");
}
