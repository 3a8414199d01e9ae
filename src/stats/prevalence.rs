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
//!
//! Where a share's variance is itself known from few users only, their normal quantile promises too much. Student's takes its place, with
//! the degrees of freedom of Welch and Satterthwaite for a sum of variances, `(Σ V)²/Σ(V²/ν)`: a share that hardly matters
//! makes nothing unsure, however few users it is of.

use super::cluster::Sizes;
use super::level::{Interval, Level};

/// Some of so many; both may be effective and fractional.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub successes: f64,
    pub trials: f64,
    /// The clusters of which the number of trials was estimated; `None` of independent trials.
    pub clusters: Option<Sizes>,
}

impl Share {
    fn value(self) -> f64 {
        self.successes / self.trials
    }

    fn variance(self) -> f64 {
        self.value() * (1.0 - self.value()) / self.trials
    }

    fn with(self, more: f64) -> Share {
        Share {
            successes: self.successes + more / 2.0,
            trials: self.trials + more,
            ..self
        }
    }

    fn degrees_of_freedom(self) -> f64 {
        self.clusters
            .map_or(f64::INFINITY, |clusters| clusters.degrees_of_freedom())
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
    let (s, c) = (sensitivity.with(2.0), specificity.with(2.0));
    let room = s.value() + c.value() - 1.0;
    if room <= 0.0 {
        return None;
    }
    let at = |critical: f64| {
        let p = called.with(critical * critical);
        let middle = (p.value() + c.value() - 1.0) / room;
        let parts = [(p, 1.0), (s, middle * middle), (c, (1.0 - middle).powi(2))];
        (
            middle,
            parts.map(|(share, weight)| (share.degrees_of_freedom(), weight * share.variance())),
        )
    };
    let (_, parts) = at(level.z());
    let critical = level.t(satterthwaite(&parts));
    let (middle, parts) = at(critical);
    let shift = 2.0 * critical * critical * (middle * s.variance() - (1.0 - middle) * c.variance());
    let spread: f64 = parts.iter().map(|(_, variance)| variance).sum();
    Some(Corrected {
        value: ((called.value() + specificity.value() - 1.0) / youden).clamp(0.0, 1.0),
        interval: Interval::around(middle + shift, critical * spread.sqrt() / room).clip_to_unit(),
    })
}

/// The degrees of freedom of a sum of variances, from those of each.
fn satterthwaite(parts: &[(f64, f64)]) -> f64 {
    let sum: f64 = parts.iter().map(|(_, variance)| variance).sum();
    sum * sum / parts.iter().map(|(df, variance)| variance * variance / df).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::cluster::LARGE;

    fn share(successes: f64, trials: f64) -> Share {
        Share {
            successes,
            trials,
            clusters: None,
        }
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

    #[test]
    fn few_users_widen_it_by_as_much_as_they_matter() {
        let level = Level::default();
        let of = |successes, trials, clusters| Share {
            clusters,
            ..share(successes, trials)
        };
        let width = |called: Share, sensitivity: Share| {
            let found = corrected(called, sensitivity, share(900.0, 1_000.0), level).unwrap();
            found.interval.upper - found.interval.lower
        };
        let many = width(of(30.0, 60.0, None), of(900.0, 1_000.0, None));
        assert_eq!(
            width(
                of(30.0, 60.0, Some(Sizes::equal(LARGE))),
                of(900.0, 1_000.0, Some(Sizes::equal(LARGE)))
            ),
            many
        );
        let few = width(of(30.0, 60.0, Some(Sizes::equal(4))), of(900.0, 1_000.0, None));
        assert!(few > 1.4 * many, "{few} is not much wider than {many}");
        let sure = width(of(30.0, 60.0, None), of(900.0, 1_000.0, Some(Sizes::equal(4))));
        assert!(sure < 1.05 * many, "{sure} is much wider than {many}");
    }

    #[test]
    fn degrees_of_freedom_add_up() {
        assert_eq!(satterthwaite(&[(3.0, 0.5)]), 3.0);
        assert_eq!(satterthwaite(&[(3.0, 0.5), (3.0, 0.5)]), 6.0);
        assert_eq!(satterthwaite(&[(f64::INFINITY, 0.5)]), f64::INFINITY);
    }
}
