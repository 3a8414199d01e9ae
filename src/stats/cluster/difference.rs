//! Two ratios of the same clusters.

use super::{ROUNDING, Sizes, total};
use crate::stats::level::{Interval, Level};

/// A difference `R₁ − R₂` of two ratios measured on the same clusters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterDifference {
    /// Clusters that contribute to either ratio.
    pub clusters: u64,
    /// `R₁ − R₂`.
    pub value: f64,
    /// Its standard error; `None` where clusters do not show how they spread.
    pub standard_error: Option<f64>,
    sizes: Sizes,
}

/// The difference of two ratios from `(n₁, d₁, n₂, d₂)` totals per cluster.
///
/// Linearised with `e_g = (n₁ − R₁d₁)/D₁ − (n₂ − R₂d₂)/D₂`, so that a user who appears on both
/// sides counts as the same user: `Var = G/(G−1)·Σe_g²`. Clusters with all four totals 0 do not
/// count. A cluster is as large as its parts of both denominators. `None` when either ratio has no denominator.
#[must_use]
pub fn difference(totals: &[(f64, f64, f64, f64)]) -> Option<ClusterDifference> {
    let first = total(totals.iter().map(|t| (t.0, t.1)));
    let second = total(totals.iter().map(|t| (t.2, t.3)));
    let (r1, r2) = (first.ratio()?, second.ratio()?);
    let influence: Vec<f64> = totals
        .iter()
        .filter(|total| **total != (0.0, 0.0, 0.0, 0.0))
        .map(|(n1, d1, n2, d2)| (n1 - r1 * d1) / first.denominator - (n2 - r2 * d2) / second.denominator)
        .collect();
    let sizes = Sizes::of(
        totals
            .iter()
            .map(|(_, d1, _, d2)| d1 / first.denominator + d2 / second.denominator),
    );
    Some(ClusterDifference {
        clusters: influence.len() as u64,
        value: r1 - r2,
        standard_error: sizes.variance(&influence).map(f64::sqrt),
        sizes,
    })
}

impl ClusterDifference {
    /// `value ± critical·se`; `None` without a standard error, and where nothing varies.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let error = self.standard_error.filter(|error| *error > ROUNDING)?;
        Some(Interval::around(self.value, self.sizes.critical(level) * error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::cluster::ClusterRatio;

    #[test]
    fn difference_of_disjoint_users_adds_variances_and_of_the_same_cancels() {
        let (a, b) = ([(1.0, 4.0), (3.0, 4.0)], [(2.0, 8.0), (5.0, 8.0)]);
        let disjoint: Vec<_> = a
            .iter()
            .map(|t| (t.0, t.1, 0.0, 0.0))
            .chain(b.iter().map(|t| (0.0, 0.0, t.0, t.1)))
            .collect();
        let difference = difference(&disjoint).unwrap();
        // G/(G−1) is 4/3 for the four users together and 2 for the two of each side.
        let variances = [a, b].map(|t| ClusterRatio::from_totals(&t).variance().unwrap());
        let expected = (variances[0] + variances[1]) * (4.0 / 3.0 / 2.0);
        assert!((difference.standard_error.unwrap().powi(2) - expected).abs() < 1e-15);
        let same = super::difference(&a.map(|t| (t.0, t.1, t.0, t.1))).unwrap();
        assert_eq!((same.value, same.standard_error), (0.0, Some(0.0)));
        assert_eq!(super::difference(&[(1.0, 2.0, 0.0, 0.0)]), None);
    }
}
