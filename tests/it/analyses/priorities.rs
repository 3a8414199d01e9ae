//! What to fix next.

use std::fmt::Write as _;

use calibrant::simulate::{Effect, Options, Simulation};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::changes::{effect, log, plan};
use crate::support::{TestServer, simulated};

#[test]
fn what_is_lost_to_a_reason_is_ranked_by_cost() {
    let server = TestServer::start();
    let mut lines = String::new();
    for user in 0..60 {
        for (number, reason) in ["slow", "slow", "slow", "unsafe", "", ""].iter().enumerate() {
            let mut event = json!({"type": "reject", "feature": "f", "output_id": format!("{user}-{number}"), "user_id": format!("u{user}"),
                "occurred_at": "2026-03-09T12:00:00Z"});
            if !reason.is_empty() {
                event["reason"] = json!(reason);
            }
            writeln!(lines, "{event}").unwrap();
        }
    }
    // In another feature half of what is lost says why.
    for user in 0..10 {
        for reason in [json!("slow"), json!(null)] {
            let event = json!({"type": "reject", "feature": "h", "output_id": format!("h-{user}-{reason}"), "reason": reason,
                "user_id": format!("u{user}"), "occurred_at": "2026-03-09T12:00:00Z"});
            writeln!(lines, "{event}").unwrap();
        }
    }
    server.send(lines);
    let found = server.get("/api/v1/priorities").expect(200);
    assert_eq!(found["told"], json!({"lost": 380, "with_reason": 250}));
    let [slow, severe] = [&found["data"][0], &found["data"][1]];
    assert_eq!(slow["told"], json!({"lost": 360, "with_reason": 240}));
    assert_eq!(found["data"][2]["told"], json!({"lost": 20, "with_reason": 10}));
    assert_eq!(
        (&slow["reason"], &slow["cost"]["value"], &slow["users"]),
        (&json!("slow"), &json!(180), &json!(60))
    );
    assert_eq!((&slow["rank_from"], &slow["rank_to"]), (&json!(1), &json!(1)));
    // 60 users who each lost three: the total has the error of how many come.
    let error = (60.0 * 9.0 * 60.0 / 59.0_f64).sqrt();
    let upper = slow["cost"]["upper"].as_f64().unwrap();
    assert!(
        (upper - (180.0 + 1.959_963_984_540_054 * error)).abs() < 1e-6,
        "{upper}"
    );
    assert_eq!(
        (&severe["reason"], &severe["standing"]),
        (&json!("unsafe"), &json!("open"))
    );
    // Who says that it is ten times as bad finds it first.
    let found = server
        .get("/api/v1/priorities?severity=%7B%22unsafe%22:10%7D")
        .expect(200);
    assert_eq!(
        (&found["data"][0]["reason"], &found["data"][0]["cost"]["value"]),
        (&json!("unsafe"), &json!(600))
    );
    assert_eq!(found["data"][0]["severity"], 10.0);
    let log_at = plan("f", "2026-03-12T12:00:00Z", &json!({"aim": {"reason": "slow"}}));
    log(&server, &log_at);
    let found = server.get("/api/v1/priorities?to=2026-03-13T00:00:00Z").expect(200);
    assert_eq!(
        (&found["data"][0]["standing"], &found["open"]),
        (&json!("underway"), &json!(3))
    );
    assert_eq!(found["progress"]["median_days_to_change"], 3.0);
    assert_eq!(found["progress"]["cannot_tell_yet"], 1);
    for parameter in [
        "days=93",
        "days=0",
        "limit=101",
        "severity=1",
        "severity=%7B%22a%22:1001%7D",
        "to=then",
        "other=1",
    ] {
        let problem = server.get(&format!("/api/v1/priorities?{parameter}"));
        problem.expect_problem(400, "invalid_parameter");
    }
    // What nobody known refused costs as well, and is of no user.
    let of_nobody =
        r#"{"type":"reject","feature":"g","output_id":"x","reason":"odd","occurred_at":"2026-03-09T12:00:00Z"}"#;
    server.send(of_nobody);
    let later = server.get("/api/v1/priorities?feature=g").expect(200);
    assert_eq!(
        (&later["data"][0]["reason"], &later["data"][0]["users"]),
        (&json!("odd"), &json!(0))
    );
}

/// Nobody complains about what they believe: what was kept though it was judged wrong costs as well, and is a kind of its own.
#[test]
fn what_is_accepted_though_it_is_wrong_costs_too() {
    let server = TestServer::start();
    let mut lines = String::new();
    let mut output = |feature: &str, id: String, user: usize, events: &[Value]| {
        for event in events {
            let mut event = event.clone();
            event["feature"] = json!(feature);
            event["output_id"] = json!(id);
            event["user_id"] = json!(format!("u{user}"));
            event["occurred_at"] = json!("2026-03-09T12:00:00Z");
            writeln!(lines, "{event}").unwrap();
        }
    };
    let [right, wrong] = [true, false].map(|correct| json!({"type": "judge", "correct": correct}));
    let accept = json!({"type": "accept"});
    for user in 0..40 {
        let id = |name: &str| format!("{name}-{user}");
        output("f", id("kept"), user, &[accept.clone(), wrong.clone()]);
        output(
            "f",
            id("partly"),
            user,
            &[json!({"type": "edit", "edit_distance": 0.25}), wrong.clone()],
        );
        output("f", id("right"), user, &[accept.clone(), right.clone()]);
        output("f", id("unknown"), user, std::slice::from_ref(&accept));
        // What was noticed is no trust.
        output(
            "f",
            id("refused"),
            user,
            &[json!({"type": "reject", "reason": "made_up"}), wrong.clone()],
        );
        output("g", id("fine"), user, &[accept.clone(), right.clone()]);
    }
    server.send(lines);
    let found = server.get("/api/v1/priorities").expect(200);
    assert_eq!(found["total"], 2, "{found}");
    let [first, second] = [&found["data"][0], &found["data"][1]];
    assert_eq!(
        (&first["kind"], &first["feature"]),
        (&json!("accepted_wrong"), &json!("f"))
    );
    // One of each user, and three quarters of another.
    assert_eq!((&first["cost"]["value"], &first["outputs"]), (&json!(70), &json!(80)));
    assert_eq!((&first["severity"], &first["users"]), (&json!(0.875), &json!(40)));
    assert_eq!(first["judged"], json!({"kept": 160, "judged": 120}));
    assert_eq!((&first["told"], &second["judged"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&second["reason"], &second["cost"]["value"]),
        (&json!("made_up"), &json!(40))
    );

    let severity = |of_wrong: f64| {
        let found = server
            .get(&format!("/api/v1/priorities?severity_of_wrong={of_wrong}"))
            .expect(200);
        found["data"].as_array().unwrap().clone()
    };
    assert_eq!(severity(10.0)[0]["cost"]["value"], 700);
    assert_eq!(severity(0.1)[0]["reason"], "made_up");
    assert_eq!(severity(0.0).len(), 1);
    for parameter in ["severity_of_wrong=-1", "severity_of_wrong=1001"] {
        let problem = server.get(&format!("/api/v1/priorities?{parameter}"));
        problem.expect_problem(400, "invalid_parameter");
    }

    // Whoever means to make it right more often aims at it; whoever means to have it accepted more often does not.
    log(
        &server,
        &plan("f", "2026-03-12T12:00:00Z", &json!({"metric": "acceptance_rate"})),
    );
    let standing =
        || server.get("/api/v1/priorities?to=2026-03-13T00:00:00Z").expect(200)["data"][0]["standing"].clone();
    assert_eq!(standing(), "open");
    log(
        &server,
        &plan("f", "2026-03-12T12:00:00Z", &json!({"metric": "over_reliance"})),
    );
    assert_eq!(standing(), "underway");
}

/// The simulated product: its planted complaint is first in what to fix until it is fixed, the fix is found to have worked, and what
/// did nothing is not.
#[test]
fn the_planted_complaint_is_found_and_its_fix_worked() {
    let end: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
    let options = Options {
        outputs: 30_000,
        ..Options::ending(end)
    };
    let made = Simulation::new(options.clone()).changes();
    let server = TestServer::start();
    simulated::load(&server.db, options);
    let mut ids = Vec::new();
    for change in &made {
        let mut own = json!({"versions": [change.version], "expected": 0.03});
        if let Some(reason) = change.mends {
            own["aim"] = json!({"reason": reason});
        }
        ids.push(log(&server, &plan(change.feature, &change.at.to_rfc3339(), &own)));
    }
    let fix = made.iter().position(|change| change.mends.is_some()).unwrap();

    let before = made[fix].at.format("%Y-%m-%dT%H:%M:%SZ");
    let found = server
        .get(&format!("/api/v1/priorities?days=21&to={before}"))
        .expect(200);
    let first = &found["data"][0];
    assert_eq!(
        (&first["feature"], &first["reason"]),
        (&json!("chat.answer"), &json!("made_up")),
        "{found}"
    );
    assert_eq!((&first["standing"], &first["rank_from"]), (&json!("open"), &json!(1)));
    assert!(found["data"][1]["cost"]["value"].as_f64() < first["cost"]["value"].as_f64());

    let now = server.get("/api/v1/priorities?days=60&limit=100").expect(200);
    let complaint = now["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["reason"] == "made_up")
        .unwrap();
    assert_eq!(complaint["standing"], "mended", "{complaint}");
    assert_eq!(complaint["attempts"][0]["id"], ids[fix].as_str());
    let waited = now["progress"]["median_days_to_change"].as_f64().unwrap();
    assert!(
        (20.0..=25.0).contains(&waited),
        "from the version that brought it to the one that took it away: {waited}"
    );

    for (change, id) in made.iter().zip(&ids) {
        let found = effect(&server, id);
        let (verdict, sentence) = (found["verdict"].as_str().unwrap(), &found["sentence"]);
        match change.effect {
            _ if change.mends.is_some() => assert_eq!(verdict, "worked", "{sentence}"),
            Effect::Neutral => assert!(
                verdict != "worked" && verdict != "made_it_worse",
                "{}: {sentence}",
                change.feature
            ),
            Effect::Improves => assert_ne!(verdict, "made_it_worse", "{sentence}"),
            Effect::Regresses => assert_ne!(verdict, "worked", "{sentence}"),
        }
    }
    // The placebo was rolled out over twelve days: its versions are compared with each other.
    let placebo = made
        .iter()
        .position(|change| change.feature == "code.complete")
        .unwrap();
    let found = effect(&server, &ids[placebo]);
    assert_eq!(found["design"], "same_days", "{}", found["sentence"]);
    assert!(found["at_all_looks"]["lower"].is_number(), "{}", found["sentence"]);
}
