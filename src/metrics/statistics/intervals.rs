//! Estimates with their intervals, made of the sums of a slice.

use super::{Clustering, IntervalKind, Moves, Statistics};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::unfixed;
use crate::stats::cluster::{ClusterRatio, Sizes};
use crate::stats::level::{Interval, Level};
use crate::stats::{cluster, proportion};

impl Statistics<'_> {
    /// The share of `denominator` that is in `numerator`; both are counts of outputs.
    pub fn proportion(&self, numerator: &str, denominator: &str, empty: Reason) -> Estimate {
        let sums = (self.total(numerator), self.total(denominator));
        self.proportion_of(sums, self.pairs(numerator, denominator, |n| n), empty)
    }

    /// The share of `denominator` that is in `more` and not in `less`, which is part of it.
    pub fn proportion_between(&self, (more, less): (&str, &str), denominator: &str, empty: Reason) -> Estimate {
        let sums = (self.total(more) - self.total(less), self.total(denominator));
        let less = self.by_cluster(less);
        let both = self.pairs(more, denominator, |n| n).into_iter().zip(less);
        self.proportion_of(sums, both.map(|((more, d), less)| (more - less, d)).collect(), empty)
    }

    fn proportion_of(&self, (n, d): (f64, f64), totals: Vec<(f64, f64)>, empty: Reason) -> Estimate {
        if d <= 0.0 {
            return self.nothing(empty);
        }
        let clusters = ClusterRatio::from_totals(&totals);
        self.note_ratio(&totals, &clusters, d);
        let estimate = self.valued_of(n / d, d, totals.iter().map(|(_, d)| *d != 0.0)).of(n, d);
        if self.interval == IntervalKind::Naive || self.is_independent(&totals) {
            let (interval, form) = self.of_trials(n, d, self.level.z());
            let variance = n / d * (1.0 - n / d) / d;
            return estimate
                .within(interval, form)
                .with_standard_error(Some(variance.sqrt()));
        }
        self.within_clusters(estimate, (n / d, d), &clusters)
    }

    /// A share of `n` outputs that is no ratio of two sums, from how far each cluster moves it, and how many of the outputs it has. Its
    /// interval is that of a proportion with the same variance, and clustered always.
    pub fn share(&self, value: f64, n: f64, sizes: Vec<f64>, influence: &[f64]) -> Estimate {
        self.note_influence(|| (influence.iter().copied().map(Some).collect(), sizes.clone()));
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
            // All outputs are of one cluster, or nearly all: they are worth one.
            None => (1.0, self.level.z()),
        };
        let (interval, form) = self.of_trials(value * trials, trials, critical);
        estimate
            .within(interval, self.name(form))
            .with_standard_error(standard_error)
    }

    /// The interval of a proportion of so many independent outputs, and its form. What has no critical value of its own is as unsure of
    /// the variance as fewer outputs would be (Korn and Graubard 1998).
    fn of_trials(&self, n: f64, d: f64, critical: f64) -> (Option<Interval>, &'static str) {
        let worth = (self.level.z() / critical).powi(2);
        match self.interval {
            IntervalKind::ClusteredExact => (
                proportion::clopper_pearson(n * worth, d * worth, self.level),
                "clopper_pearson",
            ),
            IntervalKind::ClusteredJeffreys => (proportion::jeffreys(n * worth, d * worth, self.level), "jeffreys"),
            _ => (proportion::wilson(n, d, critical), "wilson"),
        }
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
        let interval = linear_within(n / d, standard_error, clusters.sizes(), self.level, range);
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
        self.note_influence(|| (influence, moves.sizes.clone()));
        let sizes = Sizes::of(moves.sizes.iter().copied());
        let variance = sizes.variance(&own).map(|variance| variance + moves.unseen);
        let standard_error = variance.map(f64::sqrt);
        let interval = linear_within(value, standard_error, sizes, self.level, range);
        self.valued_of(value, n, moves.sizes.iter().map(|size| *size != 0.0))
            .within(interval, self.name("linear"))
            .with_standard_error(standard_error)
    }

    /// The name of an interval, with what its clusters are.
    pub fn name(&self, form: &'static str) -> &'static str {
        match (form, self.clustering) {
            ("wilson", Clustering::Exact) => "wilson_cluster_exact",
            ("wilson", Clustering::Groups) => "wilson_cluster_groups",
            ("clopper_pearson", Clustering::Exact) => "clopper_pearson_cluster_exact",
            ("clopper_pearson", Clustering::Groups) => "clopper_pearson_cluster_groups",
            ("jeffreys", Clustering::Exact) => "jeffreys_cluster_exact",
            ("jeffreys", Clustering::Groups) => "jeffreys_cluster_groups",
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
    sizes: Sizes,
    level: Level,
    range: (f64, f64),
) -> Option<Interval> {
    match standard_error {
        Some(error) if error <= cluster::ROUNDING => unanimous(value, sizes, level, range),
        _ => linear(value, standard_error, sizes.critical(level)).map(|interval| clipped(interval, range)),
    }
}

/// The interval where all clusters agree. A standard error of zero would claim certainty from two users who happen to agree;
/// instead, as many outputs may differ as Wilson's upper bound of none out of the effective number allows, and each as far as
/// the range goes. `None` where the range has no ends.
fn unanimous(value: f64, sizes: Sizes, level: Level, (lowest, highest): (f64, f64)) -> Option<Interval> {
    let differing = proportion::wilson(0.0, sizes.effective(), sizes.critical(level))?.upper;
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
        let within = |users, range| unanimous(0.0, Sizes::equal(users), Level::default(), range);
        let interval = within(2, (-1.0, 1.0)).unwrap();
        assert!(interval.lower < -0.6 && interval.upper > 0.6, "{interval:?}");
        let interval = within(1_000, (-1.0, 1.0)).unwrap();
        assert!(interval.upper < 0.005, "{interval:?}");
        assert_eq!(within(1_000, (f64::NEG_INFINITY, f64::INFINITY)), None);
    }
}
