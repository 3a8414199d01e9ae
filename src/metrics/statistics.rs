//! The sufficient statistics of one slice, as the families see them when they make estimates.

use std::cell::RefCell;
use std::collections::HashMap;

use super::estimate::{Estimate, Reason};
use super::facts::unfixed;
use super::index::Index;
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::{Interval, Level};
use crate::stats::{cluster, proportion};

/// Which interval is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalKind {
    /// Clustered by user; for proportions Wilson's with the effective number of outputs.
    #[default]
    Clustered,
    /// Clustered by user; value ± critical value × standard error.
    ClusteredLinear,
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

/// One slice: sums in total and by cluster, histograms, and how to make intervals of them.
#[derive(Clone, Copy)]
pub struct Statistics<'a> {
    pub level: Level,
    pub interval: IntervalKind,
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

    /// Notes the influence of each cluster, if it has one, on an estimate that is no ratio.
    pub fn note_influence(&self, influence: impl FnOnce() -> Vec<Option<f64>>) {
        self.note(|| Trace {
            influence: influence(),
            totals: Vec::new(),
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

    /// The share of `denominator` that is in `numerator`; both are counts of outputs.
    pub fn proportion(&self, numerator: &str, denominator: &str, empty: Reason) -> Estimate {
        let (n, d) = (self.total(numerator), self.total(denominator));
        if d <= 0.0 {
            return self.nothing(empty);
        }
        let totals = self.pairs(numerator, denominator, |n| n);
        let clusters = ClusterRatio::from_totals(&totals);
        self.note_ratio(&totals, &clusters, d);
        let estimate = self.valued_of(n / d, d, totals.iter().map(|(_, d)| *d != 0.0)).of(n, d);
        if self.interval == IntervalKind::Naive || self.is_independent(&totals) {
            let interval = proportion::wilson(n, d, self.level.z());
            let variance = n / d * (1.0 - n / d) / d;
            return estimate
                .within(interval, "wilson")
                .with_standard_error(Some(variance.sqrt()));
        }
        self.within_clusters(estimate, (n / d, d), &clusters)
    }

    /// A share of `n` outputs that is no ratio of two sums, from how far each cluster moves it, and how many of the outputs it has. Its
    /// interval is that of a proportion with the same variance, and clustered always.
    pub fn share(&self, value: f64, n: f64, sizes: Vec<f64>, influence: &[f64]) -> Estimate {
        self.note_influence(|| influence.iter().copied().map(Some).collect());
        let scale = (sizes.iter().sum::<f64>() * n).sqrt();
        let own = |(size, moves): (f64, &f64)| (value * size + moves * scale, size);
        let totals: Vec<(f64, f64)> = sizes.into_iter().zip(influence).map(own).collect();
        let clusters = ClusterRatio::from_totals(&totals);
        let estimate = self.valued_of(value, n, totals.iter().map(|(_, size)| *size != 0.0));
        self.within_clusters(estimate, (value, n), &clusters)
    }

    /// The clustered interval of a share of so many outputs.
    fn within_clusters(&self, estimate: Estimate, (value, d): (f64, f64), clusters: &ClusterRatio) -> Estimate {
        let covered = clusters.denominator / d;
        let standard_error = clusters.standard_error().map(|error| error * covered.sqrt());
        if self.interval == IntervalKind::ClusteredLinear {
            let interval = linear(value, standard_error, clusters.critical(self.level)).map(Interval::clip_to_unit);
            return estimate
                .within(interval, self.name("linear"))
                .with_standard_error(standard_error);
        }
        let (trials, critical) = match clusters.effective_trials() {
            Some(trials) => ((trials / covered).min(d), clusters.critical(self.level)),
            // All outputs are of one cluster: they are worth one.
            None => (1.0, self.level.z()),
        };
        let interval = proportion::wilson(value * trials, trials, critical);
        estimate
            .within(interval, self.name("wilson"))
            .with_standard_error(standard_error)
    }

    /// A fixed-point sum divided by a count, within a range.
    pub fn mean(&self, sum: &str, denominator: &str, range: (f64, f64), empty: Reason) -> Estimate {
        let sums = (self.real(sum), self.total(denominator));
        self.ratio(sums, self.pairs(sum, denominator, unfixed), range, empty)
    }

    /// Any ratio of sums, with a linear interval clipped to a range.
    pub fn ratio(&self, (n, d): (f64, f64), totals: Vec<(f64, f64)>, range: (f64, f64), empty: Reason) -> Estimate {
        if d <= 0.0 {
            return self.nothing(empty);
        }
        let estimate = self.valued_of(n / d, d, totals.iter().map(|(_, d)| *d != 0.0)).of(n, d);
        let clusters = ClusterRatio::from_totals(&totals);
        self.note_ratio(&totals, &clusters, d);
        let standard_error = clusters
            .standard_error()
            .map(|error| error * (clusters.denominator / d).sqrt());
        let sizes = totals.iter().map(|(_, d)| *d);
        let interval = linear_within(n / d, standard_error, sizes, clusters.critical(self.level), range);
        estimate
            .within(interval, self.name("linear"))
            .with_standard_error(standard_error)
    }

    /// How far each cluster moves a ratio of two sums.
    pub fn ratio_influence(&self, numerator: &str, denominator: &str) -> Vec<f64> {
        let totals = self.pairs(numerator, denominator, |n| n);
        let clusters = ClusterRatio::from_totals(&totals);
        let ratio = clusters.ratio().unwrap_or_default();
        let scale = (clusters.denominator * self.total(denominator)).sqrt();
        totals.into_iter().map(|(n, d)| (n - ratio * d) / scale).collect()
    }

    /// A smooth function of sums over `n` units, from how much each cluster moves it.
    pub fn linearised(&self, value: f64, n: f64, moves: &Moves, range: (f64, f64)) -> Estimate {
        let influence: Vec<Option<f64>> = moves.influence().collect();
        let own: Vec<f64> = influence.iter().flatten().copied().collect();
        self.note_influence(|| influence);
        let variance = cluster::linearised_variance(&own).map(|variance| variance + moves.unseen);
        let standard_error = variance.map(f64::sqrt);
        let critical = cluster::critical(own.len() as u64, self.level);
        let sizes = moves.sizes.iter().copied();
        let interval = linear_within(value, standard_error, sizes, critical, range);
        self.valued_of(value, n, moves.sizes.iter().map(|size| *size != 0.0))
            .within(interval, self.name("linear"))
            .with_standard_error(standard_error)
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

    /// The name of an interval, with what its clusters are.
    pub fn name(&self, form: &'static str) -> &'static str {
        match (form, self.clustering) {
            ("wilson", Clustering::Exact) => "wilson_cluster_exact",
            ("wilson", Clustering::Groups) => "wilson_cluster_groups",
            (_, Clustering::Exact) => "linear_cluster_exact",
            (_, Clustering::Groups) => "linear_cluster_groups",
        }
    }

    /// No user has two outputs in the denominator, so that there is nothing to be clustered.
    fn is_independent(&self, totals: &[(f64, f64)]) -> bool {
        self.clustering == Clustering::Exact && totals.iter().all(|(_, d)| *d <= 1.0)
    }
}

fn linear(value: f64, standard_error: Option<f64>, critical: f64) -> Option<Interval> {
    standard_error.map(|error| Interval::around(value, critical * error))
}

fn clipped(interval: Interval, (lowest, highest): (f64, f64)) -> Interval {
    Interval {
        lower: interval.lower.max(lowest),
        upper: interval.upper.min(highest),
    }
}

/// `value ± critical × error` within a range, and [`unanimous`] where all clusters agree. `sizes` are the numbers of units of the clusters.
pub fn linear_within(
    value: f64,
    standard_error: Option<f64>,
    sizes: impl Iterator<Item = f64>,
    critical: f64,
    range: (f64, f64),
) -> Option<Interval> {
    match standard_error {
        Some(error) if error <= cluster::ROUNDING => unanimous(value, sizes, critical, range),
        _ => linear(value, standard_error, critical).map(|interval| clipped(interval, range)),
    }
}

/// The interval where all clusters agree. A standard error of zero would claim certainty from two users who happen to agree;
/// instead, as many outputs may differ as Wilson's upper bound of none out of the effective number allows, and each as far as
/// the range goes. `None` where the range has no ends.
fn unanimous(
    value: f64,
    sizes: impl Iterator<Item = f64>,
    critical: f64,
    (lowest, highest): (f64, f64),
) -> Option<Interval> {
    let (size, squares) = sizes.fold((0.0, 0.0), |(size, squares), own| (size + own, squares + own * own));
    let differing = proportion::wilson(0.0, size * size / squares, critical)?.upper;
    let interval = Interval {
        lower: value - differing * (value - lowest),
        upper: value + differing * (highest - value),
    };
    (interval.lower.is_finite() && interval.upper.is_finite()).then_some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_users_who_agree_prove_little() {
        let within = |users: usize, range| unanimous(0.0, std::iter::repeat_n(1.0, users), 1.96, range);
        let interval = within(2, (-1.0, 1.0)).unwrap();
        assert!(interval.lower < -0.6 && interval.upper > 0.6, "{interval:?}");
        let interval = within(1_000, (-1.0, 1.0)).unwrap();
        assert!(interval.upper < 0.005, "{interval:?}");
        assert_eq!(within(1_000, (f64::NEG_INFINITY, f64::INFINITY)), None);
    }
}
