//! Machine translations and what translators made of them.

use serde_json::Value;

use super::{Imported, same};

#[test]
fn post_edits() {
    let Some(data) = Imported::new("mlqe_pe", "postedits.jsonl.gz") else {
        return;
    };
    let expected = &data.reference;
    assert_eq!(data.metric("shown")["value"], expected["rows"]);
    // Nobody says who edited: an output without a user is a cluster of its own, and nobody is counted.
    assert_eq!(data.metric("users")["value"], 0);
    check_block(&data, None, &expected["all"]);
    for (feature, block) in expected["by_feature"].as_object().unwrap() {
        check_block(&data, Some(feature), block);
        data.check_calibration(feature, None, "correctness", &block["conf_vs_good"]);
    }
    for row in expected["row_samples"].as_array().unwrap() {
        check_row(&data, row);
    }
}

/// One block of the reference: everything, or one feature.
///
/// The reference calls only an unchanged text accepted, which here is `strict_acceptance_rate`: an edited text was taken
/// too. Its `conf_vs_accept` is about that and has no counterpart, since here confidence is compared with being taken.
fn check_block(data: &Imported, feature: Option<&str>, expected: &Value) {
    let slice: Vec<(&str, &str)> = feature.map(|feature| ("feature", feature)).into_iter().collect();
    data.check_rate("strict_acceptance_rate", &slice, &expected["acceptance"]);
    data.check_rate("untouched_rate", &slice, &expected["acceptance"]);
    data.check_rate("correctness_rate", &slice, &expected["good"]);
    let taken = data.metric_where("acceptance_rate", &slice, "naive");
    assert_eq!((&taken["value"], &taken["n"]), (&Value::from(1), &expected["n"]));

    let distance = data.metric_where("edit_distance", &slice, "naive");
    assert_eq!(distance["n"], expected["n"]);
    same("edit_distance", &distance["value"], &expected["nlev"]["mean"]);
    let retained = data.metric_where("retained_share", &slice, "naive");
    assert_eq!(retained["n"], expected["n"]);
    same("retained_share", &retained["value"], &expected["retained"]["mean"]);

    let known = &expected["conf_vs_good"];
    for (id, name) in [
        ("ece_10_correctness", "ece_equal_width"),
        ("mce_10_correctness", "mce_equal_width"),
        ("brier_correctness", "brier"),
        ("log_loss_correctness", "log_loss_eps1e-6"),
        ("auroc_correctness", "auroc"),
        ("calibration_gap_correctness", "signed_gap_equal_width"),
    ] {
        same(id, &data.metric_where(id, &slice, "naive")["value"], &known[name]);
    }
}

/// A single output against the reference's row.
fn check_row(data: &Imported, row: &Value) {
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    let id = format!("{}-{}-{}", text("feature"), text("split"), row["item"]);
    let output = data.server.get(&format!("/api/v1/outputs/{id}")).expect(200);
    same(&id, &output["edit_distance"], &row["nlev"]);
    same(&id, &output["retained_share"], &row["retained"]);
}
