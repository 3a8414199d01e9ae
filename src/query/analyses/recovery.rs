//! What does a bad output do to trust, and for how long?
//!
//! After a bad output (rejected, taken back, or judged wrong) the acceptance of the user's next outputs is compared with their
//! acceptance after a good one. Users who refuse much have more bad outputs and accept less in any case, so that the comparison
//! is made within each user and pooled with Mantel–Haenszel weights `n₁n₀/(n₁ + n₀)` (Greenland and Robins 1985); the interval
//! is that of a ratio of sums over users.

use std::collections::{HashMap, VecDeque};

use polars::prelude::PolarsResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::exposures::Met;
use crate::domain::decision::Decision;
use crate::metrics::estimate::plain_number;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::Level;

/// How many outputs after a good or bad one are looked at.
const LAGS: usize = 10;

/// Acceptance some decided outputs after a bad output against after a good one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Lag {
    /// 1 is the next decided output of the same user.
    pub lag: usize,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub after_good: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub after_bad: Option<f64>,
    /// After bad minus after good, within users.
    pub difference: Estimate,
}

/// What a user did after good and after bad outputs, at one distance.
#[derive(Clone, Copy, Debug, Default)]
struct Table {
    /// Accepted, and all, after a good output; then after a bad one.
    good: (f64, f64),
    bad: (f64, f64),
}

/// What users did after good and bad outputs.
#[derive(Default)]
pub struct Recovery {
    users: HashMap<i64, Follower>,
}

#[derive(Default)]
struct Follower {
    /// Whether the last decided outputs were good, the newest first.
    last: VecDeque<bool>,
    lags: [Table; LAGS],
}

impl Recovery {
    /// Adds a day's outputs, in the order in which they were shown.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let users = met.stated.column(f::USER)?.i64()?;
        let decisions = met.stated.column(f::DECISION)?.i32()?;
        let correct = met.stated.column(f::CORRECT)?.bool()?;
        for ((user, decision), correct) in users.iter().zip(decisions.iter()).zip(correct.iter()) {
            let decision = decision.and_then(|code| Decision::from_code(code as i16));
            if let (Some(user), Some(decision)) = (user, decision)
                && decision.is_decided()
            {
                let is_good = decision.is_taken() && decision != Decision::Undone && correct != Some(false);
                self.users.entry(user).or_default().decide(decision.is_taken(), is_good);
            }
        }
        Ok(())
    }

    pub fn lags(&self, level: Level) -> Vec<Lag> {
        (0..LAGS)
            .map(|at| {
                let tables = self.users.values().filter_map(|user| user.lags.get(at));
                lag(at + 1, tables, level)
            })
            .collect()
    }
}

impl Follower {
    fn decide(&mut self, is_taken: bool, is_good: bool) {
        for (table, was_good) in self.lags.iter_mut().zip(&self.last) {
            let side = if *was_good { &mut table.good } else { &mut table.bad };
            side.0 += f64::from(u8::from(is_taken));
            side.1 += 1.0;
        }
        self.last.push_front(is_good);
        self.last.truncate(LAGS);
    }
}

fn lag<'a>(lag: usize, tables: impl Iterator<Item = &'a Table>, level: Level) -> Lag {
    let (mut good, mut bad, mut weighted) = ((0.0, 0.0), (0.0, 0.0), Vec::new());
    for table in tables {
        good = (good.0 + table.good.0, good.1 + table.good.1);
        bad = (bad.0 + table.bad.0, bad.1 + table.bad.1);
        if table.good.1 > 0.0 && table.bad.1 > 0.0 {
            let weight = table.good.1 * table.bad.1 / (table.good.1 + table.bad.1);
            let difference = table.bad.0 / table.bad.1 - table.good.0 / table.good.1;
            weighted.push((weight * difference, weight));
        }
    }
    // The order of a hash map must not show in the last digit.
    weighted.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let pooled = ClusterRatio::from_totals(&weighted);
    let difference = match pooled.ratio() {
        Some(value) => Estimate {
            users: Some(pooled.clusters),
            ..Estimate::point(value, bad.1 as u64)
                .within(pooled.linear(level), "mantel_haenszel_within_users")
                .with_standard_error(pooled.standard_error())
        },
        None => Estimate::none(Reason::TooFew),
    };
    let rate = |(accepted, all): (f64, f64)| (all > 0.0).then(|| accepted / all);
    Lag {
        lag,
        after_good: rate(good),
        after_bad: rate(bad),
        difference,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_who_refuse_much_do_not_look_like_a_drop() {
        // Two users who do not care what came before: one accepts nine of ten, one one of ten.
        let steady = |good: f64, bad: f64, rate: f64| Table {
            good: (good * rate, good),
            bad: (bad * rate, bad),
        };
        let tables = [steady(90.0, 10.0, 0.9), steady(10.0, 90.0, 0.1)];
        let lag = lag(1, tables.iter(), Level::default());
        assert!(lag.after_good.unwrap() > 0.8 && lag.after_bad.unwrap() < 0.2);
        assert!(lag.difference.value.unwrap().abs() < 1e-12);
    }

    #[test]
    fn a_bad_output_counts_for_those_after_it() {
        let mut user = Follower::default();
        for (taken, good) in [(true, true), (false, false), (false, false), (true, true)] {
            user.decide(taken, good);
        }
        // Next after good: refused. Next after bad: refused, then taken.
        let first = user.lags[0];
        assert_eq!((first.good, first.bad), ((0.0, 1.0), (1.0, 2.0)));
    }
}
