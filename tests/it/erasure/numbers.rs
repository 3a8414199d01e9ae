//! The numbers after an erasure are those of a project in which the user never was.

use calibrant::fold::retention;
use calibrant::store::projects::{self, Settings};
use calibrant::store::{StoreError, tombstones};
use chrono::Utc;
use serde_json::{Number, Value, json};

use super::{erase, found, of_others, of_user, send, sound};
use crate::support::{TestServer, tables};

/// What a project tells: its numbers by day, version and feature, its features, and its outputs.
fn told(server: &TestServer, key: &str) -> Vec<Value> {
    let question = json!({"metrics": ["shown", "decided", "users", "acceptance_rate", "edit_distance", "rating_mean", "correctness_rate",
        "brier_acceptance", "auroc_acceptance", "decision_time_p50", "over_reliance"], "group_by": ["feature", "version"],
        "from": "2026-03-01T00:00:00Z", "to": "2026-03-08T00:00:00Z", "granularity": "day"});
    let mut exact = question.clone();
    exact["exact"] = json!(true);
    let mut answers: Vec<Value> = [question, exact]
        .iter()
        .map(|question| server.post_as(key, "/api/v1/query", question.to_string()).expect(200))
        .collect();
    let range = "from=2026-03-01T00:00:00Z&to=2026-03-08T00:00:00Z";
    for path in [
        format!("/api/v1/features?{range}"),
        format!("/api/v1/features/f/agreement?{range}"),
        format!("/api/v1/features/f/stated-trust?{range}"),
        "/api/v1/outputs?limit=500".to_owned(),
        "/api/v1/outputs/theirs".to_owned(),
    ] {
        let mut answer = server.get_as(key, &path).expect(200);
        // Those shown in the same instant are in the order of keys, which are of the project.
        if let Some(outputs) = answer["data"].as_array_mut() {
            outputs.sort_by_key(|output| output["output_id"].to_string());
        }
        if let Some(history) = answer["history"].as_array_mut() {
            history.iter_mut().for_each(|event| event["received_at"] = json!(null));
        }
        answers.push(answer);
    }
    // It says how much of the log there is, and when.
    answers.iter_mut().for_each(|answer| answer["meta"] = json!(null));
    answers
}

/// Where two answers are not the same. Sums over users are added in the order of their keys, which are of the project.
fn differences(one: &Value, other: &Value, place: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            for (name, value) in one {
                differences(value, &other[name], &format!("{place}.{name}"), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{place}[{at}]"), found);
            }
        }
        (Value::Number(one), Value::Number(other)) if is_close(one, other) => {}
        _ if one == other => {}
        _ => found.push(format!("{place}: {one} and {other}")),
    }
}

fn is_close(one: &Number, other: &Number) -> bool {
    let (Some(one), Some(other)) = (one.as_f64(), other.as_f64()) else {
        return false;
    };
    (one - other).abs() <= 1e-12 * one.abs().max(other.abs())
}

#[track_caller]
fn check_same(server: &TestServer, without: &str) {
    let mut found = Vec::new();
    let [one, other] = [server.key.as_str(), without].map(|key| Value::Array(told(server, key)));
    differences(&one, &other, "", &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn numbers_are_those_of_a_project_without_the_user() {
    let server = TestServer::start();
    let (_, without) = server.project("without");
    let mixed: Vec<Value> = of_others().into_iter().chain(of_user()).collect();
    send(&server, &server.key, &mixed);
    send(&server, &without, &of_others());
    assert_ne!(told(&server, &server.key), told(&server, &without));
    assert!(found(&server.db).len() > 10, "{:?}", found(&server.db));

    let receipt = erase(&server);
    assert_eq!(receipt["events"], 11, "{receipt}");
    assert_eq!(
        (&receipt["outputs"], &receipt["texts"]),
        (&json!(3), &json!(2)),
        "{receipt}"
    );
    assert_eq!(receipt["opinions"], 3, "{receipt}");
    assert_eq!(receipt["log_position"], 55);
    assert_eq!(found(&server.db), []);
    check_same(&server, &without);
    let checked = sound(&server.db);
    assert_eq!((checked[0].events, checked[0].expired_events), (44, 11));
    check_same(&server, &without);
    let status = server.get("/api/v1/status").expect(200);
    assert_eq!(status["log_position"], 55);
}

/// Where retention was before: sealed outputs go with their share, opinions on those of others go, and of what is summed up for good the
/// user's key goes.
#[test]
fn what_retention_left_of_the_user_goes() {
    let server = TestServer::start();
    let (project, _) = server.project(projects::DEFAULT);
    let keep = |events: Option<i32>, outputs: Option<i32>| {
        let settings = Settings {
            retain_events_days: Some(events),
            retain_outputs_days: Some(outputs),
            ..Settings::default()
        };
        let applied = server.db.with(|conn| {
            projects::update(conn, project, &settings)?;
            Ok::<_, StoreError>(retention::apply(conn, project, Utc::now(), &mut |_| true).unwrap())
        });
        applied.unwrap()
    };
    let mut old: Vec<Value> = of_others().into_iter().chain(of_user()).collect();
    old.push(
        json!({"type": "accept", "id": "gone", "output_id": "gone", "feature": "f", "user_id": super::USER,
        "occurred_at": "2025-01-05T08:00:00Z"}),
    );
    send(&server, &server.key, &old);
    let age = (Utc::now() - "2026-01-01T00:00:00Z".parse::<chrono::DateTime<Utc>>().unwrap()).num_days() as i32;
    assert_eq!(keep(None, Some(age)).outputs, 1);
    assert!(keep(Some(30), None).sealed > 40);
    server.get("/api/v1/outputs/own").expect(200);
    let late = json!({"type": "comment", "id": "late", "output_id": "own", "comment": "late words of anna müller"});
    send(&server, &server.key, &[late]);

    let shown = |server: &TestServer| {
        let question = json!({"metrics": ["shown", "users"]}).to_string();
        let answer = server.post("/api/v1/query", question).expect(200)["data"][0]["metrics"].clone();
        ["shown", "users"].map(|id| answer[id]["value"].as_f64().unwrap())
    };
    // The users are those of `of_others`, Berta, and the one to be erased.
    assert_eq!(shown(&server), [44.0, 9.0]);
    let receipt = erase(&server);
    assert_eq!(
        (&receipt["outputs"], &receipt["opinions"]),
        (&json!(3), &json!(3)),
        "{receipt}"
    );
    assert_eq!(found(&server.db), []);
    sound(&server.db);
    // The output that was gone before is counted still, of nobody.
    assert_eq!(shown(&server), [42.0, 8.0]);
    let late = tables::rows(&server.db, "SELECT * FROM late_events");
    assert_eq!(late, Vec::<String>::new());
    let admitted = server.db.with(|conn| {
        let salt = projects::find(conn, project)?.erasure_salt;
        let digest = calibrant::domain::key::tombstone(salt, super::USER);
        Ok::<_, StoreError>(tombstones::admits_from(conn, project, digest)?)
    });
    assert_eq!(admitted.unwrap(), Some(None));
}
