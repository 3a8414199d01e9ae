//! Groups and filters.

use calibrant::metrics;
use calibrant::query::{self, Query, Sources};
use calibrant::store::{StoreError, projects};
use chrono::Utc;
use serde_json::{Value, json};

use super::{ask, project, values};
use crate::support::TestServer;

#[track_caller]
fn check_groups(server: &TestServer, group_by: &[&str], expected: &[(&str, i64)]) {
    let answer = ask(server, json!({"metrics": ["shown"], "group_by": group_by}));
    let found = values(&answer["data"], "shown");
    let expected: Vec<(String, Value)> = expected
        .iter()
        .map(|(name, n)| ((*name).to_owned(), json!(n)))
        .collect();
    assert_eq!(found, expected);
    // All groups together, unless there is only one anyway.
    let total: i64 = expected.iter().map(|(_, n)| n.as_i64().unwrap()).sum();
    assert_eq!(total, 7);
    if !group_by.is_empty() {
        assert_eq!(answer["totals"][0]["metrics"]["shown"]["value"], 7);
        assert_eq!(answer["totals"][0]["group"], json!({}));
    }
}

#[test]
fn outputs_are_grouped_by_any_dimensions() {
    let server = project();
    check_groups(&server, &[], &[("", 7)]);
    check_groups(&server, &["feature"], &[("=f", 6), ("g", 1)]);
    check_groups(&server, &["version"], &[("-", 1), ("v0", 3), ("v1", 3)]);
    check_groups(&server, &["plan"], &[("-", 4), ("pro", 3)]);
    check_groups(
        &server,
        &["attributes.plan", "feature"],
        &[("=f|-", 3), ("g|-", 1), ("=f|pro", 3)],
    );
    check_groups(
        &server,
        &["version", "plan", "environment"],
        &[
            ("-|-|-", 1),
            ("-|-|v0", 1),
            ("-|pro|v0", 2),
            ("-|-|v1", 2),
            ("-|pro|v1", 1),
        ],
    );
}

#[test]
fn outputs_are_grouped_by_attributes_that_are_not_declared() {
    let server = project();
    let device = "attributes.device";
    check_groups(&server, &[device], &[("-", 4), ("desk", 1), ("phone", 2)]);
    check_groups(
        &server,
        &["version", device],
        &[("-|-", 1), ("-|v0", 1), ("phone|v0", 2), ("-|v1", 2), ("desk|v1", 1)],
    );
    let filter = |op: &str, value: Value| json!([{"dimension": device, "op": op, "value": value}]);
    check_filter(&server, filter("eq", json!("phone")), 2);
    check_filter(&server, filter("ne", json!("phone")), 5);
    check_filter(&server, filter("in", json!(["desk", null])), 5);
    check_filter(&server, filter("not_in", json!(["desk", null])), 2);
    check_filter(&server, filter("eq", json!("nothing")), 0);

    let daily = json!({"metrics": ["acceptance_rate"], "group_by": [device], "granularity": "day"});
    let answer = ask(&server, daily.clone());
    assert_eq!(answer["meta"]["source"], "segments");
    // It answers the same once it is declared.
    let settings = br#"{"dimensions":["plan","device"]}"#;
    let changed = server.request("PATCH", "/api/v1/projects/current", Some(&server.key), &[], settings);
    assert_eq!(changed.status, 200);
    let declared = ask(&server, daily);
    assert_eq!(declared["data"], answer["data"]);
    assert_eq!(declared["totals"], answer["totals"]);

    for (name, code) in [
        ("device2", "unknown_dimension"),
        ("attributes.value", "unknown_dimension"),
    ] {
        let question = json!({"metrics": ["shown"], "group_by": [name]});
        let refused = server.post("/api/v1/query", question.to_string());
        assert_eq!(refused.json()["code"], code, "{name}");
    }
}

#[track_caller]
fn check_filter(server: &TestServer, filters: Value, expected: i64) {
    let answer = ask(server, json!({"metrics": ["shown"], "filters": filters}));
    let found: i64 = values(&answer["data"], "shown")
        .iter()
        .map(|(_, n)| n.as_i64().unwrap())
        .sum();
    assert_eq!(found, expected, "{filters}");
    // The same filters, as a parameter of other routes.
    let listed = server
        .get(&format!("/api/v1/outputs?filters={}", escaped(&filters.to_string())))
        .expect(200);
    assert_eq!(listed["data"].as_array().unwrap().len() as i64, expected, "{filters}");
}

pub fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn outputs_are_filtered_by_any_dimensions() {
    let server = project();
    let filter = |dimension: &str, op: &str, value: Value| json!({"dimension": dimension, "op": op, "value": value});
    check_filter(&server, json!([]), 7);
    check_filter(&server, json!([filter("feature", "eq", json!("=f"))]), 6);
    check_filter(&server, json!([filter("feature", "ne", json!("=f"))]), 1);
    check_filter(&server, json!([filter("version", "in", json!(["v0", "v1"]))]), 6);
    check_filter(&server, json!([filter("version", "in", json!(["v0", null]))]), 4);
    check_filter(&server, json!([filter("version", "not_in", json!(["v0"]))]), 4);
    check_filter(&server, json!([filter("version", "not_in", json!(["v0", null]))]), 3);
    check_filter(&server, json!([filter("version", "eq", json!(null))]), 1);
    check_filter(&server, json!([filter("version", "ne", json!(null))]), 6);
    check_filter(&server, json!([filter("version", "in", json!([]))]), 0);
    check_filter(&server, json!([filter("version", "not_in", json!([]))]), 7);
    check_filter(&server, json!([filter("plan", "eq", json!("pro"))]), 3);
    check_filter(&server, json!([filter("attributes.plan", "eq", json!(null))]), 4);
    check_filter(
        &server,
        json!([filter("plan", "eq", json!("pro")), filter("version", "eq", json!("v1"))]),
        1,
    );
    check_filter(&server, json!([filter("feature", "eq", json!("absent"))]), 0);
}

#[test]
fn estimates_carry_what_one_must_know() {
    let server = project();
    let question = json!({"metrics": ["acceptance_rate", "users", "correctness_rate", "trust_gap", "rating_mean",
        "brier_correctness", "decision_time_p50", "over_reliance"], "group_by": ["feature"]});
    let answer = ask(&server, question);
    let metrics = &answer["data"][0]["metrics"];
    let rate = &metrics["acceptance_rate"];
    assert!((rate["value"].as_f64().unwrap() - 4.0 / 6.0).abs() < 1e-12);
    let parts = ["n", "numerator", "denominator", "users"].map(|part| rate[part].as_i64().unwrap());
    assert_eq!(parts, [6, 4, 6, 3]);
    assert!(rate["lower"].as_f64().unwrap() < 0.66 && rate["upper"].as_f64().unwrap() > 0.67);
    assert_eq!(rate["method"], "wilson_cluster_exact");
    assert_eq!(metrics["users"]["value"], 3);
    assert_eq!(metrics["correctness_rate"]["value"], 0.5);
    assert!((metrics["trust_gap"]["value"].as_f64().unwrap() - 1.0 / 6.0).abs() < 1e-12);
    // Confidences are k/5, and the even ones were right.
    let brier = (1.0 + 0.04 + 0.36 + 0.36 + 0.04 + 1.0) / 6.0;
    assert!((metrics["brier_correctness"]["value"].as_f64().unwrap() - brier).abs() < 1e-9);
    let median = metrics["decision_time_p50"]["value"].as_f64().unwrap();
    assert!((median - 3_000.0).abs() <= 30.0, "{median}");
    // Wrong were 1, 3 and 5; users took two of them.
    assert!((metrics["over_reliance"]["value"].as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-12);

    // Nothing is never zero.
    let empty = &answer["data"][1]["metrics"];
    for (metric, reason) in [
        ("acceptance_rate", "no_decisions"),
        ("correctness_rate", "no_judgements"),
        ("rating_mean", "no_ratings"),
        ("brier_correctness", "no_confidence"),
        ("decision_time_p50", "no_times"),
    ] {
        assert_eq!(
            (&empty[metric]["value"], &empty[metric]["reason"]),
            (&Value::Null, &reason.into()),
            "{metric}"
        );
    }
    assert_eq!(
        (&empty["users"]["value"], &metrics["rating_mean"]["reason"]),
        (&0.into(), &"no_ratings".into())
    );
}

/// Outputs of nobody are clusters of their own and no users, whichever way an answer is computed.
#[test]
fn users_are_people_who_were_named() {
    let server = TestServer::start();
    let mut lines = String::new();
    for number in 0..4 {
        lines += &format!(
            "{}\n",
            json!({"type": "accept", "output_id": format!("o{number}"), "feature": "nobody"})
        );
        lines += &format!(
            "{}\n",
            json!({"type": "accept", "output_id": format!("p{number}"), "feature": "somebody", "user_id": format!("u{}", number % 2)})
        );
    }
    server.send(lines);
    let answer = ask(
        &server,
        json!({"metrics": ["acceptance_rate"], "group_by": ["feature"]}),
    );
    let found: Vec<(&Value, &Value)> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["metrics"]["acceptance_rate"])
        .map(|rate| (&rate["n"], &rate["users"]))
        .collect();
    assert_eq!(found, [(&json!(4), &json!(0)), (&json!(4), &json!(2))]);
    assert_eq!(answer["totals"][0]["metrics"]["acceptance_rate"]["users"], 2);

    // From the rollups they are known where they are asked for.
    let users = |ids: &[&str]| {
        let (project, _) = server
            .db
            .with(|conn| projects::find_or_create(conn, projects::DEFAULT).map_err(StoreError::from))
            .unwrap();
        let metrics = ids.iter().map(|id| metrics::find(id).unwrap().1).collect();
        let mut query = Query::new(project.id, metrics);
        query.exact_outputs = 0;
        let answer = server
            .db
            .with(|conn| query::run(conn, &Sources::default(), &query, Utc::now()))
            .unwrap();
        let rate = answer.rows[0].estimates[0].clone();
        (rate.n, rate.users)
    };
    assert_eq!(users(&["acceptance_rate"]), (8, None));
    assert_eq!(users(&["acceptance_rate", "users"]), (8, Some(2)));
}

/// An attribute that is called as a built-in dimension is told by its full name everywhere.
#[test]
fn an_attribute_may_be_called_as_what_is_built_in() {
    let server = TestServer::start();
    let shown = |id: &str, version: &str, own: &str| {
        json!({"type": "shown", "output_id": id, "feature": "f", "version": version, "attributes": {"version": own},
            "occurred_at": "2026-03-01T00:00:00Z"})
    };
    server.send(json!([shown("a", "v1", "x"), shown("b", "v2", "x"), shown("c", "v2", "y")]).to_string());
    let by_own = || {
        let answer = ask(
            &server,
            json!({"metrics": ["shown"], "group_by": ["attributes.version"]}),
        );
        values(&answer["data"], "shown")
    };
    let expected = [("x".to_owned(), json!(2)), ("y".to_owned(), json!(1))];
    assert_eq!(by_own(), expected);
    let path = "/api/v1/projects/current";
    let declare = |dimensions: &Value| {
        let body = json!({"dimensions": dimensions}).to_string();
        server
            .request("PATCH", path, Some(&server.key), &[], body.as_bytes())
            .expect(200)["dimensions"]
            .clone()
    };
    let declared = declare(&json!(["attributes.version", "attributes.plan"]));
    assert_eq!(declared, json!(["plan", "attributes.version"]));
    assert_eq!(declare(&declared), declared);
    assert_eq!(
        server.get("/api/v1/projects").expect(200)["data"][0]["dimensions"],
        declared
    );
    assert_eq!(by_own(), expected);
    let unknown = |name: &str| {
        let question = json!({"metrics": ["shown"], "group_by": [name]}).to_string();
        let problem = server
            .post("/api/v1/query", question)
            .expect_problem(422, "unknown_dimension");
        problem["detail"].as_str().unwrap().to_owned()
    };
    assert!(
        unknown("team").contains("environment, plan, attributes.version;"),
        "{}",
        unknown("team")
    );
    // What one wrote is not what one is told to write.
    assert_eq!(
        unknown("attributes.value"),
        "`value` is the name of a column in answers; call the attribute something else"
    );
}
