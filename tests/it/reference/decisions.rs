//! Decisions: accepted, rejected, relied upon.

use std::io::Read;

use calibrant::stats::shrinkage::Rates;
use calibrant::store::StoreError;
use diesel::sql_types::Double;
use diesel::{QueryableByName, RunQueryDsl};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{Imported, Slice, check_curve, same};
use crate::support::TestServer;

pub const FEATURE: &str = "copilot.completion";

#[test]
fn copilot_completions() {
    let Some(data) = Imported::new("copilot_cups", "suggestions.jsonl.gz") else {
        return;
    };
    let expected = &data.reference;
    let all = data.everything(&[
        "shown",
        "users",
        "decided",
        "ignore_rate",
        "acceptance_rate",
        "acceptance_of_shown",
        "response_rate",
        "character_acceptance_rate",
        "decision_time_p50",
        "decision_time_p90",
        "decision_time_p99",
    ]);
    assert_eq!(all.value("shown"), &expected["exposures"]);
    assert_eq!(all.value("users"), &expected["users"]);
    let of = |decision: &str| expected["decisions"][decision].as_u64().unwrap();
    assert_eq!(all.value("decided"), of("accepted") + of("rejected"));
    let ignored = &all.get("ignore_rate")["numerator"];
    assert_eq!(ignored, of("superseded") + of("no_response"));

    all.check_rate("acceptance_rate", &expected["acceptance_decided"]);
    all.check_rate("acceptance_of_shown", &expected["acceptance_shown"]);
    all.check_rate("response_rate", &expected["response_rate"]);
    all.check_clustered("acceptance_rate", &expected["acceptance_decided_clustered_by_user"]);
    let weighted = all.value("character_acceptance_rate");
    same("characters", weighted, &expected["char_weighted_acceptance"]);
    check_times(&data, &all);
    check_persistence(&data);

    let tasks = data.by("task", &["acceptance_rate"]);
    let rates = expected["acceptance_by_task"].as_object().unwrap();
    assert_eq!(tasks.len(), rates.len());
    for (task, slice) in tasks {
        slice.check_rate("acceptance_rate", &rates[&task]);
    }
    let curves = data.curves(FEATURE, "target=acceptance");
    check_curve(&curves[0], "acceptance", &expected["confidence_vs_accept"]);
    check_triggers(&data);
    check_prior(&data, [8.136_412_809_507_778, 14.584_725_181_835_03]);
}

/// What is unchanged at each check against the reference; what is mostly or half in place, against the rows. The first of the five
/// checks is at no horizon. Nothing was taken back and every state is known.
fn check_persistence(data: &Imported) {
    let path = format!("/api/v1/features/{FEATURE}/persistence");
    let found = data.server.get(&path).expect(200);
    let steps = found["data"][0]["steps"].as_array().unwrap();
    let accepted: Vec<Value> = rows(data)
        .into_iter()
        .filter(|row| row["decision"] == "accepted")
        .collect();
    for (check, step) in (1..).zip(steps) {
        assert_eq!(step["known"]["value"], 1, "{step}");
        assert_eq!(step["taken_back"]["value"], 0, "{step}");
        for share in step["shares"].as_array().unwrap() {
            let least = share["least"].as_f64().unwrap();
            let is_kept = |row: &&Value| 1.0 - row["edit_percentage"][check].as_f64().unwrap() >= least;
            let kept = accepted.iter().filter(is_kept).count();
            assert_eq!(share["of_accepted"]["numerator"], kept, "{step}");
            assert_eq!(share["of_accepted"]["n"], accepted.len(), "{step}");
        }
        let unchanged = &step["shares"][0];
        let [of_accepted, of_decided] = [
            "persistent_unchanged_by_check",
            "persistent_acceptance_of_decided_by_check",
        ]
        .map(|name| &data.reference[name][check]);
        assert_eq!(unchanged["of_accepted"]["numerator"], of_accepted["k"]);
        same("unchanged", &unchanged["of_accepted"]["value"], &of_accepted["rate"]);
        assert_eq!(unchanged["of_decided"]["n"], of_decided["n"]);
        same("of decided", &unchanged["of_decided"]["value"], &of_decided["rate"]);
        // The catalogue's series are the middle column.
        let series = format!("persistence_{}s", step["after_seconds"]);
        let all = data.everything(&[&series]);
        assert_eq!(all.value(&series), &step["shares"][1]["of_accepted"]["value"]);
    }
    assert_eq!(steps.len(), 4);
}

/// Precision and recall by threshold, against `METHODS.json` beside the data sets.
fn check_triggers(data: &Imported) {
    let methods = std::fs::read_to_string(data.folder.join("../METHODS.json")).unwrap();
    let expected = &serde_json::from_str::<Value>(&methods).unwrap()["trigger_cups"];
    let path = format!("/api/v1/features/{FEATURE}/trigger?usefulness=acceptance");
    let found = data.server.get(&path).expect(200);
    let precision = &expected["average_precision"];
    same("average precision", &found["average_precision"], precision);
    for (threshold, row) in expected["at"].as_object().unwrap() {
        let threshold: f64 = threshold.parse().unwrap();
        let mut steps = found["thresholds"].as_array().unwrap().iter();
        let step = steps
            .find(|step| (step["threshold"].as_f64().unwrap() - threshold).abs() < 1e-12)
            .unwrap();
        assert_eq!(step["shown"]["numerator"], row["fired"]);
        same("precision", &step["precision"]["value"], &row["precision"]);
        same("recall", &step["recall_of_shown"]["value"], &row["recall"]);
    }
    assert_eq!(found["metrics"]["trigger_recall"]["reason"], "not_identified");
}

#[derive(QueryableByName)]
struct Accepted {
    #[diesel(sql_type = Double)]
    taken: f64,
    #[diesel(sql_type = Double)]
    decided: f64,
}

/// How users' acceptance rates differ, as a beta distribution: what scipy's `optimize` makes of `stats.betabinom` and the same
/// counts, polished as a root of the gradient.
fn check_prior(data: &Imported, expected: [f64; 2]) {
    let counts: Vec<Accepted> = data
        .server
        .db
        .with(|conn| {
            diesel::sql_query(
                "SELECT count(*) FILTER (WHERE decision IN (1, 2, 4))::double precision AS taken, \
                 count(*)::double precision AS decided FROM outputs WHERE decision IN (1, 2, 3, 4) GROUP BY user_key",
            )
            .load(conn)
            .map_err(StoreError::from)
        })
        .unwrap();
    let units: Vec<(f64, f64)> = counts.iter().map(|own| (own.taken, own.decided)).collect();
    let Some(Rates::Spread(prior, _)) = Rates::fit(&units) else {
        panic!("users differ")
    };
    for (found, expected) in [prior.alpha, prior.beta].into_iter().zip(expected) {
        assert!((found / expected - 1.0).abs() < 1e-9, "{found} is not {expected}");
    }
}

/// Quantiles here are order statistics, numpy's with `method="lower"`, and the sketch is right to 1 %. The reference's are
/// interpolated: they lie between that order statistic and the next.
fn check_times(data: &Imported, all: &Slice) {
    let times = decision_times(data);
    let expected = &data.reference["time_to_decision_s"]["all"];
    assert_eq!(times.len() as u64, expected["n"].as_u64().unwrap());
    for (percent, q) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        let got = all.get(&format!("decision_time_{percent}"));
        assert_eq!(got["n"], expected["n"]);
        let value = got["value"].as_f64().unwrap();
        let at = q * (times.len() - 1) as f64;
        let (below, above) = (times[at.floor() as usize], times[at.ceil() as usize]);
        let published = 1_000.0 * expected[percent].as_f64().unwrap();
        assert!(
            below - 1e-6 <= published && published <= above + 1e-6,
            "{percent}: {published}"
        );
        assert!((value - below).abs() <= 0.01 * below, "{percent}: {value} for {below}");
    }
}

fn rows(data: &Imported) -> Vec<Value> {
    let file = std::fs::File::open(data.folder.join("suggestions.jsonl.gz")).unwrap();
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let rows = text.lines().map(|line| serde_json::from_str(line).unwrap());
    rows.collect()
}

/// Milliseconds to decide, sorted.
fn decision_times(data: &Imported) -> Vec<f64> {
    let mut times: Vec<f64> = rows(data)
        .into_iter()
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
    let expected = &data.reference;
    let (rates, others) = (
        RELIANCE.map(|(id, _)| id),
        [
            "shown",
            "users",
            "trust_gap",
            "complementary_performance",
            "d_prime",
            "criterion",
        ],
    );
    let mut ids = [rates.as_slice(), &others].concat();
    ids.sort_unstable();
    ids.dedup();
    check_advice(&data.everything(&ids), &expected["all"]);
    let versions = data.by("version", &ids);
    let groups = expected["by_group"].as_object().unwrap();
    assert_eq!(versions.len(), groups.len());
    for (version, slice) in versions {
        check_advice(&slice, &groups[&version]);
    }

    // The other calibration blocks of the reference are about the colour of the card, not about the AI being right.
    let curves = data.curves("card.advice", "target=correctness");
    check_curve(&curves[0], "correctness", &expected["all"]["calibration_top_label"]);
    for curve in data.curves("card.advice", "target=correctness&group_by=version") {
        let version = curve["group"]["version"].as_str().unwrap();
        check_curve(&curve, "correctness", &groups[version]["calibration_top_label"]);
    }
    check_prior(&data, [11.451_345_243_886_815, 2.100_648_684_213_145_8]);

    check_weights(&data.server, "", |_| &expected["all"]);
    check_weights(&data.server, "?group_by=version", |group| {
        &groups[group["version"].as_str().unwrap()]
    });
}

/// How far people moved to the AI's probability, of all or by version. Where both gave the same from the start nobody can.
#[track_caller]
fn check_weights<'a>(server: &TestServer, parameters: &str, expected: impl Fn(&Value) -> &'a Value) {
    let path = format!("/api/v1/features/card.advice/reliance{parameters}");
    let found = server.get(&path).expect(200);
    for slice in found["data"].as_array().unwrap() {
        let (advice, block) = (&slice["advice"], expected(&slice["group"]));
        let expected = &block["weight_of_advice"];
        for (name, of) in [
            ("mean", "mean_clipped01"),
            ("median", "median_clipped01"),
            ("ratio_of_sums", "ratio_of_sums"),
        ] {
            same(name, &advice[name]["value"], &expected[of]);
            assert_eq!(advice[name]["n"], expected["n"], "{name}: {advice}");
            assert_eq!(advice[name]["users"], block["participants"], "{name}: {advice}");
            let [value, lower, upper] = ["value", "lower", "upper"].map(|end| advice[name][end].as_f64().unwrap());
            assert!(lower <= value && value <= upper, "{name}: {advice}");
        }
        assert_eq!(advice["mean"], slice["metrics"]["weight_of_advice"]);
        let ends = ["away", "kept", "between", "taken", "beyond"].map(|end| advice[end]["numerator"].as_u64().unwrap());
        assert_eq!(ends.iter().sum::<u64>(), expected["n"].as_u64().unwrap(), "{advice}");
    }
}

/// Proportions, and what the reference calls them.
const RELIANCE: [(&str, &str); 17] = [
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
    ("initial_agreement", "initial_agreement"),
    ("agreement_fraction", "agreement_fraction"),
    ("over_reliance_opposed", "over_reliance_given_initial_disagreement"),
    ("under_reliance_opposed", "under_reliance_given_initial_disagreement"),
    ("accuracy_wid", "accuracy_wid"),
    ("rair", "rair"),
    ("rsr", "rsr"),
];

/// Everything, or one version, against its block of the reference.
#[track_caller]
fn check_advice(slice: &Slice, expected: &Value) {
    assert_eq!(slice.value("shown"), &expected["n"]);
    assert_eq!(slice.value("users"), &expected["participants"]);
    for (id, name) in RELIANCE {
        slice.check_rate(id, &expected[name]);
    }
    slice.check_clustered("acceptance_rate", &expected["accept_clustered"]);
    slice.check_clustered("appropriate_reliance", &expected["final_accuracy_clustered"]);
    let gap = &expected["trust_minus_trustworthiness"];
    same("trust_gap", slice.value("trust_gap"), gap);
    let gain = slice.value("complementary_performance");
    same("complementary_performance", gain, &expected["ctp_gain"]);
    let detection = &expected["sdt_loglinear"];
    same("d_prime", slice.value("d_prime"), &detection["d_prime"]);
    same("criterion", slice.value("criterion"), &detection["criterion"]);
}

/// A row per group says what a question about one group says.
#[test]
fn groups_are_filters() {
    let Some(data) = Imported::new("copilot_cups", "suggestions.jsonl.gz") else {
        return;
    };
    let ids = ["acceptance_rate", "users", "ece_10_acceptance", "decision_time_p90"];
    for row in data.query(&json!({"metrics": ids, "group_by": ["task"]})) {
        let filter = json!({"dimension": "task", "op": "in", "value": [row["group"]["task"]]});
        let alone = data.query(&json!({"metrics": ids, "filters": [filter]}));
        assert_eq!(row["metrics"], alone[0]["metrics"], "{row}");
    }
}
