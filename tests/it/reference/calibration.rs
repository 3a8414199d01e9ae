//! Calibration in depth, recalibration and the threshold of autonomy on real data.

use serde_json::Value;

use super::decisions::FEATURE;
use super::{Imported, same};
use crate::support::data_set;

/// Metrics, without their target, and what the reference calls them.
const DEPTH: [(&str, &str); 10] = [
    ("ece_debiased_10", "ce_l2_debiased_equal_width"),
    ("ece_debiased_square_10", "ce_l2_debiased_sq_equal_width"),
    ("average_calibration_error_10", "ace_unweighted_equal_width"),
    ("miscalibration", "corp.mcb"),
    ("discrimination", "corp.dsc"),
    ("uncertainty", "corp.unc"),
    ("spiegelhalter_z", "spiegelhalter_z"),
    ("calibration_gap", "signed_gap_equal_width"),
    ("brier", "brier"),
    ("auroc", "auroc"),
];

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, name| &value[name])
}

#[track_caller]
fn check_depth(slice: &Value, target: &str, expected: &Value) {
    for (metric, path) in DEPTH {
        same(
            metric,
            &slice["metrics"][format!("{metric}_{target}")]["value"],
            at(expected, path),
        );
    }
    let parts = &slice["brier_parts"];
    for (part, name) in [
        ("reliability", "reliability"),
        ("resolution", "resolution"),
        ("uncertainty", "uncertainty"),
        ("within_variance", "wbv"),
        ("within_covariance", "wbc"),
    ] {
        let (found, wanted) = (parts[part].as_f64(), expected["murphy_binned"][name].as_f64());
        // Confidences are kept to ten decimals.
        assert!(
            (found.unwrap() - wanted.unwrap()).abs() < 1e-11,
            "{part}: {found:?} {wanted:?}"
        );
    }
}

#[track_caller]
fn check_selective(slice: &Value, target: &str, expected: &Value) {
    let metrics = &slice["metrics"];
    same(
        "aurc",
        &metrics[format!("aurc_{target}")]["value"],
        &expected["aurc_tie_avg"],
    );
    same(
        "e_aurc",
        &metrics[format!("e_aurc_{target}")]["value"],
        &expected["e_aurc_tie_avg"],
    );
}

fn methods() -> Option<Value> {
    let file = data_set("")?.join("METHODS.json");
    Some(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
}

#[test]
fn completions_in_depth() {
    let Some(data) = Imported::new("copilot_cups", "suggestions.jsonl.gz") else {
        return;
    };
    let slice = &data.curves(FEATURE, "target=acceptance")[0];
    let expected = &data.reference["confidence_vs_accept"];
    check_depth(slice, "acceptance", expected);
    check_selective(slice, "acceptance", &data.reference["selective"]);
    let mass = &slice["metrics"]["ece_equal_mass_10_acceptance"]["value"];
    same("equal mass", mass, &expected["ece_equal_mass"]);
    let smooth = slice["metrics"]["smooth_ece_acceptance"]["value"].as_f64().unwrap();
    // relplot rounds confidences to a grid and cuts the kernel off.
    assert!(
        (smooth - data.reference["smECE_relplot"].as_f64().unwrap()).abs() < 1e-3,
        "{smooth}"
    );
    let Some(methods) = methods() else { return };
    for bin in methods["consistency_bars_cups"]["bins"].as_array().unwrap() {
        let found = &slice["bins"][bin["bin"].as_u64().unwrap() as usize]["consistent"];
        same("lower", &found["lower"], &bin["lo"]);
        same("upper", &found["upper"], &bin["hi"]);
    }
    check_maps(&data, &methods["recalibration_cups"]);
}

/// The maps of acceptance, fitted to the same rows.
fn check_maps(data: &Imported, expected: &Value) {
    let path = format!("/api/v1/features/{FEATURE}/recalibration?target=acceptance");
    let found = data.server.get(&path).expect(200);
    assert_eq!(found["outputs"], expected["n"]);
    let parameters = |form: &str| {
        let maps = found["maps"].as_array().unwrap();
        &maps.iter().find(|map| map["form"] == form).unwrap()["parameters"]
    };
    same("a", &parameters("platt")["a"], &expected["platt"]["a"]);
    same("b", &parameters("platt")["b"], &expected["platt"]["b"]);
    // The reference's is where a scalar search stopped: its score is 5e-6, ours 2e-14.
    let temperature = parameters("temperature")["temperature"].as_f64().unwrap();
    let theirs = expected["temperature"]["T"].as_f64().unwrap();
    assert!((temperature / theirs - 1.0).abs() < 1e-6, "{temperature} {theirs}");
    for name in ["a", "b", "c"] {
        same(name, &parameters("beta")[name], &expected["beta"][name]);
    }
    assert_eq!(
        parameters("isotonic")["knots"].as_array().unwrap().len() as u64,
        expected["isotonic"]["knots"].as_u64().unwrap()
    );
    for (confidence, value) in expected["isotonic"]["at"].as_object().unwrap() {
        let row = (100.0 * confidence.parse::<f64>().unwrap()).round() as usize;
        same("isotonic", &found["table"][row]["isotonic"], value);
    }
    for (confidence, values) in expected["at"].as_object().unwrap() {
        let row = (100.0 * confidence.parse::<f64>().unwrap()).round() as usize;
        for form in ["platt", "beta"] {
            same(form, &found["table"][row][form], &values[form]);
        }
    }
    // Copilot's confidence is far off acceptance, and twenty-one programmers are enough to show it.
    assert_eq!(found["verdict"], "helps", "{}", found["sentence"]);
}

#[test]
fn advice_in_depth_and_its_threshold() {
    let Some(data) = Imported::new("human_alignment", "events.csv.gz") else {
        return;
    };
    let slice = &data.curves("card.advice", "target=correctness")[0];
    let expected = &data.reference["all"];
    check_depth(slice, "correctness", &expected["calibration_top_label"]);
    check_selective(slice, "correctness", &expected["selective_top_label"]);
    // The reference cuts equal confidences in the order of its rows.
    let mass = slice["metrics"]["ece_equal_mass_10_correctness"]["value"]
        .as_f64()
        .unwrap();
    let theirs = expected["calibration_top_label"]["ece_equal_mass"].as_f64().unwrap();
    assert!((mass - theirs).abs() < 0.005, "{mass} {theirs}");
    for (version, risks) in data.reference["auto_accept_ltt"].as_object().unwrap() {
        for (risk, expected) in risks.as_object().unwrap() {
            check_threshold(&data, version, risk, expected);
        }
    }
}

/// The test that takes outputs as independent is the reference's.
fn check_threshold(data: &Imported, version: &str, risk: &str, expected: &Value) {
    let filters = format!("%5B%7B%22dimension%22:%22version%22,%22op%22:%22eq%22,%22value%22:%22{version}%22%7D%5D");
    let path = format!("/api/v1/features/card.advice/autonomy?risk={risk}&delta=0.1&filters={filters}");
    let found = data.server.get(&path).expect(200);
    let table = expected["table"].as_array().unwrap();
    let curve = found["curve"].as_array().unwrap();
    assert_eq!(curve.len(), table.len(), "{version} at {risk}");
    for (point, row) in curve.iter().zip(table) {
        let above = row["threshold"].as_f64().unwrap() - point["above"].as_f64().unwrap();
        assert!((-1e-9..=0.001 + 1e-9).contains(&above), "{point} {row}");
        assert_eq!(point["error_rate"]["denominator"], row["n"]);
        assert_eq!(point["error_rate"]["numerator"], row["errors"]);
        same("coverage", &point["share"], &row["coverage"]);
        same("p-value", &point["p_value_if_independent"], &row["p_value"]);
    }
    let chosen = &found["threshold_if_independent"];
    match &expected["chosen"] {
        Value::Null => assert!(chosen.is_null(), "{version} at {risk}: {chosen}"),
        row => assert_eq!(chosen["error_rate"]["denominator"], row["n"], "{version} at {risk}"),
    }
}
