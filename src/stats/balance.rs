//! Did users arrive on the sides of an experiment in the shares that were planned, and where did they not?
//!
//! A sample-ratio mismatch means that something else than chance decided who is counted, and that no difference can be believed
//! (Fabijan et al. 2019). Pearson's chi-square on users, not on outputs: `χ² = Σ(observed − expected)²/expected`.
//!
//! To find out why, days and segments are tested against the planned shares one by one ([`by_place`]). Their p-values are adjusted
//! together after Holm, which holds however they hang together: the users of one day are those of several segments. Of a few users a
//! chi-square is no approximation far out: with a tenth of the users planned for an arm and ten expected in it, a p-value of
//! 1e-5 comes up to four times as often as it says; with equal shares less often. Places with fewer are not tested.
//!
//! Where assignment broke on one platform, all countries are off as far as they have users of it. Which of the two it is says Pearson's test
//! of homogeneity ([`alike`]): the shares of the arms differ between the platforms, and not between the countries.

use super::gamma::chi_square_tail;
use super::multiple;

/// Below this p-value the shares are not those planned: strict, since the check is looked at often.
pub const MISMATCH: f64 = 0.001;
/// Below this adjusted p-value the shares of arms differ between the values of a dimension: it names places among those that are off,
/// and raises no alarm by itself.
pub const DIFFERENT: f64 = 0.01;
/// Users that are expected on each side of a place that is tested by itself, at least.
pub const LEAST_EXPECTED: f64 = 10.0;

/// How likely chance alone brings about the users of one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chance {
    pub p_value: f64,
    /// Adjusted for all places that are tested together, after Holm.
    pub adjusted: f64,
}

/// The p-value of the planned shares (which need not add up to 1); `None` with fewer than two sides, nothing observed, or a share
/// that is not positive.
#[must_use]
pub fn p_value(observed: &[u64], shares: &[f64]) -> Option<f64> {
    let total: u64 = observed.iter().sum();
    if observed.len() < 2 || observed.len() != shares.len() || total == 0 || shares.iter().any(|share| *share <= 0.0) {
        return None;
    }
    let statistic: f64 = observed
        .iter()
        .zip(expected(observed, shares))
        .map(|(observed, expected)| (*observed as f64 - expected).powi(2) / expected)
        .sum();
    Some(chi_square_tail(statistic, observed.len() as f64 - 1.0))
}

/// How many of the observed users each side would have in the planned shares.
#[must_use]
pub fn expected(observed: &[u64], shares: &[f64]) -> Vec<f64> {
    let total: u64 = observed.iter().sum();
    let whole: f64 = shares.iter().sum();
    shares.iter().map(|share| total as f64 * share / whole).collect()
}

/// Whether a place has enough users to be tested by itself.
#[must_use]
pub fn is_testable(observed: &[u64], shares: &[f64]) -> bool {
    expected(observed, shares).iter().all(|due| *due >= LEAST_EXPECTED)
}

/// The p-values of places that are looked at together; `None` of those that are too small.
#[must_use]
pub fn by_place<'a>(places: impl Iterator<Item = &'a [u64]>, shares: &[f64]) -> Vec<Option<Chance>> {
    let found: Vec<Option<f64>> = places
        .map(|observed| p_value(observed, shares).filter(|_| is_testable(observed, shares)))
        .collect();
    let known: Vec<f64> = found.iter().copied().flatten().collect();
    let mut adjusted = multiple::holm(&known).into_iter();
    found
        .into_iter()
        .map(|p_value| {
            Some(Chance {
                p_value: p_value?,
                adjusted: adjusted.next()?,
            })
        })
        .collect()
}

/// The p-value of the same shares in all places, whatever was planned: `χ²` with `(places − 1)(sides − 1)` degrees of freedom against what
/// the totals of places and sides make one expect. Sides and places without users say nothing; `None` with fewer than two of either.
#[must_use]
pub fn alike(places: &[&[u64]]) -> Option<f64> {
    let sides = places.first()?.len();
    let side = |at: usize| -> u64 { places.iter().filter_map(|users| users.get(at)).sum() };
    let of_side: Vec<u64> = (0..sides).map(side).collect();
    let of_place: Vec<u64> = places.iter().map(|users| users.iter().sum()).collect();
    let all: u64 = of_side.iter().sum();
    let counted = |totals: &[u64]| totals.iter().filter(|total| **total > 0).count();
    let (rows, columns) = (counted(&of_place), counted(&of_side));
    if rows < 2 || columns < 2 {
        return None;
    }
    let mut statistic = 0.0;
    for (users, place) in places.iter().zip(&of_place) {
        for (observed, side) in users.iter().zip(&of_side) {
            let expected = *place as f64 * *side as f64 / all as f64;
            if expected > 0.0 {
                statistic += (*observed as f64 - expected).powi(2) / expected;
            }
        }
    }
    Some(chi_square_tail(statistic, ((rows - 1) * (columns - 1)) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::beta::binomial_cdf;

    #[test]
    fn small_p_values_of_the_smallest_places_come_about_as_often_as_they_say() {
        // How often the p-value of users who come with the planned shares is below 1e-5.
        let how_often = |share: f64, users: u64| -> f64 {
            let shares = [share, 1.0 - share];
            assert!(is_testable(&[0, users], &shares));
            let is_small = |own: &u64| p_value(&[*own, users - own], &shares).unwrap() < 1e-5;
            let at_most = |own: u64| binomial_cdf(own, users, share);
            let exactly = |own: u64| at_most(own) - own.checked_sub(1).map_or(0.0, at_most);
            (0..=users).filter(is_small).map(exactly).sum()
        };
        assert!(how_often(0.5, 20) < 1e-5);
        assert!(how_often(0.1, 100) < 4e-5);
        assert!(!is_testable(&[0, 99], &[0.1, 0.9]));
    }
}
