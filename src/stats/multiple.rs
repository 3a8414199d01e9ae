//! Which of several differences are real, when many were looked at?
//!
//! Adjusted p-values: an adjusted value below `α` keeps the chance of any false finding (Holm 1979) or the expected share of false
//! findings (Benjamini and Hochberg 1995, for independent or positively dependent tests) below `α` over the whole family.

/// Holm's step-down adjustment, in the order of the input.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut adjusted = vec![0.0; n];
    let mut largest: f64 = 0.0;
    for (rank, (at, p)) in ascending(p_values).into_iter().enumerate() {
        largest = largest.max(p * (n - rank) as f64).min(1.0);
        if let Some(slot) = adjusted.get_mut(at) {
            *slot = largest;
        }
    }
    adjusted
}

/// Benjamini and Hochberg's step-up adjustment, in the order of the input.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let n = p_values.len();
    let mut adjusted = vec![0.0; n];
    let mut least: f64 = 1.0;
    for (rank, (at, p)) in ascending(p_values).into_iter().enumerate().rev() {
        least = least.min(p * n as f64 / (rank + 1) as f64);
        if let Some(slot) = adjusted.get_mut(at) {
            *slot = least;
        }
    }
    adjusted
}

/// The values with their places, the smallest first.
fn ascending(p_values: &[f64]) -> Vec<(usize, f64)> {
    let mut ranked: Vec<(usize, f64)> = p_values.iter().copied().enumerate().collect();
    ranked.sort_by(|one, other| one.1.total_cmp(&other.1));
    ranked
}
