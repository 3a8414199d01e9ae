//! Do users come to accept more, or less, as they meet something again and again?
//!
//! Each user's later outputs are compared with the same user's first ones ([`within`]): rates by exposure over all users would
//! take for learning that those who like it stay.
//!
//! [`within`]: crate::stats::within

use std::collections::BTreeMap;

use polars::prelude::{PlHashMap, PolarsResult};

use super::exposures::Met;
use super::recovery::within_users;
use super::trajectory::REGULAR;
use crate::metrics::{Estimate, facts as f};
use crate::stats::level::Level;
use crate::stats::within::Stratum;

/// The columns that [`Growth::add`] reads.
pub const READ: [&str; 3] = [f::USER, f::DECISION, f::MANNER];

/// The first exposures of a user: up to this one.
pub const FIRST: u32 = 5;

/// What users did at first, and later, by the part of the feature.
#[derive(Default)]
pub struct Growth {
    users: PlHashMap<(u32, i64), Stratum>,
}

impl Growth {
    /// Adds a day's outputs.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let users = met.stated.column(f::USER)?.i64()?;
        let places = met.parts.iter().zip(&met.numbers);
        for ((user, decision), (part, number)) in users.iter().zip(met.decisions()?).zip(places) {
            let (Some(user), Some(decision)) = (user, decision) else {
                continue;
            };
            let own = self.users.entry((*part, user)).or_default();
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
        let mut users: Vec<((u32, i64), Stratum)> = self.users.into_iter().collect();
        users.sort_unstable_by_key(|(meeting, _)| *meeting);
        let parts = users.chunk_by(|one, other| one.0.0 == other.0.0);
        parts
            .filter_map(|own| {
                let ((part, _), _) = own.first()?;
                let later = own.iter().map(|(_, stratum)| stratum.with.1).sum();
                let difference = within_users(own.iter().map(|(_, stratum)| *stratum), later, level);
                Some((*part, difference))
            })
            .collect()
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
        let (mut users, mut decisions, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        for user in 0..150_i64 {
            let rate = 0.3 + 0.5 * random.uniform();
            let stays = if random.uniform() < rate { 60 } else { 12 };
            for number in 1..=stays {
                let taken = random.uniform() < rate + learnt * (1.0 - (-f64::from(number) / 8.0).exp());
                let decision = if taken { Decision::Accepted } else { Decision::Rejected };
                users.push(user);
                decisions.push(i32::from(decision.code()));
                numbers.push(number);
            }
        }
        let columns = vec![
            Column::new(f::USER.into(), &users),
            Column::new(f::DECISION.into(), decisions),
            Column::new(f::MANNER.into(), vec![0_i32; users.len()]),
        ];
        let mut growth = Growth::default();
        let met = Met {
            stated: DataFrame::new(users.len(), columns).unwrap(),
            parts: vec![0; users.len()],
            returning: vec![false; users.len()],
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
}
