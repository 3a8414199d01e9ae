//! What belongs to another project is as if it were not there.

use serde_json::json;

use super::{MARKER, call, planted, routes};

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
        format!("/api/v1/features/{MARKER}"),
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
        ("POST", format!("/api/v1/webhooks/{webhook}/digest")),
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
