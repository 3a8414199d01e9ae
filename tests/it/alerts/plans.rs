//! What a rule must be.

use calibrant::domain::scope::Scope;
use serde_json::json;

use super::rules::{create, threshold};
use crate::support::TestServer;

#[test]
fn what_a_rule_must_be() {
    let server = TestServer::start();
    for (rule, says) in [
        (threshold(&json!({"name": " "})), "`name`"),
        (threshold(&json!({"name": "n".repeat(257)})), "`name`"),
        (threshold(&json!({"feature": ""})), "`feature`"),
        (threshold(&json!({"side": "either"})), "`side`"),
        (threshold(&json!({"side": null})), "`side`"),
        (threshold(&json!({"threshold": null})), "`threshold`"),
        (
            threshold(&json!({"threshold": 80})),
            "`threshold`: `acceptance_rate` is a share: from 0 to 1",
        ),
        (
            threshold(&json!({"threshold": -1.1, "metric": "trust_gap"})),
            "`threshold`: `trust_gap` is a difference of shares: from -1 to 1",
        ),
        (threshold(&json!({"threshold": -1, "metric": "shown"})), "`threshold`"),
        (threshold(&json!({"metric": null})), "`metric`"),
        (threshold(&json!({"hysteresis": -0.1})), "`hysteresis`"),
        (threshold(&json!({"window_days": 0})), "`window_days`"),
        (threshold(&json!({"window_days": 91})), "`window_days`"),
        (threshold(&json!({"min_n": 0})), "`min_n`"),
        (threshold(&json!({"min_n": 1_000_000_001_u64})), "`min_n`"),
        (threshold(&json!({"min_users": 0})), "`min_users`"),
        (threshold(&json!({"alpha": 0})), "`alpha`"),
        (threshold(&json!({"alpha": 0.51})), "`alpha`"),
        (threshold(&json!({"hours": 3})), "`hours`"),
        (
            json!({"name": "n", "kind": "change", "metric": "acceptance_rate", "threshold": 1}),
            "`threshold`",
        ),
        (
            json!({"name": "n", "kind": "change", "metric": "decision_time_p50"}),
            "`metric`",
        ),
        (
            json!({"name": "n", "kind": "change", "metric": "acceptance_rate", "baseline_days": 6}),
            "`baseline_days`",
        ),
        (
            json!({"name": "n", "kind": "change", "metric": "acceptance_rate", "baseline_days": 91}),
            "`baseline_days`",
        ),
        (json!({"name": "n", "kind": "no_data", "hours": 0}), "`hours`"),
        (json!({"name": "n", "kind": "no_data", "hours": 169}), "`hours`"),
        (json!({"name": "n", "kind": "no_data", "alpha": 0.05}), "`alpha`"),
        (
            json!({"name": "n", "kind": "verdict", "metric": "trust_gap"}),
            "`metric`",
        ),
    ] {
        let problem = create(&server, &rule).expect_problem(422, "invalid_body");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(says), "{rule}: {detail}");
        let tried = server.post("/api/v1/alerts/dry-run", json!({"rule": rule}).to_string());
        assert_eq!(tried.expect_problem(422, "invalid_body")["detail"], problem["detail"]);
    }
    create(&server, &threshold(&json!({"metric": "nothing"}))).expect_problem(422, "unknown_metric");
    let filters = json!([{"dimension": "nothing", "op": "eq", "value": "x"}]);
    create(&server, &threshold(&json!({"filters": filters}))).expect_problem(422, "unknown_dimension");
    for fine in [
        threshold(
            &json!({"name": "n".repeat(256), "metric": "decision_time_p50", "window_days": 90, "alpha": 0.5, "min_n": 1, "min_users": 1}),
        ),
        threshold(&json!({"metric": "shown", "feature": null})),
        json!({"name": "n", "kind": "change", "metric": "edit_distance", "baseline_days": 90, "side": "above"}),
        json!({"name": "n", "kind": "no_data", "hours": 168}),
        json!({"name": "n", "kind": "verdict", "feature": "f"}),
    ] {
        create(&server, &fine).expect(201);
    }
    for _ in 5..100 {
        create(&server, &json!({"name": "n", "kind": "verdict"})).expect(201);
    }
    create(&server, &json!({"name": "n", "kind": "verdict"})).expect_problem(409, "conflict");
    let reader = server.key_with(&[Scope::Read]);
    server
        .post_as(&reader, "/api/v1/alerts", threshold(&json!({})).to_string())
        .expect_problem(403, "forbidden");
    let days = |days: i64, kind: &str| {
        let rule = json!({"name": "n", "kind": kind});
        server.post_as(
            &reader,
            "/api/v1/alerts/dry-run",
            json!({"rule": rule, "days": days}).to_string(),
        )
    };
    for (kind, most) in [("verdict", 180), ("no_data", 60)] {
        days(most, kind).expect(200);
        days(most + 1, kind).expect_problem(422, "invalid_body");
        days(0, kind).expect_problem(422, "invalid_body");
    }
}

/// The catalogue says which metrics a change is found in.
#[test]
fn changes_are_found_in_what_the_catalogue_calls_a_ratio() {
    let server = TestServer::start();
    let catalogue = server.get("/api/v1/metrics").expect(200);
    let metrics = catalogue["data"].as_array().unwrap();
    let ratios = metrics.iter().filter(|metric| metric["is_ratio"] == true).count();
    assert!(0 < ratios && ratios < metrics.len(), "{ratios} of {}", metrics.len());
    for metric in metrics {
        let rule = json!({"name": "n", "kind": "change", "metric": metric["id"]});
        let answer = server.post("/api/v1/alerts/dry-run", json!({"rule": rule}).to_string());
        let status = if metric["is_ratio"] == true { 200 } else { 422 };
        assert_eq!(answer.status, status, "{}", metric["id"]);
    }
}
