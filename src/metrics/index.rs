//! Where the sums of a slice are, and which sums an estimate needs.
//!
//! Families declare sums together, but a question is about a few metrics. Which sums these read is found by letting them read: an
//! index notes every name that it does not have. So the columns of a question are only those that its estimates look at, and an
//! estimate that turns out to need more is computed again with them.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use polars::prelude::PlHashMap;

use super::families::calibration::{self, Target};
use super::statistics::{Clustering, IntervalKind};
use super::{Metric, Statistics};
use crate::domain::edits::EditThresholds;
use crate::stats::level::Level;

/// Positions of sums by name.
#[derive(Clone, Debug, Default)]
pub struct Index {
    positions: PlHashMap<String, usize>,
    missed: RefCell<BTreeSet<String>>,
}

impl Index {
    pub fn new<'a>(names: impl IntoIterator<Item = &'a String>) -> Index {
        Index {
            positions: names.into_iter().cloned().zip(0..).collect(),
            missed: RefCell::default(),
        }
    }

    /// The position of a sum. One that is not there is noted.
    pub fn get(&self, sum: &str) -> Option<usize> {
        let position = self.positions.get(sum).copied();
        if position.is_none() {
            self.missed.borrow_mut().insert(sum.to_owned());
        }
        position
    }

    /// The sums that were asked for and are not there.
    pub fn missed(&self) -> BTreeSet<String> {
        self.missed.borrow().clone()
    }

    pub fn len(&self) -> usize {
        self.positions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}

/// The sums that these metrics, and the curve if it is asked for, read in a project that tells edits apart like this. An estimate may
/// stop early where there is nothing to estimate, so that more may turn out to be needed.
pub fn sums_read(metrics: &[&Metric], curve: Option<Target>, edits: EditThresholds) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    loop {
        let missed = probe(&known, edits, |statistics| {
            for metric in metrics {
                (metric.estimate)(statistics);
            }
            if let Some(target) = curve {
                calibration::curve(statistics, target);
            }
            statistics.index.missed()
        });
        if missed.is_empty() {
            return known;
        }
        known.extend(missed);
    }
}

/// Whether a metric is a ratio of sums: only such a change can be split into the parts of its segments.
pub fn is_ratio(metric: &Metric) -> bool {
    let edits = EditThresholds::default();
    probe(&sums_read(&[metric], None, edits), edits, |statistics| {
        let (_, trace) = statistics.traced(metric.estimate);
        trace.is_some_and(|trace| !trace.totals.is_empty())
    })
}

/// Whether any of these metrics depends on which edits the project calls light, medium or heavy.
pub fn are_of_edit_classes(metrics: &[&Metric]) -> bool {
    let sums = |edits| sums_read(metrics, None, edits);
    sums(EditThresholds::LOWEST) != sums(EditThresholds::HIGHEST)
}

/// Statistics of two clusters, of two outputs each, that agree in everything.
fn probe<T>(known: &BTreeSet<String>, edit_thresholds: EditThresholds, look: impl FnOnce(&Statistics) -> T) -> T {
    let index = Index::new(known);
    let totals = vec![4; known.len()];
    let cluster = [2, 2];
    let clusters: Vec<&[i64]> = known.iter().map(|_| cluster.as_slice()).collect();
    look(&Statistics {
        level: Level::default(),
        interval: IntervalKind::default(),
        edit_thresholds,
        outputs: 4,
        users: Some(2),
        clustering: Clustering::Exact,
        index: &index,
        totals: &totals,
        clusters: &clusters,
        is_user: &[true; 2],
        histograms: &HashMap::new(),
        trace: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics;

    #[test]
    fn a_rate_reads_its_two_counts() {
        let (_, metric) = metrics::find("acceptance_rate").unwrap();
        assert_eq!(
            sums_read(&[metric], None, EditThresholds::default())
                .into_iter()
                .collect::<Vec<_>>(),
            ["decided", "taken"]
        );
    }

    #[test]
    fn rates_and_means_are_ratios_and_errors_over_bins_are_not() {
        let is_ratio = |id: &str| is_ratio(metrics::find(id).unwrap().1);
        assert!(
            ["acceptance_rate", "edit_distance", "trust_gap", "brier_correctness"]
                .into_iter()
                .all(is_ratio)
        );
        assert!(
            !["ece_10_correctness", "users", "auroc_acceptance", "d_prime"]
                .into_iter()
                .any(is_ratio)
        );
    }

    #[test]
    fn only_sums_of_the_registry_are_read() {
        let layout = metrics::layout();
        for (_, metric) in metrics::all() {
            let read = sums_read(&[metric], None, EditThresholds::default());
            assert!(read.iter().all(|sum| layout.contains(sum)), "{}: {read:?}", metric.id);
        }
    }
}
