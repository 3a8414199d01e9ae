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

//!
//! What an interval makes of that variance depends on how many clusters it is known from, and how unequal they are: [`Sizes`].

mod difference;
mod sizes;

pub use self::difference::{ClusterDifference, difference};
pub use self::sizes::{LARGE, Sizes, critical};
use super::level::{Interval, Level};
use super::proportion;

/// Standard errors up to this are zero but for rounding. Clusters that all agree have one, which is not the same as being certain.
pub const ROUNDING: f64 = 1e-12;

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
    sizes: Sizes,
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
        if !self.sizes.show_spread() {
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
        self.sizes.squares() <= self.denominator
    }

    /// `R`; `None` when the denominators add up to nothing.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        (self.denominator > 0.0).then(|| self.numerator / self.denominator)
    }

    /// How many clusters there are, and how unequal their denominators.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// `Var(R)`; `None` without a ratio, and where clusters do not [`Sizes::show_spread`].
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
            self.sizes.effective()
        };
        Some(effective.min(self.denominator))
    }

    /// `R(1−R)` for a proportion.
    fn bernoulli_variance(&self) -> Option<f64> {
        let ratio = self.ratio().filter(|r| (0.0..=1.0).contains(r))?;
        Some(ratio * (1.0 - ratio))
    }

    /// The two-sided [`Sizes::critical`] value for these clusters.
    #[must_use]
    pub fn critical(&self, level: Level) -> f64 {
        self.sizes.critical(level)
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
        sums.sizes = sums.sizes.with(d);
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
        assert_eq!(linearised_variance(&[1.0]), None);
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
    fn one_cluster_that_has_nearly_all_is_as_one_alone() {
        let others = (0..60).map(|at| (f64::from(at % 4), 3.0));
        let ratio = ClusterRatio::from_totals(&others.chain([(3_700.0, 4_000.0)]).collect::<Vec<_>>());
        assert_eq!((ratio.clusters, ratio.denominator), (61, 4_180.0));
        assert_eq!((ratio.variance(), ratio.effective_trials()), (None, None));
        assert_eq!((ratio.wilson(LEVEL()), ratio.linear(LEVEL())), (None, None));
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
