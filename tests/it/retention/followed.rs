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
