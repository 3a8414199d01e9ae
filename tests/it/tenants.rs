//! No key reaches another project's data, and no key reaches more than its scopes.

use calibrant::domain::scope::Scope;
use calibrant::server;
use serde_json::{Value, json};
use utoipa::openapi::path::PathItem;

use crate::support::{Answer, TestServer, tables};

/// Planted in every field of the first project.
const MARKER: &str = "Wolverine";
/// The routes that need no key.
const OPEN: [&str; 3] = ["/api/v1/health/live", "/api/v1/health/ready", "/metrics"];
/// Signing in needs no key but the one in its body.
const SIGN_IN: (&str, &str) = ("POST", "/api/v1/session");

/// Every route of the API as documented: method and path template.
fn routes() -> Vec<(&'static str, String)> {
    let methods = |item: &PathItem| {
        let all = [
            ("GET", item.get.is_some()),
            ("POST", item.post.is_some()),
            ("PUT", item.put.is_some()),
            ("PATCH", item.patch.is_some()),
            ("DELETE", item.delete.is_some()),
        ];
        all.into_iter().filter_map(|(method, known)| known.then_some(method))
    };
    let api = server::openapi();
    let found: Vec<_> = api
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| methods(item).map(|method| (method, path.clone())))
        .collect();
    assert!(found.len() >= 20, "{found:?}");
    found
}

/// A path with the marker, or the id of a key, where the template has a parameter.
fn path_to(template: &str, key_id: &str) -> String {
    let name = match template {
        "/api/v1/keys/{id}" | "/api/v1/erasures/{id}" => key_id,
        // Erasing the marker would leave nothing to be told.
        "/api/v1/users/{user_id}" => "nobody",
        _ => MARKER,
    };
    template
        .split('/')
        .map(|part| match part {
            "{run}" => key_id,
            _ if part.starts_with('{') => name,
            _ => part,
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// A body that each route that takes one takes.
fn body_for(template: &str) -> Value {
    match template {
        "/api/v1/events" => json!({"type": "accept", "output_id": "own", "feature": "own"}),
        "/api/v1/query" => json!({"metrics": ["shown"], "group_by": ["feature", "version"]}),
        "/api/v1/links" => json!({"path": "/api/v1/outputs"}),
        "/api/v1/keys" => json!({"name": "own", "scopes": ["read"]}),
        "/api/v1/projects" => json!({"name": "own"}),
        "/api/v1/projects/current" => json!({}),
        "/api/v1/experiments" => experiment("own"),
        "/api/v1/experiments/{experiment}" => json!({"ends_at": null}),
        "/api/v1/users/{user_id}" => json!({"admits_from": "2026-01-01T00:00:00Z"}),
        "/api/v1/changes" => change("own"),
        "/api/v1/evals" => json!({"name": "own"}),
        "/api/v1/evals/{set}" | "/api/v1/evals/{set}/cases/{case}" | "/api/v1/evals/{set}/cases/from-feedback" => {
            json!({})
        }
        "/api/v1/evals/{set}/cases" => json!({"cases": [{"case": "own", "input": "own"}]}),
        "/api/v1/evals/{set}/runs" => json!({"name": "own", "results": [{"case": "own", "score": 1}]}),
        "/api/v1/alerts" => alert("own"),
        "/api/v1/alerts/dry-run" => json!({"rule": alert("own"), "days": 7}),
        "/api/v1/alerts/{id}" | "/api/v1/webhooks/{id}" => json!({"enabled": true}),
        "/api/v1/webhooks" => json!({"name": "own", "url": "https://1.1.1.1/own"}),
        "/api/v1/session" => json!({"key": "cal_sk_0"}),
        _ => json!(null),
    }
}

fn change(name: &str) -> Value {
    json!({"title": name, "kind": "prompt", "note": name, "by": name, "made_at": "2026-01-01T00:00:00Z", "feature": name,
        "versions": [name], "aim": {"reason": name}, "expected": 0.05})
}

fn alert(name: &str) -> Value {
    json!({"name": name, "kind": "threshold", "metric": "acceptance_rate", "feature": name, "side": "below", "threshold": 0.5,
        "filters": [{"dimension": "version", "op": "eq", "value": name}]})
}

fn experiment(name: &str) -> Value {
    let arm = |name: &str| json!({"name": name, "filters": [{"dimension": "version", "op": "eq", "value": name}]});
    json!({"name": name, "feature": name, "primary_metric": "acceptance_rate", "margin": 0.01, "arms": [arm(name), arm("other")],
        "starts_at": "2026-01-01T00:00:00Z"})
}

fn call(server: &TestServer, method: &str, template: &str, key: Option<&str>, key_id: &str, query: &str) -> Answer {
    let query = match template {
        "/api/v1/series" if query.is_empty() => "?metrics=shown",
        "/api/v1/exports/preferences.jsonl" | "/api/v1/exports/sft.jsonl" if query.is_empty() => "?consent=all",
        _ => query,
    };
    let path = format!("{}{query}", path_to(template, key_id));
    let body = body_for(template).to_string();
    server.request(
        method,
        &path,
        key,
        &[],
        if method == "GET" { b"" } else { body.as_bytes() },
    )
}

/// A server whose default project has the marker wherever a client can put it; gives the id of a key of it, too.
fn planted() -> (TestServer, String) {
    let server = TestServer::start();
    let patch = json!({"dimensions": [MARKER]}).to_string();
    let answer = server.request(
        "PATCH",
        "/api/v1/projects/current",
        Some(&server.key),
        &[],
        patch.as_bytes(),
    );
    assert_eq!(answer.status, 200);
    let names = [
        "id",
        "output_id",
        "feature",
        "version",
        "model",
        "prompt_version",
        "variant",
        "environment",
        "user_id",
        "session_id",
        "input",
        "output",
        "final",
        "rater",
        "judge",
        "reason",
        "comment",
    ];
    let mut event = json!({"type": "judge", "correct": true, "confidence": 0.9});
    for name in names {
        event[name] = json!(MARKER);
    }
    event["attributes"] = json!({MARKER: MARKER});
    event["aliases"] = json!([format!("{MARKER}-alias")]);
    server.send(event.to_string());
    server.send(json!({"type": "accept", "output_id": MARKER}).to_string());
    let opinion = json!({"type": "judge", "correct": false, "output_id": MARKER, "judge": MARKER, "rubric": MARKER});
    server.send(opinion.to_string());
    server
        .post("/api/v1/events", json!({"type": MARKER}).to_string())
        .expect(207);
    let declared = experiment(MARKER).to_string();
    server.post("/api/v1/experiments", declared).expect(201);
    server.post("/api/v1/changes", change(MARKER).to_string()).expect(201);
    let set = json!({"name": MARKER, "description": MARKER}).to_string();
    server.post("/api/v1/evals", set).expect(201);
    let case = json!({"case": MARKER, "input": MARKER, "expected": MARKER, "rubric": MARKER, "tags": [MARKER], "output_id": MARKER});
    server
        .post(&format!("/api/v1/evals/{MARKER}/cases"), case.to_string())
        .expect(200);
    let results = json!([{"case": MARKER, "judge": MARKER, "score": 1, "output": MARKER, "comment": MARKER}]);
    let run = json!({"name": MARKER, "version": MARKER, "model": MARKER, "results": results}).to_string();
    server.post(&format!("/api/v1/evals/{MARKER}/runs"), run).expect(201);
    server.post("/api/v1/alerts", alert(MARKER).to_string()).expect(201);
    let webhook = json!({"name": MARKER, "url": format!("https://1.1.1.1/{MARKER}")}).to_string();
    let webhook = server.post("/api/v1/webhooks", webhook).expect(201);
    // Nothing is sent from here.
    let path = format!("/api/v1/webhooks/{}", webhook["id"].as_str().unwrap());
    let off = json!({"enabled": false}).to_string();
    assert_eq!(
        server
            .request("PATCH", &path, Some(&server.key), &[], off.as_bytes())
            .status,
        200
    );
    let key = json!({"name": MARKER, "scopes": ["admin", "read"]}).to_string();
    let made = server.post("/api/v1/keys", key).expect(201);
    (server, made["id"].as_str().unwrap().to_owned())
}

#[test]
fn no_route_tells_another_project_anything() {
    let (server, key_id) = planted();
    let (_, other) = server.project("other");
    let mut seen = 0;
    for (method, template) in routes() {
        // Answers without a range, with one, and as CSV; a parameter that a route does not have is an error.
        for query in [
            "",
            "?from=2020-01-01T00:00:00Z&to=2035-01-01T00:00:00Z",
            "?format=csv",
            "?metrics=shown&group_by=feature",
        ] {
            let own = call(
                &server,
                method,
                &template,
                Some(&server.key),
                "0199b2c4-0000-7000-8000-000000000000",
                query,
            );
            seen += usize::from(own.status == 200 && own.text().contains(MARKER));
            let answer = call(&server, method, &template, Some(&other), &key_id, query);
            assert!(answer.status < 500, "{method} {template}: {}", answer.text());
            assert!(
                !answer.text().contains(MARKER),
                "{method} {template}{query}: {}",
                answer.text()
            );
            let headers = format!("{:?}", answer.headers);
            assert!(!headers.contains(MARKER), "{method} {template}{query}: {headers}");
        }
    }
    assert!(seen >= 10, "the marker shows in {seen} answers to its own project");

    // By name, things of the other project are not there.
    for path in [
        format!("/api/v1/outputs/{MARKER}"),
        format!("/api/v1/outputs/{MARKER}-alias"),
        format!("/api/v1/features/{MARKER}/trust"),
        format!("/api/v1/features/{MARKER}/calibration"),
        format!("/api/v1/features/{MARKER}/reliance"),
        format!("/api/v1/features/{MARKER}/agreement"),
        format!("/api/v1/features/{MARKER}/quality"),
        format!("/api/v1/features/{MARKER}/drift"),
    ] {
        assert_eq!(server.get(&path).status, 200, "{path}");
        server.get_as(&other, &path).expect_problem(404, "not_found");
    }
    // A dimension that only the first project declared is unknown to the other.
    let body = json!({"metrics": ["shown"], "group_by": [MARKER]}).to_string();
    assert_eq!(server.post("/api/v1/query", &body).status, 200);
    server
        .post_as(&other, "/api/v1/query", &body)
        .expect_problem(422, "unknown_dimension");
    // Its key cannot be revoked, and its event cannot be taken back.
    let path = format!("/api/v1/keys/{key_id}");
    server
        .request("DELETE", &path, Some(&other), &[], b"")
        .expect_problem(404, "not_found");
    let retract = json!({"type": "retract", "output_id": MARKER, "retracts": MARKER}).to_string();
    server.post_as(&other, "/api/v1/events", retract).expect(200);
    server.settle();
    assert_eq!(
        server.get(&format!("/api/v1/outputs/{MARKER}")).expect(200)["correct"],
        true
    );
    // Its rules, webhooks and deliveries are out of reach by their ids too.
    let id = |path: &str| {
        server.get(path).expect(200)["data"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (alert, webhook) = (id("/api/v1/alerts"), id("/api/v1/webhooks"));
    let sent = server
        .post(&format!("/api/v1/webhooks/{webhook}/test"), "{}")
        .expect(202);
    let delivery = sent["id"].as_str().unwrap();
    for (method, path) in [
        ("GET", format!("/api/v1/alerts/{alert}")),
        ("GET", format!("/api/v1/alerts/{alert}/history")),
        ("PATCH", format!("/api/v1/alerts/{alert}")),
        ("DELETE", format!("/api/v1/alerts/{alert}")),
        ("GET", format!("/api/v1/webhooks/{webhook}/deliveries")),
        ("POST", format!("/api/v1/webhooks/{webhook}/test")),
        ("PATCH", format!("/api/v1/webhooks/{webhook}")),
        ("DELETE", format!("/api/v1/webhooks/{webhook}")),
        ("POST", format!("/api/v1/deliveries/{delivery}/redeliver")),
    ] {
        server
            .request(method, &path, Some(&other), &[], b"{}")
            .expect_problem(404, "not_found");
    }
    // Numbers of the other project are its own: the events that the walk above sent.
    let own = server.get_as(&other, "/api/v1/status").expect(200);
    assert_eq!((&own["project"], &own["outputs"]), (&"other".into(), &1.into()));
    assert_eq!(own["rejected"], json!({}));
}

/// Everything that a request can be narrowed by, with the other project's names in it: what is found is one's own, or nothing.
#[test]
fn no_filter_reaches_another_project() {
    let (server, _) = planted();
    let (_, other) = server.project("other");
    // The same names, ids and idempotency keys in both projects are different things.
    let own = json!({"id": MARKER, "type": "accept", "output_id": "mine", "feature": "mine"}).to_string();
    let idempotent = json!({"type": "shown", "output_id": "mine", "feature": "mine"}).to_string();
    for key in [&server.key, &other] {
        let headers = [("idempotency-key", MARKER)];
        let answer = server.request("POST", "/api/v1/events", Some(key), &headers, idempotent.as_bytes());
        assert_eq!(answer.expect(200)["created"], 1);
    }
    assert_eq!(server.post_as(&other, "/api/v1/events", &own).expect(200)["created"], 1);
    let taken = server.post("/api/v1/events", &own).expect(207);
    assert_eq!(taken["results"][0]["code"], "id_conflict");
    server.settle();

    let filter = |dimension: &str| {
        let filters = json!([{"dimension": dimension, "op": "eq", "value": MARKER}]).to_string();
        format!("filters={}", percent_encoded(&filters))
    };
    let first = server.get("/api/v1/outputs?limit=1").expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let mut narrowed: Vec<String> = ["feature", "version", "user_id", "reason", "text"]
        .iter()
        .map(|name| format!("{name}={MARKER}"))
        .collect();
    let built_in = [
        "feature",
        "version",
        "model",
        "prompt_version",
        "variant",
        "environment",
    ];
    narrowed.extend(built_in.iter().map(|dimension| filter(dimension)));
    for parameters in &narrowed {
        let path = format!("/api/v1/outputs?{parameters}");
        assert_eq!(
            server.get(&path).expect(200)["data"].as_array().unwrap().len(),
            1,
            "{path}"
        );
        assert_eq!(server.get_as(&other, &path).expect(200)["data"], json!([]), "{path}");
    }
    // A cursor says where to go on, not in what.
    let listed = server
        .get_as(&other, &format!("/api/v1/outputs?cursor={cursor}"))
        .expect(200);
    assert!(!listed.to_string().contains(MARKER), "{listed}");
    let mine = server.get_as(&other, "/api/v1/outputs/mine").expect(200);
    assert_eq!(mine["history"].as_array().unwrap().len(), 2, "{mine}");

    for dimension in built_in {
        let question = json!({"metrics": ["shown"], "group_by": [dimension],
            "filters": [{"dimension": dimension, "op": "eq", "value": MARKER}]});
        let ask = |key: &str| server.post_as(key, "/api/v1/query", question.to_string()).expect(200);
        assert!(ask(&server.key).to_string().contains(MARKER), "{dimension}");
        assert!(!ask(&other).to_string().contains(MARKER), "{dimension}");
    }
    // The dimension that only the first project has, wherever one can be named.
    for path in [
        format!("/api/v1/series?metrics=shown&group_by={MARKER}"),
        format!("/api/v1/series?metrics=shown&{}", filter(MARKER)),
        format!("/api/v1/features?{}", filter(MARKER)),
        format!("/api/v1/outputs?{}", filter(MARKER)),
        format!("/api/v1/features/mine/trust?group_by={MARKER}"),
        format!("/api/v1/features/mine/calibration?group_by={MARKER}"),
        format!("/api/v1/features/mine/reliance?group_by={MARKER}"),
    ] {
        let own = server.get(&path.replace("/mine/", &format!("/{MARKER}/")));
        assert_eq!(own.status, 200, "{path}: {}", own.text());
        server.get_as(&other, &path).expect_problem(422, "unknown_dimension");
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

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
    let listed = server.get("/api/v1/keys").text();
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
