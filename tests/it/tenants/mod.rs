//! No key reaches another project's data, and no key reaches more than its scopes.

mod other_projects;
mod scopes;

use calibrant::server;
use serde_json::{Value, json};
use utoipa::openapi::path::PathItem;

use crate::support::{Answer, TestServer};

/// Planted in every field of the first project.
const MARKER: &str = "Wolverine";

/// Every route of the API as documented: method and path template.
pub fn routes() -> Vec<(&'static str, String)> {
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
        "/api/v1/exports/preferences.jsonl" | "/api/v1/exports/feedback.jsonl" | "/api/v1/exports/sft.jsonl"
            if query.is_empty() =>
        {
            "?consent=all"
        }
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
    let client = json!({"name": MARKER, "scopes": ["ingest"]}).to_string();
    let client = server.post("/api/v1/keys", client).expect(201);
    let refused = json!({"type": MARKER}).to_string();
    let client = client["key"].as_str().unwrap();
    server.post_as(client, "/api/v1/events", refused).expect(207);
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
