//! What cannot be answered is refused as a problem with a stable code.

use serde_json::{Value, json};

use super::project;
use crate::support::TestServer;

#[track_caller]
fn check(server: &TestServer, changes: Value, status: u16, code: &str) {
    let mut question = json!({"metrics": ["shown"]});
    for (name, value) in changes.as_object().unwrap() {
        question[name] = value.clone();
    }
    let problem = server
        .post("/api/v1/query", question.to_string())
        .expect_problem(status, code);
    assert!(problem["detail"].as_str().unwrap().len() > 10);
}

#[test]
fn questions_are_checked() {
    let server = project();
    let filter = |dimension: &str, op: &str, value: Value| json!({"filters": [{"dimension": dimension, "op": op, "value": value}]});
    for (changes, status, code) in [
        (json!({"metrics": ["shown", "fame"]}), 422, "unknown_metric"),
        (json!({"metrics": []}), 400, "invalid_parameter"),
        (json!({"metrics": ["shown", "shown"]}), 400, "invalid_parameter"),
        (json!({"metrics": "shown"}), 422, "invalid_body"),
        (json!({"group_by": ["team"]}), 422, "unknown_dimension"),
        (json!({"group_by": [""]}), 422, "unknown_dimension"),
        (json!({"group_by": ["feature", "feature"]}), 400, "invalid_parameter"),
        (
            json!({"group_by": ["plan", "attributes.plan"]}),
            400,
            "invalid_parameter",
        ),
        (
            json!({"group_by": ["feature", "version", "model", "variant", "plan", "environment"]}),
            400,
            "invalid_parameter",
        ),
        (filter("team", "eq", json!("x")), 422, "unknown_dimension"),
        (filter("feature", "like", json!("x")), 422, "invalid_body"),
        (filter("feature", "eq", json!(7)), 422, "invalid_body"),
        (filter("feature", "in", json!(vec!["x"; 201])), 422, "invalid_body"),
        (
            json!({"from": "2026-03-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"}),
            400,
            "invalid_parameter",
        ),
        (
            json!({"from": "2026-03-01", "to": "2026-03-02"}),
            400,
            "invalid_parameter",
        ),
        (json!({"timezone": "Mars/Olympus"}), 400, "invalid_parameter"),
        (json!({"level": 0.49}), 400, "invalid_parameter"),
        (json!({"level": 1.0}), 400, "invalid_parameter"),
        (json!({"granularity": "minute"}), 422, "invalid_body"),
        (json!({"interval": "wide"}), 422, "invalid_body"),
        (json!({"colour": "red"}), 422, "invalid_body"),
        (
            json!({"from": "2000-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "granularity": "hour"}),
            422,
            "answer_too_large",
        ),
    ] {
        check(&server, changes, status, code);
    }
    for (parameters, status, code) in [
        ("", 400, "invalid_parameter"),
        ("metrics=", 400, "invalid_parameter"),
        ("metrics=fame", 422, "unknown_metric"),
        ("metrics=shown&group_by=team", 422, "unknown_dimension"),
        ("metrics=shown&colour=red", 400, "invalid_parameter"),
        ("metrics=shown&level=much", 400, "invalid_parameter"),
        ("metrics=shown&filters=%5B1%5D", 400, "invalid_parameter"),
        ("metrics=shown&timezone=Mars", 400, "invalid_parameter"),
        ("metrics=shown&metrics=decided", 400, "invalid_parameter"),
    ] {
        server
            .get(&format!("/api/v1/series?{parameters}"))
            .expect_problem(status, code);
    }
}

#[test]
fn what_no_one_means_is_refused() {
    let server = project();
    for path in ["/api/v1/features/%00/trust", "/api/v1/outputs/a%00b"] {
        server.get(path).expect_problem(400, "invalid_parameter");
    }
    // An array is not read as the fields in order.
    server
        .post("/api/v1/query", r#"[["shown"]]"#)
        .expect_problem(422, "invalid_body");
    let positional = server.post("/api/v1/events", r#"[["id","accept","o"]]"#).expect(207);
    assert_eq!(positional["results"][0]["code"], "invalid_field");
    for name in ["feature", "time", "acceptance_rate", "a,b", ""] {
        let settings = json!({"dimensions": [name]}).to_string();
        let answer = server.request(
            "PATCH",
            "/api/v1/projects/current",
            Some(&server.key),
            &[],
            settings.as_bytes(),
        );
        answer.expect_problem(422, "invalid_body");
    }
    for parameters in [
        "confidence_from=5",
        "confidence_to=NaN",
        "edit_distance_to=1.1",
        &format!("text={}", "x".repeat(201)),
    ] {
        server
            .get(&format!("/api/v1/outputs?{parameters}"))
            .expect_problem(400, "invalid_parameter");
    }
}

#[test]
fn every_fault_of_http_is_a_problem() {
    let server = TestServer::start();
    let send = |method: &str, path: &str, body: &[u8]| server.request(method, path, Some(&server.key), &[], body);
    for path in [
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/query",
        "/api/v1/query/",
        "/api/v1/keys/x/y",
        "/Metrics",
    ] {
        send("GET", path, b"").expect_problem(404, "not_found");
        send("POST", path, b"{}").expect_problem(404, "not_found");
    }
    for (method, path, allow) in [
        ("GET", "/api/v1/events", "POST"),
        ("DELETE", "/api/v1/query", "GET, POST"),
        ("POST", "/api/v1/outputs", "GET"),
        ("PUT", "/api/v1/outputs/x", "GET"),
        ("DELETE", "/api/v1/keys", "GET, POST"),
        ("GET", "/api/v1/keys/x", "DELETE"),
        ("POST", "/api/v1/projects/current", "PATCH"),
        ("BREW", "/api/v1/features", "GET"),
        // A literal that a name may take the place of.
        ("PATCH", "/api/v1/alerts/dry-run", "POST"),
        ("GET", "/api/v1/alerts/dry-run", "POST"),
        ("POST", "/metrics", "GET"),
    ] {
        let answer = send(method, path, b"");
        answer.expect_problem(405, "method_not_allowed");
        let allowed = answer
            .header("allow")
            .unwrap()
            .replace("HEAD, ", "")
            .replace(", HEAD", "");
        assert_eq!(allowed, allow, "{method} {path}");
    }
    send("DELETE", "/api/v1/keys/x", b"").expect_problem(400, "invalid_parameter");

    let long = format!("{}{}", " ".repeat(256 * 1024), r#"{"metrics":["shown"]}"#);
    for (path, wrong) in [
        ("/api/v1/query", r#"{"metrics":7}"#),
        ("/api/v1/keys", r#"{"name":"x","scopes":["root"]}"#),
        ("/api/v1/projects", r#"{"name":""}"#),
    ] {
        send("POST", path, wrong.as_bytes()).expect_problem(422, "invalid_body");
        for broken in [&b""[..], b"{", b"{} {}", b"\xff", b"name=x"] {
            let answer = send("POST", path, broken);
            assert!([400, 422].contains(&answer.status), "{path}: {}", answer.text());
            answer.expect_problem(
                answer.status,
                if answer.status == 400 {
                    "invalid_json"
                } else {
                    "invalid_body"
                },
            );
        }
        send("POST", path, long.as_bytes()).expect_problem(413, "body_too_large");
    }
    let settings = |body: &str| send("PATCH", "/api/v1/projects/current", body.as_bytes());
    settings(r#"{"dimensions":["feature"]}"#).expect_problem(422, "invalid_body");
    settings(r#"{"horizon_seconds":0}"#).expect_problem(422, "invalid_body");
    settings("[").expect_problem(400, "invalid_json");
    settings(&long).expect_problem(413, "body_too_large");
}

#[test]
fn reads_answer_to_head_as_to_get() {
    let server = project();
    for path in [
        "/api/v1/metrics",
        "/api/v1/outputs?format=csv",
        "/api/v1/features",
        "/metrics",
        "/api/v1/health/live",
    ] {
        let answer = server.request("HEAD", path, Some(&server.key), &[], b"");
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
        assert_eq!(answer.header("content-type"), server.get(path).header("content-type"));
    }
}

/// What cannot be read is told with the name of its parameter, whichever comes first.
#[test]
fn a_parameter_that_cannot_be_read_is_named() {
    let server = project();
    for (path, detail) in [
        ("series?metrics=shown&level=much", "`level`: invalid float literal"),
        ("series?level=much&metrics=shown", "`level`: invalid float literal"),
        ("series?exact=maybe&metrics=shown", "`exact`: "),
        ("outputs?limit=x", "`limit`: invalid digit found in string"),
        (
            "compare?baseline=version%3Dv0&candidate=version%3Dv1&level=0.9&days_before=x",
            "`days_before`: ",
        ),
        ("series?metrics=shown&metrics=decided", "duplicate field `metrics`"),
        ("series?metrics=shown&colour=red", "there is no parameter `colour`"),
        ("series?level=0.9", "missing field `metrics`"),
    ] {
        let problem = server
            .get(&format!("/api/v1/{path}"))
            .expect_problem(400, "invalid_parameter");
        assert!(
            problem["detail"].as_str().unwrap().starts_with(detail),
            "{path}: {problem}"
        );
    }
}
