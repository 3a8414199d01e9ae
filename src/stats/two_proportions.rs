//! How far apart are two rates, when the trials of both are independent?
//!
//! Newcombe's (1998) interval, a hybrid of the two Wilson intervals: where a rate is near 0 or 1, `p̂₂ − p̂₁ ± z·se` is too narrow, and
//! empty when both are at an end. It is the case of proportions of MOVER (Zou and Donner 2008), which makes an interval for a difference
//! of those `[l, u]` of any two independent estimates:
//!
//! ```text
//! θ̂₂ − θ̂₁ − √((θ̂₂ − l₂)² + (u₁ − θ̂₁)²)   to   θ̂₂ − θ̂₁ + √((u₂ − θ̂₂)² + (θ̂₁ − l₁)²)
//! ```
//!
//! Valid only where the trial is what was drawn independently: where users have several outputs each, trials are not independent, and
//! where they are on both sides, neither are the sides. Then [`super::contrast`] is. A hybrid of clustered Wilson intervals would be no
//! way out: near 0 and 1, where few users make up most of a rate, the effective number of trials comes out large whenever those happen to
//! be missing, and it covers less than the linear interval (`tests/it/promises/proportions.rs`).

use super::level::{Interval, Level};
use super::normal;
use super::proportion::wilson;

/// Successes and trials of a side.
pub type Counts = (f64, f64);

/// MOVER: the interval of `second − first`, from the value and interval of each.
#[must_use]
pub fn mover(first: (f64, Interval), second: (f64, Interval)) -> Interval {
    let ((one, of_one), (two, of_two)) = (first, second);
    Interval {
        lower: two - one - (two - of_two.lower).hypot(of_one.upper - one),
        upper: two - one + (of_two.upper - two).hypot(one - of_one.lower),
    }
}

/// Newcombe's interval for `second − first`; `None` unless both sides have trials and no more successes than those.
#[must_use]
pub fn newcombe(first: Counts, second: Counts, level: Level) -> Option<Interval> {
    let side = |(successes, trials): Counts| Some((successes / trials, wilson(successes, trials, level.z())?));
    Some(mover(side(first)?, side(second)?))
}

/// Two-sided p-value of equal rates, by the z-test whose variance is that of all trials pooled.
///
/// `None` without trials on a side, and where all trials had the same outcome.
#[must_use]
pub fn z_pooled((k1, n1): Counts, (k2, n2): Counts) -> Option<f64> {
    if !(n1 > 0.0 && n2 > 0.0) {
        return None;
    }
    let pooled = (k1 + k2) / (n1 + n2);
    let variance = pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2);
    (variance > 0.0).then(|| 2.0 * normal::cdf(-(k2 / n2 - k1 / n1).abs() / variance.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_way_round_is_mirrored_and_an_end_keeps_a_width() {
        let (a, b) = ((3.0, 40.0), (9.0, 35.0));
        let there = newcombe(a, b, Level::default()).unwrap();
        let back = newcombe(b, a, Level::default()).unwrap();
        assert!((there.lower + back.upper).abs() < 1e-15 && (there.upper + back.lower).abs() < 1e-15);
        assert_eq!(z_pooled(a, b), z_pooled(b, a));
        let none = newcombe((0.0, 40.0), (0.0, 35.0), Level::default()).unwrap();
        assert!(none.lower < -0.05 && none.upper > 0.05);
        let most = newcombe((0.0, 40.0), (35.0, 35.0), Level::default()).unwrap();
        assert!(most.lower > 0.8 && most.upper == 1.0, "{most:?}");
    }

    #[test]
    fn too_little_is_none() {
        assert_eq!(newcombe((0.0, 0.0), (1.0, 2.0), Level::default()), None);
        assert_eq!(newcombe((1.0, 2.0), (3.0, 2.0), Level::default()), None);
        assert_eq!(z_pooled((0.0, 0.0), (1.0, 2.0)), None);
        assert_eq!(z_pooled((2.0, 2.0), (3.0, 3.0)), None);
    }
}
