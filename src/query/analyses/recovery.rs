//! What does a bad output do to trust, and for how long?
//!
//! After a bad output (rejected, taken back, or judged wrong) the acceptance of the user's next outputs is compared with that of the same
//! user after a good one, among outputs near each other and less what users usually do at that output of theirs, so that neither users who
//! differ nor learning pass for an effect ([`aftereffect`]).
//! How soon the drop wears off is read from how the difference shrinks with distance ([`half_life`]); its interval comes from leaving
//! out a twentieth of the users at a time (the delete-a-group jackknife, Kott 2001).
//!
//! [`half_life`]: crate::stats::half_life

use polars::prelude::PolarsResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::exposures::Met;
use super::growth::FEWEST_USERS;
use crate::domain::decision::Decision;
use crate::metrics::estimate::plain_number;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::stats::aftereffect::{After, Course, Effect, LAGS, Moments, People};
use crate::stats::cluster::ROUNDING;
use crate::stats::half_life::Fading;
use crate::stats::level::{Interval, Level};
use crate::stats::multiple;

/// The columns that [`Recovery::add`] reads.
pub const READ: [&str; 3] = [f::DECISION, f::MANNER, f::CORRECT];

/// Groups of users of which one at a time is left out.
const GROUPS: usize = 20;

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
    /// After bad minus after good, within users and among outputs near each other: zero on average without an effect, however few outputs
    /// users have, where their acceptance grows or falls with use along lines of their own, and where it does along a curve that they share; a steep
    /// bend that only some of them have, or fewer than twenty, leaves some of it.
    pub difference: Estimate,
    /// That the difference is zero, adjusted for the number of lags (Holm); null without an interval.
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub adjusted_p_value: Option<f64>,
}

/// Acceptance at each distance, and after how many decided outputs half of the drop is gone.
pub struct Found {
    pub lags: Vec<Lag>,
    pub half_life: Estimate,
}

/// What users did after good and bad outputs.
#[derive(Default)]
pub struct Recovery {
    /// By the number of the meeting. Bad outputs are marked, and those taken are the cases.
    users: Vec<Course>,
}

impl Recovery {
    /// Adds a day's outputs, in the order in which they were shown.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let most = met.meetings.iter().max().map_or(0, |most| *most as usize + 1);
        if self.users.len() < most {
            self.users.resize_with(most, Course::default);
        }
        let correct = met.stated.column(f::CORRECT)?.bool()?;
        for ((meeting, decision), correct) in met.meetings.iter().zip(met.decisions()?).zip(correct.iter()) {
            if let (Some(user), Some(decision)) = (self.users.get_mut(*meeting as usize), decision) {
                let is_good = decision.is_taken() && decision != Decision::Undone && correct != Some(false);
                user.push(!is_good, decision.is_taken());
            }
        }
        Ok(())
    }

    /// What is found.
    pub fn found(&self, level: Level) -> Found {
        let people = People::new(&self.users);
        let effects = people.effects();
        Found {
            lags: self.lags(&effects, level),
            half_life: self.half_life(&people, &effects, level),
        }
    }

    fn lags(&self, effects: &[Effect], level: Level) -> Vec<Lag> {
        let mut lags: Vec<Lag> = (1..)
            .zip(effects)
            .map(|(lag, effect)| self.lag(lag, effect, level))
            .collect();
        let p_values: Vec<f64> = lags.iter().filter_map(|lag| lag.adjusted_p_value).collect();
        let told = lags.iter_mut().filter(|lag| lag.adjusted_p_value.is_some());
        for (lag, adjusted) in told.zip(multiple::holm(&p_values)) {
            lag.adjusted_p_value = Some(adjusted);
        }
        lags
    }

    /// One distance, its p-value not adjusted yet.
    fn lag(&self, lag: usize, effect: &Effect, level: Level) -> Lag {
        let mut all = After::default();
        self.users.iter().for_each(|own| all += own.after(lag));
        let rate = |(taken, all): (u64, u64)| (all > 0).then(|| taken as f64 / all as f64);
        let difference = difference(effect, all.marked.1, level);
        let known = difference.value.zip(difference.standard_error);
        Lag {
            lag,
            after_good: rate(all.other),
            after_bad: rate(all.marked),
            adjusted_p_value: known.map(|(value, error)| effect.sizes.p_value(value / error)),
            difference,
        }
    }

    /// After how many decided outputs half of the drop is gone. No value where there is no drop to speak of, nor where what follows it is no
    /// drop that fades: it lasts, or is surely made up for at once.
    fn half_life(&self, people: &People, effects: &[Effect; LAGS], level: Level) -> Estimate {
        let mut after = After::default();
        self.users.iter().for_each(|own| after += own.after(1));
        let [first, ..] = effects;
        let drop = difference(first, after.marked.1, level);
        if drop.upper.is_none_or(|upper| upper >= 0.0) {
            let is_known = drop.upper.is_some();
            return Estimate::none(if is_known { Reason::NoCases } else { Reason::TooFew });
        }
        let mut groups = [Moments::default(); GROUPS];
        for (own, number) in people.moments().zip((0..GROUPS).cycle()) {
            if let Some(group) = groups.get_mut(number) {
                *group += &own;
            }
        }
        let mut pooled = Moments::default();
        groups.iter().for_each(|group| pooled += group);
        let Some(fitted) = fading(&pooled, effects) else {
            return Estimate::none(Reason::TooFew);
        };
        // On the scale of what is left per step, which has no infinity.
        let left: Option<Vec<f64>> = groups
            .iter()
            .map(|group| Some(fading(&(pooled - group), effects)?.left))
            .collect();
        let interval = left.map(|left| {
            let mean = left.iter().sum::<f64>() / GROUPS as f64;
            let squares: f64 = left.iter().map(|own| (own - mean).powi(2)).sum();
            let error = (squares * (GROUPS as f64 - 1.0) / GROUPS as f64).sqrt();
            Interval::around(fitted.left, level.t(GROUPS as f64 - 1.0) * error)
        });
        let value = fitted.half_life();
        if !value.is_finite() || interval.is_some_and(|interval| interval.upper <= 0.0) {
            return Estimate::none(Reason::NotIdentified);
        }
        let half_life = |left: f64| Fading { left, ..fitted }.half_life();
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

/// How the difference of some of the users fades over the lags, which weigh as they do among all.
fn fading(some: &Moments, all: &[Effect]) -> Option<Fading> {
    let errors = all.iter().map(|effect| effect.standard_error);
    let gaps: Option<Vec<(f64, f64)>> = some
        .effects()?
        .into_iter()
        .zip(errors)
        .map(|(effect, error)| Some((effect, error?)))
        .collect();
    Fading::fit(&gaps?)
}

/// An effect as an estimate. Of fewer than [`FEWEST_USERS`] nothing is said. Users who all moved alike show no variance, which is not the
/// same as having none, and where one has nearly all outputs the others show none: there is a value then, and no interval.
fn difference(effect: &Effect, n: u64, level: Level) -> Estimate {
    let users = effect.sizes.clusters;
    let known = effect.value.filter(|_| users >= FEWEST_USERS);
    let estimate = known.map_or(Estimate::none(Reason::TooFew), |value| {
        let error = effect.standard_error.filter(|error| *error > ROUNDING);
        let interval = error.map(|error| Interval::around(value, effect.sizes.critical(level) * error));
        Estimate::point(value, n)
            .within(interval, "detrended_within_users")
            .with_standard_error(error)
    });
    Estimate {
        n,
        users: Some(users),
        ..estimate
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::cluster::Sizes;
    use crate::stats::random::Random;

    /// Users who accept nine of ten, and less or more after a refusal, the nearer it is.
    fn moved(by: f64, left: f64) -> Recovery {
        let mut random = Random::new(5);
        let mut recovery = Recovery::default();
        for _ in 0..400 {
            let mut own = Course::default();
            let mut hurt = 0.0;
            for _ in 0..300 {
                let taken = random.uniform() < 0.9 - hurt;
                own.push(!taken, taken);
                hurt = hurt * left + if taken { 0.0 } else { by };
            }
            recovery.users.push(own);
        }
        recovery
    }

    #[test]
    fn a_drop_that_wears_off_has_a_half_life() {
        let found = moved(0.1, 0.5).found(Level::default()).half_life;
        let (value, lower, upper) = (found.value.unwrap(), found.lower.unwrap(), found.upper.unwrap());
        // A drop causes more refusals, which drag it on a little beyond one output.
        assert!((0.7..2.5).contains(&value), "{found:?}");
        assert!(lower <= value && value <= upper && upper - lower < 1.5, "{found:?}");
    }

    /// Nothing may be left after one output, or a little: that it is nothing for sure, no sample says.
    #[test]
    fn a_drop_that_is_gone_at_once_has_a_short_half_life_with_an_interval() {
        let found = moved(0.1, 0.0).found(Level::default()).half_life;
        let (value, lower, upper) = (found.value.unwrap(), found.lower.unwrap(), found.upper.unwrap());
        assert!(value < 0.5 && lower == 0.0 && upper > value && upper < 1.5, "{found:?}");
    }

    /// Who makes up for a refusal with the output after the next has no drop that fades.
    #[test]
    fn a_drop_that_is_made_up_for_has_no_half_life() {
        let found = moved(0.15, -0.9).found(Level::default()).half_life;
        assert_eq!((found.value, found.reason), (None, Some(Reason::NotIdentified)));
    }

    #[test]
    fn no_drop_has_no_half_life() {
        let calm = moved(-0.02, 0.5).found(Level::default()).half_life;
        assert_eq!(calm.reason, Some(Reason::NoCases));
    }

    #[test]
    fn only_what_is_clear_among_all_lags_has_a_small_p_value() {
        let lags = moved(0.1, 0.0).found(Level::default()).lags;
        assert_eq!(lags.len(), LAGS);
        assert!(lags[0].adjusted_p_value.unwrap() < 1e-6, "{:?}", lags[0]);
        for lag in &lags[2..] {
            assert!(lag.adjusted_p_value.unwrap() > 0.05, "{lag:?}");
        }
    }

    #[test]
    fn few_users_and_users_who_agree_prove_nothing() {
        let known = Effect {
            value: Some(-0.1),
            standard_error: Some(0.02),
            sizes: Sizes::equal(9),
        };
        let told = |effect: Effect| {
            let told = difference(&effect, 240, Level::default());
            assert_eq!((told.n, told.users), (240, Some(effect.sizes.clusters)));
            (told.value, told.lower.is_some(), told.reason)
        };
        assert_eq!(told(known), (Some(-0.1), true, None));
        assert_eq!(
            told(Effect {
                sizes: Sizes::equal(4),
                ..known
            }),
            (None, false, Some(Reason::TooFew))
        );
        let alike = Effect {
            standard_error: Some(1e-15),
            ..known
        };
        assert_eq!(told(alike), (Some(-0.1), false, Some(Reason::TooFew)));
    }
}
