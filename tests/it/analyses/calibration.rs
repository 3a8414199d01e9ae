//! Calibration, recalibration and autonomy over a product whose confidence is off where it was planted.

use calibrant::metrics::families::calibration::{Target, of_draws};
use calibrant::query::Answer;
use calibrant::query::analyses::autonomy::{self, Autonomy, NoThreshold, Question};
use calibrant::query::analyses::calibration;
use calibrant::query::analyses::recalibration::{self, Recalibration, RecalibrationVerdict};
use calibrant::query::answer::Source;
use calibrant::simulate::Verdict;
use calibrant::stats::recalibration::Form;

use super::{about, both_ways, end, world};

/// The features that state a confidence which was planted off, and by how much.
fn planted(kind: &str) -> Vec<(&'static str, f64)> {
    let truth = &world().truth;
    let off = truth.planted.iter().filter(|planted| planted.kind == kind);
    off.map(|planted| {
        let feature = truth.features.iter().find(|feature| feature.feature == planted.feature);
        (planted.feature, feature.unwrap().confidence_bias.unwrap())
    })
    .collect()
}

fn calibrated(feature: &str) -> [Answer; 2] {
    let target = Target::Correctness;
    let mut query = about(feature, &target.metric_ids());
    query.curve = Some(target);
    let world = world();
    both_ways(&query).map(|query| {
        world
            .db
            .with(|conn| calibration::run(conn, &world.sources, &query, target, end()))
            .unwrap()
    })
}

fn recalibrated(feature: &str) -> Recalibration {
    let world = world();
    let query = about(feature, &[]);
    world
        .db
        .with(|conn| recalibration::run(conn, &world.sources, &query, Target::Correctness))
        .unwrap()
}

fn autonomous(feature: &str, risk: f64) -> (Autonomy, String) {
    let world = world();
    let question = Question {
        query: about(feature, &[]),
        risk,
        delta: 0.05,
    };
    let found = world
        .db
        .with(|conn| autonomy::run(conn, &world.sources, &question))
        .unwrap();
    let sentence = autonomy::sentence(&found, &question);
    (found, sentence)
}

#[test]
fn planted_over_confidence_is_found_by_every_measure() {
    let over = planted("over_confident");
    assert!(!over.is_empty());
    for (feature, bias) in over {
        let [exact, rolled] = calibrated(feature);
        assert_eq!((exact.source, rolled.source), (Source::Segments, Source::Rollups));
        let estimate = |answer: &Answer, id: &str| {
            let at = Target::Correctness.metric_ids().iter().position(|other| *other == id);
            answer.rows[0].estimates[at.unwrap()].clone()
        };
        let gap = estimate(&exact, "calibration_gap_correctness");
        assert!(gap.lower.unwrap() > 0.0, "{feature}: {gap:?}");
        assert!(
            (gap.value.unwrap() - bias).abs() < 0.05,
            "{feature}: {gap:?} for {bias}"
        );
        let square = estimate(&exact, "ece_debiased_square_10_correctness");
        assert!(square.lower.unwrap() > 0.0, "{feature}: {square:?}");
        let names = of_draws(&[]).into_iter().map(|(name, _)| name);
        for name in names.chain(["smooth_ece"]) {
            let id = format!("{name}_correctness");
            let (drawn, cell) = (estimate(&exact, &id), estimate(&rolled, &id));
            assert_eq!(drawn.method, Some("bootstrap_cluster"), "{id}");
            let (lower, value, upper) = (drawn.lower.unwrap(), drawn.value.unwrap(), drawn.upper.unwrap());
            assert!(lower <= value && value <= upper && lower < upper, "{id}: {drawn:?}");
            assert!(
                (value - cell.value.unwrap()).abs() < 0.005,
                "{id}: {drawn:?} against {cell:?}"
            );
        }
        let slope = estimate(&exact, "calibration_slope_correctness");
        assert_eq!(slope.method, Some("sandwich_cluster"));
        assert!(slope.lower.unwrap() < slope.value.unwrap());
    }
}

#[test]
fn recalibrating_helps_where_confidence_is_off_and_says_so_where_it_is_not() {
    for (feature, _) in planted("over_confident") {
        let found = recalibrated(feature);
        assert_eq!(
            found.verdict,
            RecalibrationVerdict::Helps,
            "{feature}: {:#?}",
            found.maps
        );
        let best = found
            .maps
            .iter()
            .find(|map| Some(map.form) == found.recommended)
            .unwrap();
        assert!(best.other_users.ece_10.value.unwrap() > 0.0, "{best:#?}");
        // What was too high comes down.
        let row = &found.table[80];
        assert!(row.confidence == 0.8 && row.recommended < 0.8, "{row:?}");
        assert_eq!(found.table.len(), 101);
        assert!(found.maps.iter().all(|map| map.map.is_some()) && found.maps.len() == Form::ALL.len());
    }
    let honest = world()
        .truth
        .features
        .iter()
        .filter(|feature| feature.confidence_bias.is_some_and(|bias| bias.abs() < 0.01) && feature.outputs > 1_000);
    let mut seen = 0;
    for feature in honest {
        let found = recalibrated(feature.feature);
        let fine = [
            RecalibrationVerdict::AlreadyCalibrated,
            RecalibrationVerdict::NoClearGain,
        ];
        assert!(fine.contains(&found.verdict), "{}: {:#?}", feature.feature, found.maps);
        assert!(found.table.iter().all(|row| row.recommended == row.confidence));
        seen += 1;
    }
    assert!(seen > 0, "some feature is honest");
}

#[test]
fn autonomy_goes_where_the_error_rate_allows_it() {
    let (found, sentence) = autonomous("browser.step", 0.1);
    let covered = found
        .threshold
        .as_ref()
        .unwrap_or_else(|| panic!("{sentence}\n{:#?}", found.curve));
    assert!(
        covered.error_rate.value.unwrap() < 0.1 && covered.p_value <= 0.05,
        "{covered:?}"
    );
    assert!((0.0..=1.0).contains(&covered.share) && covered.outputs <= found.outputs);
    assert!(
        sentence.contains("95.0 % confidence") && sentence.contains("10.0 %"),
        "{sentence}"
    );
    let spared = found.spared.unwrap();
    assert!(spared.decisions > 0 && spared.decisions <= covered.outputs);
    assert!(spared.median_decision_ms.unwrap() > 0.0);
    let shares: Vec<f64> = found.curve.iter().map(|point| point.share).collect();
    assert!(shares.is_sorted() && *shares.last().unwrap() <= 1.0 && found.curve.len() > 20);
    let check = found.check.unwrap();
    assert!(check.above.is_none() || check.verdict.is_some(), "{check:?}");
    // Higher risks let more through.
    let (wider, _) = autonomous("browser.step", 0.2);
    assert!(wider.threshold.unwrap().above <= covered.above);
}

#[test]
fn autonomy_says_no_where_nothing_meets_the_risk() {
    let (found, sentence) = autonomous("browser.step", 0.001);
    assert!(found.threshold.is_none() && found.spared.is_none());
    assert_eq!(found.reason, Some(NoThreshold::TooFewUsers), "{sentence}");
    assert!(
        found.users_needed > 300 && sentence.starts_with("No threshold meets the risk of 0.1 %"),
        "{sentence}"
    );
    let over = world()
        .truth
        .features
        .iter()
        .find(|feature| feature.verdict == Verdict::Over)
        .unwrap();
    let (found, sentence) = autonomous(over.feature, 0.05);
    assert!(found.threshold.is_none(), "{}: {sentence}", over.feature);
}
