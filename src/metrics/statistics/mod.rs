//! The sufficient statistics of one slice, as the families see them when they make estimates.

#[cfg(test)]
pub mod built;
mod intervals;

use std::cell::RefCell;
use std::collections::HashMap;

pub use self::intervals::linear_within;
use super::estimate::{Estimate, Reason};
use super::facts::unfixed;
use super::index::Index;
use crate::domain::edits::EditThresholds;
use crate::stats::cluster::ClusterRatio;
use crate::stats::contrast::Moved;
use crate::stats::level::Level;

/// Which interval is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalKind {
    /// Clustered by user; for proportions Wilson's with the effective number of outputs.
    #[default]
    Clustered,
    /// Clustered by user; value ± critical value × standard error.
    ClusteredLinear,
    /// Clustered by user; for proportions that of Clopper and Pearson with the effective number of outputs (Korn and Graubard 1998): never
    /// right less often than it says, where outputs are independent, and wider for it.
    ClusteredExact,
    /// Clustered by user; for proportions that of Jeffreys' posterior with the effective number of outputs.
    ClusteredJeffreys,
    /// Proportions as if all outputs were independent of each other; other metrics stay clustered.
    Naive,
}

/// What the clusters of a slice are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clustering {
    /// Every user apart.
    Exact,
    /// Users in random groups.
    Groups,
}

/// The counts of one histogram: bucket, positives, negatives, in the order of the buckets.
pub type Counts = Vec<(i64, u64, u64)>;

/// What each cluster contributes to an estimate, in the order of the clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// How far it moves the estimate; `None` for clusters that have nothing to say about it.
    pub influence: Vec<Option<f64>>,
    /// How many of the units it has that count.
    pub sizes: Vec<f64>,
    /// Its numerator and denominator, if the estimate is a ratio of sums; else empty.
    pub totals: Vec<(f64, f64)>,
}

/// What each cluster does to a smooth function of sums, in the order of the clusters.
#[derive(Clone, Debug, Default)]
pub struct Moves {
    /// How many of the units it has that count. Clusters without any have nothing to say, and do not make anything surer.
    pub sizes: Vec<f64>,
    /// How far it moves the value.
    pub influence: Vec<f64>,
    /// Variance that clusters which all agree do not show.
    pub unseen: f64,
}

impl Moves {
    fn influence(&self) -> impl Iterator<Item = Option<f64>> {
        let own = self.sizes.iter().zip(&self.influence);
        own.map(|(size, moves)| (*size != 0.0).then_some(*moves))
    }
}

impl Trace {
    /// What a contrast needs of each cluster.
    pub fn moved(&self) -> impl Iterator<Item = Option<Moved>> {
        let own = self.influence.iter().zip(&self.sizes);
        own.map(|(by, size)| by.map(|by| Moved { by, size: *size }))
    }
}

/// One slice: sums in total and by cluster, histograms, and how to make intervals of them.
#[derive(Clone, Copy)]
pub struct Statistics<'a> {
    pub level: Level,
    pub interval: IntervalKind,
    /// Which edits the project calls light, medium or heavy.
    pub edit_thresholds: EditThresholds,
    pub outputs: u64,
    pub users: Option<u64>,
    pub clustering: Clustering,
    /// Position of each sum in `totals` and `clusters`.
    pub index: &'a Index,
    pub totals: &'a [i64],
    /// For each sum, its value in every cluster. The clusters may cover more time than the slice does, where they are kept by
    /// whole UTC days; then only their ratio of variance to size is used.
    pub clusters: &'a [&'a [i64]],
    /// Whether each cluster is a user, and not an output of nobody; empty where clusters are groups of users.
    pub is_user: &'a [bool],
    /// By name. `None` where the slice has none that fits its time.
    pub histograms: &'a HashMap<&'static str, Option<Counts>>,
    /// Takes what each cluster contributes, if anyone asks for it.
    pub trace: Option<&'a RefCell<Option<Trace>>>,
}

impl Statistics<'_> {
    /// An estimate with what each cluster contributes to it; `None` where the estimate is not a smooth function of sums.
    pub fn traced(&self, estimate: fn(&Statistics) -> Estimate) -> (Estimate, Option<Trace>) {
        let trace = RefCell::default();
        let estimate = estimate(&Statistics {
            trace: Some(&trace),
            ..*self
        });
        (estimate, trace.into_inner())
    }

    /// Notes what the clusters contribute, if anyone asks for it.
    fn note(&self, noted: impl FnOnce() -> Trace) {
        if let Some(trace) = self.trace {
            trace.replace(Some(noted()));
        }
    }

    /// Notes the influence of each cluster, if it has one, on an estimate that is no ratio, and the clusters' sizes.
    pub fn note_influence(&self, noted: impl FnOnce() -> (Vec<Option<f64>>, Vec<f64>)) {
        self.note(|| {
            let (influence, sizes) = noted();
            Trace {
                influence,
                sizes,
                totals: Vec::new(),
            }
        });
    }

    /// Notes what makes a ratio of sums whose denominator in the slice is `d`.
    fn note_ratio(&self, totals: &[(f64, f64)], clusters: &ClusterRatio, d: f64) {
        self.note(|| {
            let scale = 1.0 / (clusters.denominator * d).sqrt();
            let ratio = clusters.ratio().unwrap_or_default();
            let own = |(n, size): &(f64, f64)| (*size != 0.0 || *n != 0.0).then(|| (n - ratio * size) * scale);
            Trace {
                influence: totals.iter().map(own).collect(),
                sizes: totals.iter().map(|(_, size)| *size).collect(),
                totals: totals.to_vec(),
            }
        });
    }

    /// A sum over the slice; whole numbers as they are, fixed-point ones in their units.
    pub fn total(&self, sum: &str) -> f64 {
        self.index
            .get(sum)
            .and_then(|at| self.totals.get(at))
            .map_or(0.0, |total| *total as f64)
    }

    /// A fixed-point sum over the slice as a real number.
    pub fn real(&self, sum: &str) -> f64 {
        unfixed(self.total(sum))
    }

    pub fn count(&self, sum: &str) -> u64 {
        self.total(sum).max(0.0) as u64
    }

    /// One sum for every cluster.
    pub fn by_cluster(&self, sum: &str) -> Vec<f64> {
        self.clusters_of(sum).iter().map(|value| *value as f64).collect()
    }

    fn clusters_of(&self, sum: &str) -> &[i64] {
        let values = self.index.get(sum).and_then(|at| self.clusters.get(at));
        values.copied().unwrap_or_default()
    }

    /// Two sums for every cluster, the first one made real.
    fn pairs(&self, numerator: &str, denominator: &str, real: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let denominators = self.clusters_of(denominator).iter();
        let both = self.clusters_of(numerator).iter().zip(denominators);
        both.map(|(n, d)| (real(*n as f64), *d as f64)).collect()
    }

    /// How many clusters there are.
    pub fn cluster_count(&self) -> usize {
        self.clusters.first().map_or(0, |values| values.len())
    }

    /// A histogram's counts, or why there are none.
    pub fn histogram(&self, name: &str, empty: Reason) -> Result<&Counts, Reason> {
        match self.histograms.get(name) {
            Some(Some(counts)) if !counts.is_empty() => Ok(counts),
            Some(None) => Err(Reason::NotAligned),
            _ => Err(empty),
        }
    }

    /// A value with its size and users, before its interval is known.
    pub fn valued(&self, value: f64, n: f64) -> Estimate {
        let n = n.max(0.0) as u64;
        Estimate {
            users: self.users.map(|users| users.min(n)),
            ..Estimate::point(value, n)
        }
    }

    /// The same of what only some clusters have.
    pub fn valued_of(&self, value: f64, n: f64, has: impl Iterator<Item = bool>) -> Estimate {
        let estimate = self.valued(value, n);
        match self.clustering {
            Clustering::Exact => Estimate {
                users: Some(
                    self.is_user
                        .iter()
                        .zip(has)
                        .filter(|(is_user, has)| **is_user && *has)
                        .count() as u64,
                ),
                ..estimate
            },
            Clustering::Groups => estimate,
        }
    }

    /// No value. An empty slice says so, whatever the family would have missed.
    pub fn nothing(&self, reason: Reason) -> Estimate {
        let reason = if self.outputs == 0 && reason != Reason::NotAligned {
            Reason::NoData
        } else {
            reason
        };
        Estimate {
            users: self.users.map(|_| 0),
            ..Estimate::none(reason)
        }
    }
}
