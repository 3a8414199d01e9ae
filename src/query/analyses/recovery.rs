//! What does a bad output do to trust, and for how long?
//!
//! After a bad output (rejected, taken back, or judged wrong) the acceptance of the user's next outputs is compared with their
//! acceptance after a good one, within each user ([`within`]): who refuses much has more bad outputs and accepts less in any case.
//! How soon the drop wears off is read from how the difference shrinks with distance ([`half_life`]); its interval comes from leaving
//! out a twentieth of the users at a time (the delete-a-group jackknife, Kott 2001).

use std::collections::VecDeque;

use polars::prelude::{PlHashMap, PolarsResult};
use serde::Serialize;
use utoipa::ToSchema;

use super::exposures::Met;
use crate::domain::decision::Decision;
use crate::metrics::estimate::plain_number;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::stats::half_life::Fading;
use crate::stats::level::{Interval, Level};
use crate::stats::within::{self, Stratum};

/// The columns that [`Recovery::add`] reads.
pub const READ: [&str; 4] = [f::USER, f::DECISION, f::MANNER, f::CORRECT];

/// How many outputs after a good or bad one are looked at.
const LAGS: usize = 10;
/// Groups of users of which one at a time is left out.
const GROUPS: u64 = 20;

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

/// What users did after good and bad outputs.
#[derive(Default)]
pub struct Recovery {
    users: PlHashMap<i64, Follower>,
}

#[derive(Default)]
struct Follower {
    /// Whether the last decided outputs were good, the newest first.
    last: VecDeque<bool>,
    /// What was accepted, with a bad output so many before and without.
    lags: [Stratum; LAGS],
}

impl Recovery {
    /// Adds a day's outputs, in the order in which they were shown.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let users = met.stated.column(f::USER)?.i64()?;
        let correct = met.stated.column(f::CORRECT)?.bool()?;
        for ((user, decision), correct) in users.iter().zip(met.decisions()?).zip(correct.iter()) {
            if let (Some(user), Some(decision)) = (user, decision) {
                let is_good = decision.is_taken() && decision != Decision::Undone && correct != Some(false);
                self.users.entry(user).or_default().decide(decision.is_taken(), is_good);
            }
        }
        Ok(())
    }

    /// Acceptance at each distance.
    pub fn lags(&self, level: Level) -> Vec<Lag> {
        let users = self.in_order();
        (0..LAGS).map(|at| lag(&users, at, level)).collect()
    }

    /// After how many decided outputs half of the drop is gone. No value where there is no drop to speak of.
    pub fn half_life(&self, level: Level) -> Estimate {
        let users = self.in_order();
        let drop = lag(&users, 0, level).difference;
        if drop.upper.is_none_or(|upper| upper >= 0.0) {
            let is_known = drop.upper.is_some();
            return Estimate::none(if is_known { Reason::NoCases } else { Reason::TooFew });
        }
        let Some(value) = fading(&users, |_| true).map(|fading| fading.half_life()) else {
            return Estimate::none(Reason::TooFew);
        };
        if !value.is_finite() {
            return Estimate::none(Reason::NotIdentified);
        }
        // On the scale of what is left per step, which has no infinity.
        let left: Option<Vec<f64>> = (0..GROUPS)
            .map(|group| Some(fading(&users, |user| user.cast_unsigned() % GROUPS != group)?.left))
            .collect();
        let interval = left.map(|left| {
            let mean = left.iter().sum::<f64>() / GROUPS as f64;
            let squares: f64 = left.iter().map(|own| (own - mean).powi(2)).sum();
            let error = (squares * (GROUPS as f64 - 1.0) / GROUPS as f64).sqrt();
            let centre = (-1.0 / value).exp2();
            Interval::around(centre, level.t(GROUPS as f64 - 1.0) * error).clip_to_unit()
        });
        let half_life = |left: f64| Fading { first: 0.0, left }.half_life();
        Estimate {
            lower: interval.map(|interval| half_life(interval.lower)),
            upper: interval
                .map(|interval| half_life(interval.upper))
                .filter(|upper| upper.is_finite()),
            users: drop.users,
            ..Estimate::point(value, drop.n).within(interval, "delete_a_group_jackknife")
        }
    }

    /// The order of a hash map must not show in the last digit.
    fn in_order(&self) -> Vec<(i64, &Follower)> {
        let mut users: Vec<(i64, &Follower)> = self.users.iter().map(|(user, own)| (*user, own)).collect();
        users.sort_unstable_by_key(|(user, _)| *user);
        users
    }
}

fn lag(users: &[(i64, &Follower)], at: usize, level: Level) -> Lag {
    let strata = || users.iter().filter_map(|(_, user)| user.lags.get(at).copied());
    let (mut good, mut bad) = ((0.0, 0.0), (0.0, 0.0));
    for own in strata() {
        good = (good.0 + own.without.0, good.1 + own.without.1);
        bad = (bad.0 + own.with.0, bad.1 + own.with.1);
    }
    let rate = |(accepted, all): (f64, f64)| (all > 0.0).then(|| accepted / all);
    Lag {
        lag: at + 1,
        after_good: rate(good),
        after_bad: rate(bad),
        difference: within_users(strata(), bad.1, level),
    }
}

/// How the difference fades over the lags, among some of the users.
fn fading(users: &[(i64, &Follower)], keep: impl Fn(i64) -> bool) -> Option<Fading> {
    let gaps: Option<Vec<(f64, f64)>> = (0..LAGS)
        .map(|at| {
            let kept = users.iter().filter(|(user, _)| keep(*user));
            let pooled = within::mantel_haenszel(kept.filter_map(|(_, own)| own.lags.get(at).copied()));
            Some((pooled.ratio()?, pooled.standard_error()?))
        })
        .collect();
    Fading::fit(&gaps?)
}

/// A difference within users as an estimate.
pub fn within_users(strata: impl Iterator<Item = Stratum>, n: f64, level: Level) -> Estimate {
    let pooled = within::mantel_haenszel(strata);
    match pooled.ratio() {
        Some(value) => Estimate {
            users: Some(pooled.clusters),
            ..Estimate::point(value, n as u64)
                .within(pooled.linear(level), "mantel_haenszel_within_users")
                .with_standard_error(pooled.standard_error())
        },
        None => Estimate::none(Reason::TooFew),
    }
}

impl Follower {
    fn decide(&mut self, is_taken: bool, is_good: bool) {
        for (own, was_good) in self.lags.iter_mut().zip(&self.last) {
            let side = if *was_good { &mut own.without } else { &mut own.with };
            side.0 += f64::from(u8::from(is_taken));
            side.1 += 1.0;
        }
        self.last.push_front(is_good);
        self.last.truncate(LAGS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_output_counts_for_those_after_it() {
        let mut user = Follower::default();
        for (taken, good) in [(true, true), (false, false), (false, false), (true, true)] {
            user.decide(taken, good);
        }
        // Next after good: refused. Next after bad: refused, then taken.
        let first = user.lags[0];
        assert_eq!((first.without, first.with), ((0.0, 1.0), (1.0, 2.0)));
    }

    /// Users who accept nine of ten, and less after a refusal, the less the nearer it is.
    fn burnt(left: f64) -> Recovery {
        let mut random = crate::stats::random::Random::new(5);
        let mut recovery = Recovery::default();
        for user in 0..400_i64 {
            let own = recovery.users.entry(user).or_default();
            let mut hurt = 0.0;
            for _ in 0..300 {
                let taken = random.uniform() < 0.9 - hurt;
                own.decide(taken, taken);
                hurt = hurt * left + if taken { 0.0 } else { 0.1 };
            }
        }
        recovery
    }

    #[test]
    fn a_drop_that_wears_off_has_a_half_life() {
        let found = burnt(0.5).half_life(Level::default());
        let (value, lower, upper) = (found.value.unwrap(), found.lower.unwrap(), found.upper.unwrap());
        // A drop causes more refusals, which drag it on a little beyond one output.
        assert!((0.7..2.5).contains(&value), "{found:?}");
        assert!(lower <= value && value <= upper && upper - lower < 1.5, "{found:?}");
    }

    #[test]
    fn no_drop_has_no_half_life() {
        let mut calm = burnt(0.0);
        for user in calm.users.values_mut() {
            user.lags = [Stratum {
                with: (9.0, 10.0),
                without: (81.0, 90.0),
            }; LAGS];
        }
        assert_eq!(calm.half_life(Level::default()).reason, Some(Reason::NoCases));
    }
}
