//! How many are still there after so long, when some have not been followed to their end?
//!
//! The product-limit estimate of Kaplan and Meier (1958): with `d_t` that end at `t` of `n_t` that were still followed then,
//!
//! ```text
//! S(t) = Π_{s ≤ t} (1 − d_s/n_s)      Σ = Σ_{s ≤ t} d_s/(n_s·(n_s − d_s))      (Greenwood 1926)
//! ```
//!
//! with the interval `S^exp(±z·√Σ/ln S)`, which stays within `[0, 1]` (Kalbfleisch and Prentice 1980). It takes for granted that how long
//! one is followed says nothing of how long it lasts, and that those who are followed are independent.

use super::level::{Interval, Level};
use super::proportion;

/// One moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Still there and followed when it begins.
    pub at_risk: u64,
    pub ended: u64,
    /// Followed no longer from here on; those at risk still count here.
    pub censored: u64,
    /// The share that is there after it.
    pub survival: f64,
    /// Greenwood's sum; infinite when nobody is left.
    greenwood: f64,
}

impl Moment {
    /// The standard error of the share, `S·√Σ`; `None` at 0 and 1, where it would be zero.
    #[must_use]
    pub fn standard_error(&self) -> Option<f64> {
        (self.survival > 0.0 && self.greenwood > 0.0).then(|| self.survival * self.greenwood.sqrt())
    }

    /// The log-log interval. While nobody has ended it is Wilson's of those at risk, and of nobody left there is none.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        if self.survival >= 1.0 {
            let at_risk = self.at_risk as f64;
            return proportion::wilson(at_risk, at_risk, level.z());
        }
        let reach = level.z() * self.greenwood.sqrt() / self.survival.ln();
        (self.survival > 0.0).then(|| Interval {
            lower: self.survival.powf((-reach).exp()),
            upper: self.survival.powf(reach.exp()),
        })
    }
}

/// The moments from 0 to the last of some durations, each with whether it ended then or was followed no longer.
#[must_use]
pub fn kaplan_meier(durations: &[(u32, bool)]) -> Vec<Moment> {
    let last = durations.iter().map(|(time, _)| *time as usize + 1).max();
    let mut counts = vec![(0_u64, 0_u64); last.unwrap_or_default()];
    for (time, has_ended) in durations {
        if let Some((ended, censored)) = counts.get_mut(*time as usize) {
            *if *has_ended { ended } else { censored } += 1;
        }
    }
    let (mut at_risk, mut survival, mut greenwood) = (durations.len() as u64, 1.0, 0.0);
    let moment = |(ended, censored): (u64, u64)| {
        let (n, d) = (at_risk as f64, ended as f64);
        survival *= 1.0 - d / n;
        greenwood += if ended > 0 { d / (n * (n - d)) } else { 0.0 };
        let moment = Moment {
            at_risk,
            ended,
            censored,
            survival,
            greenwood,
        };
        at_risk -= ended + censored;
        moment
    };
    counts.into_iter().map(moment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn followed_to_the_end_it_is_the_share_that_is_left() {
        let found = kaplan_meier(&[(0, true), (1, true), (1, true), (3, true)]);
        let shares: Vec<f64> = found.iter().map(|moment| moment.survival).collect();
        assert_eq!(shares, [0.75, 0.25, 0.25, 0.0]);
        assert_eq!((found[2].at_risk, found[2].ended), (1, 0));
        assert_eq!(
            (found[3].interval(Level::default()), found[3].standard_error()),
            (None, None)
        );
        assert_eq!(kaplan_meier(&[]), []);
    }

    #[test]
    fn whoever_is_followed_no_longer_leaves_without_having_ended() {
        let found = kaplan_meier(&[(0, false), (0, true), (1, true), (1, false)]);
        assert_eq!((found[0].at_risk, found[1].at_risk), (4, 2));
        assert!((found[1].survival - 0.375).abs() < 1e-15);
        let none = kaplan_meier(&[(0, false), (1, false)]);
        let interval = none[1].interval(Level::default()).unwrap();
        assert!(
            interval.upper == 1.0 && interval.lower < 0.5,
            "one who stays proves little: {interval:?}"
        );
    }
}
