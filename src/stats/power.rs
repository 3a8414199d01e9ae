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

/// The same where only a share of the variance shrinks with more clusters, since the other side of the difference has all that it will
/// ever have. `None` if what does not shrink is too much.
#[must_use]
pub fn clusters_needed_of_one_side(
    effect: f64,
    standard_error: f64,
    (clusters, shrinking): (f64, f64),
    level: Level,
    power: f64,
) -> Option<f64> {
    let allowed = (effect / detectable(standard_error, level, power)).powi(2);
    let room = allowed - (1.0 - shrinking);
    (room > 0.0).then(|| clusters * shrinking / room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_side_alone_does_not_make_up_for_the_other() {
        let level = Level::default();
        let of = |effect, shrinking| clusters_needed_of_one_side(effect, 0.02, (28.0, shrinking), level, 0.8);
        let both = clusters_needed(0.05, 0.02, 28.0, level, 0.8);
        assert!((of(0.05, 1.0).unwrap() - both).abs() < 1e-9);
        let one = of(0.05, 0.5).unwrap();
        assert!(one > both, "{one}");
        // With so many of the growing side, the variance is what the effect asks for.
        let error = 0.02 * (0.5 + 0.5 * 28.0 / one).sqrt();
        assert!((detectable(error, level, 0.8) - 0.05).abs() < 1e-12);
        assert_eq!(of(0.03, 0.5), None);
    }
}
