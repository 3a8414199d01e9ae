//! What does a bad output do to trust, and for how long?
//!
//! After a bad output (rejected, taken back, or judged wrong) the acceptance of the user's next outputs is compared with their
//! acceptance after a good one, within each user ([`within`]): who refuses much has more bad outputs and accepts less in any case. What the
//! order of a user's outputs brings about without meaning anything is taken off.
//! How soon the drop wears off is read from how the difference shrinks with distance ([`half_life`]); its interval comes from leaving
//! out a twentieth of the users at a time (the delete-a-group jackknife, Kott 2001).

use polars::prelude::PolarsResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::exposures::Met;
use crate::domain::decision::Decision;
use crate::metrics::estimate::plain_number;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::stats::half_life::Fading;
use crate::stats::level::{Interval, Level};
use crate::stats::within::{self, Course, Stratum};

/// The columns that [`Recovery::add`] reads.
pub const READ: [&str; 3] = [f::DECISION, f::MANNER, f::CORRECT];

/// How many outputs after a good or bad one are looked at.
const LAGS: usize = 10;
/// Groups of users of which one at a time is left out.
const GROUPS: usize = 20;
/// Users who have both kinds of outputs below which a difference within them is not told.
const FEWEST_USERS: u64 = 5;
/// Standard errors up to this are zero but for rounding.
const ROUNDING: f64 = 1e-12;

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
    /// After bad minus after good, within users, less what the order of a user's outputs brings about by itself: zero without an effect,
    /// however few outputs users have (Miller and Sanjurjo 2018).
    pub difference: Estimate,
}

/// What users did after good and bad outputs.
#[derive(Default)]
pub struct Recovery {
    /// By the number of the meeting.
    users: Vec<Follower>,
}

/// One user. There are many, so that it is small.
#[derive(Clone, Default)]
struct Follower {
    /// Whether each of the last decided outputs was good, a bit each, the newest lowest.
    last: u32,
    /// How many those are.
    known: usize,
    /// All decided outputs; bad ones are marked, and those taken are the cases.
    course: Course,
    /// By the distance.
    lags: [After; LAGS],
}

/// Outputs so many after a good one, and so many after a bad one: how many were taken, and how many there are.
#[derive(Clone, Copy, Default)]
struct After {
    good: (u32, u32),
    bad: (u32, u32),
}

impl Recovery {
    /// Adds a day's outputs, in the order in which they were shown.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let most = met.meetings.iter().max().map_or(0, |most| *most as usize + 1);
        if self.users.len() < most {
            self.users.resize_with(most, Follower::default);
        }
        let correct = met.stated.column(f::CORRECT)?.bool()?;
        for ((meeting, decision), correct) in met.meetings.iter().zip(met.decisions()?).zip(correct.iter()) {
            if let (Some(user), Some(decision)) = (self.users.get_mut(*meeting as usize), decision) {
                let is_good = decision.is_taken() && decision != Decision::Undone && correct != Some(false);
                user.decide(decision.is_taken(), is_good);
            }
        }
        Ok(())
    }

    /// Acceptance at each distance.
    pub fn lags(&self, level: Level) -> Vec<Lag> {
        (0..LAGS).map(|at| lag(&self.users, at, level)).collect()
    }

    /// After how many decided outputs half of the drop is gone. No value where there is no drop to speak of.
    pub fn half_life(&self, level: Level) -> Estimate {
        let users = &self.users;
        let drop = lag(users, 0, level).difference;
        if drop.upper.is_none_or(|upper| upper >= 0.0) {
            let is_known = drop.upper.is_some();
            return Estimate::none(if is_known { Reason::NoCases } else { Reason::TooFew });
        }
        let Some(value) = fading(users, |_| true).map(|fading| fading.half_life()) else {
            return Estimate::none(Reason::TooFew);
        };
        if !value.is_finite() {
            return Estimate::none(Reason::NotIdentified);
        }
        // On the scale of what is left per step, which has no infinity.
        let left: Option<Vec<f64>> = (0..GROUPS)
            .map(|group| Some(fading(users, |number| number % GROUPS != group)?.left))
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
}

fn lag(users: &[Follower], at: usize, level: Level) -> Lag {
    let strata = || users.iter().filter_map(|user| user.stratum(at));
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
fn fading(users: &[Follower], keep: impl Fn(usize) -> bool) -> Option<Fading> {
    let gaps: Option<Vec<(f64, f64)>> = (0..LAGS)
        .map(|at| {
            let kept = users.iter().enumerate().filter(|(number, _)| keep(*number));
            let pooled = within::mantel_haenszel(kept.filter_map(|(_, own)| own.stratum(at)));
            Some((pooled.ratio()?, pooled.standard_error()?))
        })
        .collect();
    Fading::fit(&gaps?)
}

/// A difference within users as an estimate. Of fewer than [`FEWEST_USERS`] nothing is said, and users who all moved alike show no
/// variance, which is not the same as having none: there is a value then, and no interval.
pub fn within_users(strata: impl Iterator<Item = Stratum>, n: f64, level: Level) -> Estimate {
    let pooled = within::mantel_haenszel(strata);
    let known = pooled.ratio().filter(|_| pooled.clusters >= FEWEST_USERS);
    let estimate = known.map_or(Estimate::none(Reason::TooFew), |value| {
        let error = pooled.standard_error().filter(|error| *error > ROUNDING);
        let interval = error.and_then(|_| pooled.linear(level));
        Estimate::point(value, n as u64)
            .within(interval, "mantel_haenszel_within_users")
            .with_standard_error(error)
    });
    Estimate {
        n: n as u64,
        users: Some(pooled.clusters),
        ..estimate
    }
}

impl Follower {
    fn decide(&mut self, is_taken: bool, is_good: bool) {
        for (distance, own) in self.lags.iter_mut().enumerate().take(self.known) {
            let was_good = self.last >> distance & 1 == 1;
            let side = if was_good { &mut own.good } else { &mut own.bad };
            side.0 += u32::from(is_taken);
            side.1 += 1;
        }
        self.last = self.last << 1 | u32::from(is_good);
        self.known = LAGS.min(self.known + 1);
        self.course.trials += 1;
        self.course.cases += u32::from(is_taken);
        self.course.marked += u32::from(!is_good);
        self.course.marked_cases += u32::from(!is_good && is_taken);
    }

    /// What follows bad and good outputs, a place of [`Self::lags`] and one more before.
    fn stratum(&self, at: usize) -> Option<Stratum> {
        let After { good, bad } = self.lags.get(at)?;
        let side = |(taken, all): &(u32, u32)| (f64::from(*taken), f64::from(*all));
        Some(Stratum {
            with: side(bad),
            without: side(good),
            by_chance: self.course.by_order(at as u32 + 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_users_and_users_who_agree_prove_nothing() {
        let same = |taken: f64| Stratum {
            with: (taken * 12.0, 12.0),
            without: (taken * 9.0, 9.0),
            by_chance: 0.0,
        };
        let two = within_users([same(1.0), same(1.0)].into_iter(), 240.0, Level::default());
        assert_eq!(
            (two.value, two.lower, two.standard_error, two.reason),
            (None, None, None, Some(Reason::TooFew))
        );
        assert_eq!((two.n, two.users), (240, Some(2)));
        let alike = within_users((0..9).map(|user| same(f64::from(user) / 9.0)), 240.0, Level::default());
        assert!(alike.value.is_some_and(|value| value.abs() < 1e-12), "{alike:?}");
        assert_eq!(
            (alike.lower, alike.standard_error, alike.reason),
            (None, None, Some(Reason::TooFew))
        );
        let other = Stratum {
            with: (3.0, 12.0),
            without: (6.0, 9.0),
            by_chance: 0.0,
        };
        let told = within_users((0..4).map(|_| same(0.5)).chain([other]), 240.0, Level::default());
        assert!(told.lower < told.value && told.reason.is_none(), "{told:?}");
    }

    #[test]
    fn a_bad_output_counts_for_those_after_it() {
        let mut user = Follower::default();
        for (taken, good) in [(true, true), (false, false), (false, false), (true, true)] {
            user.decide(taken, good);
        }
        // Next after good: refused. Next after bad: refused, then taken.
        let first = user.lags[0];
        assert_eq!((first.good, first.bad), ((0, 1), (1, 2)));
    }

    #[test]
    fn who_does_not_care_shows_no_difference_however_few_outputs_there_are() {
        let mut random = crate::stats::random::Random::new(11);
        let mut recovery = Recovery::default();
        for user in 0..4_000 {
            let mut own = Follower::default();
            let accepts = 0.5 + 0.1 * f64::from(user % 5);
            for _ in 0..4 + user % 9 {
                let is_taken = random.uniform() < accepts;
                own.decide(is_taken, is_taken && random.uniform() < 0.8);
            }
            recovery.users.push(own);
        }
        for lag in recovery.lags(Level::default()).iter().take(3) {
            let Estimate {
                value, lower, upper, ..
            } = lag.difference;
            let (value, lower, upper) = (value.unwrap(), lower.unwrap(), upper.unwrap());
            assert!(value.abs() < 0.02 && lower < 0.0 && upper > 0.0, "{lag:?}");
            let raw = within::mantel_haenszel(recovery.users.iter().filter_map(|own| {
                Some(Stratum {
                    by_chance: 0.0,
                    ..own.stratum(lag.lag - 1)?
                })
            }));
            assert!(
                lag.lag > 1 || raw.ratio().unwrap() > 0.05,
                "there is something to take off: {raw:?}"
            );
        }
    }

    /// Users who accept nine of ten, and less after a refusal, the less the nearer it is.
    fn burnt(left: f64) -> Recovery {
        let mut random = crate::stats::random::Random::new(5);
        let mut recovery = Recovery::default();
        for _ in 0..400 {
            let mut own = Follower::default();
            let mut hurt = 0.0;
            for _ in 0..300 {
                let taken = random.uniform() < 0.9 - hurt;
                own.decide(taken, taken);
                hurt = hurt * left + if taken { 0.0 } else { 0.1 };
            }
            recovery.users.push(own);
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
        let users = (0..400).map(|number| Follower {
            lags: [After {
                bad: (8 + number % 2 * 2, 10),
                good: (81, 90),
            }; LAGS],
            ..Follower::default()
        });
        let calm = Recovery { users: users.collect() };
        assert_eq!(calm.half_life(Level::default()).reason, Some(Reason::NoCases));
    }
}
