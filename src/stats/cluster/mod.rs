//! What range is plausible for a rate when the same users contribute many observations?
//!
//! Observations of one user resemble each other, so a million outputs shown to two thousand
//! people carry far less information than a million coin flips. The unit that *is* independent
//! is the cluster (the user). With totals `N_g`, `D_g` per cluster and `R = ΣN/ΣD`,
//!
//! ```text
//! Var(R) = G/(G−1) · Σ_g (N_g − R·D_g)² / (ΣD)²
//! ```
//!
//! which is at once the delta method for a ratio of means (Deng, Knoblich and Lu 2018), the
//! linearisation of survey sampling, and the CR1 sandwich of a weighted intercept-only
//! regression. The sum runs over residuals, in a second pass; expanding the square into
//! `ΣN² − 2R·ΣND + R²·ΣD²` would cancel when totals are large.
//!
//! For rates near 0 or 1 the same variance sizes a Wilson interval through the design effect
//! (Korn and Graubard 1998; Franco, Little, Louis and Slud 2019).

mod difference;

use std::cell::RefCell;

pub use self::difference::{ClusterDifference, difference};
use super::level::{Interval, Level};
use super::{proportion, student};

/// From this many clusters on, normal critical values replace Student's.
pub const LARGE: u64 = 50;

/// Standard errors up to this are zero but for rounding. Clusters that all agree have one, which is not the same as being certain.
pub const ROUNDING: f64 = 1e-12;

/// Two-sided critical value for a variance estimated from `clusters` clusters: Student's t with
/// `clusters − 1` degrees of freedom below [`LARGE`], normal from there on.
///
/// Infinite below two clusters, where nothing is known about the spread.
#[must_use]
pub fn critical(clusters: u64, level: Level) -> f64 {
    // A question computes thousands of intervals at one level, and Student's quantile takes longer than all the rest.
    thread_local! {
        static KNOWN: RefCell<(Level, Vec<Option<f64>>)> = RefCell::new((Level::default(), vec![None; LARGE as usize + 1]));
    }
    let compute = || {
        if clusters < LARGE {
            level.t(clusters as f64 - 1.0)
        } else {
            level.z()
        }
    };
    KNOWN.with_borrow_mut(|(known, values)| {
        if *known != level {
            *known = level;
            values.fill(None);
        }
        match values.get_mut(clusters.min(LARGE) as usize) {
            Some(value) => *value.get_or_insert_with(compute),
            None => compute(),
        }
    })
}

/// Two-sided p-value of a statistic that is a value divided by its standard error from `clusters` clusters, against the distribution
/// of [`critical`]. 1 below two clusters.
#[must_use]
pub fn p_value(statistic: f64, clusters: u64) -> f64 {
    if clusters < 2 {
        return 1.0;
    }
    let df = if clusters < LARGE {
        clusters as f64 - 1.0
    } else {
        f64::INFINITY
    };
    2.0 * student::cdf(-statistic.abs(), df)
}

/// Variance of a statistic from the additive influence `e_g` of each cluster on it (already in
/// the unit of the statistic, so that `estimate − truth ≈ Σ e_g`): `G/(G−1)·Σ(e_g − ē)²`.
///
/// `None` below two clusters.
#[must_use]
pub fn linearised_variance(influence: &[f64]) -> Option<f64> {
    let clusters = influence.len() as f64;
    if clusters < 2.0 {
        return None;
    }
    let mean = influence.iter().sum::<f64>() / clusters;
    let squares: f64 = influence.iter().map(|e| (e - mean) * (e - mean)).sum();
    Some(clusters / (clusters - 1.0) * squares)
}

/// A ratio of sums `R = ΣN/ΣD` with its cluster-robust variance.
///
/// The numerator may be signed (a mean of `p − y`); denominators are counts or weights, `>= 0`.
/// [`Self::wilson`], [`Self::design_effect`] and [`Self::effective_trials`] read `R` as the
/// proportion of a 0/1 outcome and are `None` when it lies outside `[0, 1]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClusterRatio {
    /// Clusters that contribute anything.
    pub clusters: u64,
    /// `ΣN`, e.g. accepted outputs.
    pub numerator: f64,
    /// `ΣD`, e.g. decided outputs.
    pub denominator: f64,
    squared_denominators: f64,
    variance: Option<f64>,
}

impl ClusterRatio {
    /// From one `(numerator, denominator)` total per cluster.
    ///
    /// Each cluster must appear once: add a user's observations up *before*, because the square
    /// of a sum is not the sum of squares. Clusters with both totals 0 had nothing to say and do
    /// not count.
    #[must_use]
    pub fn from_totals(totals: &[(f64, f64)]) -> Self {
        let mut sums = total(totals.iter().copied());
        sums.variance = sums.ratio().and_then(|r| sums.residual_variance(r, totals));
        sums
    }

    fn residual_variance(&self, ratio: f64, totals: &[(f64, f64)]) -> Option<f64> {
        // A residual this small next to its terms is rounding. Clusters that agree exactly must
        // give exactly 0, as `effective_trials` turns on it.
        const ROUNDING: f64 = 4.0 * f64::EPSILON;
        if self.clusters < 2 {
            return None;
        }
        let squares: f64 = totals
            .iter()
            .map(|&(n, d)| (n - ratio * d, n))
            .filter(|(residual, n)| residual.abs() > ROUNDING * n.abs())
            .map(|(residual, _)| (residual / self.denominator).powi(2))
            .sum();
        let clusters = self.clusters as f64;
        Some(clusters / (clusters - 1.0) * squares)
    }

    /// Whether no cluster has more than one trial, so that there is nothing to be clustered. Denominators must be counts.
    #[must_use]
    pub fn is_independent(&self) -> bool {
        self.squared_denominators <= self.denominator
    }

    /// `R`; `None` when the denominators add up to nothing.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.denominator > 0.0).then(|| self.numerator / self.denominator)
    }

    /// `Var(R)`; `None` below two clusters or without a ratio.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        self.variance
    }

    /// `√Var(R)`, in the unit of `R`.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        self.variance.map(f64::sqrt)
    }

    /// How many times larger the variance is than that of independent trials,
    /// `Var(R)/(R(1−R)/ΣD)`; `None` at `R` = 0 or 1, where the latter vanishes.
    #[must_use]
    pub fn design_effect(&self) -> Option<f64> {
        let independent = self.bernoulli_variance()? / self.denominator;
        (independent > 0.0).then_some(self.variance? / independent)
    }

    /// The number of independent trials that would be as informative: `R(1−R)/Var(R)`, at most
    /// `ΣD`.
    ///
    /// When every cluster shows the same ratio (always so at `R` = 0 or 1) the variance says
    /// nothing, and Kish's `(ΣD)²/ΣD²`, the number of equal-sized clusters, takes its place.
    #[must_use]
    pub fn effective_trials(&self) -> Option<f64> {
        let bernoulli = self.bernoulli_variance()?;
        let variance = self.variance?;
        let effective = if bernoulli > 0.0 && variance > 0.0 {
            bernoulli / variance
        } else {
            self.denominator * (self.denominator / self.squared_denominators)
        };
        Some(effective.min(self.denominator))
    }

    /// `R(1−R)` for a proportion.
    fn bernoulli_variance(&self) -> Option<f64> {
        let ratio = self.ratio().filter(|r| (0.0..=1.0).contains(r))?;
        Some(ratio * (1.0 - ratio))
    }

    /// The two-sided [`critical`] value for this many clusters.
    #[must_use]
    pub fn critical(&self, level: Level) -> f64 {
        critical(self.clusters, level)
    }

    /// Design-effect Wilson interval: [`proportion::wilson`] on the effective trials. The default
    /// for rates; keeps a width when all clusters agree.
    #[must_use]
    pub fn wilson(&self, level: Level) -> Option<Interval> {
        let trials = self.effective_trials()?;
        // The product must not round past the trials at R = 1.
        let successes = (self.ratio()? * trials).min(trials);
        proportion::wilson(successes, trials, self.critical(level))
    }

    /// `R ± critical·se`, for means and signed ratios. Not clipped.
    #[must_use]
    pub fn linear(&self, level: Level) -> Option<Interval> {
        let half_width = self.critical(level) * self.standard_error()?;
        Some(Interval::around(self.ratio()?, half_width))
    }
}

/// The sums of a [`ClusterRatio`], its variance still missing.
fn total(totals: impl Iterator<Item = (f64, f64)>) -> ClusterRatio {
    let mut sums = ClusterRatio::default();
    for (n, d) in totals.filter(|total| *total != (0.0, 0.0)) {
        sums.clusters += 1;
        sums.numerator += n;
        sums.denominator += d;
        sums.squared_denominators += d * d;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: fn() -> Level = Level::default;

    #[test]
    fn too_little_data_is_none() {
        let empty = ClusterRatio::from_totals(&[(0.0, 0.0), (0.0, 0.0)]);
        assert_eq!(empty, ClusterRatio::default());
        assert_eq!((empty.ratio(), empty.wilson(LEVEL())), (None, None));
        let single = ClusterRatio::from_totals(&[(3.0, 4.0), (0.0, 0.0)]);
        assert_eq!((single.clusters, single.ratio()), (1, Some(0.75)));
        assert_eq!((single.variance(), single.effective_trials()), (None, None));
        assert_eq!((single.wilson(LEVEL()), single.linear(LEVEL())), (None, None));
        assert_eq!(critical(1, LEVEL()), f64::INFINITY);
        assert_eq!(linearised_variance(&[1.0]), None);
        assert_eq!(p_value(9.0, 1), 1.0);
    }

    #[test]
    fn p_values_and_critical_values_agree() {
        for clusters in [2, 10, 49, 50, 1_000] {
            let p = p_value(critical(clusters, LEVEL()), clusters);
            assert!((p - 0.05).abs() < 1e-9, "{clusters}: {p}");
        }
    }

    #[test]
    fn agreeing_clusters_fall_back_to_kish() {
        // 1/3 is not a binary fraction: the residuals are rounding, not variance.
        let same = ClusterRatio::from_totals(&[(1.0, 3.0), (33.0, 99.0), (7.0, 21.0)]);
        assert_eq!(same.variance(), Some(0.0));
        let kish = 123.0_f64.powi(2) / (9.0 + 99.0 * 99.0 + 441.0);
        assert!((same.effective_trials().unwrap() - kish).abs() < 1e-12);
        for n in [0.0, 1.0] {
            let edge = ClusterRatio::from_totals(&[(5.0 * n, 5.0), (5.0 * n, 5.0)]);
            assert_eq!(edge.effective_trials(), Some(2.0));
            assert_eq!(edge.design_effect(), None);
            let interval = edge.wilson(LEVEL()).unwrap();
            assert!(interval.lower == n || interval.upper == n);
            assert!(interval.upper - interval.lower > 0.5);
        }
    }

    #[test]
    fn independent_trials_have_design_effect_one() {
        let trials: Vec<_> = (0..1000).map(|i| (f64::from(u8::from(i % 4 == 0)), 1.0)).collect();
        let ratio = ClusterRatio::from_totals(&trials);
        let expected = 1000.0 / 999.0;
        assert!((ratio.design_effect().unwrap() - expected).abs() < 1e-12);
        assert!((ratio.effective_trials().unwrap() - 999.0).abs() < 1e-9);
        assert_eq!(ratio.critical(LEVEL()), LEVEL().z());
    }

    #[test]
    fn single_trials_are_independent() {
        let ratio = |totals: &[(f64, f64)]| ClusterRatio::from_totals(totals);
        assert!(ratio(&[(1.0, 1.0), (0.0, 1.0), (0.0, 0.0)]).is_independent());
        assert!(!ratio(&[(1.0, 1.0), (0.0, 2.0)]).is_independent());
    }

    #[test]
    fn duplicating_rows_inside_clusters_adds_no_information() {
        let once = [(1.0, 4.0), (3.0, 5.0), (0.0, 2.0), (6.0, 6.0)];
        let tenfold = once.map(|(n, d)| (10.0 * n, 10.0 * d));
        let (a, b) = (ClusterRatio::from_totals(&once), ClusterRatio::from_totals(&tenfold));
        assert!((a.variance().unwrap() / b.variance().unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn variance_survives_huge_totals() {
        // The expanded square would lose every digit here.
        let big = 1e9;
        let totals = [(big / 2.0 + 1.0, big), (big / 2.0 - 1.0, big)];
        let variance = ClusterRatio::from_totals(&totals).variance().unwrap();
        assert!((variance / (2.0 * 2.0 / (2.0 * big).powi(2)) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn signed_ratio_has_a_linear_interval_only() {
        let gap = ClusterRatio::from_totals(&[(-1.0, 4.0), (-2.0, 4.0), (0.5, 4.0)]);
        assert_eq!((gap.wilson(LEVEL()), gap.design_effect()), (None, None));
        let interval = gap.linear(LEVEL()).unwrap();
        assert!(interval.lower < gap.ratio().unwrap() && interval.upper > 0.0);
    }
}
