//! Does a stated confidence of 80 % come true 80 % of the time?
//!
//! All measures but log loss are read from equal-width bins of confidence that keep three sums,
//! so they merge over time and users by addition:
//!
//! ```text
//! ECE   = Σ_b n_b/N · |ȳ_b − p̄_b|      MCE = max_b |ȳ_b − p̄_b|
//! Brier = mean (p − y)²                 skill = 1 − Brier/(ȳ(1 − ȳ))
//! ```
//!
//! Bins are right-closed, `(a, b]`, with 0 in the first; the rule of scikit-learn's
//! `calibration_curve`. Half-open bins give another ECE whenever a confidence sits on an edge,
//! and round confidences do. Source: Naeini, Cooper and Hauskrecht (2015); Guo et al. (2017).
//!
//! ECE is biased upward: even a perfectly calibrated model scores above 0 on finite data. Show
//! [`ece_expected_if_calibrated`] next to it.

use super::cluster::Sizes;
use super::level::{Interval, Level};
use std::f64::consts::PI;

/// Confidences are clipped to `[EPSILON, 1 − EPSILON]` in the log loss, so that one confident
/// mistake costs 13.8 nats instead of infinitely many.
pub const EPSILON: f64 = 1e-6;

/// The sums of one bin of confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Observations.
    pub n: f64,
    /// Sum of confidences.
    pub sum_p: f64,
    /// Sum of outcomes (1 = the event the confidence is about).
    pub sum_y: f64,
}

impl Bin {
    /// Adds the observations of another bin with the same edges.
    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.sum_p += other.sum_p;
        self.sum_y += other.sum_y;
    }

    /// Mean confidence `p̄`; `None` when empty.
    #[must_use]
    pub fn mean_p(&self) -> Option<f64> {
        (self.n > 0.0).then(|| self.sum_p / self.n)
    }

    /// Observed frequency `ȳ`; `None` when empty.
    #[must_use]
    pub fn mean_y(&self) -> Option<f64> {
        (self.n > 0.0).then(|| self.sum_y / self.n)
    }

    /// Signed gap `ȳ − p̄`, negative when over-confident; `None` when empty.
    #[must_use]
    pub fn gap(&self) -> Option<f64> {
        (self.n > 0.0).then(|| self.excess() / self.n)
    }

    /// `Σ(y − p)`: the gap times the observations.
    fn excess(&self) -> f64 {
        self.sum_y - self.sum_p
    }
}

/// The bin of confidence `p` among `bins` equal-width right-closed bins, `0..bins`.
///
/// Edge `i` is the double `i·(1/bins)`, as in numpy's `linspace`, and the result equals
/// `np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], p, side="left")` for every number `p`. The
/// rounding matters: 3·(1/10) is the double *after* 0.3, so the confidence just above 0.3 is
/// still in the third bin. Out-of-range `p` lands in the nearest bin, `NaN` in the first; `bins`
/// below 1 acts as 1.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and the guess is corrected against the edges"
)]
pub fn bin_index(p: f64, bins: usize) -> usize {
    let last = bins.saturating_sub(1);
    let width = 1.0 / bins as f64;
    let edge = |i: usize| i as f64 * width;
    let mut bin = ((p * bins as f64) as usize).min(last);
    while bin > 0 && p <= edge(bin) {
        bin -= 1;
    }
    while bin < last && p > edge(bin + 1) {
        bin += 1;
    }
    bin
}

fn observations(bins: &[Bin]) -> f64 {
    bins.iter().map(|bin| bin.n).sum()
}

/// Expected calibration error, in `[0, 1]`; `None` without observations.
#[must_use]
pub fn ece(bins: &[Bin]) -> Option<f64> {
    let n = observations(bins);
    (n > 0.0).then(|| bins.iter().map(|bin| bin.excess().abs()).sum::<f64>() / n)
}

/// Maximum calibration error over bins with at least `min_n` observations, in `[0, 1]`.
///
/// A maximum over sparse bins measures sparsity, hence `min_n`. `None` when no bin qualifies.
#[must_use]
pub fn mce(bins: &[Bin], min_n: f64) -> Option<f64> {
    bins.iter()
        .filter(|bin| bin.n >= min_n)
        .filter_map(Bin::gap)
        .map(f64::abs)
        .reduce(f64::max)
}

/// The ECE a perfectly calibrated model with these bins would be expected to show.
///
/// If `p` is right, a bin's gap is about normal with variance `v_b/n_b`, `v_b = p̄_b(1 − p̄_b)`,
/// and its absolute value half-normal: `Σ n_b/N·√(2·v_b/(π·n_b))`. Slightly high where
/// confidences spread within a bin, rough below a handful of observations per bin; assumes
/// independent observations. `None` without observations.
#[must_use]
pub fn ece_expected_if_calibrated(bins: &[Bin]) -> Option<f64> {
    let n = observations(bins);
    let expected = |bin: &Bin| {
        let p = bin.mean_p()?.clamp(0.0, 1.0);
        Some((2.0 * p * (1.0 - p) * bin.n / PI).sqrt())
    };
    (n > 0.0).then(|| bins.iter().filter_map(expected).sum::<f64>() / n)
}

/// Bins pooled over clusters; a shorter cluster has nothing in the bins it lacks.
#[must_use]
pub fn pool(per_cluster: &[Vec<Bin>]) -> Vec<Bin> {
    let width = per_cluster.iter().map(Vec::len).max().unwrap_or(0);
    let mut pooled = vec![Bin::default(); width];
    for bins in per_cluster {
        for (sum, bin) in pooled.iter_mut().zip(bins) {
            sum.merge(bin);
        }
    }
    pooled
}

/// Each cluster's influence on the ECE, from its own bins (same edges in every cluster):
/// `e_g = (Σ_b s_b·Σ(y − p)_gb − ECE·n_g)/N`, with `s_b` the sign of the pooled gap.
///
/// Linear as long as no gap changes sign, so trust the result when gaps are clear of 0. One
/// value per cluster, `None` for those without observations, adding up to 0; `None` if none has.
#[must_use]
pub fn ece_influence(per_cluster: &[Vec<Bin>]) -> Option<Vec<Option<f64>>> {
    let pooled = pool(per_cluster);
    let ece = ece(&pooled)?;
    let n = observations(&pooled);
    // Not `signum`, which gives a zero gap a sign.
    let sign = |bin: &Bin| match bin.excess() {
        excess if excess > 0.0 => 1.0,
        excess if excess < 0.0 => -1.0,
        _ => 0.0,
    };
    let influence = |bins: &Vec<Bin>| {
        let own = observations(bins);
        let signed = bins.iter().zip(&pooled).map(|(bin, all)| sign(all) * bin.excess());
        (own > 0.0).then(|| (signed.sum::<f64>() - ece * own) / n)
    };
    Some(per_cluster.iter().map(influence).collect())
}

/// Cluster-robust interval for the ECE: `ECE ± critical·√Var`, clipped to `[0, 1]`, with the
/// variance linearised as in [`ece_influence`] and [`Sizes::critical`].
///
/// It surrounds the *plug-in* ECE, upward bias included. `None` below two clusters.
#[must_use]
pub fn ece_interval(per_cluster: &[Vec<Bin>], level: Level) -> Option<Interval> {
    let pooled = pool(per_cluster);
    let n = pooled.iter().map(|bin| bin.n).sum();
    ece_interval_of_part(ece(&pooled)?, n, per_cluster, level)
}

/// As [`ece_interval`], for the ECE of `n` observations that are some of those of the clusters: around
/// its own value, with the clusters' variance as if they had as many observations.
#[must_use]
pub fn ece_interval_of_part(value: f64, n: f64, per_cluster: &[Vec<Bin>], level: Level) -> Option<Interval> {
    let influence: Vec<f64> = ece_influence(per_cluster)?.into_iter().flatten().collect();
    let sizes = Sizes::of(per_cluster.iter().map(|bins| observations(bins)));
    let variance = sizes.variance(&influence)? * sizes.sum() / n;
    let half_width = sizes.critical(level) * variance.sqrt();
    (n > 0.0).then(|| Interval::around(value, half_width).clip_to_unit())
}

/// Brier score, the mean squared error of confidence, in `[0, 1]`; `None` when `n` is 0.
#[must_use]
pub fn brier(sum_squared_error: f64, n: f64) -> Option<f64> {
    (n > 0.0).then(|| sum_squared_error / n)
}

/// Brier skill score against always answering the base rate: 1 is perfect, 0 no better, negative
/// worse. `None` at a base rate of 0 or 1, which the reference predicts without error.
#[must_use]
pub fn brier_skill(brier: f64, base_rate: f64) -> Option<f64> {
    let reference = base_rate * (1.0 - base_rate);
    (reference > 0.0).then(|| 1.0 - brier / reference)
}

/// One observation's log loss in nats, `−[y·ln p + (1 − y)·ln(1 − p)]` with `p` clipped by
/// [`EPSILON`]; `y` is 0 or 1, or a share in between. Average it over observations.
#[must_use]
pub fn log_loss_term(p: f64, y: f64) -> f64 {
    let p = p.clamp(EPSILON, 1.0 - EPSILON);
    -(y * p.ln() + (1.0 - y) * (-p).ln_1p())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(n: f64, sum_p: f64, sum_y: f64) -> Bin {
        Bin { n, sum_p, sum_y }
    }

    #[test]
    fn no_data_is_none() {
        let empty = [Bin::default(); 3];
        assert_eq!((ece(&empty), mce(&empty, 0.0)), (None, None));
        assert_eq!(ece_expected_if_calibrated(&empty), None);
        assert_eq!(
            (empty[0].mean_p(), empty[0].mean_y(), empty[0].gap()),
            (None, None, None)
        );
        assert_eq!(ece_influence(&[]), None);
        assert_eq!(ece_interval(&[vec![bin(2.0, 1.0, 1.0)]], Level::default()), None);
        assert_eq!((brier(0.0, 0.0), brier_skill(0.1, 1.0)), (None, None));
        assert_eq!(mce(&[bin(3.0, 1.0, 3.0)], 4.0), None);
    }

    #[test]
    fn bins_are_right_closed_and_total() {
        assert_eq!(bin_index(0.0, 10), 0);
        assert_eq!(bin_index(0.5, 10), 4);
        assert_eq!(bin_index(0.5_f64.next_up(), 10), 5);
        assert_eq!(bin_index(1.0, 10), 9);
        for (p, expected) in [(-3.0, 0), (f64::NEG_INFINITY, 0), (9.0, 9), (f64::INFINITY, 9)] {
            assert_eq!(bin_index(p, 10), expected, "{p}");
        }
        assert_eq!((bin_index(0.7, 0), bin_index(0.7, 1)), (0, 0));
    }

    #[test]
    fn merging_bins_is_pooling_and_pooling_cannot_raise_ece() {
        let (a, b) = (bin(4.0, 3.0, 1.0), bin(6.0, 3.0, 5.0));
        let mut merged = a;
        merged.merge(&b);
        assert_eq!(merged, bin(10.0, 6.0, 6.0));
        assert!(ece(&[merged]).unwrap() <= ece(&[a, b]).unwrap());
        assert!(ece(&[a, b]).unwrap() <= mce(&[a, b], 1.0).unwrap());
    }

    #[test]
    fn influences_add_up_to_zero_and_skip_empty_clusters() {
        let clusters = [
            vec![bin(4.0, 0.8, 2.0), bin(2.0, 1.6, 1.0)],
            vec![],
            vec![bin(1.0, 0.3, 0.0), bin(5.0, 4.5, 3.0)],
            vec![bin(3.0, 0.6, 1.0)],
        ];
        let influence = ece_influence(&clusters).unwrap();
        assert_eq!((influence.len(), influence[1]), (4, None));
        assert!(influence.iter().flatten().sum::<f64>().abs() < 1e-15);
        let interval = ece_interval(&clusters, Level::default()).unwrap();
        let ece = ece(&pool(&clusters)).unwrap();
        assert!((0.0..=ece).contains(&interval.lower) && (ece..=1.0).contains(&interval.upper));
    }

    #[test]
    fn expected_ece_matches_the_exact_binomial_mean() {
        // Σ_k |k/n − p|·P(K = k) for one bin.
        let (n, p) = (100, 0.3_f64);
        let (mut probability, mut exact) = ((1.0 - p).powi(n), 0.0);
        for k in 0..=n {
            exact += (f64::from(k) / f64::from(n) - p).abs() * probability;
            probability *= f64::from(n - k) / f64::from(k + 1) * p / (1.0 - p);
        }
        let n = f64::from(n);
        let approximate = ece_expected_if_calibrated(&[bin(n, n * p, 0.0)]).unwrap();
        assert!((approximate / exact - 1.0).abs() < 0.01, "{approximate} {exact}");
    }

    #[test]
    fn log_loss_is_finite_and_symmetric() {
        assert!((log_loss_term(0.0, 1.0) + EPSILON.ln()).abs() < 1e-9);
        assert!(log_loss_term(1.0, 1.0) < 1.1e-6);
        assert!((log_loss_term(0.3, 1.0) - log_loss_term(0.7, 0.0)).abs() < 1e-15);
    }
}
