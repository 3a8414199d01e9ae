//! What runs score: of cases, by user, and case by case against another run.

use serde_json::{Value, json};

use super::runs::{run, server};
use super::{CASES, RUNS, SET, output, patch, send, server_with_set};

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
