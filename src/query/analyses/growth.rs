//! Do users come to accept more, or less, as they meet something again and again?
//!
//! Each user's later outputs are compared with the same user's first ones ([`within`]): rates by exposure over all users would
//! take for learning that those who like it stay.
//!
//! [`within`]: crate::stats::within

use std::collections::BTreeMap;

use polars::prelude::PolarsResult;

use super::exposures::Met;
use super::trajectory::REGULAR;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::stats::cluster::ROUNDING;
use crate::stats::level::Level;
use crate::stats::within::{self, Stratum};

/// The columns that [`Growth::add`] reads.
pub const READ: [&str; 2] = [f::DECISION, f::MANNER];

/// The first exposures of a user: up to this one.
pub const FIRST: u32 = 5;

/// Users who have both kinds of outputs below which a difference within them is not told.
pub const FEWEST_USERS: u64 = 5;

/// What users did at first, and later, by the part of the feature.
#[derive(Default)]
pub struct Growth {
    /// By the number of the meeting of part and user, with the number of the part.
    meetings: Vec<(u32, Stratum)>,
}

impl Growth {
    /// Adds a day's outputs.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let most = met.meetings.iter().max().map_or(0, |most| *most as usize + 1);
        if self.meetings.len() < most {
            self.meetings.resize_with(most, Default::default);
        }
        let places = met.parts.iter().zip(&met.meetings).zip(&met.numbers);
        for (decision, ((part, meeting), number)) in met.decisions()?.zip(places) {
            let (Some(decision), Some((of_part, own))) = (decision, self.meetings.get_mut(*meeting as usize)) else {
                continue;
            };
            *of_part = *part;
            let side = match *number {
                ..=FIRST => &mut own.without,
                REGULAR.. => &mut own.with,
                _ => continue,
            };
            side.0 += f64::from(u8::from(decision.is_taken()));
            side.1 += 1.0;
        }
        Ok(())
    }

    /// By part: the acceptance of users at exposure [`REGULAR`] and later minus that of the same users up to exposure [`FIRST`]. Parts
    /// that no one met are not there.
    pub fn by_part(self, level: Level) -> BTreeMap<u32, Estimate> {
        let mut parts: BTreeMap<u32, Vec<Stratum>> = BTreeMap::new();
        for (part, own) in self.meetings {
            parts.entry(part).or_default().push(own);
        }
        let growth = parts.into_iter().map(|(part, users)| {
            let later = users.iter().map(|own| own.with.1).sum();
            (part, within_users(users.into_iter(), later, level))
        });
        growth.collect()
    }
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

#[cfg(test)]
mod tests {
    use polars::prelude::*;

    use super::*;
    use crate::domain::decision::Decision;
    use crate::stats::random::Random;

    /// Users who differ, of whom those who accept much stay longer, and who come to accept more by `learnt`.
    fn grown(seed: u64, learnt: f64) -> Estimate {
        let mut random = Random::new(seed);
        let (mut meetings, mut decisions, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for meeting in 0..150 {
            let rate = 0.3 + 0.5 * random.uniform();
            let stays = if random.uniform() < rate { 60 } else { 12 };
            for number in 1..=stays {
                let taken = random.uniform() < rate + learnt * (1.0 - (-f64::from(number) / 8.0).exp());
                let decision = if taken { Decision::Accepted } else { Decision::Rejected };
                meetings.push(meeting);
                decisions.push(i32::from(decision.code()));
                numbers.push(number);
            }
        }
        let columns = vec![
            Column::new(f::DECISION.into(), decisions),
            Column::new(f::MANNER.into(), vec![0_i32; meetings.len()]),
        ];
        let mut growth = Growth::default();
        let met = Met {
            stated: DataFrame::new(meetings.len(), columns).unwrap(),
            parts: vec![0; meetings.len()],
            returning: vec![false; meetings.len()],
            meetings,
            numbers,
        };
        growth.add(&met).unwrap();
        growth.by_part(Level::default()).remove(&0).unwrap()
    }

    #[test]
    fn learning_is_found_and_staying_is_not_taken_for_it() {
        let runs = 200;
        let (mut found, mut mistaken) = (0, 0);
        for seed in 0..runs {
            found += i32::from(grown(seed, 0.2).lower.unwrap() > 0.0);
            let placebo = grown(seed, 0.0);
            mistaken += i32::from(placebo.lower.unwrap() > 0.0 || placebo.upper.unwrap() < 0.0);
        }
        assert!(found > 180, "found in {found} of {runs}");
        assert!(
            (2..=18).contains(&mistaken),
            "mistaken in {mistaken} of {runs}, where 10 are due"
        );
    }

    #[test]
    fn few_users_and_users_who_agree_prove_nothing() {
        let same = |taken: f64| Stratum {
            with: (taken * 12.0, 12.0),
            without: (taken * 9.0, 9.0),
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
        };
        let told = within_users((0..4).map(|_| same(0.5)).chain([other]), 240.0, Level::default());
        assert!(told.lower < told.value && told.reason.is_none(), "{told:?}");
    }
}
