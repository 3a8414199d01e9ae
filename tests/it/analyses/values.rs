//! No value without a reason: every analysis is asked about projects with nothing, next to nothing, and much in them, and all numbers
//! of its answer are looked at.

use std::fmt::Write as _;

use calibrant::docs;
use calibrant::metrics;
use calibrant::simulate::Options;
use serde_json::{Value, json};

use super::{options, world};
use crate::support::{TestServer, simulated};

/// Reads that are no analyses.
const OTHERS: [&str; 14] = [
    "/health/",
    "/keys",
    "/projects",
    "/session",
    "/outputs",
    "/exports/",
    "/erasures/",
    "/audit",
    "/position",
    "{change}",
    // Tested with sets in them, and with rules.
    "/evals",
    "/alerts",
    "/webhooks",
    "/deliveries",
];

/// The addresses of all analyses of a feature, and of those of the project, with each parameter that changes the way they go.
fn addresses(features: &[String]) -> Vec<String> {
    let document: Value = serde_json::from_str(&docs::openapi().unwrap()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        if !path.starts_with("/api/v1/") || OTHERS.iter().any(|other| path.contains(other)) {
            continue;
        }
        let named = |name: &str| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.into_iter().any(|parameter| parameter["name"] == name)
        };
        let mut variants = vec![String::new()];
        for (name, value) in [("exact", "true"), ("group_by", "version"), ("granularity", "day")] {
            if named(name) {
                variants.push(format!("&{name}={value}"));
            }
        }
        let all: Vec<&str> = metrics::all().map(|(_, metric)| metric.id).collect();
        let mut required = String::from("?level=0.9");
        if named("baseline") {
            let other = features.first().filter(|_| features.len() > 1);
            let side = |feature: Option<&String>| format!("feature={}", feature.map_or("none", String::as_str));
            write!(
                required,
                "&baseline={}&candidate={}",
                side(other),
                side(features.last())
            )
            .unwrap();
            variants.push(format!("&metrics={}", some(&all)));
            variants.push("&days_before=3".to_owned());
        }
        if named("dimension") {
            required += "&dimension=version";
        }
        if path.ends_with("/series") || path.ends_with("/query") {
            required += "&metrics=acceptance_rate,auroc_acceptance,smooth_ece_acceptance,users";
        }
        if path.ends_with("/trajectory") {
            variants.push(format!("&metrics={}", some(&all)));
        }
        let level = if named("level") { required.as_str() } else { "?" };
        for variant in variants {
            let query = format!("{level}{variant}").replace("?&", "?");
            let query = query.trim_end_matches('?');
            if path.contains("{feature}") {
                found.extend(features.iter().map(|name| path.replace("{feature}", name) + query));
            } else {
                found.push(path.replace("{experiment}", "tried") + query);
            }
        }
    }
    found
}

/// As many metrics as a question may have, of all kinds.
fn some(all: &[&str]) -> String {
    let picked: Vec<&str> = all.iter().step_by(all.len().div_ceil(20)).copied().collect();
    picked.join(",")
}

/// Looks at every number of an answer that has ends, or could have.
fn look(value: &Value, place: &str, wrong: &mut Vec<String>, looked: &mut usize) {
    match value {
        Value::Object(fields) => {
            if ["value", "lower", "upper"]
                .iter()
                .all(|name| fields.contains_key(*name))
            {
                *looked += 1;
                if let Some(fault) = fault(value) {
                    wrong.push(format!("{place}: {fault}: {value}"));
                }
            }
            for (name, value) in fields {
                look(value, &format!("{place}.{name}"), wrong, looked);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                look(value, &format!("{place}[{at}]"), wrong, looked);
            }
        }
        _ => {}
    }
}

fn fault(number: &Value) -> Option<&'static str> {
    let [value, lower, upper] = ["value", "lower", "upper"].map(|name| number[name].as_f64());
    let reason = number["reason"].as_str();
    // Only the far end of an interval may be open.
    let ends = if lower.is_some() {
        2
    } else {
        usize::from(upper.is_some())
    };
    match (value, ends) {
        (None, 0) if reason.is_none() => Some("no value and no reason"),
        (None, 1..) => Some("ends without a value"),
        (Some(_), 0 | 1) if reason.is_none() && number["method"] != "count" => Some("no interval and no reason"),
        (Some(_), 2) if reason.is_some() => Some("an interval, and a reason why there is none"),
        (Some(value), 2) if lower > Some(value + 1e-12) || upper.is_some_and(|upper| upper < value - 1e-12) => {
            Some("a value outside its interval")
        }
        _ if number["users"].as_u64() > number["n"].as_u64().or(Some(u64::MAX)) => Some("more users than outputs"),
        _ => None,
    }
}

/// Asks all analyses about the project and about some of its features.
fn check(server: &TestServer, features: &[&str], least: usize) {
    let features: Vec<String> = features.iter().map(|feature| (*feature).to_owned()).collect();
    let arm = |name: &str, feature: &str| json!({"name": name, "filters": [{"dimension": "version", "op": "eq", "value": feature}]});
    let plan = json!({"name": "tried", "feature": features.first().map_or("none", String::as_str), "primary_metric": "acceptance_rate",
        "margin": 0.01, "arms": [arm("a", "v1"), arm("b", "v2")], "guardrails": [{"metric": "undo_rate", "margin": 0.02}],
        "starts_at": "2026-01-01T00:00:00Z"});
    server.post("/api/v1/experiments", plan.to_string()).expect(201);

    let (mut wrong, mut looked) = (Vec::new(), 0);
    for address in addresses(&features) {
        let answer = server.get(&address);
        assert_eq!(answer.status, 200, "{address}: {}", answer.text());
        if answer.header("content-type") == Some("application/json") {
            look(&answer.json(), &address, &mut wrong, &mut looked);
        }
    }
    let all: Vec<&str> = metrics::all().map(|(_, metric)| metric.id).collect();
    for metrics in all.chunks(20) {
        for more in [
            json!({}),
            json!({"exact": true}),
            json!({"group_by": ["feature", "version"]}),
            json!({"granularity": "week"}),
        ] {
            let mut question = more;
            question["metrics"] = json!(metrics);
            let answer = server.post("/api/v1/query", question.to_string()).expect(200);
            look(&answer, &question.to_string(), &mut wrong, &mut looked);
        }
    }
    assert!(looked >= least, "only {looked} numbers were looked at");
    wrong.truncate(40);
    assert!(wrong.is_empty(), "of {looked} numbers:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_has_a_reason() {
    check(&TestServer::start(), &[], 100);
}

#[test]
fn next_to_nothing_has_a_reason() {
    let server = TestServer::start();
    server
        .post("/api/v1/events", r#"{"type":"accept","output_id":"x","feature":"f"}"#)
        .expect(200);
    server.settle();
    check(&server, &["f"], 100);
}

/// Ten outputs of three users and of nobody, all in one instant.
#[test]
fn an_instant_has_a_reason() {
    let server = TestServer::start();
    let mut events = Vec::new();
    for number in 0..10 {
        let user = match number % 4 {
            0 => String::new(),
            user => format!(r#""user_id":"u{user}","#),
        };
        let at = r#""occurred_at":"2026-11-01T10:00:00Z""#;
        let (feature, version) = (if number % 3 == 0 { "f" } else { "g" }, 1 + number % 2);
        events.push(format!(
            r#"{{"type":"shown","output_id":"o{number}","feature":"{feature}","version":"v{version}",{user}"confidence":0.{number},{at}}}"#
        ));
        let decision = if number % 5 < 2 { "reject" } else { "accept" };
        events.push(format!(r#"{{"type":"{decision}","output_id":"o{number}",{at}}}"#));
        events.push(format!(
            r#"{{"type":"judge","output_id":"o{number}","correct":{},"source":"human","judge":"j{}",{at}}}"#,
            number % 2 == 0,
            number % 3
        ));
    }
    server
        .post("/api/v1/events", format!(r#"{{"events":[{}]}}"#, events.join(",")))
        .expect(200);
    server.settle();
    check(&server, &["f", "g"], 500);

    let compared = server
        .get("/api/v1/compare?baseline=feature=f&candidate=feature=g")
        .expect(200);
    let first = &compared["data"][0];
    assert_eq!(first["more_days_needed"], Value::Null, "one day tells no pace: {first}");
    let quality = server.get("/api/v1/features/f/quality").expect(200);
    assert_eq!((&quality["data"], &quality["reason"]), (&json!([]), &json!("no_cases")));
}

#[test]
fn a_small_product_has_a_reason() {
    let server = TestServer::start();
    simulated::load(
        &server.db,
        Options {
            outputs: 300,
            ..options()
        },
    );
    check(&server, &["browser.step"], 1_000);
}

/// What is asked of the whole of it is answered from rollups.
#[test]
fn a_large_product_has_a_reason() {
    check(&TestServer::over(world().db.clone()), &[], 2_000);
}
