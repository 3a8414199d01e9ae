//! A weighted sum of estimates that share clusters: differences, differences in differences, slopes over time.
//!
//! Each estimate `R_c` has a weight `w_c` and the influence `e_gc` of each cluster (user) on it, so that `R_c − truth ≈ Σ_g e_gc`. What
//! one cluster does to the sum is `s_g = Σ_c w_c·e_gc`, however many of the estimates it is in, and with `G` clusters
//!
//! ```text
//! Var(Σ_c w_c·R_c) = G/(G−1) · Σ_g s_g²
//! ```
//!
//! so that what a user does before and after a change counts as one user's. For means of groups that is the cluster-robust covariance
//! of an ordinary least-squares regression on the groups' indicators (Liang and Zeger 1986; Cameron and Miller 2015), whose interaction
//! is the difference in differences (Angrist and Pischke 2009, ch. 5).

use std::collections::BTreeMap;

use super::cluster::Sizes;
use super::level::{Interval, Level};

/// One estimate of the sum.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    pub weight: f64,
    pub value: f64,
    /// Clusters, each at most once, and how far they move the value.
    pub influences: &'a [(i64, f64)],
    /// How unequal the clusters are.
    pub sizes: Sizes,
}

/// A weighted sum with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Combination {
    pub value: f64,
    /// `None` where the clusters behind one of the estimates do not show how they spread, or where nothing varies.
    pub standard_error: Option<f64>,
    /// Clusters behind all estimates together.
    pub clusters: usize,
    /// Clusters behind the estimate that is known from fewest.
    pub fewest: Sizes,
}

impl Combination {
    /// The sum of `weight · value`.
    #[must_use]
    pub fn new(terms: &[Term]) -> Combination {
        let mut influences: BTreeMap<i64, f64> = BTreeMap::new();
        for term in terms {
            for (cluster, influence) in term.influences {
                *influences.entry(*cluster).or_default() += term.weight * influence;
            }
        }
        let clusters = influences.len();
        let weighted = terms.iter().filter(|term| term.weight != 0.0);
        let fewest = weighted
            .map(|term| term.sizes)
            .reduce(Sizes::scarcer)
            .unwrap_or_default();
        let squares: f64 = influences.values().map(|own| own * own).sum();
        let variance = squares * clusters as f64 / (clusters as f64 - 1.0);
        Combination {
            value: terms.iter().map(|term| term.weight * term.value).sum(),
            standard_error: (fewest.show_spread() && variance > 0.0).then(|| variance.sqrt()),
            clusters,
            fewest,
        }
    }

    /// Two-sided interval, with the critical value of the clusters of the estimate that is known from fewest.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        self.standard_error
            .map(|error| Interval::around(self.value, self.fewest.critical(level) * error))
    }

    /// Two-sided p-value of a sum of zero.
    #[must_use]
    pub fn p_value(&self) -> Option<f64> {
        self.standard_error.map(|error| self.fewest.p_value(self.value / error))
    }
}

/// Weights that make the least-squares slope of values at times `0, 1, …, n − 1` of their weighted sum; `None` of fewer than two.
#[must_use]
pub fn slope_weights(n: usize) -> Option<Vec<f64>> {
    let mean = (n as f64 - 1.0) / 2.0;
    let squares: f64 = (0..n).map(|t| (t as f64 - mean).powi(2)).sum();
    (squares > 0.0).then(|| (0..n).map(|t| (t as f64 - mean) / squares).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(weight: f64, value: f64, influences: &[(i64, f64)]) -> Term<'_> {
        Term {
            weight,
            value,
            influences,
            sizes: Sizes::equal(influences.len() as u64),
        }
    }

    #[test]
    fn what_a_user_does_on_both_sides_cancels() {
        let (before, after) = ([(1, 0.1), (2, -0.1)], [(1, 0.1), (2, -0.1)]);
        let apart = [(3, 0.1), (4, -0.1)];
        let same = Combination::new(&[term(-1.0, 0.4, &before), term(1.0, 0.6, &after)]);
        assert!((same.value - 0.2).abs() < 1e-15);
        assert_eq!(
            (same.standard_error, same.clusters, same.fewest),
            (None, 2, Sizes::equal(2))
        );
        let other = Combination::new(&[term(-1.0, 0.4, &before), term(1.0, 0.6, &apart)]);
        assert!((other.standard_error.unwrap().powi(2) - 0.04 * 4.0 / 3.0).abs() < 1e-15);
        assert!(other.p_value().unwrap() > 0.05 && other.interval(Level::default()).unwrap().lower < 0.0);
    }

    #[test]
    fn too_little_has_no_interval() {
        let alone = Combination::new(&[term(1.0, 0.5, &[(1, 0.2), (2, -0.2)]), term(-1.0, 0.4, &[(1, 0.1)])]);
        assert_eq!((alone.standard_error, alone.p_value()), (None, None));
        assert_eq!(Combination::new(&[]).interval(Level::default()), None);
    }

    #[test]
    fn slopes_are_those_of_least_squares() {
        let weights = slope_weights(4).unwrap();
        let line = |t: usize| 2.0 + 0.3 * t as f64;
        let slope: f64 = weights.iter().enumerate().map(|(t, weight)| weight * line(t)).sum();
        assert!((slope - 0.3).abs() < 1e-12);
        assert_eq!(slope_weights(1), None);
    }
}
