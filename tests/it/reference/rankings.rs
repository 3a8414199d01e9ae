//! Five models whose answers people compared, two at a time, as an eval of which each is a run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::DIGITS;
use crate::support::{TestServer, data_set};

fn text(path: &std::path::Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    text
}

#[test]
fn models_that_people_compared_in_pairs_are_ranked() {
    let Some(folder) = data_set("pandalm_preferences") else {
        return;
    };
    let rows: Vec<Value> = serde_json::from_str(&text(&folder.join("testset-v1.json.gz"))).unwrap();
    let reference: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("REFERENCE.json")).unwrap()).unwrap();
    let expected = reference["model_pairs_majority"].as_object().unwrap();
    let mut results: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut cases = Vec::new();
    for row in &rows {
        let labels = ["annotator1", "annotator2", "annotator3"].map(|rater| &row[rater]);
        let majority = labels
            .iter()
            .find(|label| labels.iter().filter(|other| other == label).count() > 1);
        let won = match majority
            .map(ToString::to_string)
            .as_deref()
            .map(|label| label.trim_matches('"'))
        {
            Some("1") => 1.0,
            Some("2") => 0.0,
            Some("0") => 0.5,
            _ => continue,
        };
        let case = row["idx"].to_string();
        let (first, second) = row["cmp_key"].as_str().unwrap().split_once('_').unwrap();
        for (model, score) in [(first, won), (second, 1.0 - won)] {
            let own = results.entry(model.to_owned()).or_default();
            own.push(json!({"case": case, "score": score}));
        }
        cases.push(json!({"case": case}));
    }
    let server = TestServer::start();
    server.post("/api/v1/evals", r#"{"name":"pairs"}"#).expect(201);
    server
        .post("/api/v1/evals/pairs/cases", json!(cases).to_string())
        .expect(200);
    for (model, results) in &results {
        let run = json!({"name": model, "results": results});
        server.post("/api/v1/evals/pairs/runs", run.to_string()).expect(201);
    }
    let found = server.get("/api/v1/evals/pairs/ranking").expect(200)["data"].clone();
    let runs = found["runs"].as_array().unwrap();
    let name = |id: &Value| {
        runs.iter().find(|run| run["run"] == *id).unwrap()["name"]
            .as_str()
            .unwrap()
    };
    let strength = |id: &Value| {
        runs.iter().find(|run| run["run"] == *id).unwrap()["strength"]["value"]
            .as_f64()
            .unwrap()
    };
    let pairs = found["pairs"].as_array().unwrap();
    assert_eq!((pairs.len(), &found["cases"]), (expected.len(), &json!(999)));
    // What each won, and what its strength expects: the same at the maximum of the likelihood.
    let mut beyond: BTreeMap<&str, f64> = BTreeMap::new();
    for pair in pairs {
        let (first, second) = (name(&pair["first"]), name(&pair["second"]));
        let record = if first < second {
            json!({"win": pair["wins"], "loss": pair["losses"], "tie": pair["ties"]})
        } else {
            json!({"win": pair["losses"], "loss": pair["wins"], "tie": pair["ties"]})
        };
        assert_eq!(
            record,
            expected[&format!("{} vs {}", first.min(second), first.max(second))]
        );
        let [won, lost, tied] = ["wins", "losses", "ties"].map(|of| pair[of].as_f64().unwrap());
        let chance = 1.0 / (1.0 + (strength(&pair["second"]) - strength(&pair["first"])).exp());
        let residual = won + tied / 2.0 - (won + lost + tied) * chance;
        *beyond.entry(first).or_default() += residual;
        *beyond.entry(second).or_default() -= residual;
    }
    assert!(
        beyond.len() == 5 && beyond.values().all(|beyond| beyond.abs() < DIGITS),
        "{beyond:?}"
    );
    assert!(
        runs.iter()
            .map(|run| run["strength"]["value"].as_f64().unwrap())
            .sum::<f64>()
            .abs()
            < DIGITS
    );
    assert_eq!(
        (name(&found["best"][0]), found["best"].as_array().unwrap().len()),
        ("llama-7b", 1)
    );
}
