//! Do people agree with each other, do judges agree with people, and do users act as judges say?
//!
//! People are raters and human judges; judges are programs, models and outcomes. Each rubric is looked at by itself: which qualities
//! a team can judge alike, and which it cannot ([`people`]); whether a judge may stand in for people ([`judges`]).

mod categories;
mod judges;
mod paired;
mod people;

use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

pub use self::judges::{AgainstBehaviour, AgainstPeople, JudgeAgreement, Kappas};
pub use self::people::{AgreementVerdict, Alphas, PairAgreement, PeopleAgreement};
use super::opinions::{Heard, Listened, listen};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::level::Level;

/// Rubrics, and judges with a rubric, that are answered; those with the most opinions.
pub const MOST_ROWS: usize = 20;

/// Who agrees with whom.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Agreement {
    /// People among themselves, by rubric; those with the most opinions first.
    pub people: Vec<PeopleAgreement>,
    /// Each judge on each rubric, against people and against what users did; those with the most opinions first.
    pub judges: Vec<JudgeAgreement>,
}

/// Compares all who hold opinions on the outputs that pass the question's filters.
pub fn run(conn: &mut PgConnection, sources: &Sources, query: &Query) -> Result<Listened<Agreement>, QueryError> {
    listen(conn, sources, query, |heard| compare(heard, query.level))
}

fn compare(heard: &Heard, level: Level) -> Agreement {
    Agreement {
        people: people::among_themselves(heard, level),
        judges: judges::against_others(heard, level),
    }
}

/// Counts things, and gives those that occur most, the first to occur first among equals.
pub fn most_frequent<T: Ord + Copy>(things: impl Iterator<Item = T>) -> Vec<(T, u64)> {
    let mut counts = std::collections::BTreeMap::new();
    for thing in things {
        *counts.entry(thing).or_insert(0_u64) += 1;
    }
    let mut counts: Vec<(T, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}
