//! What each threshold would do, user by user.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::metrics::estimate::plain_number;
use crate::metrics::statistics::linear_within;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters;
use crate::query::analyses::compare::Between;
use crate::stats::cluster::ClusterRatio;
use crate::stats::decision_curve::{f_score, odds};
use crate::stats::level::Level;

/// Thresholds lie at multiples of 1/20, from 0 up to below 1.
pub const STEPS: u32 = 20;

/// What would be, were only outputs with at least this confidence shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ThresholdStep {
    pub threshold: f64,
    /// Share of the outputs that would still be shown.
    pub shown: Estimate,
    /// Share of useful ones among those.
    pub precision: Estimate,
    /// Of the useful outputs that were shown, the share that still would be. What was missed is not in it.
    pub recall_of_shown: Estimate,
    /// Both in one: `(1 + β²)·precision·recall/(β²·precision + recall)`, recall counting β times as much. What was missed is not in it.
    pub f_beta: Estimate,
    /// Useful offers per output, less useless ones times what each costs: at this threshold, or as asked.
    pub net_benefit: Estimate,
    /// The net benefit of showing everything.
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub net_benefit_of_all: Option<f64>,
    /// Net benefit minus that of showing everything: above zero, the threshold is worth having at that cost.
    pub advantage: Between,
}

fn threshold(step: u32) -> f64 {
    f64::from(step) / f64::from(STEPS)
}

/// The highest threshold that a confidence is not below.
pub fn reached(confidence: f64) -> u32 {
    // The product may round to either side of a threshold: the comparison decides.
    let near = (confidence * f64::from(STEPS)).round() as u32;
    if threshold(near) <= confidence {
        near
    } else {
        near.saturating_sub(1)
    }
}

/// What counts how much.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    /// How much more recall counts than precision.
    pub beta: f64,
    /// What a useless offer costs, in useful ones; what each threshold says without it.
    pub cost: Option<f64>,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights { beta: 1.0, cost: None }
    }
}

/// Outputs of which the usefulness is known, and useful ones.
pub type Counts = (f64, f64);

/// The counts of each user, by the highest threshold reached. An output of nobody known has counts of its own and is no user.
pub struct Curve {
    users: Vec<User>,
}

/// One user's counts at each threshold and above.
pub struct User {
    is_known: bool,
    above: Vec<Counts>,
}

impl User {
    pub fn known_above(&self, step: u32) -> f64 {
        self.above.get(step as usize).map_or(0.0, |own| own.0)
    }

    pub fn useful_above(&self, step: u32) -> f64 {
        self.above.get(step as usize).map_or(0.0, |own| own.1)
    }

    /// Useful offers less useless ones times what each costs.
    fn benefit(&self, step: u32, cost: f64) -> f64 {
        let useful = self.useful_above(step);
        useful - cost * (self.known_above(step) - useful)
    }
}

impl Curve {
    /// From whether each user is known, and its counts.
    pub fn new(users: HashMap<i64, (bool, Vec<Counts>)>) -> Curve {
        let mut sorted: Vec<(i64, (bool, Vec<Counts>))> = users.into_iter().collect();
        sorted.sort_unstable_by_key(|(user, _)| *user);
        let users = sorted.into_iter().map(|(_, (is_known, mut own))| {
            let mut above = (0.0, 0.0);
            for counts in own.iter_mut().rev() {
                above = (above.0 + counts.0, above.1 + counts.1);
                *counts = above;
            }
            User { is_known, above: own }
        });
        Curve { users: users.collect() }
    }

    pub fn known(&self) -> f64 {
        self.users.iter().map(|own| own.known_above(0)).sum()
    }

    fn totals(&self, of: impl Fn(&User) -> Counts) -> Vec<Counts> {
        self.users.iter().map(of).collect()
    }

    /// Known users who have some of what totals are about.
    fn users(&self, totals: &[Counts]) -> u64 {
        let own = self.users.iter().zip(totals);
        own.filter(|(user, (_, n))| user.is_known && *n > 0.0).count() as u64
    }

    fn ratio(&self, of: impl Fn(&User) -> Counts) -> ClusterRatio {
        ClusterRatio::from_totals(&self.totals(of))
    }

    /// A share of outputs.
    pub fn share(&self, totals: impl Fn(&User) -> Counts, level: Level) -> Estimate {
        let totals = self.totals(totals);
        let ratio = ClusterRatio::from_totals(&totals);
        clusters::share(&ratio, self.users(&totals), level, Reason::NoCases)
    }

    pub fn step(&self, step: u32, weights: Weights, level: Level) -> Option<ThresholdStep> {
        let threshold = threshold(step);
        let cost = weights.cost.or_else(|| odds(threshold))?;
        let benefit = self.totals(|own| (own.benefit(step, cost), own.known_above(0)));
        let of_all = self.ratio(|own| (own.benefit(0, cost), own.known_above(0)));
        let advantage = self.totals(|own| (own.benefit(step, cost) - own.benefit(0, cost), own.known_above(0)));
        // No confidence is below 0, so that there nothing is gained or lost for sure.
        let advantage = self.mean(&advantage, if step == 0 { (0.0, 0.0) } else { (-1.0, cost) }, level);
        Some(ThresholdStep {
            threshold,
            shown: self.share(|own| (own.known_above(step), own.known_above(0)), level),
            precision: self.share(|own| (own.useful_above(step), own.known_above(step)), level),
            recall_of_shown: self.share(|own| (own.useful_above(step), own.useful_above(0)), level),
            f_beta: self.f_beta(step, weights.beta, level),
            net_benefit: self.mean(&benefit, (-cost, 1.0), level),
            net_benefit_of_all: of_all.ratio(),
            advantage: Between {
                value: advantage.value,
                lower: advantage.lower,
                upper: advantage.upper,
                reason: advantage.reason,
            },
        })
    }

    fn f_beta(&self, step: u32, beta: f64, level: Level) -> Estimate {
        let totals =
            self.totals(|own| f_score(own.useful_above(step), own.known_above(step), own.useful_above(0), beta));
        Estimate {
            n: self.known() as u64,
            numerator: None,
            denominator: None,
            ..self.mean(&totals, (0.0, 1.0), level)
        }
    }

    /// A mean over outputs that lies in a range, from its sum and number by user.
    fn mean(&self, totals: &[Counts], range: (f64, f64), level: Level) -> Estimate {
        let ratio = ClusterRatio::from_totals(totals);
        let error = ratio.standard_error();
        match ratio.ratio() {
            Some(value) => Estimate {
                users: Some(self.users(totals)),
                ..Estimate::point(value, ratio.denominator as u64)
                    .of(ratio.numerator, ratio.denominator)
                    .within(
                        linear_within(value, error, ratio.sizes(), level, range),
                        "linear_cluster_exact",
                    )
                    .with_standard_error(error)
            },
            None => Estimate::none(Reason::NoCases),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_reaches_the_threshold_that_it_equals() {
        for step in 0..=STEPS {
            let exact = threshold(step);
            assert_eq!(reached(exact), step);
            assert_eq!(reached(exact + 1e-9), step);
            assert_eq!(reached(exact - 1e-9), step.saturating_sub(1));
        }
    }

    #[test]
    fn net_benefit_is_that_of_its_definition() {
        let mut counts = vec![(0.0, 0.0); STEPS as usize + 1];
        counts[4] = (10.0, 1.0);
        counts[16] = (10.0, 9.0);
        let curve = Curve::new(HashMap::from([(1, (true, counts.clone())), (2, (true, counts))]));
        let half = curve.step(10, Weights::default(), Level::default()).unwrap();
        assert_eq!(half.precision.value, Some(0.9));
        assert_eq!(half.recall_of_shown.value, Some(0.9));
        assert!((half.net_benefit.value.unwrap() - (18.0 - 2.0) / 40.0).abs() < 1e-15);
        assert!((half.net_benefit_of_all.unwrap() - (20.0 - 20.0) / 40.0).abs() < 1e-15);
        assert!((half.advantage.value.unwrap() - 0.4).abs() < 1e-15);
        let benefit = half.net_benefit;
        assert!(
            benefit.lower < Some(0.0) && benefit.upper > Some(0.9),
            "two users who agree: {benefit:?}"
        );
        let all = curve.step(0, Weights::default(), Level::default()).unwrap();
        assert_eq!((all.shown.value, all.advantage.value), (Some(1.0), Some(0.0)));
        let weights = Weights {
            beta: 2.0,
            cost: Some(0.25),
        };
        let found = curve.step(16, weights, Level::default()).unwrap();
        assert!((found.f_beta.value.unwrap() - 5.0 * 18.0 / (20.0 + 4.0 * 20.0)).abs() < 1e-15);
        assert_eq!((found.f_beta.n, found.f_beta.users), (40, Some(2)));
        assert!((found.net_benefit.value.unwrap() - (18.0 - 0.25 * 2.0) / 40.0).abs() < 1e-15);
    }
}
