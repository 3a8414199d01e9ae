//! Who agrees with whom, over HTTP, where the truth is known.

use std::fmt::Write as _;

use calibrant::query::analyses::agreement::{self, AgreementVerdict};
use calibrant::query::analyses::quality;
use calibrant::query::request::QueryError;
use calibrant::stats::random::Random;
use serde_json::{Value, json};

use super::{about, world};
use crate::support::TestServer;

/// How often the model calls right what is right, and wrong what is wrong.
const SENSITIVITY: f64 = 0.9;
const SPECIFICITY: f64 = 0.5;
/// The share that is right.
const RIGHT: f64 = 0.65;

/// 1,500 outputs of 100 users. A model judges all of them, two people a fifth, on the whole and on two rubrics: on one they agree,
/// on the other they guess. Users take what is right four times in five, and else two times in five.
fn server() -> TestServer {
    let server = TestServer::start();
    let mut random = Random::new(2);
    let mut lines = String::new();
    for number in 0..1_500 {
        let output = format!("o{number}");
        let mut say = |mut event: Value| {
            event["output_id"] = json!(output);
            writeln!(lines, "{event}").unwrap();
        };
        let right = random.uniform() < RIGHT;
        say(json!({"type": "shown", "feature": "f", "user_id": format!("u{}", number % 100)}));
        let taken = random.uniform() < if right { 0.8 } else { 0.4 };
        say(json!({"type": if taken { "accept" } else { "reject" }}));
        let called = random.uniform() < if right { SENSITIVITY } else { 1.0 - SPECIFICITY };
        say(json!({"type": "judge", "source": "llm", "judge": "model", "correct": called}));
        if random.uniform() < 0.2 {
            for person in ["ann", "bob"] {
                say(json!({"type": "judge", "judge": person, "correct": right}));
                let tone = if random.uniform() < 0.98 { right } else { !right };
                say(
                    json!({"type": "rate", "rater": person, "rubric": "tone", "rating": 1 + 4 * i32::from(tone), "rating_min": 1, "rating_max": 5}),
                );
                let beauty = 1 + random.below(5);
                say(
                    json!({"type": "rate", "rater": person, "rubric": "beauty", "rating": beauty, "rating_min": 1, "rating_max": 5}),
                );
            }
        }
    }
    server.send(lines);
    server
}

#[track_caller]
fn covers(estimate: &Value, truth: f64) {
    let end = |name: &str| estimate[name].as_f64().unwrap();
    assert!((end("lower")..=end("upper")).contains(&truth), "{estimate} and {truth}");
}

#[test]
fn who_agrees_with_whom() {
    let server = server();
    let answer = server.get("/api/v1/features/f/agreement?level=0.999").expect(200);
    let people = answer["data"]["people"].as_array().unwrap();
    let verdict = |rubric: Value| {
        let found = people.iter().find(|people| people["rubric"] == rubric).unwrap();
        found["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(json!("tone")), "alike");
    assert_eq!(verdict(json!("beauty")), "not_alike");
    assert_eq!(people.len(), 3);

    let judges = answer["data"]["judges"].as_array().unwrap();
    let model = judges.iter().find(|judge| judge["judge"]["name"] == "model").unwrap();
    assert_eq!(
        (&model["judge"]["kind"], &model["outputs"]),
        (&json!("llm"), &json!(1_500))
    );
    let people = &model["against_people"];
    covers(&people["sensitivity"], SENSITIVITY);
    covers(&people["specificity"], SPECIFICITY);
    covers(&people["agreement"], RIGHT * SENSITIVITY + (1.0 - RIGHT) * SPECIFICITY);
    covers(&people["auc"], f64::midpoint(SENSITIVITY, SPECIFICITY));
    covers(&people["corrected_rate"], RIGHT);
    let called = RIGHT * SENSITIVITY + (1.0 - RIGHT) * (1.0 - SPECIFICITY);
    covers(&model["called_right"], called);
    // Of those called right, and of the others, how many were taken follows from Bayes.
    let right = RIGHT * SENSITIVITY / called;
    let taken_if_called = 0.8 * right + 0.4 * (1.0 - right);
    let wrong = (1.0 - RIGHT) * SPECIFICITY / (1.0 - called);
    let left_if_not = 0.6 * wrong + 0.2 * (1.0 - wrong);
    covers(
        &model["against_behaviour"]["agreement"],
        called * taken_if_called + (1.0 - called) * left_if_not,
    );
    let ann = judges.iter().find(|judge| judge["judge"]["name"] == "ann").unwrap();
    assert_eq!(ann["against_people"], Value::Null);
    covers(
        &ann["against_behaviour"]["agreement"],
        RIGHT * 0.8 + (1.0 - RIGHT) * 0.6,
    );
}

#[test]
fn quality_with_a_judge_is_right_and_surer_than_without() {
    let server = server();
    let answer = server.get("/api/v1/features/f/quality?level=0.99").expect(200);
    let found = answer["data"].as_array().unwrap();
    assert_eq!(found.len(), 1, "people are no judges here");
    let quality = &found[0];
    assert_eq!(quality["judge"]["name"], "model");
    let labelled = quality["labelled"].as_u64().unwrap();
    assert_eq!(labelled + quality["unlabelled"].as_u64().unwrap(), 1_500);
    for name in ["assisted", "ppi_plus_plus"] {
        covers(&quality[name]["estimate"], RIGHT);
    }
    let error = |estimate: &Value| estimate["standard_error"].as_f64().unwrap();
    assert!(error(&quality["assisted"]["estimate"]) < error(&quality["people_alone"]));
    assert!(quality["effective_labels"].as_f64().unwrap() > labelled as f64);
    assert!(
        quality["judge_alone"]["lower"].as_f64().unwrap() > RIGHT,
        "the judge is lenient"
    );
    assert!(quality["random_labels_p_value"].as_f64().unwrap() > 0.001);
}

#[test]
fn the_simulated_reviewers_agree_on_what_can_be_seen() {
    let world = world();
    let query = about("file.summary", &["acceptance_rate"]);
    let (agreement, quality) = world
        .db
        .with(|conn| {
            let agreement = agreement::run(conn, &world.sources, &query)?;
            Ok::<_, QueryError>((agreement.found, quality::run(conn, &world.sources, &query)?.found))
        })
        .unwrap();
    for (rubric, verdict) in [
        ("tone", AgreementVerdict::Alike),
        ("beauty", AgreementVerdict::NotAlike),
        ("usefulness", AgreementVerdict::Alike),
    ] {
        let people = agreement.people.iter();
        let mut found = people.filter(|people| people.rubric.as_deref() == Some(rubric));
        let found = found.next().unwrap();
        assert_eq!(found.verdict, verdict, "{}", found.sentence);
    }
    let useful = |rubric: &Option<String>| rubric.as_deref() == Some("usefulness");
    let model = agreement.judges.iter().find(|judge| useful(&judge.rubric)).unwrap();
    let sensitivity = &model.against_people.as_ref().unwrap().sensitivity;
    assert!((sensitivity.value.unwrap() - 0.92).abs() < 4.0 * sensitivity.standard_error.unwrap());
    let truth = world
        .truth
        .features
        .iter()
        .find(|feature| feature.feature == "file.summary")
        .unwrap();
    let quality = quality.by_judge.iter().find(|quality| useful(&quality.rubric)).unwrap();
    let assisted = &quality.assisted.estimate;
    assert!((assisted.value.unwrap() - truth.correctness).abs() < 4.0 * assisted.standard_error.unwrap());
    assert!(assisted.standard_error < quality.people_alone.standard_error);
    assert!(
        quality.random_labels_p_value.unwrap() > 0.001,
        "reviewers choose at random"
    );
}

#[test]
fn an_opinion_on_a_rubric_leaves_the_whole_alone() {
    let server = TestServer::start();
    server.send(
        r#"[{"type":"shown","output_id":"o","feature":"f"},
        {"type":"judge","output_id":"o","correct":true,"judge":"ann"},
        {"type":"judge","output_id":"o","correct":false,"judge":"ann","rubric":"tone"},
        {"type":"rate","output_id":"o","rating":1},
        {"type":"rate","output_id":"o","rating":0,"rubric":"tone"}]"#,
    );
    let output = server.get("/api/v1/outputs/o").expect(200);
    assert_eq!((&output["correct"], &output["rating"]), (&json!(true), &json!(1.0)));
    let answer = server.get("/api/v1/features/f/agreement").expect(200);
    let rubrics: Vec<&Value> = answer["data"]["people"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| &own["rubric"])
        .collect();
    // Judges and raters, on the whole and on the tone.
    assert_eq!(rubrics, [&Value::Null, &Value::Null, &json!("tone"), &json!("tone")]);
    for path in ["agreement", "quality"] {
        let unknown = format!("/api/v1/features/f/{path}?rubric=tone");
        server.get(&unknown).expect_problem(400, "invalid_parameter");
        server
            .get(&format!("/api/v1/features/g/{path}"))
            .expect_problem(404, "not_found");
    }
}
