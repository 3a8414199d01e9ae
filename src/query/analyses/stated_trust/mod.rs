//! Do users do as they say?
//!
//! Users who are asked how far they trust something answer on a scale: their newest rating of each output on a rubric, as its place from
//! 0 to 1. What one says is the mean of one's answers, and what one does the share taken of what one decided on, so that each user
//! counts once on both sides. Both are trust, and need not be the same: who says more than one does relies less than one believes. The verdict
//! on the difference is that of the trust gap, an equivalence test first and then one of the sign; where the order of users
//! is the same on both sides, asking tells who relies on it, whatever the scale.

mod words;

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::pg::PgConnection;
use polars::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::clusters::{Clusters, Member};
use super::opinions::{Listened, MOST_OPINIONS};
use super::outcomes::each_day;
use crate::metrics::families::trust::{self, Verdict};
use crate::metrics::{self, Estimate, Reason, facts as f};
use crate::query::gather::{BUCKET, GROUP, Gathered, Gathering, Over};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::query::sums::{SliceKey, Slices};
use crate::stats::level::Level;
use crate::stats::spearman;
use crate::store::cells::CellId;
use crate::store::opinions::{self, Stated};

/// The rubric where none is asked for.
pub const RUBRIC: &str = "trust";
/// Users who both said and decided something, below which nothing is said of them.
pub const LEAST_USERS: u64 = 10;
/// What the same users do.
const METRICS: [&str; 3] = ["acceptance_rate", "over_reliance", "under_reliance"];
const THIRDS: u32 = 3;
/// Means are told apart to ten digits.
const DIGITS: f64 = 1e10;

/// Whether users do as they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatedTrustVerdict {
    /// They state more trust than they show.
    SaysMore,
    /// They show more trust than they state.
    DoesMore,
    /// The difference is within five points of zero, and the interval says so.
    Alike,
    CannotTell,
}

/// Users by how far they say that they trust it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StatedTrustThird {
    /// The least and the most that they say, from 0 to 1.
    pub from: f64,
    pub to: f64,
    pub users: u64,
    /// Of what they decided on.
    pub acceptance_rate: Estimate,
}

/// What users say of their trust, and what they do.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct StatedTrust {
    pub rubric: String,
    pub verdict: StatedTrustVerdict,
    pub sentence: String,
    /// Their place on the scale, from 0 to 1: the mean over users of the mean of their answers. `n` counts answers.
    pub stated: Estimate,
    /// The mean over the same users, as far as they decided anything, of the share that each took. `n` counts users.
    pub taken: Estimate,
    /// What each of those takes minus what they say, as a mean over users.
    pub difference: Estimate,
    /// Spearman's rank correlation, over those users, of what they say and what they take.
    pub correlation: Estimate,
    /// Of all that the same users decided on, each output counting once.
    pub acceptance_rate: Estimate,
    pub over_reliance: Estimate,
    pub under_reliance: Estimate,
    /// The users in three parts, those who say least first; who says the same is in the same, so that there may be fewer.
    pub thirds: Vec<StatedTrustThird>,
    /// Users who said something and decided nothing.
    pub undecided_users: u64,
    /// Answers on outputs of nobody known. They are left out.
    pub answers_of_nobody: u64,
}

/// What a user says.
#[derive(Clone, Copy, Debug, PartialEq)]
struct User {
    key: i64,
    /// From 0 to 1.
    mean: f64,
    answers: u64,
    third: u32,
}

pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    rubric: &str,
) -> Result<Listened<StatedTrust>, QueryError> {
    let behaviour = METRICS
        .iter()
        .filter_map(|id| metrics::find(id).map(|(_, metric)| metric));
    let query = &Query {
        metrics: behaviour.collect(),
        ..query.clone()
    };
    sources.asked(conn, query, |snapshot, project, window| {
        let cells: HashSet<CellId> = snapshot.view.cells_where(&query.filters).into_iter().collect();
        let own: Vec<CellId> = cells.iter().copied().collect();
        let range = (window.from, window.to);
        let stated = opinions::stated(snapshot.conn()?, query.project, &own, range, rubric, MOST_OPINIONS + 1)?;
        if stated.len() as i64 > MOST_OPINIONS {
            return Err(QueryError::TooManyOpinions { limit: MOST_OPINIONS });
        }
        let users = users(&stated);
        let thirds: HashMap<i64, u32> = users.iter().map(|user| (user.key, user.third)).collect();
        let mut names = query.sums_read();
        names.extend(["decided", "taken"].map(str::to_owned));
        let sums = metrics::sums_named(&names);
        let mut gathering = Gathering::new(&sums, &[]);
        let columns = gathering.columns([f::CELL, f::SHOWN_AT]);
        each_day(snapshot, &cells, &window, &columns, |day| {
            Ok(gathering.add(placed(&thirds, day)?)?)
        })?;
        let gathered = gathering.finish()?;
        let nobody = stated.iter().filter(|own| own.user_key.is_none());
        Ok(Listened {
            found: StatedTrust {
                answers_of_nobody: nobody.map(|own| own.answers.unsigned_abs()).sum(),
                ..told(query, rubric, &users, &gathered)
            },
            window,
            log_position: project.folded_events,
        })
    })
}

/// Users by key, with the third in which what they say is.
fn users(stated: &[Stated]) -> Vec<User> {
    let mut sums: BTreeMap<i64, (f64, u64)> = BTreeMap::new();
    for own in stated {
        let Some(key) = own.user_key else { continue };
        let (sum, answers) = sums.entry(key).or_default();
        *sum += own.value * own.answers as f64;
        *answers += own.answers.unsigned_abs();
    }
    let mean = |(key, (sum, answers)): (i64, (f64, u64))| User {
        key,
        // Who always says the same says it exactly, however often.
        mean: (sum / answers as f64 * DIGITS).round() / DIGITS,
        answers,
        third: 0,
    };
    let mut users: Vec<User> = sums.into_iter().map(mean).collect();
    users.sort_by(|one, other| one.mean.total_cmp(&other.mean));
    let (all, mut below) = (users.len() as f64, 0.0);
    for same in users.chunk_by_mut(|one, other| one.mean == other.mean) {
        let place = (below + same.len() as f64 / 2.0) / all;
        below += same.len() as f64;
        let third = (place * f64::from(THIRDS)) as u32;
        same.iter_mut().for_each(|user| user.third = third);
    }
    users.sort_by_key(|user| user.key);
    users
}

/// The outputs of those users, with the numbers of their thirds as groups.
fn placed(thirds: &HashMap<i64, u32>, stated: DataFrame) -> PolarsResult<DataFrame> {
    let users = stated.column(f::USER)?.i64()?.iter();
    let places: Vec<Option<u32>> = users.map(|user| thirds.get(&user?).copied()).collect();
    let inside: BooleanChunked = places.iter().map(|place| Some(place.is_some())).collect();
    let mut frame = stated.filter(&inside)?;
    let groups: Vec<u32> = places.into_iter().flatten().collect();
    let buckets = vec![0_u32; groups.len()];
    frame.with_column(Column::new(GROUP.into(), groups))?;
    frame.with_column(Column::new(BUCKET.into(), buckets))?;
    Ok(frame)
}

fn told(query: &Query, rubric: &str, users: &[User], gathered: &Gathered) -> StatedTrust {
    let level = query.level;
    let (whole, parts) = (gathered.slices(Over::Groups), gathered.slices(Over::Nothing));
    let rates = rates(query, &whole);
    let pairs: Vec<(i64, f64, f64)> = users
        .iter()
        .filter_map(|user| Some((user.key, user.mean, *rates.get(&user.key)?)))
        .collect();
    let both = each(pairs.iter().map(|pair| pair.0));
    let difference = both.mean_difference(pairs.iter().map(|(_, said, took)| took - said), level);
    let answers = users.iter().map(|user| user.answers).sum();
    let stated =
        each(users.iter().map(|user| user.key)).mean(users.iter().map(|user| user.mean), level, Reason::NoRatings);
    let [acceptance_rate, over_reliance, under_reliance] = estimates(query, &whole, (0, 0));
    let thirds = (0..THIRDS).filter_map(|third| {
        let means = || users.iter().filter(|user| user.third == third).map(|user| user.mean);
        let [acceptance_rate, ..] = estimates(query, &parts, (third, 0));
        Some(StatedTrustThird {
            from: means().reduce(f64::min)?,
            to: means().reduce(f64::max)?,
            users: means().count() as u64,
            acceptance_rate,
        })
    });
    let mut found = StatedTrust {
        rubric: rubric.to_owned(),
        verdict: verdict(&difference, both.users),
        sentence: String::new(),
        stated: Estimate { n: answers, ..stated },
        taken: both.mean(pairs.iter().map(|pair| pair.2), level, Reason::NoDecisions),
        difference,
        correlation: correlation(&both, &pairs, level),
        acceptance_rate,
        over_reliance,
        under_reliance,
        thirds: thirds.collect(),
        undecided_users: (users.len() - pairs.len()) as u64,
        answers_of_nobody: 0,
    };
    found.sentence = words::sentence(&found);
    found
}

/// What the users of a slice do.
fn estimates(query: &Query, slices: &Slices, key: SliceKey) -> [Estimate; METRICS.len()] {
    let slice = slices.by_key.get(&key);
    std::array::from_fn(|at| {
        let found = slice.zip(query.metrics.get(at));
        let read = found.map(|(slice, metric)| slices.read(slice, query, metric.estimate));
        read.unwrap_or_else(|| Estimate::none(Reason::NoData))
    })
}

/// The share of what each user decided on that was taken.
fn rates(query: &Query, whole: &Slices) -> HashMap<i64, f64> {
    let Some(slice) = whole.by_key.get(&(0, 0)) else {
        return HashMap::new();
    };
    let [decided, taken] = ["decided", "taken"].map(|sum| whole.read(slice, query, |own| own.by_cluster(sum)));
    let counts = whole.keys(slice).iter().zip(decided.into_iter().zip(taken));
    let decided = counts.filter(|(_, (decided, _))| *decided > 0.0);
    decided
        .map(|(user, (decided, taken))| (*user, taken / decided))
        .collect()
}

/// Users, each once.
fn each(users: impl Iterator<Item = i64>) -> Clusters {
    Clusters::new(users.map(|cluster| Member {
        cluster,
        has_user: true,
    }))
}

fn correlation(users: &Clusters, pairs: &[(i64, f64, f64)], level: Level) -> Estimate {
    if users.users < LEAST_USERS {
        return users.with_users(Estimate::none(Reason::TooFew));
    }
    let pairs: Vec<(f64, f64)> = pairs.iter().map(|(_, said, took)| (*said, *took)).collect();
    match spearman::correlation(&pairs) {
        Some(found) => users.within(found.value, found.influence.into_iter(), (-1.0, 1.0), level),
        None => users.with_users(Estimate::none(Reason::OneClass)),
    }
}

fn verdict(difference: &Estimate, users: u64) -> StatedTrustVerdict {
    match trust::verdict(difference) {
        _ if users < LEAST_USERS => StatedTrustVerdict::CannotTell,
        Verdict::Over => StatedTrustVerdict::DoesMore,
        Verdict::Under => StatedTrustVerdict::SaysMore,
        Verdict::Calibrated => StatedTrustVerdict::Alike,
        Verdict::Insufficient => StatedTrustVerdict::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(user: i64, value: f64, answers: i64) -> Stated {
        Stated {
            user_key: Some(user),
            value,
            answers,
        }
    }

    #[test]
    fn each_user_counts_once_and_who_says_the_same_is_in_the_same_third() {
        let found = users(&[stated(2, 1.0, 3), stated(2, 0.0, 1), stated(1, 0.25, 9)]);
        assert_eq!((found[0].mean, found[1].mean), (0.25, 0.75));
        assert_eq!((found[0].answers, found[1].answers), (9, 4));
        assert_eq!(users(&[stated(1, 0.1, 3)])[0].mean, 0.1);
        let thirds = |values: &[f64]| {
            let all: Vec<Stated> = (0..).zip(values).map(|(user, value)| stated(user, *value, 1)).collect();
            users(&all).iter().map(|user| user.third).collect::<Vec<_>>()
        };
        assert_eq!(thirds(&[0.9, 0.1, 0.5]), [2, 0, 1]);
        assert_eq!(thirds(&[0.5; 7]), [1; 7]);
        assert_eq!(thirds(&[0.0, 0.0, 0.0, 1.0]), [1, 1, 1, 2]);
    }
}
