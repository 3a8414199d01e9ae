//! Experiments: declared, read, ended, forgotten.

use std::fmt::Write as _;

use calibrant::stats::random::Random;
use serde_json::{Value, json};

use crate::support::TestServer;

fn plan(name: &str) -> Value {
    json!({
        "name": name, "feature": "f", "primary_metric": "acceptance_rate", "margin": 0.02, "planned_users": 400,
        "arms": [
            {"name": "control", "filters": [{"dimension": "variant", "op": "eq", "value": "a"}]},
            {"name": "better", "filters": [{"dimension": "variant", "op": "eq", "value": "b"}]},
            {"name": "rash", "filters": [{"dimension": "variant", "op": "in", "value": ["c"]}]},
        ],
        "guardrails": [{"metric": "undo_rate", "margin": 0.05}],
        "starts_at": "2026-03-01T00:00:00Z",
    })
}

/// 600 users, a third in each arm, ten outputs each over ten days. One arm is taken more; another more too, but taken back more often.
fn server() -> TestServer {
    let server = TestServer::start();
    let mut random = Random::new(8);
    let mut lines = String::new();
    for user in 0..600 {
        let arm = user % 3;
        let variant = ["a", "b", "c"][arm];
        let lean = 0.2 * (random.uniform() - 0.5);
        for number in 0..10 {
            let mut say = |event: Value| {
                let mut event = event;
                event["output_id"] = json!(format!("{user}-{number}"));
                writeln!(lines, "{event}").unwrap();
            };
            let day = 1 + number;
            say(
                json!({"type": "shown", "feature": "f", "variant": variant, "user_id": format!("u{user}"),
                "occurred_at": format!("2026-03-{day:02}T12:00:00Z")}),
            );
            let taken = random.uniform() < [0.5, 0.65, 0.65][arm] + lean;
            say(
                json!({"type": if taken { "accept" } else { "reject" }, "occurred_at": format!("2026-03-{day:02}T12:01:00Z")}),
            );
            if taken && random.uniform() < [0.05, 0.05, 0.3][arm] {
                say(json!({"type": "undo", "occurred_at": format!("2026-03-{day:02}T12:02:00Z")}));
            }
        }
    }
    server.send(lines);
    server
}

fn declare(server: &TestServer, plan: &Value) -> Value {
    server.post("/api/v1/experiments", plan.to_string()).expect(201)
}

fn patch(server: &TestServer, name: &str, change: &Value) -> crate::support::Answer {
    let path = format!("/api/v1/experiments/{name}");
    server.request("PATCH", &path, Some(&server.key), &[], change.to_string().as_bytes())
}

#[test]
fn an_experiment_says_what_to_do() {
    let server = server();
    let declared = declare(&server, &plan("buttons"));
    assert_eq!(
        (&declared["level"], &declared["declared_late"]),
        (&json!(0.95), &json!(true))
    );
    assert_eq!(server.get("/api/v1/experiments/buttons").expect(200), declared);

    let results = server.get("/api/v1/experiments/buttons/results").expect(200);
    assert_eq!(
        (&results["status"], &results["experiment"]),
        (&json!("running"), &declared)
    );
    assert!(
        (results["meta"]["level"].as_f64().unwrap() - 0.975).abs() < 1e-9,
        "two candidates share the error"
    );
    let notes = results["notes"].to_string();
    assert!(
        notes.contains("days after its start") && notes.contains("2 candidates"),
        "{notes}"
    );
    let balance = &results["balance"];
    assert_eq!(
        (&balance["mismatch"], &balance["arms"][2]["users"]),
        (&json!(false), &json!(200))
    );
    let [better, rash] = [&results["data"][0], &results["data"][1]];
    assert_eq!(
        (&better["arm"], &better["conclusion"]),
        (&json!("better"), &json!("adopt")),
        "{}",
        better["sentence"]
    );
    assert_eq!(
        (&rash["arm"], &rash["conclusion"]),
        (&json!("rash"), &json!("reject")),
        "{}",
        rash["sentence"]
    );
    assert_eq!(rash["primary"]["verdict"], "better", "and yet");
    assert_eq!(
        rash["guardrails"][0]["verdict"], "broken",
        "{}",
        rash["guardrails"][0]["sentence"]
    );
    assert_eq!(better["guardrails"][0]["verdict"], "holds");
    assert_eq!(better["looks"].as_array().unwrap().len(), 10);

    // The same sides compared by hand, at the level of each candidate.
    let compared = server
        .get("/api/v1/compare?feature=f&baseline=variant=a&candidate=variant=b&metrics=acceptance_rate&from=2026-03-01T00:00:00Z&margin=0.02&planned_users=400&level=0.975")
        .expect(200);
    assert_eq!(compared["data"][0]["sequence"], better["primary"]["sequence"]);

    // Ended after two days, less is known; the answer is not the one that is kept.
    let ended = patch(&server, "buttons", &json!({"ends_at": "2026-03-03T00:00:00Z"})).expect(200);
    assert_eq!(ended["ends_at"], "2026-03-03T00:00:00Z");
    let results = server.get("/api/v1/experiments/buttons/results").expect(200);
    assert_eq!(results["status"], "ended");
    assert_eq!(results["data"][0]["looks"].as_array().unwrap().len(), 2);
    // Of the 200 users of the arm, those who had an output that the guardrail counts.
    assert_eq!(
        results["data"][0]["guardrails"][0]["compared"]["candidate"]["users"],
        174
    );
}

#[test]
fn users_who_are_not_spread_as_planned_are_looked_into_first() {
    let server = server();
    let mut plan = plan("skewed");
    plan["arms"][1]["share"] = json!(2);
    declare(&server, &plan);
    let results = server.get("/api/v1/experiments/skewed/results").expect(200);
    assert_eq!(results["balance"]["mismatch"], true);
    for arm in results["data"].as_array().unwrap() {
        assert_eq!(arm["conclusion"], "investigate", "{arm}");
    }
}

#[test]
fn what_has_not_started_has_no_results() {
    let server = TestServer::start();
    let mut plan = plan("later");
    plan["starts_at"] = json!("2999-01-01T00:00:00Z");
    assert_eq!(declare(&server, &plan)["declared_late"], false);
    let results = server.get("/api/v1/experiments/later/results").expect(200);
    assert_eq!(
        (&results["status"], &results["data"], &results["balance"]),
        (&json!("planned"), &json!([]), &Value::Null)
    );
    // Nor has one of a feature that was never seen.
    declare(&server, &self::plan("empty"));
    let results = server.get("/api/v1/experiments/empty/results").expect(200);
    assert_eq!(results["data"][0]["conclusion"], "wait", "{results}");
}

#[test]
fn declarations_are_kept_by_name_until_they_are_deleted() {
    let server = TestServer::start();
    declare(&server, &plan("one"));
    declare(&server, &plan("two"));
    let listed = server.get("/api/v1/experiments").expect(200);
    let names: Vec<&Value> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| &own["name"])
        .collect();
    assert_eq!(names, ["two", "one"]);
    server
        .post("/api/v1/experiments", plan("one").to_string())
        .expect_problem(409, "conflict");
    // Only the end can be changed.
    patch(&server, "one", &json!({"margin": 0.5})).expect_problem(422, "invalid_body");
    patch(&server, "one", &json!({"ends_at": "2026-02-01T00:00:00Z"})).expect_problem(422, "invalid_body");
    patch(&server, "three", &json!({"ends_at": null})).expect_problem(404, "not_found");
    // What is not named stays, and null takes it away.
    let end = json!("2026-05-01T00:00:00Z");
    for (change, ends_at) in [
        (json!({"ends_at": end}), &end),
        (json!({}), &end),
        (json!({"ends_at": null}), &Value::Null),
    ] {
        let changed = patch(&server, "one", &change).expect(200);
        assert_eq!(&changed["ends_at"], ends_at, "{change}");
    }
    let path = "/api/v1/experiments/one";
    assert_eq!(server.request("DELETE", path, Some(&server.key), &[], b"").status, 204);
    server
        .request("DELETE", path, Some(&server.key), &[], b"")
        .expect_problem(404, "not_found");
    server.get(path).expect_problem(404, "not_found");
    server.get(&format!("{path}/results")).expect_problem(404, "not_found");
}

#[test]
fn a_declaration_is_checked() {
    let server = TestServer::start();
    let refused = |change: &dyn Fn(&mut Value), status: u16, code: &str| {
        let mut plan = plan("x");
        change(&mut plan);
        server
            .post("/api/v1/experiments", plan.to_string())
            .expect_problem(status, code);
    };
    refused(&|plan| plan["name"] = json!("a/b"), 422, "invalid_body");
    refused(&|plan| plan["name"] = json!("x".repeat(101)), 422, "invalid_body");
    refused(
        &|plan| plan["primary_metric"] = json!("nonsense"),
        422,
        "unknown_metric",
    );
    refused(&|plan| plan["primary_metric"] = json!("shown"), 422, "invalid_body");
    refused(
        &|plan| plan["arms"].as_array_mut().unwrap().truncate(1),
        422,
        "invalid_body",
    );
    refused(&|plan| plan["arms"][1]["name"] = json!("control"), 422, "invalid_body");
    refused(&|plan| plan["arms"][1]["filters"] = json!([]), 422, "invalid_body");
    refused(
        &|plan| plan["arms"][1]["filters"][0]["dimension"] = json!("plan"),
        422,
        "unknown_dimension",
    );
    refused(&|plan| plan["arms"][1]["share"] = json!(0), 422, "invalid_body");
    refused(&|plan| plan["guardrails"][0]["margin"] = json!(0), 422, "invalid_body");
    refused(
        &|plan| plan["guardrails"] = json!(vec![plan["guardrails"][0].clone(); 11]),
        422,
        "invalid_body",
    );
    refused(&|plan| plan["margin"] = json!(-0.1), 422, "invalid_body");
    refused(&|plan| plan["planned_users"] = json!(0), 422, "invalid_body");
    refused(&|plan| plan["days_before"] = json!(366), 422, "invalid_body");
    refused(&|plan| plan["level"] = json!(0.3), 400, "invalid_parameter");
    refused(
        &|plan| plan["ends_at"] = json!("2026-02-01T00:00:00Z"),
        422,
        "invalid_body",
    );
    refused(&|plan| plan["more"] = json!(1), 422, "invalid_body");
    let five = |plan: &mut Value, arms: usize| {
        let arm = |n: usize| json!({"name": n.to_string(), "filters": [{"dimension": "variant", "op": "eq", "value": n.to_string()}]});
        plan["arms"] = (0..arms).map(arm).collect();
    };
    refused(&|plan| five(plan, 6), 422, "invalid_body");
    let mut plan = plan("x");
    five(&mut plan, 5);
    declare(&server, &plan);
}

#[test]
fn a_project_has_so_many_experiments() {
    let server = TestServer::start();
    for number in 0..200 {
        declare(&server, &plan(&number.to_string()));
    }
    server
        .post("/api/v1/experiments", plan("one more").to_string())
        .expect_problem(409, "conflict");
    let path = "/api/v1/experiments/7";
    assert_eq!(server.request("DELETE", path, Some(&server.key), &[], b"").status, 204);
    declare(&server, &plan("one more"));
}
