//! Dry runs over a simulated product whose truth is known.

use calibrant::domain::clock::{day_of, midnight};
use calibrant::simulate::{Options, Simulation};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde_json::{Value, json};

use super::eventually;
use crate::support::{TestServer, simulated};

/// How long after its first users met it a change may be noticed.
const SOON: TimeDelta = TimeDelta::days(14);

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// The ends of the looks that fired.
fn fired(found: &Value) -> Vec<DateTime<Utc>> {
    let turned = found["transitions"].as_array().unwrap().iter();
    turned
        .filter(|turned| turned["state"] == "firing")
        .map(|turned| time(&turned["at"]))
        .collect()
}

fn told(found: &Value) -> usize {
    found["looks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|look| look["standing"] == "told")
        .count()
}

#[test]
fn a_planted_regression_fires_within_days_and_what_is_neutral_does_not() {
    // It ends on a Monday at midnight, so that the draws are the same whenever this runs.
    let today = day_of(Utc::now());
    let since = i64::from(midnight(today).weekday().num_days_from_monday());
    let options = Options {
        outputs: 40_000,
        ..Options::ending(midnight(today) - TimeDelta::days(since))
    };
    let truth = Simulation::new(options.clone()).truth();
    let (db, _) = simulated::product(options);
    let server = TestServer::over(db);
    let run = |rule: &Value| {
        let body = json!({"rule": rule, "days": 46 + since}).to_string();
        // The first to ask has the files of all days made, which may take longer than an answer may.
        eventually("an answer", || {
            let answer = server.post("/api/v1/alerts/dry-run", &body);
            (answer.status != 503).then(|| answer.expect(200))
        })
    };
    let change = |feature: &str, metric: &str, side: &str| {
        run(
            &json!({"name": "moved", "kind": "change", "metric": metric, "feature": feature, "side": side, "baseline_days": 14}),
        )
    };
    // Its answers are wrong far more often, which judgements tell. All users have met it after six days.
    let planted = truth
        .planted
        .iter()
        .find(|planted| planted.kind == "version_regresses")
        .unwrap();
    let low = run(
        &json!({"name": "wrong", "kind": "threshold", "metric": "correctness_rate", "feature": planted.feature, "side": "below",
        "threshold": 0.75}),
    );
    let found = change(planted.feature, "correctness_rate", "below");
    println!(
        "planted at {}: {:#} {:#}",
        planted.since, low["transitions"], found["transitions"]
    );
    let first = fired(&low)[0];
    assert!(first > planted.since && first < planted.since + SOON, "{first}");
    // Against the days before it takes longer: days differ by themselves, and the evidence makes up for looking every day for ever.
    let first = fired(&found)[0];
    assert!(first > planted.since && first < planted.since + SOON * 2, "{first}");
    // It is told when the day is mature.
    let told_first = &found["transitions"][0];
    assert_eq!(
        time(&told_first["known_at"]) - time(&told_first["at"]),
        TimeDelta::days(1)
    );
    assert!(
        told_first["sentence"].as_str().unwrap().contains("another level than"),
        "{told_first}"
    );
    // The rule that looks for the other side does not fire on it.
    let mirror = fired(&change(planted.feature, "correctness_rate", "above"));
    assert!(mirror.iter().all(|at| *at > planted.since + SOON), "{mirror:?}");
    let looks = found["looks"].as_array().unwrap();
    assert_eq!(
        looks.len() as i64,
        44 + since,
        "every mature day of those asked for, and no other"
    );
    assert!(
        looks
            .iter()
            .any(|look| look["baseline"]["value"].is_number() && look["evidence"].is_number())
    );

    // Versions that change nothing.
    for (feature, metric) in [
        ("code.complete", "acceptance_rate"),
        ("browser.step", "acceptance_rate"),
        ("browser.step", "correctness_rate"),
    ] {
        let calm = change(feature, metric, "either");
        println!("{feature}: {} looks told", told(&calm));
        assert_eq!(calm["fired"], 0, "{feature} {metric}: {:#}", calm["transitions"]);
        assert!(told(&calm) > 30, "{feature}");
    }

    let threshold = |feature: &str, level: f64| {
        run(
            &json!({"name": "low", "kind": "threshold", "metric": "acceptance_rate", "feature": feature, "side": "below", "threshold": level}),
        )
    };
    assert_eq!(threshold("code.complete", 0.01)["fired"], 0);
    let always = threshold("code.complete", 0.99);
    assert_eq!(
        (&always["fired"], &always["looks"][40]["state"]),
        (&json!(1), &json!("firing"))
    );
    // A look says what the query says of the same days.
    let look = &always["looks"][40];
    let query = json!({"metrics": ["acceptance_rate"], "filters": [{"dimension": "feature", "op": "eq", "value": "code.complete"}],
        "from": look["from"], "to": look["to"], "level": look["level"], "exact": true});
    let asked = server.post("/api/v1/query", query.to_string()).expect(200);
    let estimate = &asked["data"][0]["metrics"]["acceptance_rate"];
    for field in ["value", "lower", "upper", "n", "users"] {
        assert_eq!(look[field], estimate[field], "{field}: {look} {estimate}");
    }
    // The verdict of a feature that nothing happens to stands.
    let verdict = run(&json!({"name": "verdict", "kind": "verdict", "feature": "browser.step", "window_days": 14}));
    assert_eq!(verdict["fired"], 0, "{:#}", verdict["transitions"]);
    assert!(
        verdict["looks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|look| look["verdict"] != "insufficient")
    );
}
