//! `calibrant evals`, as a pipeline calls it.

use std::process::Output;

use serde_json::{Value, json};

use super::{RUNS, all, server_with_set};
use crate::crash::program::DataDir;
use crate::support::TestServer;

fn evals(server: &TestServer, arguments: &[&str]) -> Output {
    let data = DataDir::new();
    let mut command = data.command(&["evals"]);
    command
        .args(arguments)
        .env("CALIBRANT_URL", format!("http://{}/", server.address()))
        .env("CALIBRANT_KEY", &server.key);
    command.output().unwrap()
}

#[test]
fn files_go_in_and_out() {
    let server = server_with_set();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(file("in.csv"), "case,input,tags\na,\\007,x\nb,two,\n").unwrap();
    let dry = evals(&server, &["import", "refunds", &file("in.csv"), "--dry-run"]);
    assert!(dry.status.success(), "{}", String::from_utf8_lossy(&dry.stderr));
    let told: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!((&told["created"], all(&server).len()), (&json!(2), 0));
    assert!(evals(&server, &["import", "refunds", &file("in.csv")]).status.success());
    assert_eq!(all(&server)[0]["input"], "007");
    assert!(
        evals(&server, &["export", "refunds", &file("out.csv")])
            .status
            .success()
    );
    let lines = evals(&server, &["export", "refunds", "--format", "jsonl"]);
    assert_eq!(String::from_utf8(lines.stdout).unwrap().lines().count(), 2);
    let told = evals(&server, &["import", "refunds", &file("out.csv"), "--replace"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["unchanged"], &told["results"]), (&json!(2), &json!([])));
    // Of a file of which one row is new, that one is listed.
    std::fs::write(file("more.csv"), "case,input\na,\\007\nc,three\n").unwrap();
    let told = evals(&server, &["import", "refunds", &file("more.csv"), "--dry-run"]);
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!((&told["unchanged"], &told["created"]), (&json!(1), &json!(1)));
    let listed = told["results"].as_array().unwrap();
    assert!(listed.len() == 1 && listed[0]["case"] == "c", "{listed:?}");

    // A row that is not taken fails the pipeline, and the others are there.
    std::fs::write(file("results.csv"), "case,score\na,1\nnone,1\n").unwrap();
    let run = evals(
        &server,
        &[
            "run",
            "refunds",
            &file("results.csv"),
            "--name",
            "a night",
            "--version",
            "v1",
            "--judge",
            "j&k",
        ],
    );
    assert_eq!(run.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&run.stderr).contains("1 row was not taken"));
    let listed = server.get(RUNS).expect(200)["data"][0].clone();
    assert_eq!(
        (&listed["name"], &listed["version"], &listed["cases"]),
        (&json!("a night"), &json!("v1"), &json!(1))
    );
    let absent = evals(&server, &["export", "none"]);
    assert!(!absent.status.success() && String::from_utf8_lossy(&absent.stderr).contains("no such eval set"));
}
