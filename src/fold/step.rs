//! One step of the fold: a piece of the log becomes outputs and rollups, in one transaction with the place in the log.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::Connection;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::base;
use super::difference::difference;
use super::refresh::Refresh;
use super::rollups;
use super::stall;
use crate::domain::key::ProjectId;
use crate::metrics;
use crate::store::events::{LogEntry, LoggedEvent, Piece};
use crate::store::projects::{self, Project};
use crate::store::ranges::{self, Lease, Range};
use crate::store::{events, fold_state, late, outputs, rollups as stored, stalled};

/// Log entries that one step takes, about: it takes whole transactions.
pub const STEP_EVENTS: i64 = 20_000;

/// Events of projects.
pub type ByProject = BTreeMap<ProjectId, Vec<LoggedEvent>>;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Other processes hold all ranges.
    Elsewhere,
    /// Nothing to do.
    Idle,
    /// So many log entries were folded, and there may be more at once.
    Folded { entries: usize, more: bool },
}

/// Folds the next piece of the log, of the ranges that this process can have.
pub fn step(conn: &mut PgConnection) -> anyhow::Result<Step> {
    loop {
        let step = conn.transaction(|conn| -> anyhow::Result<_> {
            let complete = events::complete(conn)?;
            let mut lease = ranges::take(conn, complete)?;
            if lease.ranges.is_empty() {
                return Ok(Some(Step::Elsewhere));
            }
            if fold_state::layout(conn)? != metrics::layout() {
                return Ok(None);
            }
            if let Some(entries) = stall::retry(conn, &lease)? {
                return Ok(Some(Step::Folded { entries, more: true }));
            }
            advance(conn, &mut lease, complete, stall::keep).map(Some)
        })?;
        match step {
            Some(step) => return Ok(step),
            None => conn.transaction(|conn| -> anyhow::Result<_> {
                ranges::lock_all(conn)?;
                keep_layout(conn)
            })?,
        }
    }
}

/// Hands what follows in the ranges to the fold, and moves them. `failed` is told which projects could not be folded.
fn advance(
    conn: &mut PgConnection,
    lease: &mut Lease,
    complete: i64,
    failed: impl Fn(&mut PgConnection, &Lease, Vec<Failure>) -> anyhow::Result<()>,
) -> anyhow::Result<Step> {
    let pieces: Vec<Piece> = lease.ranges.iter().map(|range| range.up_to(complete)).collect();
    let limit = lease.share_of(STEP_EVENTS);
    let entries = events::of_pieces(conn, &pieces, None, limit)?;
    if entries.is_empty() {
        return Ok(Step::Idle);
    }
    let folded = entries.len();
    let ends = Ends::of(&entries);
    let waiting: HashSet<(ProjectId, i32)> = stalled::in_ranges(conn, &lease.numbers())?.into_iter().collect();
    let mut events = ByProject::new();
    for entry in entries {
        // They are folded from the project's own place, when it can be folded again.
        if !waiting.contains(&(entry.project_id, entry.range)) {
            events.entry(entry.project_id).or_default().push(entry.event);
        }
    }
    let failures = fold(conn, lease, events);
    failed(conn, lease, failures)?;
    let more = lease.ranges.iter().any(|range| ends.entries(range.range) >= limit);
    for range in &mut lease.ranges {
        range.tx = ends.last(range.range).unwrap_or(range.tx);
    }
    ranges::put(conn, &lease.ranges)?;
    Ok(Step::Folded { entries: folded, more })
}

/// A project that could not be folded, and why.
pub type Failure = (ProjectId, anyhow::Error);

/// Folds events, those of a project all or none. What takes long is done for all projects before the row of the first one is
/// taken, since other workers wait for it.
pub fn fold(conn: &mut PgConnection, lease: &Lease, events: ByProject) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut computed = Vec::with_capacity(events.len());
    for (project, events) in events {
        let touched = events.iter().map(|event| event.output_key).collect();
        let outcome = stall::isolated(conn, |conn| {
            let project = projects::find(conn, project)?;
            Refresh::compute(conn, lease, project, touched, events)
        });
        match outcome {
            Ok(refresh) => computed.push(refresh),
            Err(error) => failures.push((project, error)),
        }
    }
    for refresh in computed {
        let project = refresh.project();
        if let Err(error) = stall::isolated(conn, |conn| refresh.write(conn)) {
            failures.push((project, error));
        }
    }
    failures
}

/// How far some entries reach in each range.
pub struct Ends(HashMap<i32, (i64, i64)>);

impl Ends {
    pub fn of(entries: &[LogEntry]) -> Ends {
        let mut ends = HashMap::new();
        for entry in entries {
            let (count, last) = ends.entry(entry.range).or_insert((0, entry.tx));
            *count += 1;
            *last = entry.tx.max(*last);
        }
        Ends(ends)
    }

    /// How many entries a range has.
    pub fn entries(&self, range: i32) -> i64 {
        self.0.get(&range).map_or(0, |(count, _)| *count)
    }

    /// The last transaction of a range.
    pub fn last(&self, range: i32) -> Option<i64> {
        self.0.get(&range).map(|(_, last)| *last)
    }
}

/// Recomputes the rollups from the outputs when the registry of metrics has changed since they were written. The caller's
/// transaction holds all ranges.
pub fn keep_layout(conn: &mut PgConnection) -> anyhow::Result<()> {
    let layout = metrics::layout();
    if fold_state::layout(conn)? == layout {
        return Ok(());
    }
    recompute_rollups(conn)?;
    fold_state::set_layout(conn, &layout)?;
    Ok(())
}

/// Computes the rollups from the outputs that are there and from what those that are gone left behind.
fn recompute_rollups(conn: &mut PgConnection) -> anyhow::Result<()> {
    stored::clear(conn)?;
    for project in projects::all(conn)? {
        base::restore(conn, project.id)?;
        let mut after = Uuid::nil();
        loop {
            let piece = outputs::walk(conn, project.id, after, STEP_EVENTS)?;
            let Some(last) = piece.last() else { break };
            after = last.output_key;
            let change = difference(&[], &piece)?;
            rollups::add(conn, project.id, change)?;
        }
    }
    Ok(())
}

/// Forgets all outputs and rollups, but for those whose events are gone, and folds the whole log again, in one transaction: readers see the old numbers until the
/// new ones are complete. `progress` is told how many entries are folded.
pub fn rebuild(conn: &mut PgConnection, mut progress: impl FnMut(usize)) -> anyhow::Result<usize> {
    conn.transaction(|conn| {
        let mut lease = ranges::lock_all(conn)?;
        outputs::clear(conn)?;
        late::clear(conn)?;
        recompute_rollups(conn)?;
        projects::forget_folded(conn)?;
        stalled::clear(conn)?;
        fold_state::set_layout(conn, &metrics::layout())?;
        for Range { tx, .. } in &mut lease.ranges {
            *tx = 0;
        }
        ranges::put(conn, &lease.ranges)?;
        let complete = events::complete(conn)?;
        let mut folded = 0;
        while let Step::Folded { entries, .. } = advance(conn, &mut lease, complete, first_failure)? {
            folded += entries;
            progress(folded);
        }
        Ok(folded)
    })
}

fn first_failure(_: &mut PgConnection, _: &Lease, failures: Vec<Failure>) -> anyhow::Result<()> {
    failures.into_iter().next().map_or(Ok(()), |(_, error)| Err(error))
}

/// Recomputes all outputs of a project after its settings changed, in one transaction with the change.
pub fn resettle(conn: &mut PgConnection, project: ProjectId, settings: &projects::Settings) -> anyhow::Result<Project> {
    conn.transaction(|conn| {
        let lease = ranges::lock_all(conn)?;
        keep_layout(conn)?;
        let project = projects::update(conn, project, settings)?;
        let mut after = Uuid::nil();
        loop {
            let piece = outputs::walk(conn, project.id, after, STEP_EVENTS)?;
            let Some(last) = piece.last() else { break };
            after = last.output_key;
            let touched = piece.iter().map(|output| output.output_key).collect();
            Refresh::compute(conn, &lease, project.clone(), touched, Vec::new())?.write(conn)?;
        }
        Ok(project)
    })
}
