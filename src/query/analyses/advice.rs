//! How far do users move from their own number to the AI's, beyond the mean?
//!
//! A mean weight of ½ may be users who all meet the AI half way, or a half that ignores it and a half that obeys. So beside the mean
//! stand the median, the shares of users' moves by where they end, and the ratio of sums `Σ(f−h)(a−h) / Σ(a−h)²` of own number `h`,
//! the AI's `a` and kept number `f`: the slope through the origin of moves on distances, where far distances count most and no weight
//! needs clipping. None of them follows from sums that are kept, so that they are read from the outputs.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use polars::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::clusters::{Clusters, Member};
use crate::metrics::families::advice::is_known;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::query::answer::{Answer, Row, Source};
use crate::query::blocks::days_covering;
use crate::query::gather::GROUP;
use crate::query::origin::{MOST_EXACT_OUTPUTS, check_kept};
use crate::query::plan::{self, Plan};
use crate::query::request::{Query, QueryError};
use crate::query::rows::placed;
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::stats::level::Level;

/// The metric that is the mean.
pub const MEAN: &str = "weight_of_advice";

/// How far users move from their own number to the AI's: of outputs with three numbers whose own and AI's differ. Shares add up to 1.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Advice {
    /// The metric `weight_of_advice`: of weights clipped to [0, 1].
    pub mean: Estimate,
    /// Of weights clipped to [0, 1].
    pub median: Estimate,
    /// Sum of (final − own) × (AI's − own) / sum of (AI's − own)². Nothing is clipped, and far distances count most.
    pub ratio_of_sums: Estimate,
    /// Share that moved away from the AI's number.
    pub away: Estimate,
    /// Share that kept the own number.
    pub kept: Estimate,
    /// Share that ended between both.
    pub between: Estimate,
    /// Share that took the AI's number.
    pub taken: Estimate,
    /// Share that went past the AI's number.
    pub beyond: Estimate,
}

/// An answer, with what there is to say about the advice in each of its rows.
pub struct Advised {
    pub answer: Answer,
    pub advice: Vec<Advice>,
}

/// Answers a question after metrics one of which is [`MEAN`], in one bucket.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Advised, QueryError> {
    sources.read(conn, query.project, |snapshot, project| {
        let answer = plan::answer(snapshot.conn()?, sources, query, now)?;
        let means: Vec<Estimate> = answer.rows.iter().map(|row| mean(query, row)).collect();
        let (unread, moves) = match unread(snapshot, &answer, &means)? {
            Some(reason) => (reason, HashMap::new()),
            None => {
                let refined = plan::refine(snapshot, query, project, &answer.window)?;
                let view = Arc::clone(&snapshot.view);
                let plan = plan::plan(query, &view.cells, refined.as_ref(), answer.window)?;
                (Reason::NoCases, moves(snapshot, &plan)?)
            }
        };
        let advice = answer
            .rows
            .iter()
            .zip(means)
            .map(|(row, mean)| match moves.get(&row.number) {
                Some(moves) => told(mean, moves, query.level),
                None => unsaid(mean, unread),
            });
        Ok(Advised {
            advice: advice.collect(),
            answer,
        })
    })
}

fn mean(query: &Query, row: &Row) -> Estimate {
    let asked = query.metrics.iter().zip(&row.estimates);
    let mut found = asked.filter(|(metric, _)| metric.id == MEAN);
    found
        .next()
        .map_or_else(|| Estimate::none(Reason::NoCases), |(_, mean)| mean.clone())
}

/// Why the outputs of an answer are not read, if they are not.
fn unread(snapshot: &mut Snapshot, answer: &Answer, means: &[Estimate]) -> Result<Option<Reason>, QueryError> {
    if means.iter().all(|mean| mean.value.is_none()) {
        return Ok(Some(Reason::NoCases));
    }
    if check_kept(snapshot, &answer.window).is_err() {
        return Ok(Some(Reason::NotKept));
    }
    if answer.source == Source::Segments {
        return Ok(None);
    }
    let outputs = snapshot.outputs_of(days_covering(&answer.window))?;
    Ok((outputs > MOST_EXACT_OUTPUTS).then_some(Reason::NeedsExact))
}

/// One user's way from the own number, with how far it was to the AI's.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Move {
    of: Member,
    moved: f64,
    distance: f64,
}

impl From<&Move> for Member {
    fn from(own: &Move) -> Member {
        own.of
    }
}

impl Move {
    fn weight(&self) -> f64 {
        self.moved / self.distance
    }
}

/// The moves of each group of a plan.
fn moves(snapshot: &mut Snapshot, plan: &Plan) -> Result<HashMap<u32, Vec<Move>>, QueryError> {
    let group_of_cell = plan.group_of_cell();
    let read = [
        f::CLUSTER,
        f::USER,
        f::MANNER,
        f::INITIAL_VALUE,
        f::OUTPUT_VALUE,
        f::FINAL_VALUE,
    ];
    let columns: Vec<&str> = read.into_iter().chain(plan.placed_by()).collect();
    let mut moves: HashMap<u32, Vec<Move>> = HashMap::new();
    for day in snapshot.days(&plan.window) {
        let stated = placed(plan, &group_of_cell, snapshot.segment(day, Some(&columns))?)?;
        let known = stated.lazy().filter(is_known()).collect()?;
        let groups = known.column(GROUP)?.u32()?.iter();
        let clusters = known.column(f::CLUSTER)?.i64()?.iter();
        let users = known.column(f::USER)?.i64()?.iter();
        let [own, advised, kept] = [f::INITIAL_VALUE, f::OUTPUT_VALUE, f::FINAL_VALUE].map(|name| known.column(name));
        let numbers = own?.f64()?.iter().zip(advised?.f64()?.iter()).zip(kept?.f64()?.iter());
        for (((group, cluster), user), ((own, advised), kept)) in groups.zip(clusters).zip(users).zip(numbers) {
            if let (Some(group), Some(cluster), Some(own), Some(advised), Some(kept)) =
                (group, cluster, own, advised, kept)
            {
                moves.entry(group).or_default().push(Move {
                    of: Member {
                        cluster,
                        has_user: user.is_some(),
                    },
                    moved: kept - own,
                    distance: advised - own,
                });
            }
        }
    }
    Ok(moves)
}

/// What the moves of a group come to; there is at least one.
fn told(mean: Estimate, moves: &[Move], level: Level) -> Advice {
    let clusters = Clusters::new(moves.iter());
    let share = |is: fn(f64) -> bool| {
        let ends = moves.iter().map(|own| Some(is(own.weight())));
        clusters.share(ends, level, Reason::NoCases)
    };
    let weights = moves.iter().map(|own| own.weight().clamp(0.0, 1.0));
    let terms = moves
        .iter()
        .map(|own| [own.moved * own.distance, own.distance * own.distance]);
    let anywhere = (f64::NEG_INFINITY, f64::INFINITY);
    Advice {
        mean,
        median: clusters.median(weights, (0.0, 1.0), level, Reason::NoCases),
        ratio_of_sums: clusters.ratio_of_sums(terms, anywhere, level, Reason::NoCases),
        away: share(|weight| weight < 0.0),
        kept: share(|weight| weight == 0.0),
        between: share(|weight| weight > 0.0 && weight < 1.0),
        taken: share(|weight| weight == 1.0),
        beyond: share(|weight| weight > 1.0),
    }
}

/// Nothing but the mean is known, if that is.
fn unsaid(mean: Estimate, reason: Reason) -> Advice {
    let nothing = || Estimate::none(mean.reason.filter(|_| mean.value.is_none()).unwrap_or(reason));
    Advice {
        median: nothing(),
        ratio_of_sums: nothing(),
        away: nothing(),
        kept: nothing(),
        between: nothing(),
        taken: nothing(),
        beyond: nothing(),
        mean,
    }
}
