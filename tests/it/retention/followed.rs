//! Users are followed over outputs that are gone, and nothing is said of what is no longer known.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{event, let_go_in, patch};
use crate::support::TestServer;

fn by(user: &str, mut event: Value) -> Value {
    event["user_id"] = json!(user);
    event
}

/// What is gone is told apart from what never was.
#[test]
fn who_was_there_before_is_not_new_when_that_is_gone() {
    let server = TestServer::start();
    let mut events = Vec::new();
    for (user, days) in [("old", &[50, 49, 48, 3, 2][..]), ("new", &[3, 2, 1])] {
        for day in days {
            let output = format!("{user}-{day}");
            events.push(by(user, event("shown", &output, *day)));
            events.push(event("accept", &output, *day));
        }
    }
    // Nobody was shown this one.
    events.push(by("idle", event("missed", "nothing", 2)));
    server.send(json!({"events": events}).to_string());
    let day = |ago: i64| (Utc::now() - TimeDelta::days(ago)).format("%Y-%m-%dT00:00:00Z");
    let lately = format!("from={}&to={}", day(20), day(-1));
    let all = format!("from={}&to={}", day(60), day(-1));
    let trajectory = |range: &str| server.get(&format!("/api/v1/features/f/trajectory?{range}"));
    let answers = |answer: Value| {
        let known = ["by_exposure", "newcomers", "returning", "growth", "staying"];
        known.map(|name| answer[name].clone())
    };
    let before = answers(trajectory(&lately).expect(200));
    assert_eq!(
        (&before[1]["acceptance_rate"]["n"], &before[2]["acceptance_rate"]["n"]),
        (&json!(3), &json!(2))
    );
    let users = server
        .post(
            "/api/v1/query",
            json!({"metrics": ["users", "outputs_per_user"]}).to_string(),
        )
        .expect(200);
    let users = &users["data"][0]["metrics"];
    assert_eq!(
        (&users["users"]["value"], &users["outputs_per_user"]["value"]),
        (&json!(2), &json!(4))
    );

    patch(&server, &json!({"retain_events_days": 30, "retain_outputs_days": 30})).expect(200);
    assert_eq!(let_go_in(&server, 0).outputs, 3);
    assert_eq!(answers(trajectory(&lately).expect(200)), before);
    trajectory(&all).expect_problem(422, "not_kept");
    for of_outputs in ["autonomy", "recalibration", "trigger", "approvals", "stated-trust"] {
        let path = format!("/api/v1/features/f/{of_outputs}?");
        server.get(&(path.clone() + &all)).expect_problem(422, "not_kept");
        server.get(&(path + &lately)).expect(200);
    }
    server
        .get(&format!("/api/v1/features/f/agreement?{all}"))
        .expect_problem(422, "not_kept");
}

/// What sums say stays. The rest takes all outputs, and is not made up of those that are left.
#[test]
fn how_far_users_moved_is_not_told_of_a_part() {
    let server = TestServer::start();
    let mut events = Vec::new();
    for (output, days, kept) in [("a", 50, 12), ("b", 49, 20), ("c", 2, 15)] {
        let mut shown = by(output, event("shown", output, days));
        shown["initial"] = json!({"value": 10});
        shown["output_value"] = json!(20);
        let mut edit = event("edit", output, days);
        edit["final_value"] = json!(kept);
        events.extend([shown, edit]);
    }
    server.send(json!({"events": events}).to_string());
    let day = |ago: i64| (Utc::now() - TimeDelta::days(ago)).format("%Y-%m-%dT00:00:00Z");
    let advice = |since: i64| {
        let path = format!("/api/v1/features/f/reliance?from={}&to={}", day(since), day(-1));
        server.get(&path).expect(200)["data"][0]["advice"].clone()
    };
    let value = |advice: &Value, name: &str| advice[name]["value"].as_f64();
    let before = advice(60);
    assert_eq!(value(&before, "median"), Some(0.5));

    patch(&server, &json!({"retain_events_days": 30, "retain_outputs_days": 30})).expect(200);
    assert_eq!(let_go_in(&server, 0).outputs, 2);
    let (all, lately) = (advice(60), advice(20));
    assert_eq!(value(&all, "mean"), value(&before, "mean"));
    for name in ["median", "ratio_of_sums", "away", "kept", "between", "taken", "beyond"] {
        assert_eq!(
            (&all[name]["value"], &all[name]["reason"]),
            (&Value::Null, &json!("not_kept")),
            "{name}"
        );
    }
    assert_eq!(value(&lately, "median"), Some(0.5));
    assert_eq!(value(&lately, "between"), Some(1.0));
}
