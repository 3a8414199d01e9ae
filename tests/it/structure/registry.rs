//! The registry of metrics: what must hold for every family, without knowing any.

use std::collections::{BTreeMap, BTreeSet};

use calibrant::docs;
use calibrant::domain::edits::EditThresholds;
use calibrant::metrics::index::Index;
use calibrant::metrics::statistics::{Clustering, Counts, IntervalKind};
use calibrant::metrics::{self, Estimate, FAMILIES, Family, Statistics, Unit};
use calibrant::query::analyses::catalogue::ANALYSES;
use calibrant::stats::level::Level;
use serde_json::Value;

use crate::support::check_generated;

#[test]
fn the_catalogue_is_up_to_date() {
    check_generated("docs/metrics.md", &docs::metrics());
}

#[test]
fn names_are_stable_names() {
    let mut seen = BTreeSet::new();
    for (family, metric) in metrics::all() {
        for id in [family.id, metric.id] {
            assert!(is_snake_case(id), "`{id}` is not snake_case");
        }
        assert!(seen.insert(metric.id), "two metrics are called `{}`", metric.id);
        assert_eq!(metrics::find(metric.id).unwrap().0.id, family.id);
    }
    let families: BTreeSet<&str> = FAMILIES.iter().map(|family| family.id).collect();
    assert_eq!(families.len(), FAMILIES.len());
}

#[test]
fn every_metric_is_explained() {
    for (family, metric) in metrics::all() {
        assert!(family.question.ends_with('?'), "{}: {}", family.id, family.question);
        for text in [
            metric.title,
            metric.summary,
            metric.formula,
            metric.interval,
            metric.source,
        ] {
            assert!(
                !text.trim().is_empty() && text.trim() == text,
                "{}: {text:?}",
                metric.id
            );
        }
        assert!(metric.summary.ends_with('.'), "{}: {}", metric.id, metric.summary);
    }
}

/// Whatever can be asked of a feature is in the catalogue, and whatever is in the catalogue can be asked.
#[test]
fn every_analysis_is_in_the_catalogue() {
    let document: Value = serde_json::from_str(&docs::openapi().unwrap()).unwrap();
    let paths: BTreeSet<&str> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let routes: BTreeSet<String> = ANALYSES
        .iter()
        .map(|analysis| format!("/api/v1{}", analysis.route))
        .collect();
    assert_eq!(routes.len(), ANALYSES.len());
    for route in &routes {
        assert!(paths.contains(route.as_str()), "{route}");
    }
    let of_features = paths
        .iter()
        .filter(|path| path.starts_with("/api/v1/features/{feature}/"));
    for path in of_features {
        assert!(routes.contains(*path), "{path}");
    }
    for analysis in &ANALYSES {
        assert!(analysis.question.ends_with('?'), "{}", analysis.id);
        for text in [analysis.method, analysis.interval, analysis.source] {
            assert!(!text.is_empty() && text.trim() == text, "{}", analysis.id);
        }
    }
}

/// Families may share a sum; one name never means two things, since the rollups keep it once.
#[test]
fn a_sum_has_one_meaning() {
    let mut meanings: BTreeMap<String, polars::prelude::Expr> = BTreeMap::new();
    for family in FAMILIES {
        let mut own = BTreeSet::new();
        for sum in (family.sums)() {
            assert!(is_snake_case(&sum.name), "`{}` is not snake_case", sum.name);
            assert!(own.insert(sum.name.clone()), "{} sums `{}` twice", family.id, sum.name);
            let known = meanings.entry(sum.name.clone()).or_insert_with(|| sum.expr.clone());
            assert!(
                *known == sum.expr,
                "`{}` of {} means something else elsewhere",
                sum.name,
                family.id
            );
        }
    }
    assert_eq!(metrics::layout().len(), meanings.len());
}

#[test]
fn histograms_are_told_apart() {
    let histograms = metrics::all_histograms();
    let kinds: BTreeSet<i16> = histograms.iter().map(|histogram| histogram.kind).collect();
    let names: BTreeSet<&str> = histograms.iter().map(|histogram| histogram.name).collect();
    assert_eq!(kinds.len(), histograms.len());
    assert_eq!(names.len(), histograms.len());
}

/// An empty slice has counts of zero, and of everything else a reason why it is not there.
#[test]
fn nothing_gives_a_reason() {
    for (family, metric) in metrics::all() {
        for interval in INTERVALS {
            let estimate = slice(family, 0, interval, metric.estimate);
            assert_finite(metric.id, &estimate);
            match estimate.value {
                Some(value) => assert_eq!((metric.unit, value), (Unit::Count, 0.0), "{}", metric.id),
                None => assert!(estimate.reason.is_some(), "{}: neither value nor reason", metric.id),
            }
        }
    }
}

/// Slices of one output, two, and many: an estimate that has a value is a number within its interval. Names that are not
/// among the family's own sums panic in `Statistics`.
#[test]
fn anything_gives_numbers() {
    for (family, metric) in metrics::all() {
        for clusters in [1, 2, 3, 60] {
            for interval in INTERVALS {
                let estimate = slice(family, clusters, interval, metric.estimate);
                assert_finite(metric.id, &estimate);
                assert!(
                    estimate.value.is_some() || estimate.reason.is_some(),
                    "{}: {estimate:?}",
                    metric.id
                );
                if let (Some(value), Some(lower), Some(upper)) = (estimate.value, estimate.lower, estimate.upper) {
                    assert!(lower <= value && value <= upper, "{}: {estimate:?}", metric.id);
                }
            }
        }
    }
}

const INTERVALS: [IntervalKind; 5] = [
    IntervalKind::Clustered,
    IntervalKind::ClusteredLinear,
    IntervalKind::ClusteredExact,
    IntervalKind::ClusteredJeffreys,
    IntervalKind::Naive,
];

/// An estimate of a slice in which every user has one output, and every output counts in every sum. The family sees its
/// own sums and no others.
fn slice(
    family: &'static Family,
    clusters: usize,
    interval: IntervalKind,
    estimate: fn(&Statistics) -> Estimate,
) -> Estimate {
    let sums = (family.sums)();
    let index = Index::new(sums.iter().map(|sum| &sum.name));
    let one = vec![1_i64; clusters];
    let totals = vec![clusters as i64; sums.len()];
    let counts: Counts = (0..clusters as i64).map(|bucket| (bucket, 1, 1)).collect();
    let histograms = (family.histograms)()
        .iter()
        .map(|histogram| (histogram.name, Some(counts.clone())))
        .collect();
    estimate(&Statistics {
        level: Level::default(),
        interval,
        edit_thresholds: EditThresholds::default(),
        outputs: clusters as u64,
        users: Some(clusters as u64),
        clustering: Clustering::Exact,
        index: &index,
        totals: &totals,
        clusters: &vec![one.as_slice(); sums.len()],
        is_user: &vec![true; clusters],
        histograms: &histograms,
        trace: None,
    })
}

#[track_caller]
fn assert_finite(id: &str, estimate: &Estimate) {
    let numbers = [
        estimate.value,
        estimate.lower,
        estimate.upper,
        estimate.numerator,
        estimate.denominator,
        estimate.standard_error,
    ];
    assert!(
        numbers.iter().flatten().all(|number| number.is_finite()),
        "{id}: {estimate:?}"
    );
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !name.ends_with('_')
        && !name.contains("__")
        && name
            .chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}
