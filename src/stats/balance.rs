//! Did users arrive on the sides of an experiment in the shares that were planned, and where did they not?
//!
//! A sample-ratio mismatch means that something else than chance decided who is counted, and that no difference can be believed
//! (Fabijan et al. 2019). Pearson's chi-square on users, not on outputs: `χ² = Σ(observed − expected)²/expected`.
//!
//! To find out why, days and segments are tested against the planned shares one by one ([`by_place`]). Their p-values are adjusted
//! together after Holm, which holds however they hang together: the users of one day are those of several segments. Of a few users a
//! chi-square is no approximation far out: with a tenth of the users planned for an arm and ten expected in it, a p-value of
//! 1e-5 comes up to four times as often as it says; with equal shares less often. Places with fewer are not tested.

use super::gamma::chi_square_tail;
use super::multiple;

/// Below this p-value the shares are not those planned: strict, since the check is looked at often.
pub const MISMATCH: f64 = 0.001;
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
