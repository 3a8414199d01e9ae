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
use super::normal;

/// Units below which the sequence should not be believed.
pub const ENOUGH: u64 = 100;

/// The `ρ` that makes the sequence narrowest at about `planned` units: `√((−2 ln α + ln(1 − 2 ln α))/planned)`.
#[must_use]
pub fn tuning(planned: f64, level: Level) -> f64 {
    let doubled = -2.0 * (1.0 - level.get()).ln();
    ((doubled + (doubled + 1.0).ln()) / planned).sqrt()
}

/// How many standard errors it is from the value to an end of the sequence at `units` units.
fn boundary(units: f64, tuning: f64, level: Level) -> f64 {
    let a = units * tuning * tuning;
    (2.0 * (a + 1.0) / a * ((a + 1.0).sqrt() / (1.0 - level.get())).ln()).sqrt()
}

/// The interval of the sequence at `units` units.
#[must_use]
pub fn interval(value: f64, standard_error: f64, units: f64, tuning: f64, level: Level) -> Interval {
    Interval::around(value, standard_error * boundary(units, tuning, level))
}

/// The least difference that the sequence tells from zero with probability `power` at `units` units, about: it may have done so before.
#[must_use]
pub fn detectable(standard_error: f64, units: f64, tuning: f64, level: Level, power: f64) -> f64 {
    (boundary(units, tuning, level) + normal::quantile(power)) * standard_error
}

/// How many units it takes until the sequence tells an `effect` above 0 from zero with probability `power`, when `units` of the same
/// kind give `standard_error`. Never fewer than [`ENOUGH`].
#[must_use]
pub fn units_needed(effect: f64, standard_error: f64, units: f64, tuning: f64, level: Level, power: f64) -> f64 {
    const MOST: f64 = 1e15;
    const HALVINGS: u32 = 60;
    let is_enough = |needed: f64| {
        let error = standard_error * (units / needed).sqrt();
        detectable(error, needed, tuning, level, power) <= effect
    };
    let (mut low, mut high) = (ENOUGH as f64, ENOUGH as f64);
    while high < MOST && !is_enough(high) {
        (low, high) = (high, 2.0 * high);
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
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
    use crate::stats::power;

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

    /// What a fixed look needs is not enough: the ends of a sequence are half as far away again.
    #[test]
    fn it_takes_more_units_than_a_single_look_does() {
        let level = Level::default();
        let tuning = tuning(1_000.0, level);
        let needed = units_needed(0.05, 0.02, 1_000.0, tuning, level, 0.8);
        let error = 0.02 * (1_000.0 / needed).sqrt();
        assert!((detectable(error, needed, tuning, level, 0.8) - 0.05).abs() < 1e-9);
        let found = normal::cdf((0.05 - interval(0.0, error, needed, tuning, level).upper) / error);
        assert!((found - 0.8).abs() < 1e-9);
        let fixed = power::clusters_needed(0.05, 0.02, 1_000.0, level, 0.8);
        assert!(needed > 1.5 * fixed && needed < 2.5 * fixed, "{needed} and {fixed}");
        assert_eq!(units_needed(10.0, 0.02, 1_000.0, tuning, level, 0.8), 100.0);
    }
}
