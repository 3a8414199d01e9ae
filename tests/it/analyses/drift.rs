//! Drift, found and dated.

use calibrant::query::analyses::drift::{self, Drifted, Question};
use chrono::{DateTime, TimeDelta, Utc};

use super::{about, both_ways, end, world};

fn drifted(feature: &str, until: DateTime<Utc>, exact: bool) -> Drifted {
    let world = world();
    let mut query = about(feature, &["correctness_rate"]);
    query.to = Some(until);
    let [from_outputs, from_rollups] = both_ways(&query);
    let question = Question {
        query: if exact { from_outputs } else { from_rollups },
        baseline_days: 7,
        alpha: 0.05,
    };
    world
        .db
        .with(|conn| drift::run(conn, &world.sources, &question, end()))
        .unwrap()
}

#[test]
fn a_planted_change_is_found_and_dated() {
    let planted = &world().truth.planted;
    let worse = planted
        .iter()
        .find(|planted| planted.kind == "version_regresses" && planted.feature == "chat.answer")
        .unwrap();
    for exact in [true, false] {
        // Before the next version mends it.
        let found = drifted("chat.answer", worse.since + TimeDelta::days(15), exact);
        let changes = &found.metrics[0].changes;
        let near = |change: &&drift::FoundChange| {
            // It rolls out over some days.
            (worse.since - TimeDelta::days(1)..worse.since + TimeDelta::days(6)).contains(&change.at)
        };
        let change = changes
            .iter()
            .find(near)
            .unwrap_or_else(|| panic!("{} in {changes:#?}", worse.since));
        assert!(change.difference.upper.unwrap() < 0.0, "{change:?}");
        assert!(!change.segments.is_empty());
        assert!(
            found.metrics[0].alarm.is_some_and(|alarm| alarm >= change.at),
            "{:?}",
            found.metrics[0].alarm
        );
    }
}

#[test]
fn a_feature_that_stands_still_does_not_drift() {
    let found = drifted("code.complete", end(), true);
    assert!(found.metrics[0].changes.is_empty(), "{:#?}", found.metrics[0].changes);
    assert_eq!(found.metrics[0].alarm, None);
    let confidence = found.confidence.unwrap();
    assert!(confidence.p_value > 0.01, "{confidence:?}");
    assert!((confidence.before.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}
