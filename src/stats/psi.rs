//! Does a distribution look as it used to? The population stability index, and what it is worth.
//!
//! With shares `p_b` of the reference and `q_b` of the current counts in bin `b`,
//!
//! ```text
//! PSI = Σ_b (q_b − p_b)·ln(q_b/p_b)
//! ```
//!
//! Jeffreys' divergence. The usual rules (above 0.1 look, above 0.25 act) ignore that two samples of the same distribution
//! already differ: `E[PSI] ≈ (B − 1)(1/n + 1/m)` without drift (Yurdakul 2018). The p-value is Pearson's chi-square test of
//! homogeneity. Counts of users who contribute many observations are no independent counts: give as trials the effective
//! number, observations over design effect, which scales both.

use super::gamma::chi_square_tail;

/// What an empty bin counts, because `ln 0` is infinite.
const PSEUDO_COUNT: f64 = 0.5;

/// One of the two histograms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Histogram<'a> {
    /// Observations per bin; both histograms have the same bins.
    pub counts: &'a [f64],
    /// How many independent observations they are worth: their sum, or less.
    pub effective: f64,
}

impl<'a> Histogram<'a> {
    /// Of independent observations.
    #[must_use]
    pub fn independent(counts: &'a [f64]) -> Self {
        let effective = counts.iter().sum();
        Self { counts, effective }
    }
}

/// How far two histograms are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stability {
    /// The population stability index, 0 when the shares are the same.
    pub psi: f64,
    /// What to expect of it without drift.
    pub expected: f64,
    /// Pearson's statistic of the effective counts.
    pub chi_square: f64,
    /// Bins that either side uses, less one.
    pub degrees_of_freedom: f64,
    /// Probability of a statistic this large without drift.
    pub p_value: f64,
}

/// Compares the current histogram with a reference. Bins that are empty on both sides do not count.
///
/// `None` when the numbers of bins differ, when a side is empty, and when fewer than two bins are used.
#[must_use]
pub fn stability(reference: Histogram, current: Histogram) -> Option<Stability> {
    let (n, m) = (reference.effective, current.effective);
    let pairs = reference.counts.iter().copied().zip(current.counts.iter().copied());
    let used: Vec<(f64, f64)> = pairs.filter(|(r, c)| r + c > 0.0).collect();
    let (references, currents) = used
        .iter()
        .fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    let empty = [references, currents, n, m].iter().any(|total| *total <= 0.0);
    if reference.counts.len() != current.counts.len() || used.len() < 2 || empty {
        return None;
    }
    let degrees_of_freedom = used.len() as f64 - 1.0;
    // Pearson's Σ(observed − expected)²/expected of both rows, bin by bin.
    let pearson = |(r, c): &(f64, f64)| {
        let (p, q) = (r / references, c / currents);
        (p - q).powi(2) / (n * p + m * q)
    };
    let chi_square = n * m * used.iter().map(pearson).sum::<f64>();
    Some(Stability {
        psi: index(&used),
        expected: degrees_of_freedom * (1.0 / n + 1.0 / m),
        chi_square,
        degrees_of_freedom,
        p_value: chi_square_tail(chi_square, degrees_of_freedom),
    })
}

/// The index, with the pseudo-counts among the totals so that shares add up to 1.
fn index(bins: &[(f64, f64)]) -> f64 {
    let filled = |count: f64| if count > 0.0 { count } else { PSEUDO_COUNT };
    let filled = || bins.iter().map(|&(r, c)| (filled(r), filled(c)));
    let (references, currents) = filled().fold((0.0, 0.0), |sums, pair| (sums.0 + pair.0, sums.1 + pair.1));
    let term = |(r, c): (f64, f64)| {
        let (p, q) = (r / references, c / currents);
        (q - p) * (q / p).ln()
    };
    filled().map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    fn compare(reference: &[f64], current: &[f64]) -> Option<Stability> {
        stability(Histogram::independent(reference), Histogram::independent(current))
    }

    #[test]
    fn nothing_to_compare() {
        assert_eq!(compare(&[], &[]), None);
        assert_eq!(compare(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(compare(&[1.0, 2.0], &[0.0, 0.0]), None);
        assert_eq!(compare(&[0.0, 2.0], &[0.0, 5.0]), None);
    }

    #[test]
    fn the_same_shares_are_no_drift() {
        let same = compare(&[1.0, 2.0, 0.0, 3.0], &[10.0, 20.0, 0.0, 30.0]).unwrap();
        assert_eq!((same.degrees_of_freedom, same.p_value), (2.0, 1.0));
        assert!(same.psi.abs() < 1e-15);
    }

    #[test]
    fn sides_can_be_swapped_and_an_empty_bin_is_finite() {
        let (a, b) = ([5.0, 0.0, 8.0], [2.0, 4.0, 9.0]);
        let (there, back) = (compare(&a, &b).unwrap(), compare(&b, &a).unwrap());
        assert!((there.psi - back.psi).abs() < 1e-15 && there.psi.is_finite());
        assert!((there.chi_square - back.chi_square).abs() < 1e-12);
    }

    #[test]
    fn a_design_effect_deflates_the_test() {
        let (a, b) = ([50.0, 50.0], [70.0, 30.0]);
        let naive = compare(&a, &b).unwrap();
        let deflated = |counts| Histogram {
            counts,
            effective: 25.0,
        };
        let honest = stability(deflated(&a), deflated(&b)).unwrap();
        assert!((honest.chi_square - naive.chi_square / 4.0).abs() < 1e-12);
        assert!((honest.expected - naive.expected * 4.0).abs() < 1e-12);
        assert_eq!(honest.psi, naive.psi);
    }

    #[test]
    fn without_drift_the_index_is_as_large_as_expected() {
        const PAIRS: u32 = 500;
        let mut random = Random::new(1);
        let mut draw = |n: u32| {
            let mut counts = [0.0; 10];
            (0..n).for_each(|_| counts[random.below(10) as usize] += 1.0);
            counts
        };
        let (mut psi, mut rejected, mut expected) = (0.0, 0, 0.0);
        for _ in 0..PAIRS {
            let same = compare(&draw(600), &draw(300)).unwrap();
            psi += same.psi / f64::from(PAIRS);
            expected = same.expected;
            rejected += u32::from(same.p_value < 0.05);
        }
        assert!((psi / expected - 1.0).abs() < 0.06, "{psi} {expected}");
        assert!((12..=38).contains(&rejected), "{rejected}");
    }
}
