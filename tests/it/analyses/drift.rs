//! Drift, found and dated.

use std::fmt::Write as _;

use calibrant::query::analyses::drift::{self, Drifted, Question};
use calibrant::stats::random::Random;
use chrono::{DateTime, TimeDelta, Utc};

use serde_json::{Value, json};

use super::{about, both_ways, end, world};
use crate::support::TestServer;

fn drifted(feature: &str, until: DateTime<Utc>, exact: bool) -> Drifted {
    let world = world();
    let mut query = about(feature, &["correctness_rate"]);
    query.to = Some(until);
    let [from_outputs, from_rollups] = both_ways(&query);
    let question = Question {
        query: if exact { from_outputs } else { from_rollups },
        baseline_days: 7,
        alpha: 0.05,
    };
    world
        .db
        .with(|conn| drift::run(conn, &world.sources, &question, end()))
        .unwrap()
}

#[test]
fn a_planted_change_is_found_and_dated() {
    let planted = &world().truth.planted;
    let worse = planted
        .iter()
        .find(|planted| planted.kind == "version_regresses" && planted.feature == "chat.answer")
        .unwrap();
    for exact in [true, false] {
        // Before the next version mends it.
        let found = drifted("chat.answer", worse.since + TimeDelta::days(15), exact);
        let changes = &found.metrics[0].changes;
        let near = |change: &&drift::FoundChange| {
            // It rolls out over some days.
            (worse.since - TimeDelta::days(1)..worse.since + TimeDelta::days(6)).contains(&change.at)
        };
        let change = changes
            .iter()
            .find(near)
            .unwrap_or_else(|| panic!("{} in {changes:#?}", worse.since));
        assert!(change.difference.upper.unwrap() < 0.0, "{change:?}");
        assert!(!change.segments.is_empty());
        assert!(
            found.metrics[0].alarm.is_some_and(|alarm| alarm >= change.at),
            "{:?} {:?}",
            found.metrics[0].alarm,
            found.metrics[0].evidence
        );
    }
}

#[test]
fn a_feature_that_stands_still_does_not_drift() {
    let found = drifted("code.complete", end(), true);
    assert!(found.metrics[0].changes.is_empty(), "{:#?}", found.metrics[0].changes);
    assert_eq!(found.metrics[0].alarm, None);
    let confidence = found.confidence.unwrap();
    assert!(confidence.p_value > 0.01, "{confidence:?}");
    assert!((confidence.before.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

/// 40 days of 60 outputs by 30 users who differ. On day 25, from one day to the next, outputs get worse, users notice, and the model is
/// surer of itself than before.
fn sharp_change() -> TestServer {
    let server = TestServer::start();
    let mut random = Random::new(4);
    let skill: Vec<f64> = (0..30).map(|_| 0.2 * (random.uniform() - 0.5)).collect();
    let mut lines = String::new();
    for number in 0..2_400_u64 {
        let (day, user) = (number / 60, random.below(30) as usize);
        let (right, sure) = if day < 25 { (0.75, 0.75) } else { (0.45, 0.9) };
        let at = "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(24 * number as i64);
        let right = random.uniform() < right + skill[user];
        let taken = random.uniform() < if right { 0.9 } else { 0.3 };
        let confidence = sure + 0.1 * (random.uniform() - 0.5);
        let mut say = |mut event: Value| {
            event["output_id"] = json!(format!("o{number}"));
            event["occurred_at"] = json!(at);
            writeln!(lines, "{event}").unwrap();
        };
        say(json!({"type": "shown", "feature": "f", "user_id": format!("u{user}"), "confidence": confidence}));
        say(json!({"type": if taken { "accept" } else { "reject" }}));
        say(json!({"type": "judge", "correct": right}));
    }
    server.send(lines);
    server
}

#[test]
fn a_sharp_change_is_dated_to_the_day_in_everything_that_changed() {
    let server = sharp_change();
    let answer = server.get("/api/v1/features/f/drift").expect(200);
    let day = |text: &Value| {
        let date: DateTime<Utc> = text.as_str().unwrap().parse().unwrap();
        (date - "2026-03-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap()).num_days()
    };
    let metrics = answer["data"].as_array().unwrap();
    assert_eq!(metrics.len(), 3);
    for metric in metrics {
        let changes = metric["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 1, "{metric}");
        assert!((24..=26).contains(&day(&changes[0]["at"])), "{}", changes[0]);
        assert!((25..=30).contains(&day(&metric["alarm"])), "{}", metric["alarm"]);
        let signals = metric["chart"]["signals"].as_array().unwrap();
        let first = signals.iter().find(|signal| signal["method"] == "cusum").unwrap();
        // A sum may have begun with some low days just before.
        assert!((20..=26).contains(&day(&first["since"])), "{first}");
        assert!(
            signals.iter().any(|signal| signal["method"] == "page_hinkley"),
            "{signals:?}"
        );
    }
    // What moved by most: the window asks for more than the others.
    let signals = metrics[1]["chart"]["signals"].as_array().unwrap();
    assert!(signals.iter().any(|signal| signal["method"] == "adwin"), "{signals:?}");
    for metric in &metrics[..2] {
        let chart = &metric["chart"];
        let signals = chart["signals"].as_array().unwrap();
        let bayes: Vec<&Value> = signals.iter().filter(|signal| signal["method"] == "bayes").collect();
        assert_eq!(bayes.len(), 1, "{signals:?}");
        assert!((24..=26).contains(&day(&bayes[0]["since"])), "{bayes:?}");
        assert_eq!(bayes[0]["direction"], "down");
        let beliefs = chart["beliefs"].as_array().unwrap();
        assert_eq!(beliefs.len(), 40);
        let change = |days: std::ops::Range<usize>| {
            let own = beliefs[days].iter().map(|belief| belief["change"].as_f64().unwrap());
            own.sum::<f64>()
        };
        assert!(change(24..27) > 0.9 && change(0..20) < 0.2, "{beliefs:?}");
        assert!(
            (13..=16).contains(&beliefs[39]["days_at_level"].as_u64().unwrap()),
            "{}",
            beliefs[39]
        );
    }
    assert_eq!(metrics[2]["chart"]["beliefs"], json!([]), "a mean has no counts");
    let [acceptance, gap] = [&metrics[0], &metrics[2]];
    assert!(acceptance["changes"][0]["difference"]["upper"].as_f64().unwrap() < 0.0);
    assert!(
        gap["changes"][0]["difference"]["lower"].as_f64().unwrap() > 0.0,
        "it claims more than it does"
    );
    assert_eq!(acceptance["chart"]["days"].as_array().unwrap().len(), 40);
    assert_eq!(
        (&gap["chart"]["centre"], &gap["chart"]["days"]),
        (&Value::Null, &json!([]))
    );
    let confidence = &answer["confidence"];
    // From one band to another, each in one piece.
    assert!(confidence["p_value"].as_f64().unwrap() < 1e-3, "{confidence}");
    assert!(confidence["psi"].as_f64().unwrap() > 5.0 * confidence["expected"].as_f64().unwrap());

    for (parameters, code) in [
        ("baseline_days=6", "invalid_parameter"),
        ("alpha=0.6", "invalid_parameter"),
        ("metrics=users", "invalid_parameter"),
        ("metrics=nonsense", "unknown_metric"),
        ("group_by=version", "invalid_parameter"),
    ] {
        let answer = server.get(&format!("/api/v1/features/f/drift?{parameters}"));
        assert_eq!(answer.json()["code"], code, "{parameters}");
    }
    server.get("/api/v1/features/g/drift").expect_problem(404, "not_found");
}
