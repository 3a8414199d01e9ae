//! Rules that look at real numbers: what fires, what clears, and who is told.

use std::fmt::Write as _;

use calibrant::stats::random::Random;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::receiver::{Does, Receiver};
use super::{eventually, hurried, limits};
use crate::support::{Answer, TestServer, fresh_db, tables};

/// Outputs of the feature `f` at noon of some days before today, one for each of so many users, taken with a chance.
pub fn days(server: &TestServer, users: usize, ago: impl Iterator<Item = i64>, chance: impl Fn(i64) -> f64) {
    let noon = Utc::now().date_naive().and_hms_opt(12, 0, 0).unwrap().and_utc();
    let mut random = Random::new(5);
    for ago in ago {
        let mut lines = String::new();
        let at = (noon - TimeDelta::days(ago)).to_rfc3339();
        for user in 0..users {
            let kind = if random.uniform() < chance(ago) {
                "accept"
            } else {
                "reject"
            };
            let event = json!({"type": "shown", "output_id": format!("{ago}-{user}"), "feature": "f", "user_id": format!("u{user}"),
                "occurred_at": at});
            let decision = json!({"type": kind, "output_id": format!("{ago}-{user}"), "occurred_at": at});
            writeln!(lines, "{event}\n{decision}").unwrap();
        }
        server.send(lines);
    }
}

pub fn create(server: &TestServer, rule: &Value) -> Answer {
    server.post("/api/v1/alerts", rule.to_string())
}

pub fn threshold(more: &Value) -> Value {
    let mut rule = json!({"name": "too few are taken", "kind": "threshold", "metric": "acceptance_rate", "feature": "f", "side": "below",
        "threshold": 0.5, "window_days": 1, "min_n": 30, "min_users": 30});
    rule.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    rule
}

fn patch(server: &TestServer, id: &str, change: &Value) -> Answer {
    let path = format!("/api/v1/alerts/{id}");
    server.request("PATCH", &path, Some(&server.key), &[], change.to_string().as_bytes())
}

fn history(server: &TestServer, id: &str) -> Vec<Value> {
    let found = server.get(&format!("/api/v1/alerts/{id}/history")).expect(200);
    found["data"].as_array().unwrap().clone()
}

/// As if nobody had looked for so many days.
pub fn forget(server: &TestServer, id: &str, days: i64) {
    let to = (Utc::now().date_naive() - TimeDelta::days(days + 1))
        .and_hms_opt(0, 0, 0)
        .unwrap()
        .and_utc();
    tables::execute(
        &server.db,
        &format!(
            "UPDATE alert_rules SET turn = turn + 1, state = 'ok', memory = jsonb_build_object('state', 'ok', 'looked_to', '{}') \
             WHERE id = '{id}'",
            to.to_rfc3339()
        ),
    );
}

pub fn looked(server: &TestServer, id: &str) -> Value {
    let path = format!("/api/v1/alerts/{id}");
    eventually("a look", || {
        let alert = server.get(&path).expect(200);
        assert_eq!(alert["failure"], Value::Null);
        (!alert["look"].is_null()).then_some(alert)
    })
}

#[test]
fn a_rule_fires_and_clears_and_each_is_told_once() {
    let db = fresh_db();
    let server = TestServer::limited(db.clone(), limits(hurried()));
    // Another server on the same database looks and sends as well.
    let _other = TestServer::limited(db, limits(hurried()));
    days(&server, 80, 2..=16, |ago| if ago > 6 { 0.2 } else { 0.9 });
    let receiver = Receiver::start(&[Does::Answer(500), Does::Answer(200)]);
    let made = server
        .post(
            "/api/v1/webhooks",
            json!({"name": "ours", "url": receiver.url("/")}).to_string(),
        )
        .expect(201);
    let secret = made["secret"].as_str().unwrap();
    let alert = create(&server, &threshold(&json!({"hysteresis": 0.05}))).expect(201);
    let id = alert["id"].as_str().unwrap();
    assert_eq!(
        (&alert["state"], &alert["rule"]["alpha"]),
        (&json!("waiting"), &json!(0.05))
    );
    // All is well now.
    let alert = looked(&server, id);
    assert_eq!((&alert["state"], &alert["last"]), (&json!("ok"), &Value::Null));
    assert!((alert["look"]["level"].as_f64().unwrap() - 0.996_67).abs() < 1e-4);
    assert_eq!(alert["look"]["users"], 80);

    forget(&server, id, 12);
    let done = eventually("both transitions", || {
        Some(history(&server, id)).filter(|done| done.len() == 2)
    });
    let (cleared, fired) = (&done[0], &done[1]);
    assert_eq!(
        (&fired["state"], &fired["cause"]),
        (&json!("firing"), &json!("crossed"))
    );
    assert_eq!(
        (&cleared["state"], &cleared["cause"]),
        (&json!("ok"), &json!("recovered"))
    );
    let sentence = fired["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("Acceptance rate of f was ") && sentence.contains(": below 50.0 %"),
        "{sentence}"
    );
    assert!(fired["look"]["upper"].as_f64().unwrap() < 0.5);
    // The days changed 6 days ago; it takes two looks.
    let to = |one: &Value| one["look"]["to"].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!((Utc::now().date_naive() - to(cleared).date_naive()).num_days(), 4);

    let received = eventually("three attempts", || {
        Some(receiver.received()).filter(|received| received.len() >= 3)
    });
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(receiver.received().len(), 3, "one was tried twice, nothing was doubled");
    received.iter().for_each(|one| one.verify(secret));
    let mut types: Vec<(String, String)> = received
        .iter()
        .map(|one| {
            (
                one.headers["webhook-id"].clone(),
                one.json()["type"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    types.sort();
    types.dedup();
    let types: Vec<&str> = types.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(types, ["alert.fired", "alert.cleared"]);
    let told = received
        .iter()
        .map(super::receiver::Received::json)
        .find(|told| told["type"] == "alert.fired")
        .unwrap();
    assert_eq!(
        (&told["data"]["alert"]["id"], &told["data"]["sentence"]),
        (&json!(id), &json!(sentence))
    );
    assert!(!told.to_string().contains("\"u1\""), "no user is named");
}

#[test]
fn muted_rules_look_and_tell_nobody_and_disabled_ones_do_not_look() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    days(&server, 80, 2..=8, |_| 0.2);
    let receiver = Receiver::start(&[Does::Answer(200)]);
    server
        .post(
            "/api/v1/webhooks",
            json!({"name": "ours", "url": receiver.url("/")}).to_string(),
        )
        .expect(201);
    let alert = create(&server, &threshold(&json!({}))).expect(201);
    let id = alert["id"].as_str().unwrap();
    eventually("the first alarm", || {
        Some(history(&server, id)).filter(|done| done.len() == 1)
    });
    let listed = server.get("/api/v1/alerts?state=firing").expect(200);
    assert_eq!(
        (&listed["data"][0]["id"], &listed["data"][0]["last"]["cause"]),
        (&json!(id), &json!("crossed"))
    );
    assert_eq!(server.get("/api/v1/alerts?state=ok").expect(200)["data"], json!([]));
    eventually("its delivery", || (receiver.received().len() == 1).then_some(()));

    let until = Utc::now() + TimeDelta::hours(1);
    let muted = patch(&server, id, &json!({"muted_until": until, "name": "quiet"})).expect(200);
    assert_eq!(
        (&muted["rule"]["name"], &muted["state"]),
        (&json!("quiet"), &json!("firing"))
    );
    forget(&server, id, 5);
    let done = eventually("the second alarm", || {
        Some(history(&server, id)).filter(|done| done.len() == 2)
    });
    assert_eq!((&done[0]["muted"], &done[1]["muted"]), (&json!(true), &json!(false)));
    let unmuted = patch(&server, id, &json!({"muted_until": null, "enabled": false})).expect(200);
    assert_eq!(
        (&unmuted["muted_until"], &unmuted["enabled"]),
        (&Value::Null, &json!(false))
    );
    forget(&server, id, 5);
    std::thread::sleep(std::time::Duration::from_secs(4));
    assert_eq!(history(&server, id).len(), 2);
    assert_eq!(receiver.received().len(), 1);
    // Enabled again, it begins anew.
    let anew = patch(&server, id, &json!({"enabled": true})).expect(200);
    assert_eq!((&anew["state"], &anew["since"]), (&json!("waiting"), &Value::Null));
    eventually("the third alarm", || {
        Some(history(&server, id)).filter(|done| done.len() == 3)
    });

    let actions: Vec<Value> = server.get("/api/v1/audit").expect(200)["data"]
        .as_array()
        .unwrap()
        .clone();
    let names: Vec<&str> = actions
        .iter()
        .rev()
        .map(|action| action["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "webhook_created",
            "alert_created",
            "alert_changed",
            "alert_changed",
            "alert_changed"
        ]
    );
    assert_eq!(actions[2]["detail"], json!({"name": "quiet", "muted_until": until}));
    let path = format!("/api/v1/alerts/{id}");
    assert_eq!(server.request("DELETE", &path, Some(&server.key), &[], b"").status, 204);
    server.get(&format!("{path}/history")).expect_problem(404, "not_found");
    assert_eq!(tables::rows(&server.db, "SELECT * FROM alert_transitions").len(), 0);
}

#[test]
fn silence_is_noticed_by_the_hour_and_ends_with_the_next_output() {
    let server = TestServer::start();
    let hour = DateTime::from_timestamp(Utc::now().timestamp() / 3_600 * 3_600, 0).unwrap();
    let mut lines = String::new();
    for ago in 6..22 * 24 {
        for number in 0..3 {
            let event = json!({"type": "shown", "output_id": format!("{ago}-{number}"), "feature": "f", "occurred_at": hour - TimeDelta::hours(ago)});
            writeln!(lines, "{event}").unwrap();
        }
    }
    server.send(lines);
    let rule = |hours: i64, min_n: u64| json!({"name": "silent", "kind": "no_data", "feature": "f", "hours": hours, "min_n": min_n});
    let id = |answer: Answer| answer.expect(201)["id"].as_str().unwrap().to_owned();
    let (silent, waits, lean) = (
        id(create(&server, &rule(4, 12))),
        id(create(&server, &rule(12, 12))),
        id(create(&server, &rule(4, 13))),
    );
    let alert = eventually("the alarm", || {
        let alert = server.get(&format!("/api/v1/alerts/{silent}")).expect(200);
        (alert["state"] == "firing").then_some(alert)
    });
    assert_eq!((&alert["look"]["due"], &alert["look"]["n"]), (&json!(12), &json!(0)));
    let sentence = alert["last"]["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("Shown of f: nothing in the 4 hours to ") && sentence.contains("at least 12"),
        "{sentence}"
    );
    // Twelve hours are not over, and thirteen outputs were not due.
    assert_eq!(looked(&server, &waits)["state"], "ok");
    let lean = looked(&server, &lean);
    assert_eq!(
        (&lean["state"], &lean["look"]["standing"]),
        (&json!("waiting"), &json!("too_few"))
    );

    server.send(json!({"type": "shown", "output_id": "again", "feature": "f"}).to_string());
    tables::execute(
        &server.db,
        "UPDATE alert_rules SET looked_at = looked_at - interval '2 minutes'",
    );
    let alert = eventually("its end", || {
        let alert = server.get(&format!("/api/v1/alerts/{silent}")).expect(200);
        (alert["state"] == "ok").then_some(alert)
    });
    assert_eq!(alert["last"]["cause"], "recovered");
}
