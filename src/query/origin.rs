//! Whether an answer comes from the outputs or from the rollups.

use std::borrow::Cow;

use super::answer::Source;
use super::blocks::days_covering;
use super::grouping::Grouping;
use super::plan::Plan;
use super::request::QueryError;
use super::snapshot::Snapshot;
use super::tabulate;
use crate::domain::clock;
use crate::domain::window::Window;

/// So many outputs are read at most when the question insists.
pub const MOST_EXACT_OUTPUTS: i64 = 2_000_000;

/// Days with more outputs than so many, of whatever kind, are not read for the sake of a small slice: a segment has all of its day.
const READ_OUTPUTS: i64 = 500_000;

/// Some groups of a plan, and where their rows come from.
pub type Part<'a> = (Cow<'a, Plan<'a>>, Source);

/// The parts of a plan by where their rows come from: one, unless each group is to be as exact as if it were asked for by itself.
pub fn parts<'a>(snapshot: &mut Snapshot, plan: &'a Plan<'a>) -> Result<Vec<Part<'a>>, QueryError> {
    if is_exact(snapshot, plan)? {
        return Ok(vec![(Cow::Borrowed(plan), Source::Segments)]);
    }
    let mut small = Vec::new();
    if plan.query.exact_by_group && is_readable(snapshot, plan)? {
        let grouping = Grouping::new(&plan.cells, plan.groups.len());
        let counts = tabulate::count_by_group(&grouping, &plan.window, snapshot)?;
        small = counts.iter().map(|count| *count <= plan.query.exact_outputs).collect();
    }
    if !small.contains(&true) {
        return Ok(vec![(Cow::Borrowed(plan), Source::Rollups)]);
    }
    let is_small = |group: u32| small.get(group as usize).copied().unwrap_or_default();
    let part = |wanted: bool| {
        let mut part = plan.clone();
        part.cells.retain(|(_, group)| is_small(*group) == wanted);
        Cow::Owned(part)
    };
    Ok(vec![(part(true), Source::Segments), (part(false), Source::Rollups)])
}

/// Where all of an answer comes from.
pub fn source_of(parts: &[Part]) -> Source {
    match parts {
        [(_, source)] => *source,
        _ => Source::Both,
    }
}

/// An error where a question reads outputs or what was said of them, and not all of those in its window are kept.
pub fn check_kept(snapshot: &Snapshot, window: &Window) -> Result<(), QueryError> {
    match snapshot.view.last_gone(days_covering(window)) {
        None => Ok(()),
        Some(day) => Err(QueryError::OutputsGone {
            until: clock::midnight(day + 1).date_naive(),
        }),
    }
}

/// Whether a plan is answered from the outputs rather than from the rollups; an error where it must be and cannot.
pub fn is_exact(snapshot: &mut Snapshot, plan: &Plan) -> Result<bool, QueryError> {
    let must_be_exact = plan.query.exact || plan.refined.is_some() || !is_hourly(plan);
    match check_kept(snapshot, &plan.window) {
        Err(gone) if must_be_exact => return Err(gone),
        Err(_) => return Ok(false),
        Ok(()) => {}
    }
    let found = match plan.refined {
        Some(refined) => refined.outputs,
        None => tabulate::count_outputs(plan.cell_ids(), &plan.window, snapshot)?,
    };
    if must_be_exact {
        check_exact(found)?;
        return Ok(true);
    }
    Ok(found <= plan.query.exact_outputs && is_readable(snapshot, plan)?)
}

pub fn check_exact(found: i64) -> Result<(), QueryError> {
    if found > MOST_EXACT_OUTPUTS {
        return Err(QueryError::TooManyOutputs {
            found,
            limit: MOST_EXACT_OUTPUTS,
        });
    }
    Ok(())
}

/// Whether the outputs of the days are there, and few enough to be read unasked.
fn is_readable(snapshot: &mut Snapshot, plan: &Plan) -> Result<bool, QueryError> {
    let days = days_covering(&plan.window);
    Ok(snapshot.view.last_gone(days.clone()).is_none() && snapshot.outputs_of(days)? <= READ_OUTPUTS)
}

/// Whether all buckets start and end on whole hours, as the rollups do.
fn is_hourly(plan: &Plan) -> bool {
    plan.buckets
        .iter()
        .all(|bucket| clock::is_whole_hour(bucket.window.from) && clock::is_whole_hour(bucket.window.to))
}
