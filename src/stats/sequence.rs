//! May one look every day? Intervals that hold at all times at once.
//!
//! The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021): with `t` independent units (users),
//! the standard error `s` of the estimate and `a = tρ²`,
//!
//! ```text
//! estimate ± s·√( 2·(a + 1)/a · ln(√(a + 1)/α) )
//! ```
//!
//! contains the truth at all `t` at once with probability `1 − α`, whenever and however often one looks and for whatever reason one
//! stops. `ρ` is fixed before and makes it narrowest around a planned number of units. It is asymptotic: below about a hundred
//! units it promises too much.

use super::level::{Interval, Level};

/// Units below which the sequence should not be believed.
pub const ENOUGH: u64 = 100;

/// The `ρ` that makes the sequence narrowest at about `planned` units: `√((−2 ln α + ln(1 − 2 ln α))/planned)`.
#[must_use]
pub fn tuning(planned: f64, level: Level) -> f64 {
    let doubled = -2.0 * (1.0 - level.get()).ln();
    ((doubled + (doubled + 1.0).ln()) / planned).sqrt()
}

/// The interval of the sequence at `units` units.
#[must_use]
pub fn interval(value: f64, standard_error: f64, units: f64, tuning: f64, level: Level) -> Interval {
    let a = units * tuning * tuning;
    let boundary = 2.0 * (a + 1.0) / a * ((a + 1.0).sqrt() / (1.0 - level.get())).ln();
    Interval::around(value, standard_error * boundary.sqrt())
}

/// The always-valid p-value of a value of zero: the smallest `α` whose sequence leaves zero out, at most 1.
#[must_use]
pub fn p_value(value: f64, standard_error: f64, units: f64, tuning: f64) -> f64 {
    let a = units * tuning * tuning;
    let score = value / standard_error;
    ((a + 1.0).sqrt() * (-score * score * a / (2.0 * (a + 1.0))).exp()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_value_and_interval_agree() {
        let level = Level::default();
        let tuning = tuning(1_000.0, level);
        for (error, units) in [(0.05, 150.0), (0.02, 1_000.0), (0.01, 5_000.0)] {
            let half = interval(0.0, error, units, tuning, level).upper;
            assert!((p_value(half, error, units, tuning) - 0.05).abs() < 1e-12);
        }
        assert_eq!(p_value(0.0, 1.0, 100.0, tuning), 1.0);
    }

    #[test]
    fn wider_than_a_single_look_and_narrowest_near_the_plan() {
        let level = Level::default();
        let relative = |planned| interval(0.0, 1.0, 1_000.0, tuning(planned, level), level).upper / level.z();
        assert!(relative(1_000.0) > 1.3 && relative(1_000.0) < 1.6);
        assert!(relative(10.0) > relative(1_000.0) && relative(1e6) > relative(1_000.0));
    }
}
