//! Which of several runs is best.

use serde_json::{Value, json};

use super::{CASES, RUNS, SET, output, send, server_with_set};
use crate::support::{TestServer, tables};

fn server(cases: usize) -> TestServer {
    let server = server_with_set();
    let rows: Vec<Value> = (0..cases)
        .map(|at| json!({"case": format!("c{at:03}"), "tags": if at % 2 == 0 { vec!["even"] } else { vec![] }}))
        .collect();
    server.post(CASES, json!(rows).to_string()).expect(200);
    server
}

/// A run of a version with a score of each case that has one.
fn run(server: &TestServer, version: &str, judge: &str, scores: impl Iterator<Item = Option<f64>>) -> String {
    let results = scores
        .enumerate()
        .filter_map(|(at, score)| Some(json!({"case": format!("c{at:03}"), "score": score?, "judge": judge})));
    let run = json!({"name": "nightly", "version": version, "results": results.collect::<Vec<_>>()});
    let told = server.post(RUNS, run.to_string()).expect(201);
    told["run"]["id"].as_str().unwrap().to_owned()
}

fn ranking(server: &TestServer, query: &str) -> Value {
    server.get(&format!("{SET}/ranking{query}")).expect(200)["data"].clone()
}

fn versions(found: &Value) -> Vec<(&str, &str)> {
    let runs = found["runs"].as_array().unwrap().iter();
    runs.map(|run| (run["version"].as_str().unwrap(), run["standing"].as_str().unwrap()))
        .collect()
}

/// Good on so many of each ten cases, on which of them is mixed by a factor.
fn good_on(good: usize, factor: usize) -> impl Iterator<Item = Option<f64>> {
    (0..120).map(move |at| Some(if (at * factor + at / 10) % 10 < good { 0.9 } else { 0.3 }))
}

#[test]
fn the_best_is_told_where_it_can_be_told() {
    let server = server(120);
    run(&server, "old", "j", good_on(9, 1));
    run(&server, "a", "j", good_on(3, 7));
    run(&server, "b", "j", good_on(8, 3));
    run(&server, "c", "j", good_on(7, 9));
    // The newest run of a version counts.
    run(&server, "old", "j", good_on(3, 1));
    let found = ranking(&server, "");
    assert_eq!(found["cases"], 120);
    let order = versions(&found);
    assert_eq!((order[0], order[1]), (("b", "ranked"), ("c", "ranked")));
    assert_eq!((found["best"].as_array().unwrap().len(), order.len()), (2, 4));
    assert_eq!(
        found["sentence"],
        format!(
            "b comes first and is ahead of {} and {}; c may be as good.",
            order[2].0, order[3].0
        )
    );
    let first = &found["runs"][0];
    let [wins, ties, losses] = ["wins", "ties", "losses"].map(|of| first[of].as_f64().unwrap());
    assert_eq!((wins + ties + losses, &first["cases"]), (360.0, &json!(120)));
    // All meet on all cases, so that the mean over opponents is that over rounds.
    let rate = first["win_rate"]["value"].as_f64().unwrap();
    assert!((rate - (wins + ties / 2.0) / 360.0).abs() < 1e-12);
    assert!(first["win_rate"]["lower"].as_f64().unwrap() > 0.5, "{first}");
    let strengths = found["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["strength"]["value"].as_f64().unwrap());
    assert!(strengths.sum::<f64>().abs() < 1e-12);
    assert_eq!(found["pairs"].as_array().unwrap().len(), 6);
    let pair = &found["pairs"][0];
    assert_eq!((&pair["first"], &pair["ahead"]), (&first["run"], &json!(null)));
    assert!(pair["adjusted_p_value"].as_f64() >= pair["p_value"].as_f64());
    assert_eq!(found["pairs"][1]["ahead"], first["run"]);
    // Every run, and half of the cases.
    assert_eq!(ranking(&server, "?all_runs=true")["runs"].as_array().unwrap().len(), 5);
    assert_eq!(ranking(&server, "?tag=even")["cases"], 60);
    assert_eq!(ranking(&server, "?judge=other")["cases"], 0);
}

#[test]
fn what_cannot_be_ranked_says_why() {
    let server = server(40);
    let even = |value: fn(usize) -> f64| (0..40).map(move |at| Some(value(at)));
    let lone = run(&server, "lone", "j", even(|_| 0.5));
    let found = ranking(&server, "");
    assert_eq!(
        (&found["sentence"], &found["best"]),
        (&json!("It takes two runs to say which is better."), &json!([]))
    );
    assert_eq!(versions(&found), [("lone", "not_compared")]);
    assert_eq!(found["runs"][0]["win_rate"]["reason"], "no_cases");
    // Always higher, and always lower: no strength, but who is ahead can be told.
    run(&server, "top", "j", even(|_| 1.0));
    run(&server, "low", "j", even(|_| 0.0));
    let other = run(&server, "other", "k", even(|_| 1.0));
    let found = ranking(&server, "");
    assert_eq!(
        versions(&found),
        [
            ("top", "wins_all"),
            ("lone", "apart"),
            ("low", "loses_all"),
            ("other", "not_compared")
        ]
    );
    let top = &found["runs"][0];
    assert_eq!(
        (&top["strength"]["reason"], &top["win_rate"]["value"]),
        (&json!("not_identified"), &json!(1))
    );
    assert!(top["win_rate"]["lower"].as_f64().unwrap() > 0.8);
    assert_eq!(found["best"], json!([top["run"]]));
    let sentence = found["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("top is ahead of lone and low. Not compared, "),
        "{sentence}"
    );
    // A run that ties with another has one.
    run(&server, "same", "j", even(|at| if at < 30 { 0.5 } else { 0.2 }));
    run(&server, "like", "j", even(|at| if at < 30 { 0.5 } else { 0.8 }));
    let found = ranking(&server, "");
    let ranked: Vec<&str> = versions(&found)
        .into_iter()
        .filter(|(_, standing)| *standing == "ranked")
        .map(|(version, _)| version)
        .collect();
    assert_eq!(ranked, ["like", "lone", "same"]);
    // Nothing in common.
    let found = ranking(&server, &format!("?runs={lone},{other}"));
    assert_eq!(
        found["sentence"],
        "Nothing to rank: no case has results of two of the runs by the same judge."
    );
    assert_eq!(
        (&found["pairs"][0]["win_rate"]["reason"], &found["pairs"][0]["p_value"]),
        (&json!("no_cases"), &json!(null))
    );
}

/// Two runs that win all against two others, and as often as not against each other.
#[test]
fn runs_without_a_common_scale_are_in_the_order_of_their_wins() {
    let server = server(40);
    let each = |base: f64, sign: f64| (0..40).map(move |at| Some(base + sign * if at % 2 == 0 { 0.1 } else { -0.1 }));
    for (version, base, sign) in [("x1", 0.8, 1.0), ("y1", 0.3, 1.0), ("x2", 0.8, -1.0), ("y2", 0.3, -1.0)] {
        run(&server, version, "j", each(base, sign));
    }
    let found = ranking(&server, "");
    let order: Vec<&str> = versions(&found).into_iter().map(|(version, _)| &version[..1]).collect();
    assert_eq!(order, ["x", "x", "y", "y"], "{found}");
}

/// Forty cases of four users say little more than four.
#[test]
fn cases_of_one_user_are_no_independent_rounds() {
    let found = |users: usize| {
        let server = server_with_set();
        let events: Vec<Value> = (0..40)
            .flat_map(|at| output(&format!("o{at:02}"), &format!("u{}", at % users), "v1", "edit", None))
            .collect();
        send(&server, &events);
        server.post(&format!("{CASES}/from-feedback"), "{}").expect(200);
        for (version, from) in [("a", 0), ("b", 1)] {
            let score = |at: usize| if (at % 4 < 3) == (from == 0) { 0.9 } else { 0.2 };
            let results: Vec<Value> = (0..40)
                .map(|at| json!({"case": format!("o{at:02}"), "score": score(at)}))
                .collect();
            let run = json!({"name": "n", "version": version, "results": results});
            server.post(RUNS, run.to_string()).expect(201);
        }
        ranking(&server, "")
    };
    let (apart, together) = (found(40), found(4));
    assert_eq!(
        apart["runs"][0]["strength"]["value"],
        together["runs"][0]["strength"]["value"]
    );
    assert_eq!(apart["sentence"], "a is ahead of b.");
    assert_eq!(
        together["sentence"],
        "It cannot be told which is best: a comes first, and b may be as good."
    );
}

#[test]
fn so_many_runs_are_ranked() {
    let server = server(3);
    let most = calibrant::api::evals::limits::MOST_RANKED;
    let ids: Vec<String> = (0..=most)
        .map(|at| run(&server, &format!("v{at}"), "j", [Some(at as f64 / 50.0)].into_iter()))
        .collect();
    let answer = server.get(&format!("{SET}/ranking")).expect(200);
    assert_eq!(
        (
            answer["data"]["runs"].as_array().unwrap().len(),
            &answer["runs_left_out"]
        ),
        (most, &json!(1))
    );
    let named = |ids: &[String]| server.get(&format!("{SET}/ranking?runs={}", ids.join(",")));
    assert_eq!(
        named(&ids[1..]).expect(200)["data"]["runs"].as_array().unwrap().len(),
        most
    );
    for wrong in [
        ids.clone(),
        vec![ids[0].clone(), ids[0].clone()],
        vec!["x".to_owned()],
        Vec::new(),
    ] {
        named(&wrong).expect_problem(400, "invalid_parameter");
    }
    named(&["0199b2c4-0000-7000-8000-000000000000".to_owned()]).expect_problem(404, "not_found");
    server
        .get(&format!("{SET}/ranking?runs={}&all_runs=true", ids[0]))
        .expect_problem(400, "invalid_parameter");
    server
        .get("/api/v1/evals/none/ranking")
        .expect_problem(404, "not_found");
    // A run that goes is ranked no more.
    tables::execute(
        &server.db,
        &format!("DELETE FROM eval_results WHERE run_id = '{}'", ids[1]),
    );
    super::delete(&server, &format!("{RUNS}/{}", ids[2]));
    assert_eq!(ranking(&server, "")["runs"].as_array().unwrap().len(), most);
}
