//! How often is it true, when the test that says so errs?
//!
//! Of a judge who calls a share `p` right, with sensitivity `s` (right ones called right) and specificity `c` (wrong ones called
//! wrong), the share that is right is
//!
//! ```text
//! π = (p + c − 1)/(s + c − 1)
//! ```
//!
//! (Rogan and Gladen 1978), cut to `[0, 1]`. The interval is that of Lang and Reiczigel (2014), which counts the errors of
//! all three. Near `s + c = 1` the judge knows nothing, and nothing can be corrected.

use super::level::{Interval, Level};

/// Some of so many; both may be effective and fractional.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub successes: f64,
    pub trials: f64,
}

impl Share {
    fn value(self) -> f64 {
        self.successes / self.trials
    }
}

/// What the judge's rate comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corrected {
    pub value: f64,
    pub interval: Interval,
}

/// The corrected share. `None` without trials in any of the three, or when the judge is no better than a coin (`s + c <= 1`).
#[must_use]
pub fn corrected(called: Share, sensitivity: Share, specificity: Share, level: Level) -> Option<Corrected> {
    let all = [called, sensitivity, specificity];
    let youden = sensitivity.value() + specificity.value() - 1.0;
    if all.iter().any(|share| share.trials <= 0.0) || youden <= 0.0 {
        return None;
    }
    let z = level.z();
    let plus = |share: Share, more: f64| Share {
        successes: share.successes + more / 2.0,
        trials: share.trials + more,
    };
    let (p, s, c) = (plus(called, z * z), plus(sensitivity, 2.0), plus(specificity, 2.0));
    let variance = |share: Share| share.value() * (1.0 - share.value()) / share.trials;
    let room = s.value() + c.value() - 1.0;
    if room <= 0.0 {
        return None;
    }
    let middle = (p.value() + c.value() - 1.0) / room;
    let shift = 2.0 * z * z * (middle * variance(s) - (1.0 - middle) * variance(c));
    let spread = variance(p) + middle * middle * variance(s) + (1.0 - middle).powi(2) * variance(c);
    Some(Corrected {
        value: ((called.value() + specificity.value() - 1.0) / youden).clamp(0.0, 1.0),
        interval: Interval::around(middle + shift, z * spread.sqrt() / room).clip_to_unit(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(successes: f64, trials: f64) -> Share {
        Share { successes, trials }
    }

    #[test]
    fn a_perfect_judge_needs_no_correction_and_a_coin_cannot_be_corrected() {
        let level = Level::default();
        let called = share(70.0, 100.0);
        let perfect = corrected(called, share(1e9, 1e9), share(1e9, 1e9), level).unwrap();
        assert!((perfect.value - 0.7).abs() < 1e-12);
        assert_eq!(corrected(called, share(5.0, 10.0), share(5.0, 10.0), level), None);
        assert_eq!(corrected(called, share(0.0, 0.0), share(5.0, 10.0), level), None);
    }
}
