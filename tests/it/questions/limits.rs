//! Every limit on questions, listings, names and settings, at the limit and one beyond it. Those of events are in
//! `ingest/limits.rs`.

use calibrant::docs;
use serde_json::{Value, json};

use super::project;
use crate::support::{Answer, TestServer, check_generated};

#[test]
fn the_table_of_limits_is_up_to_date() {
    check_generated("docs/limits.md", &docs::limits());
}

fn ask(server: &TestServer, changes: Value) -> Answer {
    let mut question = json!({"metrics": ["shown"]});
    for (name, value) in changes.as_object().unwrap() {
        question[name] = value.clone();
    }
    server.post("/api/v1/query", question.to_string())
}

/// The first question must be answered, the second refused.
#[track_caller]
fn check(server: &TestServer, at_limit: Value, beyond: Value, status: u16, code: &str) {
    ask(server, at_limit).expect(200);
    ask(server, beyond).expect_problem(status, code);
}

#[test]
fn questions_have_limits() {
    let server = project();
    let catalogue = server.get("/api/v1/metrics").expect(200);
    let ids = |count: usize| -> Vec<Value> {
        let all = catalogue["data"].as_array().unwrap().iter();
        all.map(|metric| metric["id"].clone()).cycle().take(count).collect()
    };
    let distinct = catalogue["data"].as_array().unwrap().len().min(50);
    ask(&server, json!({"metrics": ids(distinct)})).expect(200);
    let refused = ask(&server, json!({"metrics": ids(51)})).expect_problem(400, "invalid_parameter");
    assert!(refused["detail"].as_str().unwrap().contains("1 to 50"), "{refused}");

    let dimensions = [
        "feature",
        "version",
        "model",
        "prompt_version",
        "variant",
        "environment",
    ];
    check(
        &server,
        json!({"group_by": dimensions[..5]}),
        json!({"group_by": dimensions}),
        400,
        "invalid_parameter",
    );
    let filters =
        |count: usize| json!({"filters": vec![json!({"dimension": "feature", "op": "eq", "value": "g"}); count]});
    check(&server, filters(20), filters(21), 400, "invalid_parameter");
    let values = |count: usize| json!({"filters": [{"dimension": "feature", "op": "in", "value": vec!["g"; count]}]});
    check(&server, values(200), values(201), 422, "invalid_body");
    for (least, less) in [(0.5, 0.499_999), (0.9999, 0.999_91)] {
        check(
            &server,
            json!({"level": least}),
            json!({"level": less}),
            400,
            "invalid_parameter",
        );
    }
    let hours = |end: &str| json!({"granularity": "hour", "from": "2026-01-01T00:00:00Z", "to": end});
    check(
        &server,
        hours("2026-04-11T00:00:00Z"),
        hours("2026-04-11T00:00:00.001Z"),
        422,
        "answer_too_large",
    );
    // A name of a dimension may be as long as one can be declared.
    let name = "n".repeat(64);
    declare(&server, std::slice::from_ref(&name)).expect(200);
    check(
        &server,
        json!({"group_by": [format!("attributes.{name}")]}),
        json!({"group_by": [format!("attributes.{name}n")]}),
        422,
        "unknown_dimension",
    );
    let padded = |bytes: usize| format!("{}{}", " ".repeat(bytes - 21), r#"{"metrics":["shown"]}"#);
    server.post("/api/v1/query", padded(256 * 1024)).expect(200);
    server
        .post("/api/v1/query", padded(256 * 1024 + 1))
        .expect_problem(413, "body_too_large");
}

#[test]
fn answers_have_limits() {
    let server = TestServer::start();
    let shown = |number: usize| json!({"type": "shown", "output_id": format!("o{number}"), "feature": format!("f{number}"), "occurred_at": "2026-03-01T00:00:00Z"});
    server.send(Value::from_iter((0..1_000).map(shown)).to_string());
    let grouped = |to: &str| json!({"group_by": ["feature"], "granularity": "hour", "from": "2026-03-01T00:00:00Z", "to": format!("2026-03-03T{to}Z")});
    assert_eq!(
        ask(&server, json!({"group_by": ["feature"]})).expect(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        1_000
    );
    // 1000 groups in 50 buckets, and in 51.
    check(
        &server,
        grouped("02:00:00"),
        grouped("02:00:01"),
        422,
        "answer_too_large",
    );
    server.send(shown(1_000).to_string());
    ask(&server, json!({"group_by": ["feature"]})).expect_problem(422, "answer_too_large");
}

#[test]
fn listings_have_limits() {
    let server = project();
    for (at_limit, beyond) in [
        ("limit=1".to_owned(), "limit=0".to_owned()),
        ("limit=500".to_owned(), "limit=501".to_owned()),
        (format!("text={}", "x".repeat(200)), format!("text={}", "x".repeat(201))),
        (
            format!("reason={}", "x".repeat(256)),
            format!("reason={}", "x".repeat(257)),
        ),
        (
            format!("user_id={}", "x".repeat(256)),
            format!("user_id={}", "x".repeat(257)),
        ),
        (
            "confidence_from=0&confidence_to=1".to_owned(),
            "confidence_to=1.0000001".to_owned(),
        ),
        (
            "edit_distance_from=0&edit_distance_to=1".to_owned(),
            "edit_distance_from=-0.0000001".to_owned(),
        ),
        ("from=0".to_owned(), "from=-1".to_owned()),
        (
            "to=9998-12-31T23:59:59Z".to_owned(),
            "to=9999-01-01T00:00:00Z".to_owned(),
        ),
    ] {
        server.get(&format!("/api/v1/outputs?{at_limit}")).expect(200);
        server
            .get(&format!("/api/v1/outputs?{beyond}"))
            .expect_problem(400, "invalid_parameter");
    }
}

fn declare(server: &TestServer, dimensions: &[String]) -> Answer {
    patch(server, json!({"dimensions": dimensions}))
}

fn patch(server: &TestServer, settings: Value) -> Answer {
    server.request(
        "PATCH",
        "/api/v1/projects/current",
        Some(&server.key),
        &[],
        settings.to_string().as_bytes(),
    )
}

#[test]
fn names_and_settings_have_limits() {
    let server = TestServer::start();
    let key = |name: &str| server.post("/api/v1/keys", json!({"name": name, "scopes": ["read"]}).to_string());
    let made = |name: &str| server.post("/api/v1/projects", json!({"name": name}).to_string());
    let longest = "ß".repeat(100);
    key(&longest).expect(201);
    made(&longest).expect(201);
    for name in ["", " ", "\u{2003}\u{a0}", "a\nb", "a\u{0}", &format!("{longest}ß")] {
        key(name).expect_problem(422, "invalid_body");
        made(name).expect_problem(422, "invalid_body");
    }
    for feature in [" ", "\u{3000}"] {
        let event = json!({"type": "accept", "output_id": "o", "feature": feature}).to_string();
        let answer = server.post("/api/v1/events", event).expect(207);
        assert_eq!(answer["results"][0]["code"], "invalid_length");
    }
    let names = |count: usize| -> Vec<String> { (0..count).map(|number| format!("d{number}")).collect() };
    declare(&server, &names(10)).expect(200);
    declare(&server, &names(11)).expect_problem(422, "invalid_body");
    declare(&server, &["n".repeat(64)]).expect(200);
    declare(&server, &["n".repeat(65)]).expect_problem(422, "invalid_body");
    declare(&server, &[" ".to_owned()]).expect_problem(422, "invalid_body");
    for (seconds, status) in [(0, 422), (1, 200), (31_536_000, 200), (31_536_001, 422)] {
        assert_eq!(patch(&server, json!({"horizon_seconds": seconds})).status, status);
    }
}

#[test]
fn objects_and_words_are_written_as_such() {
    let server = project();
    for changes in [
        json!({"filters": [["feature", "eq", "g"]]}),
        json!({"filters": {"dimension": "feature", "op": "eq", "value": "g"}}),
        json!({"filters": [{"dimension": "feature", "op": {"eq": null}, "value": "g"}]}),
        json!({"granularity": {"day": null}}),
        json!({"interval": ["wilson"]}),
        json!({"format": {"csv": null}}),
    ] {
        ask(&server, changes).expect_problem(422, "invalid_body");
    }
    server
        .get("/api/v1/series?metrics=shown&filters=%5B%5B%22feature%22,%22eq%22,%22g%22%5D%5D")
        .expect_problem(400, "invalid_parameter");
    let scopes = json!({"name": "n", "scopes": [{"admin": null}]}).to_string();
    server.post("/api/v1/keys", scopes).expect_problem(422, "invalid_body");
}

#[test]
fn the_last_admin_key_stays() {
    let server = TestServer::start();
    let revoke = |key: &str, id: &Value| {
        let path = format!("/api/v1/keys/{}", id.as_str().unwrap());
        server.request("DELETE", &path, Some(key), &[], b"")
    };
    let own = server.get("/api/v1/keys").expect(200)["data"][0]["id"].clone();
    let reader = server
        .post("/api/v1/keys", r#"{"name":"reader","scopes":["read"]}"#)
        .expect(201);
    let refused = revoke(&server.key, &own).expect_problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("last admin key"));
    assert_eq!(revoke(&server.key, &reader["id"]).status, 204);
    let second = server
        .post("/api/v1/keys", r#"{"name":"second","scopes":["admin"]}"#)
        .expect(201);
    assert_eq!(revoke(&server.key, &own).status, 204);
    server.get("/api/v1/keys").expect_problem(401, "unauthenticated");
    let second_key = second["key"].as_str().unwrap();
    revoke(second_key, &second["id"]).expect_problem(409, "conflict");
    assert_eq!(server.get_as(second_key, "/api/v1/keys").status, 200);
}
