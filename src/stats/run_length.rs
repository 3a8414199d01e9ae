//! How long has a rate been at its present level, and how likely did a new one begin here? Bayesian online change points (Adams and
//! MacKay 2007), for successes in trials.
//!
//! Levels last a geometric time of mean `τ` buckets and are drawn afresh from a Beta(a, b); a bucket of `n` trials has a binomial number
//! `k` of successes. With `K` of `N` in a run so far, the chance of the next bucket is Beta-binomial, and
//!
//! ```text
//! m(x | K, N) = B(a + K + k, b + N − K + n − k)/B(a + K, b + N − K)        (what depends on k and n alone cancels)
//! P(goes on)  ∝ P(run)·(1 − 1/τ)·m(x | K, N),   P(begins here) ∝ 1/τ·m(x | 0, 0)
//! ```
//!
//! Adams and MacKay let a run of length 0 begin after a bucket, so that its probability is always `1/τ`; here it begins with one.
//! Going back from the end, `P(new level at s | all) = Σ_u P(the run of u ends there | all)·P(it began at s | up to u)` (Fearnhead 2006).
//!
//! `k` and `n` may be fractions: give as many trials as correlated outcomes are worth, or heavy users look like changes. The probabilities
//! are right if levels come about like that. They promise nothing about the rate of false findings.

use super::beta::ln_beta;
use super::cusum::{Alarm, Direction};

/// What is believed before any bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// `1/τ`: the chance that a level ends with a bucket, between 0 and 1.
    pub hazard: f64,
    /// `a` and `b`, both positive.
    pub prior: (f64, f64),
    /// Runs that are less likely are dropped; without them a series costs its length times the few that are left.
    pub least_mass: f64,
    /// How sure it takes to be that a new level began, to say so.
    pub sure: f64,
}

impl Default for Settings {
    /// A level lasts some hundred buckets and may be anywhere.
    fn default() -> Self {
        Self {
            hazard: 0.01,
            prior: (1.0, 1.0),
            least_mass: 1e-6,
            sure: 0.95,
        }
    }
}

/// What is believed of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runs {
    /// Of each bucket, the probability that a new level began with it, given all buckets; 0 of the first, which begins the series.
    pub change: Vec<f64>,
    /// Of each bucket, the length of the most probable run that ends with it, itself included, given those up to it.
    pub most_likely: Vec<usize>,
    /// When it became sure, looking bucket by bucket, that a level began after the alarm before; `since` is its most likely first bucket.
    pub alarms: Vec<Alarm>,
}

/// A run that may be the present one.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    successes: f64,
    trials: f64,
    mass: f64,
}

/// Of `(successes, trials)` per bucket, with `0 <= successes <= trials`.
#[must_use]
pub fn runs(buckets: &[(f64, f64)], settings: Settings) -> Runs {
    let mut found = Runs {
        change: vec![0.0; buckets.len()],
        ..Runs::default()
    };
    let mut present: Vec<Run> = Vec::new();
    let mut history = Vec::with_capacity(buckets.len());
    // The bucket of the last alarm, and what was seen from its level's start on.
    let mut told = (0, Run::from(0));
    for (at, &bucket) in buckets.iter().enumerate() {
        present = step(&present, at, bucket, settings);
        told.1.add(bucket);
        let likely = present
            .iter()
            .copied()
            .reduce(|best, run| if run.mass > best.mass { run } else { best });
        let Some(likely) = likely else { break };
        found.most_likely.push(at + 1 - likely.start);
        let later: f64 = present
            .iter()
            .filter(|run| run.start > told.0)
            .map(|run| run.mass)
            .sum();
        if later > settings.sure && likely.start > told.0 {
            let before = (told.1.successes - likely.successes) / (told.1.trials - likely.trials);
            let up = likely.successes / likely.trials > before;
            found.alarms.push(Alarm {
                at,
                since: likely.start,
                direction: if up { Direction::Up } else { Direction::Down },
            });
            told = (at, likely);
        }
        history.push(present.iter().map(|run| (run.start, run.mass)).collect::<Vec<_>>());
    }
    // That a run ends with a bucket, given all: surely with the last.
    let mut ends = vec![0.0; history.len()];
    if let Some(last) = ends.last_mut() {
        *last = 1.0;
    }
    for (at, beliefs) in history.iter().enumerate().rev() {
        let end = ends.get(at).copied().unwrap_or_default();
        for (start, mass) in beliefs.iter().filter(|(start, _)| *start > 0) {
            if let (Some(change), Some(before)) = (found.change.get_mut(*start), ends.get_mut(start - 1)) {
                *change += end * mass;
                *before += end * mass;
            }
        }
    }
    found
}

impl Run {
    fn from(start: usize) -> Run {
        Run {
            start,
            successes: 0.0,
            trials: 0.0,
            mass: 1.0,
        }
    }

    fn add(&mut self, (successes, trials): (f64, f64)) {
        self.successes += successes;
        self.trials += trials;
    }

    /// `ln m` of a bucket that follows.
    fn predicts(&self, (successes, trials): (f64, f64), (a, b): (f64, f64)) -> f64 {
        let (a, b) = (a + self.successes, b + self.trials - self.successes);
        ln_beta(a + successes, b + trials - successes) - ln_beta(a, b)
    }
}

/// The runs that may end with a bucket, those that began first, first.
fn step(before: &[Run], at: usize, bucket: (f64, f64), settings: Settings) -> Vec<Run> {
    let goes_on = (1.0 - settings.hazard).ln();
    let begins = if before.is_empty() { 0.0 } else { settings.hazard.ln() };
    let weighted = |run: Run, chance: f64| (run, run.mass.ln() + chance + run.predicts(bucket, settings.prior));
    let mut all: Vec<(Run, f64)> = before.iter().map(|run| weighted(*run, goes_on)).collect();
    all.push(weighted(Run::from(at), begins));
    let largest = all.iter().map(|(_, weight)| *weight).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = all.iter().map(|(_, weight)| (weight - largest).exp()).sum();
    let mut runs: Vec<Run> = all
        .into_iter()
        .map(|(mut run, weight)| {
            run.mass = (weight - largest).exp() / sum;
            run.add(bucket);
            run
        })
        .filter(|run| run.mass >= settings.least_mass)
        .collect();
    let kept: f64 = runs.iter().map(|run| run.mass).sum();
    runs.iter_mut().for_each(|run| run.mass /= kept);
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: (f64, f64) = (60.0, 100.0);

    #[test]
    fn a_step_is_dated_and_told_once() {
        let mut days = vec![CALM; 30];
        days.extend([(30.0, 100.0); 20]);
        let found = runs(&days, Settings::default());
        assert!(found.change[30] > 0.99, "{:?}", found.change);
        assert!(found.change.iter().enumerate().all(|(at, p)| at == 30 || *p < 0.01));
        assert_eq!((found.most_likely[29], found.most_likely[49]), (30, 20));
        let down = Direction::Down;
        assert_eq!(
            found
                .alarms
                .iter()
                .map(|one| (one.since, one.direction))
                .collect::<Vec<_>>(),
            [(30, down)]
        );
    }

    #[test]
    fn what_stands_still_is_one_run() {
        let found = runs(&[CALM; 100], Settings::default());
        assert_eq!(found.most_likely, (1..=100).collect::<Vec<_>>());
        assert!(found.alarms.is_empty());
        // Fewer than the prior expects of hundred days.
        assert!(found.change.iter().sum::<f64>() < 1.0, "{:?}", found.change);
    }

    #[test]
    fn little_is_little_evidence_and_nothing_is_none() {
        let step = |worth: f64| -> f64 {
            let days: Vec<_> = (0..40)
                .map(|day| (worth * if day < 20 { 0.5 } else { 0.7 }, worth))
                .collect();
            runs(&days, Settings::default()).change.iter().skip(15).take(10).sum()
        };
        assert!(step(2.0) < 0.3 && step(40.0) > 0.95, "{} {}", step(2.0), step(40.0));
        assert_eq!(runs(&[], Settings::default()), Runs::default());
        let empty = runs(&[CALM, (0.0, 0.0), CALM], Settings::default());
        assert_eq!(empty.most_likely, [1, 2, 3]);
    }
}
