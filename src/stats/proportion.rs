//! What range of rates is plausible, given `k` successes in `n` trials?
//!
//! The score interval of Wilson (1927), the interval Brown, Cai and DasGupta (2001) recommend:
//! unlike `p̂ ± z·se` it never leaves `[0, 1]` and never collapses to a point at 0 % or 100 %.
//!
//! ```text
//! centre = (p̂ + z²/2n) / (1 + z²/n)
//! half   = z/(1 + z²/n) · √(p̂(1 − p̂)/n + z²/4n²)
//! ```
//!
//! Counts are real numbers, because the honest `n` of correlated trials is an *effective* one;
//! see [`super::cluster`].

use super::level::Interval;

/// Wilson score interval for `successes` out of `trials`, with a two-sided `critical` value
/// (1.96 for 95 %).
///
/// The lower end is exactly 0 without successes and the upper end exactly 1 without failures,
/// whatever the rounding. `None` unless `trials > 0` and `0 <= successes <= trials`.
#[must_use]
pub fn wilson(successes: f64, trials: f64, critical: f64) -> Option<Interval> {
    if trials <= 0.0 || !(0.0..=trials).contains(&successes) {
        return None;
    }
    if critical.is_infinite() {
        return Some(Interval { lower: 0.0, upper: 1.0 });
    }
    // Numerators and denominator multiplied by n: one formula, fewer roundings.
    let failures = trials - successes;
    let square = critical * critical;
    let scale = trials + square;
    let centre = (successes + square / 2.0) / scale;
    let spread = successes * failures / trials + square / 4.0;
    let mut interval = Interval::around(centre, critical * spread.sqrt() / scale).clip_to_unit();
    if successes == 0.0 {
        interval.lower = 0.0;
    }
    if failures == 0.0 {
        interval.upper = 1.0;
    }
    Some(interval)
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: f64 = 1.959_963_984_540_054;

    #[test]
    fn undefined_without_trials_or_with_impossible_counts() {
        for (k, n) in [(0.0, 0.0), (1.0, 0.0), (-1.0, 5.0), (6.0, 5.0), (1.0, -5.0)] {
            assert_eq!(wilson(k, n, Z), None, "{k}/{n}");
        }
        assert_eq!(wilson(f64::NAN, 5.0, Z), None);
        assert_eq!(wilson(1.0, f64::NAN, Z), None);
    }

    #[test]
    fn edges_are_exact_and_the_other_end_stays_open() {
        for n in [0.3, 1.0, 7.0, 31.5, 1e9] {
            let none = wilson(0.0, n, Z).unwrap();
            let all = wilson(n, n, Z).unwrap();
            assert_eq!(none.lower, 0.0);
            assert_eq!(all.upper, 1.0);
            assert!(none.upper > 0.0 && all.lower < 1.0);
        }
    }

    #[test]
    fn contains_the_rate_mirrors_and_shrinks() {
        let mut width = f64::INFINITY;
        for n in [10.0, 40.0, 160.0, 640.0] {
            let k = 0.3 * n;
            let interval = wilson(k, n, Z).unwrap();
            let mirror = wilson(n - k, n, Z).unwrap();
            assert!(interval.lower < 0.3 && 0.3 < interval.upper);
            assert!((interval.lower - (1.0 - mirror.upper)).abs() < 1e-15);
            assert!(interval.upper - interval.lower < width);
            width = interval.upper - interval.lower;
        }
    }

    #[test]
    fn no_confidence_is_the_point_and_certainty_is_everything() {
        let point = wilson(3.0, 4.0, 0.0).unwrap();
        assert_eq!((point.lower, point.upper), (0.75, 0.75));
        let all = wilson(3.0, 4.0, f64::INFINITY).unwrap();
        assert_eq!((all.lower, all.upper), (0.0, 1.0));
    }
}
