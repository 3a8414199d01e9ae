//! A change that takes its time, as when users move to a new version one by one.
//!
//! Days `0..start` are at one level and days `end..` at another; in between the level moves evenly: with `L = end − start`,
//!
//! ```text
//! x_t = a + d·r_t + noise,   r_t = 0 before start, (t − start + ½)/L until end, 1 from end on
//! ```
//!
//! and `L = 0` is a step. Of all starts and ends the one with the largest `G = (Σw r (x − x̄))²/Σw (r − r̄)²`, by how much the weighted
//! sum of squares falls, is the most likely for normal days. A ramp is believed only if its `G` beats that of the best step by
//! `σ²·ln n`: ends that are searched for fit noise too, and a step is the simpler story.

use super::Day;

/// The longest that a change may take, in days.
const LONGEST: usize = 60;

/// When a change began and when it was complete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ramp {
    /// The first day that is not at the old level.
    pub start: usize,
    /// The first day at the new level; `start` for a step.
    pub end: usize,
}

/// Level before, level after less that, and the standard error of the latter for days of dispersion 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    pub before: f64,
    pub difference: f64,
    pub standard_error: f64,
    /// By how much the weighted sum of squares falls.
    pub gain: f64,
}

impl Ramp {
    /// How far the level has moved on a day.
    fn moved(self, day: usize) -> f64 {
        if day < self.start {
            0.0
        } else if day < self.end {
            (day - self.start) as f64 / (self.end - self.start) as f64 + 0.5 / (self.end - self.start) as f64
        } else {
            1.0
        }
    }
}

/// Weights, and weighted values, of all days before each, and of all.
struct Sums {
    weight: Vec<f64>,
    weighted: Vec<f64>,
}

impl Sums {
    fn new(days: &[Day]) -> Sums {
        let running = |of: fn(&Day) -> f64| {
            let sums = days.iter().scan(0.0, |sum, day| {
                *sum += of(day);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        };
        Sums {
            weight: running(|day| day.weight),
            weighted: running(|day| day.weight * day.value),
        }
    }

    /// Weight and weighted value from a day on.
    fn from(&self, day: usize) -> (f64, f64) {
        let rest = |sums: &[f64]| sums.last().copied().unwrap_or_default() - sums.get(day).copied().unwrap_or_default();
        (rest(&self.weight), rest(&self.weighted))
    }

    fn fit(&self, days: &[Day], ramp: Ramp) -> Option<Levels> {
        let (weight, weighted) = self.from(0);
        let (mut r, mut rx) = self.from(ramp.end);
        let mut rr = r;
        for (at, day) in (ramp.start..ramp.end).zip(days.get(ramp.start..ramp.end)?) {
            let moved = ramp.moved(at);
            r += day.weight * moved;
            rr += day.weight * moved * moved;
            rx += day.weight * moved * day.value;
        }
        let spread = rr - r * r / weight;
        if spread <= 0.0 {
            return None;
        }
        let difference = (rx - r * weighted / weight) / spread;
        Some(Levels {
            before: (weighted - difference * r) / weight,
            difference,
            standard_error: spread.sqrt().recip(),
            gain: difference * difference * spread,
        })
    }
}

/// The levels before and after a change of a stretch.
pub(super) fn levels(days: &[Day], ramp: Ramp) -> Option<Levels> {
    Sums::new(days).fit(days, ramp)
}

/// How much each day's weighted value adds to the difference: `(r_t − r̄)/Σw(r − r̄)²`.
pub(super) fn loads(days: &[Day], ramp: Ramp) -> Vec<f64> {
    let weighted =
        |of: &dyn Fn(f64) -> f64| -> f64 { (0..).zip(days).map(|(at, day)| day.weight * of(ramp.moved(at))).sum() };
    let mean = weighted(&|moved| moved) / weighted(&|_| 1.0);
    let spread = weighted(&|moved| (moved - mean).powi(2));
    (0..days.len()).map(|at| (ramp.moved(at) - mean) / spread).collect()
}

/// The most likely step and the most likely ramp of a stretch, with their levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Likely {
    pub step: (Ramp, Levels),
    pub ramp: Option<(Ramp, Levels)>,
}

/// The most likely change of a stretch that has one, with at least so many days before and after it.
pub(super) fn likely(days: &[Day], [before, after]: [usize; 2]) -> Option<Likely> {
    let sums = Sums::new(days);
    let latest = days.len().checked_sub(after)?;
    let of_length = |length: usize| {
        let starts = before..(latest + 1).saturating_sub(length);
        let fits = starts.filter_map(|start| {
            let ramp = Ramp {
                start,
                end: start + length,
            };
            Some((ramp, sums.fit(days, ramp)?))
        });
        fits.max_by(|one, other| one.1.gain.total_cmp(&other.1.gain))
    };
    // A ramp of one day is a step at an hour of that day.
    let ramp = (1..=LONGEST)
        .filter_map(of_length)
        .max_by(|one, other| one.1.gain.total_cmp(&other.1.gain));
    Some(Likely {
        step: of_length(0)?,
        ramp,
    })
}

impl Likely {
    /// The ramp if it is believed, else the step.
    pub(super) fn believed(self, days: usize, sigma: f64) -> (Ramp, Levels) {
        let needed = self.step.1.gain + price(days, sigma);
        let ramp = self.ramp.filter(|ramp| ramp.1.gain > needed);
        ramp.unwrap_or(self.step)
    }
}

/// How much more a story with one more date must explain (Schwarz 1978).
pub(super) fn price(days: usize, sigma: f64) -> f64 {
    sigma * sigma * (days as f64).ln()
}
