//! Ratings by many raters. No rater is known by name, so each item is a cluster of its own.

use serde_json::Value;

use super::{Imported, same};

#[test]
fn answers_on_public_health() {
    let Some(data) = Imported::new("feedbackqa", "feedback.jsonl.gz") else {
        return;
    };
    let expected = &data.reference;
    assert_eq!(data.metric("shown")["value"], expected["items"]);
    assert_eq!(data.metric("rating_mean")["n"], expected["ratings"]);
    assert_eq!(data.metric("rating_flips")["value"], 0);
    data.check_rate("positive_rating_rate", &[], &expected["up_rate"]);
    data.check_clustered("positive_rating_rate", &[], &expected["up_rate"]["clustered_by_item"]);
    for (feature, rate) in expected["up_by_feature"].as_object().unwrap() {
        data.check_rate("positive_rating_rate", &[("feature", feature)], rate);
        let mean = data.metric_where("rating_mean", &[("feature", feature)], "naive");
        same(feature, &mean["value"], &expected["mean_score_by_feature"][feature]);
    }
    let of = |word: &str| expected["counts"][word].as_f64().unwrap();
    let sum = of("Could be Improved") + 2.0 * of("Acceptable") + 3.0 * of("Excellent");
    same(
        "sum of ratings",
        &data.metric("rating_mean")["numerator"],
        &Value::from(sum),
    );
}

/// A pair is two outputs, and a comparison two ratings: the sums of both sides are known from the labels.
#[test]
fn pairs_of_answers() {
    let Some(data) = Imported::new("pandalm_preferences", "testset-v1.json.gz") else {
        return;
    };
    let expected = &data.reference;
    let rows = expected["rows"].as_u64().unwrap();
    let label = |label: &str| -> u64 {
        ["annotator1", "annotator2", "annotator3"]
            .iter()
            .map(|annotator| expected["label_counts"][annotator][label].as_u64().unwrap())
            .sum()
    };
    assert_eq!(data.metric("shown")["value"], 2 * rows);
    let mean = data.metric("rating_mean");
    assert_eq!(mean["n"], 2 * 3 * rows);
    // Every comparison gives one point in all.
    assert_eq!(mean["numerator"], 3 * rows);
    // A tie is half a point, in the middle of the scale: no positive rating.
    let positive = data.metric("positive_rating_rate");
    assert_eq!(positive["numerator"], label("1") + label("2"));
    assert_eq!(positive["denominator"], 2 * 3 * rows);
    assert_eq!(data.metric("feedback_rate")["value"], 1);
}

#[test]
fn safety_of_replies() {
    let Some(data) = Imported::new("dices_counts", "ratings.csv.gz") else {
        return;
    };
    for set in ["dices_350_crowdsourced", "dices_350_expert", "dices_990"] {
        let expected = &data.reference[set];
        let total = |name: &str| expected["totals"][name].as_f64().unwrap();
        let of = |id: &str| data.metric_where(id, &[("feature", set)], "naive");
        assert_eq!(of("shown")["value"], expected["items"]);
        assert_eq!(of("rating_mean")["n"], expected["ratings"]);
        let positive = of("positive_rating_rate");
        assert_eq!(positive["numerator"], expected["totals"]["yes"]);
        assert_eq!(positive["denominator"], expected["ratings"]);
        let points = total("yes") + 0.5 * total("unsure");
        same(set, &of("rating_mean")["numerator"], &Value::from(points));
    }
}
