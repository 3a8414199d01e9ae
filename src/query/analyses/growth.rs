//! Do users come to accept more, or less, as they meet something again and again?
//!
//! Each user's later outputs are compared with the same user's first ones ([`within`]): rates by exposure over all users would
//! take for learning that those who like it stay.
//!
//! [`within`]: crate::stats::within

use std::collections::HashMap;

use polars::prelude::PolarsResult;

use super::exposures::Met;
use super::recovery::{decisions, within_users};
use super::trajectory::REGULAR;
use crate::metrics::{Estimate, facts as f};
use crate::stats::level::Level;
use crate::stats::within::Stratum;

/// The first exposures of a user: up to this one.
pub const FIRST: u32 = 5;

/// What users did at first, and later, by the part of the feature.
#[derive(Default)]
pub struct Growth {
    users: HashMap<(u32, i64), Stratum>,
}

impl Growth {
    /// Adds a day's outputs.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let users = met.stated.column(f::USER)?.i64()?;
        let places = met.parts.iter().zip(&met.numbers);
        for ((user, decision), (part, number)) in users.iter().zip(decisions(met)?).zip(places) {
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

    /// The acceptance of users at exposure [`REGULAR`] and later minus that of the same users up to exposure [`FIRST`].
    pub fn of(&self, part: u32, level: Level) -> Estimate {
        let own = || {
            self.users
                .iter()
                .filter(move |((of, _), _)| *of == part)
                .map(|(_, own)| *own)
        };
        let later = own().map(|stratum| stratum.with.1).sum();
        within_users(own(), later, level)
    }
}
