//! Erased users are in no case and no result, and texts are kept in cases no longer than elsewhere.

use calibrant::fold::retention::apply;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{CASES, RUNS, SET, all, counts, output, patch, put, send, server_with_set};
use crate::crash::program::wait_until;
use crate::support::{TestServer, tables};

const USER: &str = "anna-müller";
const PATH: &str = "/api/v1/users/anna-m%C3%BCller";

/// Cases of a user and of others, with a run whose outputs tell of them.
fn product() -> TestServer {
    let server = server_with_set();
    let mut events = Vec::new();
    for at in 0..3 {
        events.extend(output(&format!("müller-{at}"), USER, "v1", "edit", None));
    }
    events.extend(output("theirs", "berta", "v1", "edit", None));
    send(&server, &events);
    server.post(&format!("{CASES}/from-feedback"), "{}").expect(200);
    // By hand, and by a sheet that says where it is from.
    let told = server
        .post(
            CASES,
            "case,input,output_id\nby hand,hello,\nanother,of müller,müller-1\n",
        )
        .expect(200);
    assert_eq!(counts(&told), [2, 0, 0, 0, 0]);
    let results: Vec<Value> = ["müller-0", "another", "theirs", "by hand"]
        .iter()
        .map(|case| json!({"case": case, "score": 0.5, "output": format!("dear {case}, says müller"), "comment": "müller"}))
        .collect();
    // The user judged, too.
    let own = json!({"case": "by hand", "judge": USER, "score": 1.0});
    let results: Vec<Value> = results
        .into_iter()
        .chain([own])
        .map(|mut row| {
            if row["judge"].is_null() && (row["case"] == "theirs" || row["case"] == "by hand") {
                row["output"] = json!("dear berta");
                row["comment"] = json!(null);
            }
            row
        })
        .collect();
    server
        .post(
            RUNS,
            json!({"name": "n", "version": "v1", "results": results}).to_string(),
        )
        .expect(201);
    server
}

fn erase(server: &TestServer) -> Value {
    let answer = server.request("DELETE", PATH, Some(&server.key), &[], b"");
    assert!([200, 202].contains(&answer.status), "{}", answer.text());
    let path = answer.header("location").unwrap().to_owned();
    let mut receipt = Value::Null;
    wait_until("the user is erased", || {
        receipt = server.get(&path).expect(200);
        std::thread::sleep(std::time::Duration::from_millis(20));
        receipt["state"] == "done"
    });
    receipt
}

fn found(server: &TestServer) -> Vec<(String, String)> {
    let mut rows = tables::everything(&server.db);
    rows.retain(|(_, row)| row.contains("müller"));
    rows
}

#[test]
fn an_erased_user_is_found_nowhere_and_does_not_come_back() {
    let server = product();
    let before = server.get(&format!("{CASES}?format=csv")).body;
    assert!(found(&server).iter().any(|(table, _)| table == "eval_results"));
    let quality = server.get(&format!("{SET}/quality")).expect(200);
    let receipt = erase(&server);
    assert_eq!(
        (&receipt["eval_cases"], &receipt["outputs"]),
        (&json!(4), &json!(3)),
        "{receipt}"
    );
    assert_eq!(found(&server), Vec::<(String, String)>::new());
    let names: Vec<Value> = all(&server).into_iter().map(|case| case["case"].clone()).collect();
    assert_eq!(names, ["by hand", "theirs"]);
    let run = server.get(RUNS).expect(200)["data"][0].clone();
    assert_eq!(run["cases"], 2);
    assert_ne!(server.get(&format!("{SET}/quality")).expect(200), quality);
    // The sheet that was saved before brings nothing of the user back.
    let told = put(&server, CASES, &before).expect(207);
    assert_eq!(counts(&told), [0, 0, 2, 0, 4], "{told}");
    assert!(
        told["results"]
            .as_array()
            .unwrap()
            .iter()
            .take(4)
            .all(|row| row["code"] == "erased")
    );
    assert_eq!(found(&server), Vec::<(String, String)>::new());
    // Doing it again gives the same receipt.
    assert_eq!(erase(&server)["eval_cases"], 4);
}

/// The outputs are gone, and with them who they were of; the cases remember.
#[test]
fn a_user_is_erased_when_retention_was_there_before() {
    let server = product();
    let project = json!({"retain_outputs_days": 1}).to_string();
    server.request(
        "PATCH",
        "/api/v1/projects/current",
        Some(&server.key),
        &[],
        project.as_bytes(),
    );
    let mut conn = server.db.dedicated().unwrap();
    let id = 1;
    let gone = apply(&mut conn, id, Utc::now() + TimeDelta::days(3), &mut |_| true).unwrap();
    assert_eq!((gone.outputs, gone.cases), (4, 5));
    // The texts are gone, and the names are still those of outputs.
    assert!(
        all(&server)
            .iter()
            .filter(|case| case["case"] != "by hand")
            .all(|case| case["input"].is_null())
    );
    assert_eq!(erase(&server)["eval_cases"], 4);
    assert_eq!(found(&server), Vec::<(String, String)>::new());
}

#[test]
fn cases_keep_texts_no_longer_than_their_outputs() {
    let server = product();
    let file = server.get(&format!("{CASES}?format=jsonl")).body;
    let settings = json!({"retain_texts_days": 5}).to_string();
    server.request(
        "PATCH",
        "/api/v1/projects/current",
        Some(&server.key),
        &[],
        settings.as_bytes(),
    );
    let mut conn = server.db.dedicated().unwrap();
    let kept = apply(&mut conn, 1, Utc::now() + TimeDelta::days(4), &mut |_| true).unwrap();
    assert_eq!((kept.texts, kept.cases), (0, 0));
    let gone = apply(&mut conn, 1, Utc::now() + TimeDelta::days(6), &mut |_| true).unwrap();
    assert_eq!(gone.cases, 5);
    for case in all(&server) {
        let is_kept = case["case"] == "by hand";
        assert_eq!(case["input"].is_null(), !is_kept, "{case}");
        assert!(is_kept || case["expected"].is_null());
    }
    let run = server.get(RUNS).expect(200)["data"][0].clone();
    let results = server
        .get(&format!("{RUNS}/{}/results", run["id"].as_str().unwrap()))
        .expect(200);
    for row in results["data"].as_array().unwrap() {
        assert_eq!(
            row["output"].is_null(),
            row["case"] != "by hand" || row["judge"] == USER,
            "{row}"
        );
        assert!(
            row["score"] == 0.5 || row["judge"] == USER,
            "what it came to stays: {row}"
        );
    }
    // Nor do they come back by a sheet.
    let told = server.post(CASES, &file).expect(207);
    assert_eq!(counts(&told), [0, 0, 1, 0, 5], "{told}");
    assert_eq!(told["results"][0]["code"], "texts_not_kept");
    patch(&server, &format!("{CASES}/theirs"), &json!({"input": "again"})).expect_problem(422, "invalid_body");
    patch(&server, &format!("{CASES}/theirs"), &json!({"tags": ["old"]})).expect(200);
}

#[test]
fn a_project_that_stores_no_texts_has_no_cases_with_texts() {
    let server = server_with_set();
    let settings = json!({"stores_text": false}).to_string();
    server.request(
        "PATCH",
        "/api/v1/projects/current",
        Some(&server.key),
        &[],
        settings.as_bytes(),
    );
    send(&server, &output("o1", USER, "v1", "edit", None));
    server
        .post(&format!("{CASES}/from-feedback"), "{}")
        .expect_problem(422, "not_kept");
    let told = server
        .post(CASES, "case,input,tags,output_id\na,some text,,\nb,,t,o1\nc,,,\n")
        .expect(207);
    assert_eq!(
        (counts(&told), &told["results"][0]["code"]),
        ([2, 0, 0, 0, 1], &json!("texts_not_kept"))
    );
    let told = server
        .post(
            &format!("{RUNS}?name=n&version=v1"),
            "case,score,output\nb,1,text\nc,0.5,\n",
        )
        .expect(207);
    assert_eq!(
        (&told["taken"], &told["results"][0]["code"]),
        (&json!(1), &json!("texts_not_kept"))
    );
    // Scores need no texts.
    server
        .post(&format!("{RUNS}?name=n&version=v1"), "case,score\nb,1\n")
        .expect(201);
    let quality = server.get(&format!("{SET}/quality")).expect(200);
    assert_eq!(quality["data"]["agreement"]["cases"], 1);
    assert!(
        found(&server)
            .iter()
            .all(|(table, row)| table != "eval_cases" && !row.contains("ask"))
    );
}
