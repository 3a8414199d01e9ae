//! Dry runs over a simulated product whose truth is known.

use calibrant::simulate::{Options, Simulation};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{TestServer, simulated};

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn a_planted_regression_fires_within_days_and_what_is_neutral_does_not() {
    let options = Options {
        outputs: 40_000,
        ..Options::ending(Utc::now())
    };
    let truth = Simulation::new(options.clone()).truth();
    let (db, _) = simulated::product(options);
    let server = TestServer::over(db);
    let run = |rule: &Value| {
        server
            .post("/api/v1/alerts/dry-run", json!({"rule": rule, "days": 46}).to_string())
            .expect(200)
    };
    let change = |feature: &str, side: &str| {
        run(
            &json!({"name": "moved", "kind": "change", "metric": "acceptance_rate", "feature": feature, "side": side,
            "baseline_days": 14}),
        )
    };
    let planted = truth
        .planted
        .iter()
        .find(|planted| planted.kind == "version_regresses")
        .unwrap();
    let found = change(planted.feature, "below");
    let fired: Vec<&Value> = found["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|turned| turned["state"] == "firing")
        .collect();
    println!("planted at {}: {:#}", planted.since, found["transitions"]);
    let after = time(&fired[0]["at"]) - planted.since;
    assert!(after > TimeDelta::zero() && after < TimeDelta::days(7), "{after}");
    // It is told when the day is mature.
    assert_eq!(time(&fired[0]["known_at"]) - time(&fired[0]["at"]), TimeDelta::days(1));
    assert!(
        fired[0]["sentence"].as_str().unwrap().contains("another level than"),
        "{}",
        fired[0]
    );
    // The mirror image of the rule does not fire on it.
    let mirror = change(planted.feature, "above");
    let early = mirror["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|turned| time(&turned["at"]) < planted.since + TimeDelta::days(10));
    assert_eq!(early.count(), 0);
    let looks = found["looks"].as_array().unwrap();
    assert!(looks.len() >= 44, "{}", looks.len());
    assert!(
        looks
            .iter()
            .any(|look| look["baseline"]["value"].is_number() && look["evidence"].is_number())
    );

    for feature in ["code.complete", "agent.task", "browser.step"] {
        let calm = change(feature, "either");
        assert_eq!(calm["fired"], 0, "{feature}: {:#}", calm["transitions"]);
        assert!(
            calm["looks"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|look| look["standing"] == "told")
                .count()
                > 30,
            "{feature}"
        );
    }
    // A threshold that it never reaches does not fire; one that it surely crosses does, and clears with the mend.
    let threshold = |level: f64| {
        run(
            &json!({"name": "low", "kind": "threshold", "metric": "acceptance_rate", "feature": planted.feature, "side": "below",
            "threshold": level}),
        )
    };
    assert_eq!(threshold(0.01)["fired"], 0);
    let always = threshold(0.99);
    assert_eq!(
        (&always["fired"], &always["looks"][40]["state"]),
        (&json!(1), &json!("firing"))
    );
    // The verdicts of the features stand.
    let told = run(&json!({"name": "verdict", "kind": "verdict", "feature": "agent.task", "window_days": 14}));
    let verdicts: Vec<&Value> = told["looks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|look| &look["verdict"])
        .collect();
    assert!(
        verdicts.iter().any(|verdict| *verdict != "insufficient"),
        "{verdicts:?}"
    );
    assert_eq!(told["fired"], 0);
}
