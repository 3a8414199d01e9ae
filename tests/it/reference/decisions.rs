//! Decisions: accepted, rejected, relied upon.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{Imported, same};

const FEATURE: &str = "copilot.completion";

#[test]
fn copilot_completions() {
    let Some(data) = Imported::new("copilot_cups", "suggestions.jsonl.gz") else {
        return;
    };
    let expected = &data.reference;
    assert_eq!(data.metric("shown")["value"], expected["exposures"]);
    assert_eq!(data.metric("users")["value"], expected["users"]);
    let of = |decision: &str| expected["decisions"][decision].as_u64().unwrap();
    assert_eq!(data.metric("decided")["value"], of("accepted") + of("rejected"));
    assert_eq!(
        data.metric("ignore_rate")["numerator"],
        of("superseded") + of("no_response")
    );

    data.check_rate("acceptance_rate", &[], &expected["acceptance_decided"]);
    data.check_rate("acceptance_of_shown", &[], &expected["acceptance_shown"]);
    data.check_rate("response_rate", &[], &expected["response_rate"]);
    data.check_clustered(
        "acceptance_rate",
        &[],
        &expected["acceptance_decided_clustered_by_user"],
    );
    for (task, rate) in expected["acceptance_by_task"].as_object().unwrap() {
        data.check_rate("acceptance_rate", &[("task", task)], rate);
    }
    same(
        "character_acceptance_rate",
        &data.metric("character_acceptance_rate")["value"],
        &expected["char_weighted_acceptance"],
    );
    data.check_calibration(FEATURE, None, "acceptance", &expected["confidence_vs_accept"]);
    // `persistent_acceptance_rate` asks whether two thirds are still in place; the reference, whether nothing changed.
}

/// Quantiles here are order statistics, the smallest value that at least that share does not exceed, and the sketch is
/// right to 1 %. numpy's quantiles lie between two of them.
#[test]
fn copilot_decision_times() {
    let Some(data) = Imported::new("copilot_cups", "suggestions.jsonl.gz") else {
        return;
    };
    let times = decision_times(&data);
    let expected = &data.reference["time_to_decision_s"]["all"];
    assert_eq!(times.len() as u64, expected["n"].as_u64().unwrap());
    for (percent, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let got = data.metric(&format!("decision_time_{percent}"));
        assert_eq!(got["n"], expected["n"]);
        let value = got["value"].as_f64().unwrap();
        let at = q * (times.len() - 1) as f64;
        let (below, above) = (times[at.floor() as usize], times[at.ceil() as usize]);
        let published = 1_000.0 * expected[percent].as_f64().unwrap();
        assert!(below - 1e-6 <= published && published <= above + 1e-6, "{percent}");
        assert!(
            0.99 * below <= value && value <= 1.01 * above,
            "{percent}: got {value}, not within 1 % of {below} to {above}"
        );
    }
}

/// Milliseconds to decide, sorted.
fn decision_times(data: &Imported) -> Vec<f64> {
    let file = std::fs::File::open(data.folder.join("suggestions.jsonl.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let mut times: Vec<f64> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|row| row["decision"] == "accepted" || row["decision"] == "rejected")
        .map(|row| row["decided_at_ms"].as_f64().unwrap() - row["shown_at_ms"].as_f64().unwrap())
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

#[test]
fn advice_on_cards() {
    let Some(data) = Imported::new("human_alignment", "events.csv.gz") else {
        return;
    };
    check_advice(&data, None, &data.reference["all"]);
    for (version, block) in data.reference["by_group"].as_object().unwrap() {
        check_advice(&data, Some(version), block);
    }
}

/// One block of the reference: everything, or one version.
fn check_advice(data: &Imported, version: Option<&str>, expected: &Value) {
    let slice: Vec<(&str, &str)> = version.map(|version| ("version", version)).into_iter().collect();
    let of = |id: &str| data.metric_where(id, &slice, "naive")["value"].clone();
    assert_eq!(of("shown"), expected["n"]);
    assert_eq!(of("users"), expected["participants"]);
    for (id, name) in [
        ("acceptance_rate", "agreement_fraction"),
        ("trust", "agreement_fraction"),
        ("correctness_rate", "ai_accuracy"),
        ("trustworthiness", "ai_accuracy"),
        ("initial_accuracy", "human_initial_accuracy"),
        ("switch_rate", "switch_fraction"),
        ("over_reliance", "over_reliance"),
        ("under_reliance", "under_reliance"),
        ("appropriate_reliance", "appropriate_reliance_overall"),
        // With two answers, not to rely is to answer the opposite: the team is right where reliance was appropriate.
        ("appropriate_reliance", "final_accuracy"),
        ("rair", "rair"),
        ("rsr", "rsr"),
    ] {
        data.check_rate(id, &slice, &expected[name]);
    }
    data.check_clustered("acceptance_rate", &slice, &expected["accept_clustered"]);
    data.check_clustered("appropriate_reliance", &slice, &expected["final_accuracy_clustered"]);
    same("trust_gap", &of("trust_gap"), &expected["trust_minus_trustworthiness"]);
    same("d_prime", &of("d_prime"), &expected["sdt_loglinear"]["d_prime"]);
    same("criterion", &of("criterion"), &expected["sdt_loglinear"]["criterion"]);
    // The other calibration blocks of the reference are about the colour of the card, not about the AI being right.
    data.check_calibration(
        "card.advice",
        version,
        "correctness",
        &expected["calibration_top_label"],
    );
}

/// One question with a row per group gives what one question per group does.
#[test]
fn groups_are_filters() {
    let Some(data) = Imported::new("copilot_cups", "suggestions.jsonl.gz") else {
        return;
    };
    let rows = data.query(&json!({"metrics": ["acceptance_rate", "users", "ece_10_acceptance"], "group_by": ["task"]}));
    assert_eq!(
        rows.len(),
        data.reference["acceptance_by_task"].as_object().unwrap().len()
    );
    for row in rows {
        let task = row["group"]["task"].as_str().unwrap();
        for id in ["acceptance_rate", "users", "ece_10_acceptance"] {
            let alone = data.metric_where(id, &[("task", task)], "clustered");
            assert_eq!(row["metrics"][id], alone, "{task}");
        }
    }
}
