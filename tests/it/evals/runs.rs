//! Runs: uploaded in any form, scored with intervals, compared case by case.

use serde_json::{Value, json};

use super::{CASES, RUNS, SET, counts, delete, output, patch, send, server_with_set};
use crate::support::TestServer;

/// Twelve cases, of which the first six are tagged.
fn server() -> TestServer {
    let server = server_with_set();
    let rows: Vec<Value> = (0..12)
        .map(|at| json!({"case": format!("c{at:02}"), "input": "i", "tags": if at < 6 { vec!["first"] } else { vec![] }}))
        .collect();
    server.post(CASES, json!(rows).to_string()).expect(200);
    server
}

fn run(server: &TestServer, name: &str, scores: &[f64]) -> String {
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

#[test]
fn scores_are_of_cases_not_of_judgements() {
    let server = server();
    let results = json!([
        {"case": "c00", "judge": "a", "score": 0.9}, {"case": "c00", "judge": "b", "score": 0.3}, {"case": "c00", "judge": "c", "score": 0.6},
        {"case": "c06", "judge": "a", "score": 0.0}, {"case": "c07", "judge": "a", "pass": true},
    ]);
    let told = server
        .post(RUNS, json!({"name": "n", "results": results}).to_string())
        .expect(201);
    let path = format!("{RUNS}/{}", told["run"]["id"].as_str().unwrap());
    let scores = server.get(&path).expect(200)["scores"].clone();
    // 0.6, 0 and 1; two of three judges pass the first.
    assert!(
        (scores["score"]["value"].as_f64().unwrap() - 1.6 / 3.0).abs() < 1e-12,
        "{scores}"
    );
    assert_eq!(
        (&scores["pass_rate"]["numerator"], &scores["pass_rate"]["n"]),
        (&json!(2), &json!(3))
    );
    assert_eq!((&scores["cases"], &scores["missing"]), (&json!(3), &json!(9)));
    let [lower, upper] = ["lower", "upper"].map(|end| scores["pass_rate"][end].as_f64().unwrap());
    assert!(lower < 2.0 / 3.0 && 2.0 / 3.0 < upper);
    let names = |list: &str| {
        scores[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| json!([own["name"], own["cases"]]))
            .collect::<Vec<_>>()
    };
    assert_eq!(json!(names("tags")), json!([[null, 2], ["first", 1]]));
    assert_eq!(json!(names("judges")), json!([["a", 3], ["b", 1], ["c", 1]]));
    // By one judge, and with another bar.
    let by_b = server.get(&format!("{path}?judge=b")).expect(200)["scores"].clone();
    assert_eq!(
        (&by_b["cases"], &by_b["score"]["value"], &by_b["score"]["reason"]),
        (&json!(1), &json!(0.3), &json!("too_few"))
    );
    patch(&server, SET, &json!({"pass_from": 0.2})).expect(200);
    assert_eq!(
        server.get(&format!("{path}?judge=b")).expect(200)["scores"]["pass_rate"]["value"],
        1
    );
    // A change of a case's texts after the run is told, one of its tags is not.
    patch(&server, &format!("{CASES}/c00"), &json!({"tags": ["x"]})).expect(200);
    assert_eq!(server.get(&path).expect(200)["scores"]["changed_since"], 0);
    patch(&server, &format!("{CASES}/c00"), &json!({"expected": "more"})).expect(200);
    assert_eq!(server.get(&path).expect(200)["scores"]["changed_since"], 1);
}

#[test]
fn runs_are_compared_case_by_case() {
    let server = server();
    let baseline = run(&server, "before", &[0.1, 0.2, 0.9, 0.8, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6]);
    let candidate = run(&server, "after", &[0.9, 0.6, 0.2, 0.8, 0.4, 0.6, 0.6, 0.6, 0.4]);
    let told = server
        .post(&format!("{RUNS}?name=other"), "case,score,judge\nc00,1,other\nc11,1,\n")
        .expect(201);
    let path = |one: &str, other: &str| format!("{SET}/compare?baseline={one}&candidate={other}");
    let found = server.get(&path(&baseline, &candidate)).expect(200)["data"].clone();
    assert_eq!(
        found["pairs"],
        json!({"both_pass": 1, "both_fail": 2, "fixed": 5, "broken": 1})
    );
    let flips = |list: &str| {
        found[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|flip| flip["case"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(flips("fixed"), ["c00", "c01", "c05", "c06", "c07"]);
    assert_eq!(flips("broken"), ["c02"]);
    assert_eq!(
        (&found["missing_in_candidate"], &found["only_in_baseline"]),
        (&json!(1), &json!(["c09"]))
    );
    assert_eq!(
        (&found["missing_in_baseline"], &found["only_in_candidate"]),
        (&json!(0), &json!([]))
    );
    let difference = &found["score_difference"];
    assert!(
        (difference["value"].as_f64().unwrap() - 1.1 / 9.0).abs() < 1e-12,
        "{difference}"
    );
    assert!(
        difference["lower"].as_f64().unwrap() < 0.0 && difference["upper"].as_f64().unwrap() > 0.2,
        "{difference}"
    );
    // Of six that changed, one the other way: 2·(1 + 6)/64.
    assert!((found["mcnemar_exact"].as_f64().unwrap() - 14.0 / 64.0).abs() < 1e-12);
    assert!((found["mcnemar_mid"].as_f64().unwrap() - 8.0 / 64.0).abs() < 1e-12);
    let tags: Vec<Value> = found["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| json!([tag["tag"], tag["cases"], tag["fixed"], tag["broken"]]))
        .collect();
    assert_eq!(json!(tags), json!([["first", 6, 3, 1], [null, 3, 2, 0]]));
    // The other way round it is the opposite.
    let back = server.get(&path(&candidate, &baseline)).expect(200)["data"].clone();
    assert_eq!(
        (&back["fixed"].as_array().unwrap().len(), &back["mcnemar_exact"]),
        (&1, &found["mcnemar_exact"])
    );
    // Another judge is another yardstick: nothing can be compared, and why is counted.
    let other = told["run"]["id"].as_str().unwrap();
    let none = server.get(&path(&baseline, other)).expect(200)["data"].clone();
    assert_eq!(
        (
            &none["cases"],
            &none["score_difference"]["reason"],
            &none["mcnemar_exact"]
        ),
        (&json!(0), &json!("no_cases"), &json!(null))
    );
    assert_eq!(
        (&none["missing_in_candidate"], &none["missing_in_baseline"]),
        (&json!(10), &json!(2))
    );
    server
        .get(&path(&baseline, "0199b2c4-0000-7000-8000-000000000000"))
        .expect_problem(404, "not_found");
    server
        .get(&format!("{SET}/compare?baseline={baseline}"))
        .expect_problem(400, "invalid_parameter");
}

/// Ten cases of one user say little more than one of them.
#[test]
fn cases_of_one_user_are_no_independent_cases() {
    let width = |users: &dyn Fn(usize) -> String| {
        let server = server_with_set();
        let events: Vec<Value> = (0..40)
            .flat_map(|at| output(&format!("o{at}"), &users(at), "v1", "edit", None))
            .collect();
        send(&server, &events);
        server.post(&format!("{CASES}/from-feedback"), "{}").expect(200);
        // Users are alike.
        let results: Vec<Value> = (0..40)
            .map(|at| json!({"case": format!("o{at}"), "score": if at % 4 < 2 { 0.2 } else { 0.9 }}))
            .collect();
        let told = server
            .post(RUNS, json!({"name": "n", "results": results}).to_string())
            .expect(201);
        let found = server
            .get(&format!("{RUNS}/{}", told["run"]["id"].as_str().unwrap()))
            .expect(200);
        let score = &found["scores"]["score"];
        (
            score["upper"].as_f64().unwrap() - score["lower"].as_f64().unwrap(),
            score["users"].as_u64().unwrap(),
        )
    };
    let (apart, many) = width(&|at| format!("u{at}"));
    let (together, few) = width(&|at| format!("u{}", at % 4));
    assert_eq!((many, few), (40, 4));
    assert!(together > 2.0 * apart, "{together} {apart}");
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

/// Where no user has two cases there is nothing to be clustered.
#[test]
fn cases_of_nobody_are_independent() {
    let server = server_with_set();
    server.post(CASES, "case,input\na,1\nb,2\nc,3\nd,4\n").expect(200);
    let run = server.post(
        &format!("{RUNS}?name=n&version=v"),
        "case,pass\na,true\nb,true\nc,true\nd,false\n",
    );
    let id = run.expect(201)["run"]["id"].as_str().unwrap().to_owned();
    let scores = server.get(&format!("{RUNS}/{id}")).expect(200)["scores"].clone();
    let rate = &scores["pass_rate"];
    assert_eq!(
        (&rate["method"], &rate["users"], &rate["n"]),
        (&json!("wilson"), &json!(0), &json!(4))
    );
    // statsmodels.stats.proportion.proportion_confint(3, 4, method="wilson")
    for (end, expected) in [("lower", 0.300_641_842_582_401_84), ("upper", 0.954_412_739_190_299_5)] {
        assert!((rate[end].as_f64().unwrap() - expected).abs() < 1e-9, "{rate}");
    }
}
