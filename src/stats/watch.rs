//! How sure must each look be, when one looks every day and never stops?
//!
//! The looks of any [`WATCHED`] days share an error `α`: each may err with probability `α/30` on the side that would raise the alarm, so
//! that a false alarm within any 30 days of looking has probability `α` at most, by the union bound, and false alarms come every
//! `30/α` days or less often. Nothing is asked of how looks depend on each other, and those at the same trailing days do. One end of a
//! two-sided interval errs with half of what its level leaves, so that the level of a look is `1 − 2α/30`.
//!
//! [`crate::stats::drift::monitor`] is asked for alarms at the rate `α/30`, which promises the same.

use super::level::Level;

/// Days of looking, once a day, over which the chance of a false alarm adds up to the one that was asked for.
pub const WATCHED: f64 = 30.0;

/// The chance that a look errs, on one side.
#[must_use]
pub fn per_look(alpha: f64) -> f64 {
    alpha / WATCHED
}

/// The level of the interval of each look; `None` unless `0 < α <= 1`.
#[must_use]
pub fn level(alpha: f64) -> Option<Level> {
    (alpha > 0.0 && alpha <= 1.0)
        .then(|| Level::new(1.0 - 2.0 * per_look(alpha)))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_share_the_error() {
        let level = level(0.05).unwrap();
        assert!((level.get() - (1.0 - 0.1 / 30.0)).abs() < 1e-15);
        // Φ⁻¹(1 − 0.05/30).
        assert!((level.z() - 2.935_199_468_866_699).abs() < 1e-9, "{}", level.z());
        assert_eq!(per_look(0.3), 0.01);
    }

    #[test]
    fn only_chances_are_shared() {
        assert!(super::level(1.0).is_some());
        for wrong in [0.0, -0.1, 1.01, f64::NAN] {
            assert_eq!(super::level(wrong), None, "{wrong}");
        }
    }
}
