//! How well fixing goes: how long it takes until a complaint is answered by a change, and how many changes worked.

use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::AimedChange;
use crate::domain::dimension::Dimension;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::effect::{Effect, EffectVerdict};
use crate::query::filter::Filter;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::stats::proportion;
use crate::store::outputs;
use crate::store::projects::Project;

/// The loop's own figures.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Progress {
    /// Changes that were made, of all those that were logged.
    pub changes: usize,
    pub worked: usize,
    pub did_not_work: usize,
    pub made_it_worse: usize,
    pub cannot_tell_yet: usize,
    /// The share of those that can be told.
    pub share_worked: Estimate,
    /// Days from the first output that names a reason to the change that aims at it, the median; null without such changes.
    #[schema(required = true)]
    pub median_days_to_change: Option<f64>,
    /// Changes that this is the median of.
    pub answered: usize,
}

pub fn of(
    conn: &mut PgConnection,
    sources: &Sources,
    project: &Project,
    effects: &[(&AimedChange, Effect)],
    query: &Query,
) -> Result<Progress, QueryError> {
    let count = |verdict| effects.iter().filter(|(_, effect)| effect.verdict == verdict).count();
    let worked = count(EffectVerdict::Worked);
    let cannot_tell_yet = count(EffectVerdict::CannotTellYet);
    let told = effects.len() - cannot_tell_yet;
    let mut waits = Vec::new();
    for (change, _) in effects {
        waits.extend(wait(conn, sources, project, change)?);
    }
    Ok(Progress {
        changes: effects.len(),
        worked,
        did_not_work: count(EffectVerdict::DidNotWork),
        made_it_worse: count(EffectVerdict::MadeItWorse),
        cannot_tell_yet,
        share_worked: share(worked as f64, told as f64, query),
        answered: waits.len(),
        median_days_to_change: median(waits),
    })
}

/// Days from the first complaint that a change aims at to the change.
fn wait(
    conn: &mut PgConnection,
    sources: &Sources,
    project: &Project,
    change: &AimedChange,
) -> Result<Option<f64>, QueryError> {
    let Some(reason) = &change.reason else { return Ok(None) };
    let made = &change.effect.change;
    let snapshot = Snapshot::new(conn, sources, project)?;
    let cells = snapshot
        .view
        .cells_where(&[Filter::is(Dimension::Feature, made.feature.clone())]);
    let cells: Vec<_> = cells.into_iter().collect();
    let first = outputs::first_with_reason(conn, project.id, &cells, reason)?;
    let seconds = first.map(|first| (made.made_at - first).num_seconds() as f64);
    Ok(seconds.filter(|wait| *wait >= 0.0).map(|wait| wait / 86_400.0))
}

fn share(worked: f64, told: f64, query: &Query) -> Estimate {
    match proportion::wilson(worked, told, query.level.z()) {
        Some(interval) => Estimate::point(worked / told, told as u64)
            .of(worked, told)
            .within(Some(interval), "wilson"),
        None => Estimate::none(Reason::NoCases),
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let at = |at: usize| values.get(at).copied();
    let half = values.len() / 2;
    let upper = at(half)?;
    if values.len() % 2 == 1 {
        Some(upper)
    } else {
        at(half - 1).map(|lower| f64::midpoint(lower, upper))
    }
}
