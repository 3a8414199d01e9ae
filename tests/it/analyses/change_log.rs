//! Changes, logged: what is taken, corrected and refused.

use std::thread;
use std::time::{Duration, Instant};

use calibrant::store::{StoreError, changes, projects};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::changes::{log, patch, plan};
use crate::support::{TestServer, tables};

#[test]
fn the_log_is_kept_and_checked() {
    let server = TestServer::start();
    let id = log(
        &server,
        &plan("f", "2026-03-09T00:00:00Z", &json!({"by": "editors", "note": "why"})),
    );
    let path = format!("/api/v1/changes/{id}");
    let right = patch(&server, &id, &json!({"title": "a better title", "kind": "ui"})).expect(200);
    assert_eq!(
        (&right["title"], &right["kind"], &right["by"], &right["note"]),
        (&json!("a better title"), &json!("ui"), &json!("editors"), &json!("why"))
    );
    assert_eq!(server.get(&path).expect(200), right);
    // What it was to do stays.
    patch(&server, &id, &json!({"expected": 0.01})).expect_problem(422, "invalid_body");
    patch(&server, &id, &json!({"title": " "})).expect_problem(422, "invalid_body");
    assert_eq!(server.request("DELETE", &path, Some(&server.key), &[], b"").status, 204);
    server
        .request("DELETE", &path, Some(&server.key), &[], b"")
        .expect_problem(404, "not_found");
    server.get(&path).expect_problem(404, "not_found");
    server.get(&format!("{path}/effect")).expect_problem(404, "not_found");

    let refused = |more: Value, status: u16, code: &str| {
        let plan = plan("f", "2026-03-09T00:00:00Z", &more).to_string();
        server.post("/api/v1/changes", plan).expect_problem(status, code);
    };
    refused(json!({"title": ""}), 422, "invalid_body");
    refused(json!({"kind": "magic"}), 422, "invalid_body");
    refused(json!({"expected": 0}), 422, "invalid_body");
    refused(json!({"metric": "nonsense"}), 422, "unknown_metric");
    refused(json!({"metric": "shown"}), 422, "invalid_body");
    refused(
        json!({"aim": {"filters": [{"dimension": "plan", "op": "eq", "value": "pro"}]}}),
        422,
        "unknown_dimension",
    );
    refused(json!({"aim": {"reason": "x".repeat(257)}}), 422, "invalid_body");
    refused(json!({"note": "x".repeat(10_001)}), 422, "invalid_body");
    refused(json!({"versions": vec!["v"; 21]}), 422, "invalid_body");
    refused(json!({"more": 1}), 422, "invalid_body");
    for parameter in ["weeks=9", "weeks=0", "limit=101", "level=0.2", "other=1"] {
        let problem = server.get(&format!("/api/v1/changes?{parameter}"));
        problem.expect_problem(400, "invalid_parameter");
    }
}

#[test]
fn corrections_at_the_same_time_are_all_kept() {
    let server = TestServer::start();
    let id = log(&server, &plan("f", "2026-03-09T00:00:00Z", &json!({})));
    let mut held = server.db.dedicated().unwrap();
    held.batch_execute("BEGIN; SELECT FROM changes FOR UPDATE").unwrap();
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    thread::scope(|scope| {
        for correction in [json!({"title": "a better title"}), json!({"by": "editors"})] {
            let (server, id) = (&server, &id);
            scope.spawn(move || patch(server, id, &correction).expect(200));
        }
        let started = Instant::now();
        while tables::rows(&server.db, waiting).len() < 2 {
            assert!(started.elapsed() < Duration::from_secs(10), "both wait for the change");
            thread::sleep(Duration::from_millis(10));
        }
        held.batch_execute("COMMIT").unwrap();
    });
    let kept = server.get(&format!("/api/v1/changes/{id}")).expect(200);
    assert_eq!(
        (&kept["title"], &kept["by"]),
        (&json!("a better title"), &json!("editors"))
    );
}

/// PostgreSQL takes no text with U+0000.
#[test]
fn no_text_of_a_change_holds_nul() {
    let server = TestServer::start();
    let at = "2026-11-01T00:00:00Z";
    let id = log(&server, &plan("f", at, &json!({})));
    for field in ["title", "note", "by", "feature"] {
        let more = json!({field: "a\u{0}b"});
        let logged = server.post("/api/v1/changes", plan("f", at, &more).to_string());
        logged.expect_problem(422, "invalid_body");
        if field != "feature" {
            patch(&server, &id, &more).expect_problem(422, "invalid_body");
        }
    }
}

#[test]
fn a_project_has_so_many_changes() {
    let server = TestServer::start();
    let stored = plan("f", "2026-03-09T00:00:00Z", &json!({}));
    let filled = server.db.with(|conn| {
        let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
        for _ in 0..500 {
            changes::log(conn, project.id, &stored, 500)?;
        }
        Ok::<_, StoreError>(())
    });
    filled.unwrap();
    server
        .post("/api/v1/changes", stored.to_string())
        .expect_problem(409, "conflict");
}
