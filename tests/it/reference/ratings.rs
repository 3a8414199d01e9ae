//! Ratings by many raters. No rater is known by name, so each item is a cluster of its own.

use serde_json::json;

use super::{Imported, same};
use crate::golden::golden;

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
    check_distributions(&data);
}

/// Every step of the scale of every feature against statsmodels, and all of them against the counts.
fn check_distributions(data: &Imported) {
    let golden = &golden("volumes")["ratings"];
    let mut counts = [0; 4];
    for (feature, steps) in golden.as_object().unwrap() {
        let path = format!("/api/v1/features/{feature}/ratings");
        let found = &data.server.get(&path).expect(200)["data"][0]["scales"];
        assert_eq!(found.as_array().unwrap().len(), 1);
        assert_eq!((&found[0]["lowest"], &found[0]["highest"]), (&json!(0.0), &json!(3.0)));
        let told = found[0]["steps"].as_array().unwrap();
        assert_eq!(told.len(), steps.as_array().unwrap().len());
        for (rating, (step, expected)) in told.iter().zip(steps.as_array().unwrap()).enumerate() {
            let share = &step["share"];
            counts[rating] += step["ratings"].as_u64().unwrap();
            assert_eq!(share["numerator"].as_f64(), expected["num"].as_f64(), "{share}");
            assert_eq!(share["denominator"].as_f64(), expected["den"].as_f64(), "{share}");
            same(feature, &share["value"], &expected["ratio"]);
            same(feature, &share["standard_error"], &expected["se"]);
            same(feature, &share["lower"], &expected["wilson"][0]);
            same(feature, &share["upper"], &expected["wilson"][1]);
        }
    }
    let words = ["Bad", "Could be Improved", "Acceptable", "Excellent"];
    assert_eq!(
        words.map(|word| data.reference["counts"][word].as_u64().unwrap()),
        counts
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
