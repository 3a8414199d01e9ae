//! At each limit, and one beyond it.

use std::thread;
use std::time::{Duration, Instant};

use calibrant::api::body::HELD_BYTES;
use calibrant::api::evals::limits::{
    DESCRIPTION_CHARS, MOST_CASES, MOST_RUNS, MOST_SAMPLED, MOST_SETS, MOST_TAGS, STRATA_NAMES, TAG_CHARS, TEXT_CHARS,
    UPLOAD_BYTES,
};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::{CASES, RUNS, SET, counts, patch, server_with_set};
use crate::support::tables;

#[track_caller]
fn check(told: &Value, code: &str) {
    assert_eq!(counts(told), [1, 0, 0, 0, 1], "{told}");
    assert_eq!(told["results"][0]["code"], code);
}

#[test]
fn rows_at_their_limits_are_taken() {
    let server = server_with_set();
    let two = |at: Value, beyond: Value| {
        let merged = |case: &str, row: Value| {
            let mut row = row;
            row["case"] = row.get("case").cloned().unwrap_or(json!(case));
            row
        };
        let told = server
            .post(CASES, json!([merged("a", at), merged("b", beyond)]).to_string())
            .expect(207);
        super::delete(&server, &format!("{CASES}/a"));
        told
    };
    for field in ["input", "expected", "rubric"] {
        check(
            &two(
                json!({field: "ü".repeat(TEXT_CHARS)}),
                json!({field: "ü".repeat(TEXT_CHARS + 1)}),
            ),
            "invalid_length",
        );
    }
    check(&two(json!({}), json!({"input": "a\u{0}"})), "invalid_character");
    let tags = |n: usize| (0..n).map(|at| format!("t{at}")).collect::<Vec<_>>();
    check(
        &two(json!({"tags": tags(MOST_TAGS)}), json!({"tags": tags(MOST_TAGS + 1)})),
        "too_many",
    );
    check(
        &two(
            json!({"tags": ["x".repeat(TAG_CHARS)]}),
            json!({"tags": ["x".repeat(TAG_CHARS + 1)]}),
        ),
        "invalid_length",
    );
    check(
        &two(json!({"case": "n".repeat(256)}), json!({"case": "n".repeat(257)})),
        "invalid_length",
    );
    patch(&server, SET, &json!({"description": "d".repeat(DESCRIPTION_CHARS)})).expect(200);
    patch(&server, SET, &json!({"description": "d".repeat(DESCRIPTION_CHARS + 1)})).expect_problem(422, "invalid_body");
}

#[test]
fn a_set_holds_so_many_cases() {
    let server = server_with_set();
    let rows = |n: usize| {
        let lines: String = (0..n).map(|at| format!("c{at}\n")).collect();
        format!("case\n{lines}")
    };
    assert_eq!(
        counts(&server.post(CASES, rows(MOST_CASES - 1)).expect(200))[0],
        MOST_CASES as u64 - 1
    );
    let told = server.post(CASES, "case\nlast\nbeyond\nc0\n").expect(207);
    assert_eq!(
        (counts(&told), &told["results"][0]["code"]),
        ([1, 0, 1, 0, 1], &json!("full"))
    );
    // As many rows as a set holds; the last of them has no room.
    assert_eq!(
        counts(&server.post(CASES, rows(MOST_CASES)).expect(207)),
        [0, 0, MOST_CASES as u64 - 1, 0, 1]
    );
    server
        .post(CASES, rows(MOST_CASES + 1))
        .expect_problem(413, "body_too_large");
    // What is replaced makes room for what replaces it.
    let dry = super::put(&server, &format!("{CASES}?dry_run=true"), rows(MOST_CASES)).expect(200);
    assert_eq!(counts(&dry), [1, 0, MOST_CASES as u64 - 1, 1, 0]);
    server
        .post(
            &format!("{CASES}/from-feedback"),
            json!({"sample": MOST_SAMPLED}).to_string(),
        )
        .expect(200);
    server
        .post(
            &format!("{CASES}/from-feedback"),
            json!({"sample": MOST_SAMPLED + 1}).to_string(),
        )
        .expect_problem(422, "invalid_body");
    let strata = |n: usize| json!({"strata": vec!["version"; n]}).to_string();
    server
        .post(&format!("{CASES}/from-feedback"), strata(STRATA_NAMES))
        .expect(200);
    server
        .post(&format!("{CASES}/from-feedback"), strata(STRATA_NAMES + 1))
        .expect_problem(422, "invalid_body");
}

#[test]
fn an_upload_has_so_many_bytes() {
    let server = server_with_set();
    let body = |bytes: usize| {
        let mut body = b"case,mine\na,".to_vec();
        body.resize(bytes, b'x');
        body
    };
    server.post(CASES, body(UPLOAD_BYTES)).expect(200);
    server
        .post(CASES, body(UPLOAD_BYTES + 1))
        .expect_problem(413, "body_too_large");
}

/// What was read is held until it is written, however long that has to wait.
#[test]
fn uploads_that_wait_take_their_share_of_the_memory() {
    let server = server_with_set();
    let mut held = server.db.dedicated().unwrap();
    held.batch_execute("BEGIN; SELECT FROM eval_sets FOR UPDATE").unwrap();
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let most = HELD_BYTES / (2 * UPLOAD_BYTES);
    thread::scope(|scope| {
        for at in 0..most {
            let server = &server;
            scope.spawn(move || {
                let empty = format!(r#"{{"case":"c{at}","mine":""}}"#);
                let mine = "x".repeat(UPLOAD_BYTES - empty.len());
                server
                    .post(CASES, format!(r#"{{"case":"c{at}","mine":"{mine}"}}"#))
                    .expect(200);
            });
        }
        let started = Instant::now();
        while tables::rows(&server.db, waiting).len() < most {
            assert!(started.elapsed() < Duration::from_secs(15), "all wait for the set");
            thread::sleep(Duration::from_millis(10));
        }
        server.post(CASES, "case\nbeyond\n").expect_problem(503, "overloaded");
        held.batch_execute("COMMIT").unwrap();
    });
    server.post(CASES, "case\nbeyond\n").expect(200);
}

#[test]
fn a_project_has_so_many_sets_and_a_set_so_many_runs() {
    let server = server_with_set();
    let fill = |sql: &str| tables::execute(&server.db, sql);
    fill(&format!(
        "INSERT INTO eval_sets (project_id, id, name, pass_from) SELECT project_id, gen_random_uuid(), 's' || n, 0.5 \
         FROM eval_sets, generate_series(1, {}) AS n",
        MOST_SETS - 2
    ));
    server.post("/api/v1/evals", r#"{"name":"last"}"#).expect(201);
    server
        .post("/api/v1/evals", r#"{"name":"beyond"}"#)
        .expect_problem(409, "conflict");
    fill(&format!(
        "INSERT INTO eval_runs (project_id, set_id, id, name) SELECT project_id, id, gen_random_uuid(), 'r' || n \
         FROM eval_sets, generate_series(1, {}) AS n WHERE name = 'refunds'",
        MOST_RUNS - 1
    ));
    server.post(CASES, "case\na\n").expect(200);
    server
        .post(&format!("{RUNS}?name=last"), "case,score\na,1\n")
        .expect(201);
    server
        .post(&format!("{RUNS}?name=beyond"), "case,score\na,1\n")
        .expect_problem(409, "conflict");
}

#[test]
fn a_run_has_so_many_results() {
    let server = server_with_set();
    server.post(CASES, "case\na\n").expect(200);
    let rows = |n: usize| {
        let lines: String = (0..n).map(|at| format!("a,1,j{at}\n")).collect();
        format!("case,score,judge\n{lines}")
    };
    let most = calibrant::api::evals::limits::MOST_RESULTS;
    assert_eq!(
        server.post(&format!("{RUNS}?name=n"), rows(most)).expect(201)["taken"],
        most
    );
    server
        .post(&format!("{RUNS}?name=n"), rows(most + 1))
        .expect_problem(413, "body_too_large");
}

#[test]
fn what_is_looked_for_has_limits() {
    let server = server_with_set();
    let get = |what: &str, chars: usize| server.get(&format!("{what}={}", "x".repeat(chars)));
    let quality = format!("{SET}/quality?judge");
    let ranking = |what: &str| format!("{SET}/ranking?{what}");
    for (what, most) in [
        (format!("{CASES}?tag"), TAG_CHARS),
        (quality, 256),
        (ranking("judge"), 256),
        (ranking("tag"), TAG_CHARS),
    ] {
        get(&what, most).expect(200);
        get(&what, most + 1).expect_problem(400, "invalid_parameter");
    }
}
