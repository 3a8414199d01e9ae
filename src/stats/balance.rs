//! Did users arrive on the sides of an experiment in the shares that were planned?
//!
//! A sample-ratio mismatch means that something else than chance decided who is counted, and that no difference can be believed
//! (Fabijan et al. 2019). Pearson's chi-square on users, not on outputs: `χ² = Σ(observed − expected)²/expected`.

use super::gamma::chi_square_tail;

/// Below this p-value the shares are not those planned: strict, since the check is looked at often.
pub const MISMATCH: f64 = 0.001;

/// The p-value of the planned shares (which need not add up to 1); `None` with fewer than two sides, nothing observed, or a share
/// that is not positive.
#[must_use]
pub fn p_value(observed: &[u64], shares: &[f64]) -> Option<f64> {
    let total: u64 = observed.iter().sum();
    let whole: f64 = shares.iter().sum();
    if observed.len() < 2 || observed.len() != shares.len() || total == 0 || shares.iter().any(|share| *share <= 0.0) {
        return None;
    }
    let statistic: f64 = observed
        .iter()
        .zip(shares)
        .map(|(observed, share)| {
            let expected = total as f64 * share / whole;
            (*observed as f64 - expected).powi(2) / expected
        })
        .sum();
    Some(chi_square_tail(statistic, observed.len() as f64 - 1.0))
}
