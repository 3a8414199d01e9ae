//! Runs: uploaded in any form, listed, and gone with their cases.

use serde_json::{Value, json};

use super::{CASES, RUNS, SET, counts, delete, output, patch, send, server_with_set};
use crate::support::TestServer;

/// Twelve cases, of which the first six are tagged.
pub fn server() -> TestServer {
    let server = server_with_set();
    let rows: Vec<Value> = (0..12)
        .map(|at| json!({"case": format!("c{at:02}"), "input": "i", "tags": if at < 6 { vec!["first"] } else { vec![] }}))
        .collect();
    server.post(CASES, json!(rows).to_string()).expect(200);
    server
}

pub fn run(server: &TestServer, name: &str, scores: &[f64]) -> String {
    let results: Vec<Value> = scores
        .iter()
        .enumerate()
        .map(|(at, score)| json!({"case": format!("c{at:02}"), "score": score}))
        .collect();
    let told = server
        .post(RUNS, json!({"name": name, "results": results}).to_string())
        .expect(201);
    told["run"]["id"].as_str().unwrap().to_owned()
}

#[test]
fn runs_come_in_any_form() {
    let server = server();
    let told = server
        .post(
            &format!("{RUNS}?name=nightly&version=v1&model=m&judge=exact"),
            "case;score;pass;output;judge;mine\r\nc00;0,25;;\\=ok;;x\r\nc00;;pass;;human;\r\nc01;1;false;;;\r\n\
             c01;1;;;;\r\nnone;1;;;;\r\nc02;1.01;;;;\r\nc03;;;;;\r\n",
        )
        .expect(207);
    assert_eq!(
        (&told["taken"], &told["rejected"], &told["ignored_columns"]),
        (&json!(3), &json!(4), &json!(["mine"])),
        "{told}"
    );
    let codes: Vec<Value> = told["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["row"], row["code"]]))
        .collect();
    assert_eq!(
        json!(codes),
        json!([
            [5, "repeated"],
            [6, "unknown_case"],
            [7, "out_of_range"],
            [8, "missing"]
        ])
    );
    let id = told["run"]["id"].as_str().unwrap();
    let results = server.get(&format!("{RUNS}/{id}/results")).expect(200);
    assert_eq!(
        results["data"],
        json!([
            {"case": "c00", "judge": "exact", "score": 0.25, "pass": false, "output": "=ok", "comment": null},
            {"case": "c00", "judge": "human", "score": null, "pass": true, "output": null, "comment": null},
            {"case": "c01", "judge": "exact", "score": 1.0, "pass": false, "output": null, "comment": null},
        ])
    );
    // Page by page.
    let first = server.get(&format!("{RUNS}/{id}/results?limit=2")).expect(200);
    let cursor: String = first["next_cursor"]
        .as_str()
        .unwrap()
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let rest = server
        .get(&format!("{RUNS}/{id}/results?limit=2&cursor={cursor}"))
        .expect(200);
    assert_eq!(
        (&rest["data"][0]["case"], &rest["next_cursor"]),
        (&json!("c01"), &json!(null))
    );
    let lines = "{\"case\":\"c00\",\"pass\":true}\n{\"case\":\"c01\",\"score\":0.5}\n";
    assert_eq!(
        server.post(&format!("{RUNS}?name=lines"), lines).expect(201)["taken"],
        2
    );
    // Nothing to take is no run, and a run has a name.
    let problem = server
        .post(&format!("{RUNS}?name=x"), "case,score\nnone,1\n")
        .expect_problem(422, "invalid_body");
    assert!(
        problem["detail"].as_str().unwrap().contains("no such case"),
        "{problem}"
    );
    server.post(RUNS, lines).expect_problem(422, "invalid_body");
    server
        .post(&format!("{RUNS}?name=x"), "{\"results\":[],\"when\":1}")
        .expect_problem(422, "invalid_body");
    assert_eq!(server.get(RUNS).expect(200)["total"], 2);
    assert_eq!(delete(&server, &format!("{RUNS}/{id}")).status, 204);
    server.get(&format!("{RUNS}/{id}")).expect_problem(404, "not_found");
    delete(&server, &format!("{RUNS}/{id}")).expect_problem(404, "not_found");
}

/// The list adds up in the database what a run's page adds up from its results.
#[test]
fn a_run_is_listed_with_the_scores_of_its_page() {
    let server = server();
    let events: Vec<Value> = (0..8)
        .flat_map(|at| output(&format!("o{at}"), &format!("u{}", at % 3), "v1", "edit", None))
        .collect();
    send(&server, &events);
    server.post(&format!("{CASES}/from-feedback"), "{}").expect(200);
    patch(&server, SET, &json!({"pass_from": 0.35})).expect(200);
    let results = |run: usize| -> Vec<Value> {
        let judged = (0..20).flat_map(|at| (0..1 + at % 3).map(move |judge| (at, judge)));
        let rows = judged
            .filter(|(at, _)| !(at + run).is_multiple_of(7))
            .map(|(at, judge)| {
                let case = if at < 12 {
                    format!("c{at:02}")
                } else {
                    format!("o{}", at - 12)
                };
                let mut row = json!({"case": case, "judge": format!("j{judge}")});
                match (at + judge) % 4 {
                    0 => row["pass"] = json!((at + run).is_multiple_of(2)),
                    1 => (row["score"], row["pass"]) = (json!(0.9), json!(false)),
                    _ => row["score"] = json!((at * 31 + judge * 17 + run * 13) as f64 % 10.0 / 10.0),
                }
                row
            });
        rows.collect()
    };
    for run in 0..3 {
        let body = json!({"name": format!("n{run}"), "results": results(run)});
        server.post(RUNS, body.to_string()).expect(201);
    }
    // One of which nothing is left.
    let lone = json!({"name": "lone", "results": [{"case": "c05", "score": 1}]});
    server.post(RUNS, lone.to_string()).expect(201);
    assert_eq!(delete(&server, &format!("{CASES}/c05")).status, 204);
    let listed = server.get(&format!("{RUNS}?level=0.9")).expect(200);
    let listed = listed["data"].as_array().unwrap();
    assert_eq!(listed.len(), 4);
    assert_eq!(listed[0]["score"]["reason"], "no_cases");
    assert!(
        listed[1]["score"]["users"] == 3 && listed[1]["cases"].as_u64() > Some(12),
        "{}",
        listed[1]
    );
    for run in listed {
        let page = server
            .get(&format!("{RUNS}/{}?level=0.9", run["id"].as_str().unwrap()))
            .expect(200);
        for part in ["cases", "score", "pass_rate"] {
            assert_eq!(run[part], page["scores"][part], "{part} of {}", run["name"]);
        }
    }
}

#[test]
fn a_case_that_goes_takes_its_results() {
    let server = server();
    let id = run(&server, "n", &[1.0, 0.0, 0.0]);
    assert_eq!(delete(&server, &format!("{CASES}/c01")).status, 204);
    let scores = server.get(&format!("{RUNS}/{id}")).expect(200)["scores"].clone();
    assert_eq!((&scores["cases"], &scores["score"]["value"]), (&json!(2), &json!(0.5)));
    // A case of the same name later is another case.
    assert_eq!(counts(&server.post(CASES, "case\nc01\n").expect(200)), [1, 0, 0, 0, 0]);
    assert_eq!(server.get(&format!("{RUNS}/{id}")).expect(200)["scores"]["cases"], 2);
}
