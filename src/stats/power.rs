//! How small a difference can be seen, and how many users would it take?
//!
//! Normal approximation: a difference is found with probability `power` when it is `(z_{1−α/2} + z_{power})` standard errors away
//! from zero, and the standard error shrinks with the square root of the number of clusters.

use super::level::Level;
use super::normal;

/// The least difference that is found with probability `power`, given the standard error.
#[must_use]
pub fn detectable(standard_error: f64, level: Level, power: f64) -> f64 {
    (level.z() + normal::quantile(power)) * standard_error
}

/// How many clusters of the same kind find a difference of `effect` with probability `power`, when `clusters` give `standard_error`.
#[must_use]
pub fn clusters_needed(effect: f64, standard_error: f64, clusters: f64, level: Level, power: f64) -> f64 {
    clusters * (detectable(standard_error, level, power) / effect).powi(2)
}
