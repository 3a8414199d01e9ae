//! The clearest split of a stretch of days into two levels, and how clear one would be by chance.

use super::users::Spread;
use super::{Day, dispersion, range, step_variance};
use crate::stats::random::Random;
use crate::stats::student;

/// Simulated series per test, and where it takes more to reach a level at all. Strict levels are those of short stretches, whose series
/// cost little.
const SIMULATIONS: u32 = 1_999;
const MOST_SIMULATIONS: u32 = 99_999;

pub struct Split {
    /// The first day after it.
    pub at: usize,
    pub z: f64,
}

pub fn values(days: &[Day]) -> Vec<f64> {
    days.iter().map(|day| day.value).collect()
}

/// What does not depend on the values of a stretch of days, so that simulations share it.
pub struct Stretch {
    /// Of each day but the last: its weight, and the standard error of the step to the next.
    steps: Vec<Step>,
    last_weight: f64,
    total_weight: f64,
}

struct Step {
    weight: f64,
    error: f64,
    /// Of a split after this day; `None` too close to an end.
    split: Option<Sides>,
}

struct Sides {
    /// `W_before`.
    before: f64,
    /// `√V`.
    error: f64,
    /// Degrees of freedom of `V`.
    freedom: f64,
}

impl Stretch {
    /// Of days from one on, of those that vary as `spread` says. Splits have at least `shortest` days on either side.
    pub fn new(days: &[Day], first: usize, spread: &Spread, shortest: usize) -> Stretch {
        let total = Sums::of(days);
        let mut before = Sums::default();
        let steps = (1..).zip(days).zip(days.windows(2)).map(|((at, day), pair)| {
            before.add(day);
            let allowed = at >= shortest && days.len() - at >= shortest;
            Step {
                weight: day.weight,
                error: step_variance(pair, 0.0).sqrt(),
                split: allowed.then(|| {
                    let weights = [before.weight, total.weight - before.weight];
                    let contrast = spread.contrast(&(first..first + days.len()), first + at, weights);
                    Sides {
                        before: before.weight,
                        error: contrast.variance().sqrt(),
                        freedom: contrast.freedom,
                    }
                }),
            }
        });
        Stretch {
            steps: steps.collect(),
            last_weight: days.last().map_or(0.0, |day| day.weight),
            total_weight: total.weight,
        }
    }

    /// The split of these values with the largest `z`.
    pub fn best_split(&self, values: &[f64], least_sigma: f64) -> Option<Split> {
        // The range across the split does not count, and there must be another one.
        let ranges = self.steps.len().checked_sub(1).filter(|&ranges| ranges > 0)? as f64;
        let (mut total, mut all_ranges) = (values.last()? * self.last_weight, 0.0);
        for (pair, step) in values.windows(2).zip(&self.steps) {
            let [last, next] = pair else { break };
            total += last * step.weight;
            all_ranges += (next - last).abs() / step.error;
        }
        let mut weighted = 0.0;
        let mut best: Option<Split> = None;
        for (at, (pair, step)) in (1..).zip(values.windows(2).zip(&self.steps)) {
            let [last, next] = pair else { break };
            weighted += step.weight * last;
            let Some(Sides { before, error, freedom }) = &step.split else {
                continue;
            };
            let sigma = dispersion(all_ranges - (next - last).abs() / step.error, ranges).max(least_sigma);
            let difference = (total - weighted) / (self.total_weight - before) - weighted / before;
            let z = student::as_normal(difference.abs() / (sigma * error), *freedom);
            if best.as_ref().is_none_or(|best| z > best.z) {
                best = Some(Split { at, z });
            }
        }
        best
    }

    /// How often the largest `z` of a series without change reaches this one; `None` if more often than `alpha`.
    pub fn p_value(&self, days: &[Day], z: f64, alpha: f64) -> Option<f64> {
        let mut random = Random::new(days.len() as u64);
        let errors: Vec<f64> = days.iter().map(|day| 1.0 / day.weight.sqrt()).collect();
        let mut null = vec![0.0; days.len()];
        let mut reached = 0_u32;
        let simulations = simulations(alpha);
        let p = |reached: u32| p(reached, simulations);
        for _ in 0..simulations {
            for (value, error) in null.iter_mut().zip(&errors) {
                *value = random.normal() * error;
            }
            // σ without its lower bound here: exact if days are over-dispersed, cautious if not.
            if self.best_split(&null, 0.0).is_some_and(|split| split.z >= z) {
                reached += 1;
            }
            if p(reached) > alpha {
                return None;
            }
        }
        Some(p(reached))
    }
}

/// So many that a p-value can be a quarter of the level.
fn simulations(alpha: f64) -> u32 {
    // The cast saturates.
    ((4.0 / alpha).ceil() as u32).clamp(SIMULATIONS, MOST_SIMULATIONS)
}

/// The Monte Carlo p-value, never 0 (Davison and Hinkley 1997).
fn p(reached: u32, simulations: u32) -> f64 {
    f64::from(reached + 1) / f64::from(simulations + 1)
}

#[derive(Clone, Copy, Default)]
pub struct Sums {
    pub weight: f64,
    weighted: f64,
}

impl Sums {
    pub fn of(days: &[Day]) -> Self {
        let mut sums = Self::default();
        days.iter().for_each(|day| sums.add(day));
        sums
    }

    fn add(&mut self, day: &Day) {
        self.weight += day.weight;
        self.weighted += day.weight * day.value;
    }

    pub fn mean(&self) -> f64 {
        self.weighted / self.weight
    }
}

/// `σ` of a stretch of days from the steps between neighbours, the one to the day `split` left out; at least 1.
pub fn sigma(days: &[Day], split: usize) -> f64 {
    let pairs = (1..).zip(days.windows(2)).filter(|(at, _)| *at != split);
    let ranges: Vec<f64> = pairs.map(|(_, pair)| range(pair, 0.0)).collect();
    dispersion(ranges.iter().sum(), ranges.len() as f64).max(1.0)
}
