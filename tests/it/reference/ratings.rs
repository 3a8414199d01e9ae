//! Ratings by many raters. No rater is known by name, so each item is a cluster of its own.

use super::{Imported, same};

const RATINGS: [&str; 4] = ["shown", "rating_mean", "positive_rating_rate", "rating_flips"];

#[test]
fn answers_on_public_health() {
    let Some(data) = Imported::new("feedbackqa", "feedback.jsonl.gz") else {
        return;
    };
    let expected = &data.reference;
    let all = data.everything(&RATINGS);
    assert_eq!(all.value("shown"), &expected["items"]);
    assert_eq!(all.get("rating_mean")["n"], expected["ratings"]);
    assert_eq!(all.value("rating_flips"), 0);
    all.check_rate("positive_rating_rate", &expected["up_rate"]);
    all.check_clustered("positive_rating_rate", &expected["up_rate"]["clustered_by_item"]);
    let of = |word: &str| expected["counts"][word].as_u64().unwrap();
    let sum = of("Could be Improved") + 2 * of("Acceptable") + 3 * of("Excellent");
    assert_eq!(all.get("rating_mean")["numerator"], sum);

    let features = data.by("feature", &RATINGS);
    assert_eq!(features.len(), expected["up_by_feature"].as_object().unwrap().len());
    for (feature, slice) in features {
        slice.check_rate("positive_rating_rate", &expected["up_by_feature"][&feature]);
        let mean = slice.value("rating_mean");
        same(&feature, mean, &expected["mean_score_by_feature"][&feature]);
    }
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
    let all = data.everything(&RATINGS);
    assert_eq!(all.value("shown"), 2 * rows);
    assert_eq!(all.get("rating_mean")["n"], 2 * 3 * rows);
    // Every comparison gives one point in all.
    assert_eq!(all.get("rating_mean")["numerator"], 3 * rows);
    // A tie is half a point, in the middle of the scale: no positive rating.
    let positive = all.get("positive_rating_rate");
    assert_eq!(positive["numerator"], label("1") + label("2"));
    assert_eq!(positive["denominator"], 2 * 3 * rows);
}

#[test]
fn safety_of_replies() {
    let Some(data) = Imported::new("dices_counts", "ratings.csv.gz") else {
        return;
    };
    let sets = data.by("feature", &RATINGS);
    assert_eq!(sets.len(), 3);
    for (set, slice) in sets {
        let expected = &data.reference[&set];
        let total = |name: &str| expected["totals"][name].as_f64().unwrap();
        assert_eq!(slice.value("shown"), &expected["items"]);
        assert_eq!(slice.get("rating_mean")["n"], expected["ratings"]);
        let positive = slice.get("positive_rating_rate");
        assert_eq!(positive["numerator"], expected["totals"]["yes"]);
        assert_eq!(positive["denominator"], expected["ratings"]);
        let points = total("yes") + 0.5 * total("unsure");
        assert_eq!(slice.get("rating_mean")["numerator"].as_f64(), Some(points));
    }
}
