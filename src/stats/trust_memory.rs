//! How much does someone trust by now, when what happened long ago counts less?
//!
//! The beta reputation of Jøsang and Ismail (2002) with forgetting: each outcome counts `½^(age/half-life)`, so that
//!
//! ```text
//! a(T) = Σ weight·½^((T − t)/half-life) over acceptances,   b(T) likewise over rejections
//! ```
//!
//! and trust is Beta(a + prior, b + prior). Sums taken at the same time add up: users, days and shards may be summed apart and
//! merged. Time is whatever the half-life is measured in: days, or decisions. A rejection that weighs more than an acceptance
//! models that trust is lost faster than won (Guo and Yang 2021).
//!
//! The prior may stay, or fade like everything else: start then with [`Memory::record`] of it, and use no other.

use super::beta;
use super::level::{Interval, Level};

/// Faded sums of outcomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Time after which an outcome counts half; infinite forgets nothing.
    pub half_life: f64,
    /// When the sums were taken.
    pub at: f64,
    /// Faded weight of acceptances.
    pub accepted: f64,
    /// Faded weight of rejections.
    pub rejected: f64,
}

impl Memory {
    /// No memories at time `at`. `None` unless the half-life is positive.
    #[must_use]
    pub fn new(half_life: f64, at: f64) -> Option<Self> {
        (half_life > 0.0).then_some(Self {
            half_life,
            at,
            accepted: 0.0,
            rejected: 0.0,
        })
    }

    /// The weight now of what happened so long ago.
    fn fading(&self, age: f64) -> f64 {
        (-age / self.half_life).exp2()
    }

    /// The sums as of a later (or earlier) time.
    #[must_use]
    pub fn at(&self, time: f64) -> Self {
        let fading = self.fading(time - self.at);
        Self {
            at: time,
            accepted: self.accepted * fading,
            rejected: self.rejected * fading,
            ..*self
        }
    }

    /// With weights of acceptances and rejections at a time. One later than the sums moves them there; an earlier one, come
    /// late, counts as little as it should.
    #[must_use]
    pub fn record(&self, time: f64, accepted: f64, rejected: f64) -> Self {
        let now = self.at(time.max(self.at));
        let fading = now.fading(now.at - time);
        Self {
            accepted: now.accepted + accepted * fading,
            rejected: now.rejected + rejected * fading,
            ..now
        }
    }

    /// Both memories as one, as of the later time; they must share a half-life.
    #[must_use]
    pub fn merge(&self, other: &Self) -> Self {
        self.record(other.at, other.accepted, other.rejected)
    }

    /// `a + b`: the number of outcomes' worth of memory. With one outcome per unit of time it approaches
    /// `1/(1 − ½^(1/half-life))`, and falls in silence.
    #[must_use]
    pub fn strength(&self) -> f64 {
        self.accepted + self.rejected
    }

    /// Beta(a + prior, b + prior), for a prior that does not fade; (1, 1) is the usual one and (0, 0) none. `None` when the sum
    /// is not positive on both sides.
    #[must_use]
    pub fn trust(&self, prior: (f64, f64)) -> Option<Trust> {
        let (alpha, beta) = (self.accepted + prior.0, self.rejected + prior.1);
        (alpha > 0.0 && beta > 0.0).then_some(Trust { alpha, beta })
    }
}

/// What is believed about a rate of acceptance: Beta(α, β).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trust {
    /// `α > 0`.
    pub alpha: f64,
    /// `β > 0`.
    pub beta: f64,
}

impl Trust {
    /// `α/(α + β)`.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.alpha / (self.alpha + self.beta)
    }

    /// Equal-tailed credible interval. It widens in silence, as it should.
    #[must_use]
    pub fn interval(&self, level: Level) -> Interval {
        let tail = f64::midpoint(1.0, -level.get());
        Interval {
            lower: beta::quantile(tail, self.alpha, self.beta),
            upper: beta::quantile(1.0 - tail, self.alpha, self.beta),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: &Memory, b: &Memory) {
        for (a, b) in [(a.at, b.at), (a.accepted, b.accepted), (a.rejected, b.rejected)] {
            assert!((a - b).abs() < 1e-12, "{a} {b}");
        }
    }

    #[test]
    fn half_counts_after_a_half_life() {
        let memory = Memory::new(10.0, 0.0).unwrap().record(0.0, 4.0, 2.0);
        close(
            &memory.at(10.0),
            &Memory {
                at: 10.0,
                accepted: 2.0,
                rejected: 1.0,
                ..memory
            },
        );
        assert_eq!(Memory::new(0.0, 0.0), None);
        assert_eq!(Memory::new(f64::NAN, 0.0), None);
        let forever = Memory::new(f64::INFINITY, 0.0).unwrap().record(3.0, 1.0, 0.0);
        assert_eq!(forever.at(1e9).strength(), 1.0);
    }

    #[test]
    fn order_and_grouping_do_not_matter() {
        let empty = Memory::new(7.0, 0.0).unwrap();
        let all = empty.record(1.0, 1.0, 0.0).record(5.0, 0.0, 1.0).record(9.0, 1.0, 0.0);
        let late = empty.record(9.0, 1.0, 0.0).record(1.0, 1.0, 0.0).record(5.0, 0.0, 1.0);
        close(&all, &late);
        let (a, b) = (
            empty.record(1.0, 1.0, 0.0),
            empty.record(5.0, 0.0, 1.0).record(9.0, 1.0, 0.0),
        );
        close(&all, &a.merge(&b));
        close(&all, &b.merge(&a));
    }

    #[test]
    fn strength_has_a_plateau_and_silence_widens() {
        let mut memory = Memory::new(20.0, 0.0).unwrap();
        for decision in 1..1000 {
            memory = memory.record(f64::from(decision), 0.75, 0.25);
        }
        let plateau = 1.0 / (1.0 - 0.5_f64.powf(1.0 / 20.0));
        assert!((memory.strength() - plateau).abs() < 1e-9);
        let width = |memory: &Memory| {
            let interval = memory.trust((1.0, 1.0)).unwrap().interval(Level::default());
            interval.upper - interval.lower
        };
        assert!(width(&memory.at(1100.0)) > 2.0 * width(&memory));
        let trust = memory.trust((0.0, 0.0)).unwrap();
        assert!((trust.mean() - 0.75).abs() < 1e-12);
        assert_eq!(Memory::new(1.0, 0.0).unwrap().trust((0.0, 0.0)), None);
    }
}
