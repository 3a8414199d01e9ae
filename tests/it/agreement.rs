//! The rollups give the same numbers as the outputs that they were made of.

use std::sync::OnceLock;

use calibrant::domain::dimension::Dimension;
use calibrant::domain::window::Granularity;
use calibrant::metrics::{self, Estimate, Reason};
use calibrant::query::answer::Source;
use calibrant::query::{self, Answer, Query, Sources};
use calibrant::simulate::{Options, Simulation};
use calibrant::store::Db;
use calibrant::store::projects::Project;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::support::simulated;

/// What is read from a grid of 1000 cells of confidence, and how far that may move it: two confidences in one cell count as equal.
/// Of a few outputs, a curve may be determined from one source only.
const GRID_BOUNDS: [(&str, f64); 13] = [
    ("auroc", 0.01),
    ("ece_equal_mass_10", 0.01),
    ("adaptive_calibration_error_10", 0.01),
    ("smooth_ece", 0.001),
    ("miscalibration", 0.01),
    ("discrimination", 0.01),
    ("uncertainty", 1e-12),
    ("calibration_slope", 0.05),
    ("calibration_intercept", 0.05),
    ("spiegelhalter_z", 0.01),
    ("aurc", 0.01),
    ("e_aurc", 0.01),
    ("augrc", 0.01),
];
const FEW: u64 = 30;

fn grid_bound(id: &str) -> Option<f64> {
    let name = id.strip_suffix("_acceptance").or(id.strip_suffix("_correctness"))?;
    GRID_BOUNDS
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, bound)| *bound)
}

fn end() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// A database with a simulated product. The days include the end of summer time in Berlin.
fn product() -> &'static (Db, Project) {
    static PRODUCT: OnceLock<(Db, Project)> = OnceLock::new();
    PRODUCT.get_or_init(|| {
        simulated::product(Options {
            days: 14,
            users: 120,
            outputs: 3_000,
            ..Options::ending(end())
        })
    })
}

/// A question about all metrics that the rollups can answer.
fn question() -> Query {
    let mut query = Query::new(product().1.id, metrics::all().map(|(_, metric)| metric).collect());
    query.from = Some("2026-10-19T00:00:00Z".parse().unwrap());
    query.to = Some(end());
    query
}

fn answers(query: &Query) -> (Answer, Answer) {
    let run = |most_exact: i64| {
        let mut query = query.clone();
        query.exact_outputs = most_exact;
        product()
            .0
            .with(|conn| query::run(conn, &Sources::default(), &query, end()))
            .unwrap()
    };
    let (exact, rolled) = (run(i64::MAX), run(0));
    assert_eq!((exact.source, rolled.source), (Source::Segments, Source::Rollups));
    (exact, rolled)
}

#[track_caller]
fn check_estimate(id: &str, exact: &Estimate, rolled: &Estimate, place: &str) {
    if matches!(rolled.reason, Some(Reason::NotAligned | Reason::NeedsExact)) {
        return;
    }
    let what = format!("{id} of {place}: {exact:?} against {rolled:?}");
    assert_eq!(exact.n, rolled.n, "{what}");
    assert_eq!(
        (exact.numerator, exact.denominator),
        (rolled.numerator, rolled.denominator),
        "{what}"
    );
    // Rollups know the users of the slice, and not which of them are behind an estimate.
    if let Some(users) = rolled.users {
        assert!(
            exact.users.unwrap() <= users && users <= rolled.n.max(exact.users.unwrap()),
            "{what}"
        );
    }
    let bound = grid_bound(id);
    if bound.is_some() && exact.n < FEW {
        return;
    }
    let (Some(a), Some(b)) = (exact.value, rolled.value) else {
        assert_eq!((exact.value, exact.reason), (rolled.value, rolled.reason), "{what}");
        return;
    };
    assert!((a - b).abs() <= bound.unwrap_or(1e-12) * a.abs().max(1.0), "{what}");
    assert_eq!(exact.lower.is_some(), exact.upper.is_some(), "{what}");
    assert_eq!(rolled.lower.is_some(), rolled.upper.is_some(), "{what}");
    if let (Some(lower), Some(upper)) = (rolled.lower, rolled.upper) {
        assert!(lower.is_finite() && upper.is_finite(), "{what}");
        assert!(lower <= b + 1e-12 && b <= upper + 1e-12, "{what}");
    }
}

/// Compares the two answers to a question. Gives how many estimates had a value in both.
#[track_caller]
fn check(query: &Query) -> usize {
    let (exact, rolled) = answers(query);
    assert_eq!(
        (exact.log_position, &exact.restated),
        (rolled.log_position, &rolled.restated)
    );
    let mut valued = 0;
    for (exact, rolled) in [(&exact.rows, &rolled.rows), (&exact.totals, &rolled.totals)] {
        assert_eq!(exact.len(), rolled.len());
        for (exact, rolled) in exact.iter().zip(rolled) {
            assert_eq!((&exact.group, exact.bucket), (&rolled.group, rolled.bucket));
            let place = format!("{:?} {:?}", exact.group, exact.bucket);
            for ((metric, exact), rolled) in query.metrics.iter().zip(&exact.estimates).zip(&rolled.estimates) {
                check_estimate(metric.id, exact, rolled, &place);
                valued += usize::from(rolled.value.is_some());
            }
        }
    }
    valued
}

#[test]
fn over_all_time() {
    let (exact, _) = answers(&question());
    let shown = exact.rows[0].estimates[0].value.unwrap();
    assert!((2_000.0..4_000.0).contains(&shown), "{shown} outputs");
    // The simulated apps take nothing by themselves that could be undone, and look what is in place after 30 s and 5 min only; rollups
    // do not keep users apart.
    let absent = [
        "auto_reversal_rate",
        "acceptance_rate_per_user",
        "persistence_120s",
        "persistence_600s",
    ];
    let all = question().metrics.len() - absent.len();
    assert_eq!(check(&question()), all, "every other metric has a value");
}

#[test]
fn by_feature_and_by_segment() {
    let mut query = question();
    query.group_by = vec![Dimension::Feature];
    assert!(check(&query) > 6 * 30);
    query.group_by = vec![
        Dimension::Feature,
        Dimension::Version,
        Dimension::parse(Simulation::dimensions()[0]),
    ];
    assert!(check(&query) > 20 * 30);
}

#[test]
fn by_day_in_any_time_zone() {
    let mut query = question();
    query.granularity = Some(Granularity::Day);
    let utc = check(&query);
    assert!(utc > 13 * 40, "{utc}");
    query.group_by = vec![Dimension::Feature];
    assert!(check(&query) > utc);
    // Days of Berlin are not whole UTC days: what is kept per UTC day has no value, everything else is the same.
    query.group_by = Vec::new();
    query.timezone = Tz::Europe__Berlin;
    query.from = Some("2026-10-18T22:00:00Z".parse().unwrap());
    query.to = Some("2026-10-31T23:00:00Z".parse().unwrap());
    let berlin = check(&query);
    assert!(berlin > 13 * 40 && berlin < utc, "{berlin} of {utc}");
    let (exact, _) = answers(&query);
    assert_eq!(exact.rows.len(), 13);
}

#[test]
fn by_hour_with_a_filter() {
    let mut query = question();
    query.granularity = Some(Granularity::Hour);
    query.filters = vec![calibrant::query::filter::Filter::is(Dimension::Feature, "agent.task")];
    assert!(check(&query) > 1_000);
}
