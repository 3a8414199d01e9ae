//! Receipts, and the audit log.

use calibrant::domain::scope::Scope;
use serde_json::{Value, json};

use super::{PATH, erase, found, of_others, of_user, receipt, send};
use crate::support::TestServer;

#[test]
fn an_erasure_can_be_asked_for_again() {
    let server = TestServer::start();
    send(&server, &server.key, &of_others());
    send(&server, &server.key, &of_user());
    let first = erase(&server);
    let again = erase(&server);
    assert_eq!((&again["id"], &again["events"]), (&first["id"], &first["events"]));
    let path = format!("/api/v1/erasures/{}", first["id"].as_str().unwrap());
    let vacuumed = receipt(&server, &path, "vacuumed_at");
    assert!(!vacuumed.to_string().contains("anna"), "{vacuumed}");
    assert_eq!(vacuumed["state"], "done");

    // Somebody of whom there was nothing is not known from somebody of whom there was.
    let nobody = server.request("DELETE", "/api/v1/users/nobody", Some(&server.key), &[], b"");
    let nobody = receipt(&server, nobody.header("location").unwrap(), "finished_at");
    assert_eq!((&nobody["events"], &nobody["outputs"]), (&json!(0), &json!(0)));
    assert_eq!(found(&server.db), []);

    let (_, other) = server.project("other");
    server.get_as(&other, &path).expect_problem(404, "not_found");
    for scopes in [[Scope::Read], [Scope::Ingest]] {
        let key = server.key_with(&scopes);
        server
            .request("DELETE", PATH, Some(&key), &[], b"")
            .expect_problem(403, "forbidden");
        server.get_as(&key, &path).expect_problem(403, "forbidden");
        server.get_as(&key, "/api/v1/audit").expect_problem(403, "forbidden");
    }
    let long = format!("/api/v1/users/{}", "x".repeat(257));
    server
        .request("DELETE", &long, Some(&server.key), &[], b"")
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn what_admins_do_is_noted() {
    let server = TestServer::start();
    let call = |method: &str, path: &str, body: Value| {
        let answer = server.request(method, path, Some(&server.key), &[], body.to_string().as_bytes());
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        serde_json::from_slice::<Value>(&answer.body).unwrap_or_default()
    };
    let key = call(
        "POST",
        "/api/v1/keys",
        json!({"name": "for a test", "scopes": ["read"]}),
    );
    let key = key["id"].as_str().unwrap();
    call("DELETE", &format!("/api/v1/keys/{key}"), json!(null));
    call(
        "PATCH",
        "/api/v1/projects/current",
        json!({"retain_texts_days": 30, "retain_events_days": null}),
    );
    call("PATCH", "/api/v1/projects/current", json!({"dimensions": ["plan"]}));
    call("POST", "/api/v1/projects", json!({"name": "other"}));
    let arm = |name: &str| json!({"name": name, "filters": [{"dimension": "version", "op": "eq", "value": name}]});
    call(
        "POST",
        "/api/v1/experiments",
        json!({"name": "e", "feature": "f", "primary_metric": "acceptance_rate", "margin": 0.01,
        "arms": [arm("a"), arm("b")], "starts_at": "2026-01-01T00:00:00Z"}),
    );
    call("PATCH", "/api/v1/experiments/e", json!({"ends_at": null}));
    call("DELETE", "/api/v1/experiments/e", json!(null));
    let change = json!({"title": "shorter", "kind": "prompt", "note": "anna said so", "made_at": "2026-01-01T00:00:00Z", "feature": "f",
        "expected": 0.05});
    let change = call("POST", "/api/v1/changes", change);
    let change = change["id"].as_str().unwrap();
    let correction = json!({"title": "much shorter", "note": "anna and others"});
    call("PATCH", &format!("/api/v1/changes/{change}"), correction);
    call("DELETE", &format!("/api/v1/changes/{change}"), json!(null));
    let receipt = erase(&server);
    call("PATCH", PATH, json!({"admits_from": "2026-06-01T00:00:00Z"}));
    // What fails is not done.
    server
        .post("/api/v1/projects", r#"{"name":"other"}"#)
        .expect_problem(409, "conflict");
    server
        .request("DELETE", "/api/v1/experiments/e", Some(&server.key), &[], b"")
        .expect_problem(404, "not_found");

    let log = server.get("/api/v1/audit").expect(200);
    let done: Vec<&str> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    let newest_first = [
        "user_admitted",
        "user_erased",
        "change_deleted",
        "change_corrected",
        "change_logged",
        "experiment_deleted",
        "experiment_changed",
        "experiment_declared",
        "project_created",
        "project_changed",
        "project_changed",
        "key_revoked",
        "key_created",
    ];
    assert_eq!(done, newest_first);
    let entry = |place: usize| &log["data"][place];
    assert_eq!(entry(1)["subject"], receipt["id"]);
    assert_eq!(
        (&entry(3)["subject"], &entry(3)["detail"]),
        (&json!(change), &json!({"title": "much shorter"}))
    );
    assert_eq!(
        (&entry(4)["detail"]["title"], &entry(4)["detail"]["expected"]),
        (&json!("shorter"), &json!(0.05))
    );
    assert_eq!(
        entry(10)["detail"],
        json!({"retain_texts_days": 30, "retain_events_days": null})
    );
    assert_eq!(
        (&entry(12)["subject"], &entry(12)["detail"]),
        (&json!(key), &json!({"name": "for a test", "scopes": ["read"]}))
    );
    assert!(
        entry(0)["key_id"].is_string() && !log.to_string().contains("anna"),
        "{log}"
    );

    // Page by page, and of one kind.
    let mut paged = Vec::new();
    let mut path = "/api/v1/audit?limit=3".to_owned();
    loop {
        let page = server.get(&path).expect(200);
        paged.extend(page["data"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/audit?limit=3&cursor={cursor}");
    }
    assert_eq!(json!(paged), log["data"]);
    let changes = server.get("/api/v1/audit?action=project_changed").expect(200);
    assert_eq!(changes["data"].as_array().unwrap().len(), 2);
    server
        .get("/api/v1/audit?action=nothing")
        .expect_problem(400, "invalid_parameter");
    server
        .get("/api/v1/audit?cursor=x")
        .expect_problem(400, "invalid_parameter");
    server
        .get("/api/v1/audit?limit=501")
        .expect_problem(400, "invalid_parameter");
    // Another project's log is its own: it begins with its making.
    let (_, other) = server.project("other");
    let theirs = server.get_as(&other, "/api/v1/audit").expect(200);
    assert_eq!(theirs["data"].as_array().unwrap().len(), 1);
}
