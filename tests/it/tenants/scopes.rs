//! What a key may reach, and where keys are.

use calibrant::domain::scope::Scope;
use serde_json::json;

use super::{MARKER, call, planted, routes};
use crate::support::{TestServer, tables};

/// The routes that need no key.
const OPEN: [&str; 3] = ["/api/v1/health/live", "/api/v1/health/ready", "/metrics"];
/// Signing in needs no key but the one in its body.
const SIGN_IN: (&str, &str) = ("POST", "/api/v1/session");

#[test]
fn only_health_and_service_metrics_need_no_key() {
    let (server, key_id) = planted();
    let revoked = server.key_with(&Scope::ALL);
    let listed = server.get("/api/v1/keys").expect(200);
    let id = listed["data"].as_array().unwrap().last().unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(server.get_as(&revoked, "/api/v1/features").status, 200);
    let path = format!("/api/v1/keys/{id}");
    assert_eq!(server.request("DELETE", &path, Some(&server.key), &[], b"").status, 204);
    server
        .request("DELETE", &path, Some(&server.key), &[], b"")
        .expect_problem(404, "not_found");

    for (method, template) in routes() {
        if OPEN.contains(&template.as_str()) {
            let answer = call(&server, method, &template, None, &key_id, "");
            assert_eq!(answer.status, 200, "{template}");
            assert!(!answer.text().contains(MARKER), "{template}");
            continue;
        }
        for key in [None, Some(revoked.as_str()), Some("cal_sk_0"), Some("")] {
            let answer = call(&server, method, &template, key, &key_id, "");
            assert_eq!(
                answer.status,
                401,
                "{method} {template} with {key:?}: {}",
                answer.text()
            );
            answer.expect_problem(401, "unauthenticated");
        }
    }
    // Who has no key learns nothing of what is wrong with the rest of the request either.
    for (method, path) in [
        ("POST", "/api/v1/query"),
        ("POST", "/api/v1/keys"),
        ("GET", "/api/v1/series?x=y"),
    ] {
        for key in [None, Some("cal_sk_0")] {
            server
                .request(method, path, key, &[], b"{")
                .expect_problem(401, "unauthenticated");
        }
        let browser = server.key_with(&[Scope::Ingest]);
        server
            .request(method, path, Some(&browser), &[], b"{")
            .expect_problem(403, "forbidden");
    }
}

/// Checks what a key of some scopes may reach.
#[track_caller]
fn check_scopes(server: &TestServer, scopes: &[Scope], allowed: impl Fn(&str, &str) -> bool) {
    let key = server.key_with(scopes);
    assert_eq!(key.starts_with("cal_pk_"), scopes == [Scope::Ingest]);
    for (method, template) in routes() {
        let answer = call(
            server,
            method,
            &template,
            Some(&key),
            "0199b2c4-0000-7000-8000-000000000000",
            "",
        );
        if (method, template.as_str()) == SIGN_IN {
            answer.expect_problem(401, "unauthenticated");
        } else if OPEN.contains(&template.as_str()) || allowed(method, &template) {
            assert!(
                ![401, 403].contains(&answer.status),
                "{scopes:?} {method} {template}: {}",
                answer.text()
            );
        } else {
            assert_eq!(answer.status, 403, "{scopes:?} {method} {template}: {}", answer.text());
            answer.expect_problem(403, "forbidden");
        }
    }
}

#[test]
fn a_key_reaches_what_its_scopes_say_and_no_more() {
    let server = TestServer::start();
    let writes = |template: &str| template == "/api/v1/events";
    let manages = |method: &str, template: &str| {
        if template == "/api/v1/alerts/dry-run" {
            return false;
        }
        let declares = [
            "/api/v1/projects",
            "/api/v1/experiments",
            "/api/v1/changes",
            "/api/v1/evals",
            "/api/v1/alerts",
            "/api/v1/webhooks",
            "/api/v1/deliveries",
        ];
        let administers = ["/api/v1/keys", "/api/v1/users", "/api/v1/erasures", "/api/v1/audit"];
        administers.iter().any(|path| template.starts_with(path))
            || (declares.iter().any(|path| template.starts_with(path)) && method != "GET")
    };
    let own = |template: &str| template == "/api/v1/session";
    check_scopes(&server, &[Scope::Ingest], |_, template| {
        writes(template) || own(template)
    });
    check_scopes(&server, &[Scope::Admin], |method, template| {
        manages(method, template) || own(template)
    });
    check_scopes(&server, &[Scope::Read], |method, template| {
        !writes(template) && !manages(method, template)
    });
    check_scopes(&server, &Scope::ALL, |_, _| true);
    // A key of a project that is not the first makes no projects.
    let (_, other) = server.project("other");
    server
        .post_as(&other, "/api/v1/projects", r#"{"name":"third"}"#)
        .expect_problem(403, "forbidden");
}

#[test]
fn keys_are_told_once_and_stored_nowhere() {
    let server = TestServer::start();
    let browser = server
        .post("/api/v1/keys", r#"{"name":"web","scopes":["ingest","ingest"]}"#)
        .expect(201);
    let project = server.post("/api/v1/projects", r#"{"name":"second"}"#).expect(201);
    let keys = [&browser["key"], &project["admin_key"], &json!(server.key)].map(|key| key.as_str().unwrap().to_owned());
    assert!(keys[0].starts_with("cal_pk_") && keys[1].starts_with("cal_sk_"));
    assert_eq!(server.get_as(&keys[1], "/api/v1/features").status, 200);
    server
        .post_as(&keys[0], "/api/v1/events", r#"{"type":"accept","output_id":"o"}"#)
        .expect(200);

    let stored = tables::everything(&server.db);
    let listed = server.get("/api/v1/keys");
    let of_browser = |key: &&serde_json::Value| key["id"] == browser["id"];
    let again = listed.json()["data"]
        .as_array()
        .unwrap()
        .iter()
        .find(of_browser)
        .cloned();
    assert_eq!(again.unwrap()["created_at"], browser["created_at"]);
    let listed = listed.text();
    for key in &keys {
        // Nothing past the first characters, which tell keys apart.
        let secret = &key[14..];
        assert!(stored.iter().all(|(_, row)| !row.contains(secret)));
        assert!(!listed.contains(secret));
    }
    assert!(
        stored
            .iter()
            .any(|(table, row)| table == "api_keys" && row.contains("cal_pk_"))
    );
}
