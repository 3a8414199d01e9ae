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
//! Two others, for who asks for them: the exact interval of [`clopper_pearson`], which keeps its level whatever the rate and is wide for
//! it, and the Bayesian one of [`jeffreys`], close to Wilson's and with equal tails.
//!
//! Counts are real numbers, because the honest `n` of correlated trials is an *effective* one;
//! see [`super::cluster`].

use super::beta;
use super::level::{Interval, Level};

/// Wilson score interval for `successes` out of `trials`, with a two-sided `critical` value
/// (1.96 for 95 %).
///
/// The lower end is exactly 0 without successes and the upper end exactly 1 without failures,
/// whatever the rounding. `None` unless `trials > 0` and `0 <= successes <= trials`.
#[must_use]
pub fn wilson(successes: f64, trials: f64, critical: f64) -> Option<Interval> {
    let failures = failures(successes, trials)?;
    if critical.is_infinite() {
        return Some(Interval { lower: 0.0, upper: 1.0 });
    }
    // Numerators and denominator multiplied by n: one formula, fewer roundings.
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

/// Interval of Clopper and Pearson (1934) for `successes` out of `trials`: quantiles of Beta(k, n − k + 1) and Beta(k + 1, n − k), with
/// 0 below no successes and 1 above no failures. Right at least as often as `level` says, at any rate.
///
/// `None` unless `trials > 0` and `0 <= successes <= trials`.
#[must_use]
pub fn clopper_pearson(successes: f64, trials: f64, level: Level) -> Option<Interval> {
    let failures = failures(successes, trials)?;
    let lower = || beta::quantile(level.tail(), successes, failures + 1.0);
    let upper = || 1.0 - beta::quantile(level.tail(), failures, successes + 1.0);
    Some(open_at_edges(successes, failures, lower, upper))
}

/// Interval with equal tails of the posterior under Jeffreys' prior, Beta(k + ½, n − k + ½), with 0 below no successes and 1 above no
/// failures, as Brown, Cai and DasGupta (2001) modify it.
///
/// `None` unless `trials > 0` and `0 <= successes <= trials`.
#[must_use]
pub fn jeffreys(successes: f64, trials: f64, level: Level) -> Option<Interval> {
    let failures = failures(successes, trials)?;
    let lower = || beta::quantile(level.tail(), successes + 0.5, failures + 0.5);
    let upper = || 1.0 - beta::quantile(level.tail(), failures + 0.5, successes + 0.5);
    Some(open_at_edges(successes, failures, lower, upper))
}

fn failures(successes: f64, trials: f64) -> Option<f64> {
    (trials > 0.0 && (0.0..=trials).contains(&successes)).then_some(trials - successes)
}

fn open_at_edges(successes: f64, failures: f64, lower: impl Fn() -> f64, upper: impl Fn() -> f64) -> Interval {
    Interval {
        lower: if successes == 0.0 { 0.0 } else { lower() },
        upper: if failures == 0.0 { 1.0 } else { upper() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: f64 = 1.959_963_984_540_054;

    #[test]
    fn undefined_without_trials_or_with_impossible_counts() {
        let impossible = [(0.0, 0.0), (1.0, 0.0), (-1.0, 5.0), (6.0, 5.0), (1.0, -5.0)];
        for (k, n) in impossible.into_iter().chain([(f64::NAN, 5.0), (1.0, f64::NAN)]) {
            assert_eq!(wilson(k, n, Z), None, "{k}/{n}");
            assert_eq!(clopper_pearson(k, n, Level::default()), None, "{k}/{n}");
            assert_eq!(jeffreys(k, n, Level::default()), None, "{k}/{n}");
        }
    }

    #[test]
    fn edges_are_exact_and_the_other_end_stays_open() {
        for n in [0.3, 1.0, 7.0, 31.5, 1e9] {
            let none = wilson(0.0, n, Z).unwrap();
            let all = wilson(n, n, Z).unwrap();
            assert_eq!(none.lower, 0.0);
            assert_eq!(all.upper, 1.0);
            assert!(none.upper > 0.0 && all.lower < 1.0);
            for of in [clopper_pearson, jeffreys] {
                let [none, all] = [0.0, n].map(|k| of(k, n, Level::default()).unwrap());
                assert_eq!((none.lower, all.upper), (0.0, 1.0));
                assert!(
                    none.upper > 0.0 && none.upper < 1.0 && all.lower > 0.0 && all.lower < 1.0,
                    "{n}"
                );
            }
        }
    }

    /// How often the intervals of all `k` hold `rate`.
    fn coverage(rate: f64, n: u64, of: fn(f64, f64, Level) -> Option<Interval>) -> f64 {
        let below = |k: u64| beta::binomial_cdf(k, n, rate);
        let probability = |k: u64| below(k) - k.checked_sub(1).map_or(0.0, below);
        let holds = |k: &u64| {
            let interval = of(*k as f64, n as f64, Level::default()).unwrap();
            (interval.lower..=interval.upper).contains(&rate)
        };
        (0..=n).filter(holds).map(probability).sum()
    }

    #[test]
    fn the_exact_interval_keeps_its_level_at_every_rate() {
        for n in [5, 20, 90] {
            for rate in [0.001, 0.01, 0.05, 0.2, 0.5, 0.87, 0.99] {
                assert!(coverage(rate, n, clopper_pearson) >= 0.95, "{rate} of {n}");
            }
        }
        // Jeffreys' does on average.
        let rates = || (1..100).map(|rate| f64::from(rate) / 100.0);
        let mean = rates().map(|rate| coverage(rate, 40, jeffreys)).sum::<f64>() / 99.0;
        assert!((mean - 0.95).abs() < 0.01, "{mean}");
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
