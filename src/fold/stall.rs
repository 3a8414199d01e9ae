//! A project that cannot be folded must not keep the others waiting. It stays where it is in each range, is tried again from
//! there, and nothing of it is lost.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::Connection;
use diesel::pg::PgConnection;

use super::step::{ByProject, Ends, Failure, STEP_EVENTS, fold};
use crate::domain::key::ProjectId;
use crate::store::events::{self, Piece};
use crate::store::ranges::{Lease, Range};
use crate::store::stalled::{self, Stalled};

/// Keeps projects that could not be folded where the ranges are now.
pub fn keep(conn: &mut PgConnection, lease: &Lease, failures: Vec<Failure>) -> anyhow::Result<()> {
    for (project, error) in failures {
        let error = format!("{error:#}");
        stalled::put(conn, project, &lease.ranges, &error)?;
        tracing::error!(
            project,
            error,
            "the events of a project cannot be folded; it is tried again"
        );
    }
    Ok(())
}

/// Folds what waits for projects whose time has come. Gives the number of entries folded, or that there is no such project.
pub fn retry(conn: &mut PgConnection, lease: &Lease) -> anyhow::Result<Option<usize>> {
    let due = stalled::due(conn, &lease.numbers())?;
    if due.is_empty() {
        return Ok(None);
    }
    let mut events = ByProject::new();
    let mut ends = HashMap::new();
    let limit = lease.share_of(STEP_EVENTS);
    for waiting in due.chunk_by(|one, other| one.project_id == other.project_id) {
        let Some(project) = waiting.first().map(|waiting| waiting.project_id) else {
            continue;
        };
        let pieces: Vec<Piece> = waiting.iter().filter_map(|waiting| piece(lease, waiting)).collect();
        let entries = events::of_pieces(conn, &pieces, Some(project), limit)?;
        ends.insert(project, Ends::of(&entries));
        events.insert(project, entries.into_iter().map(|entry| entry.event).collect());
    }
    let mut counts: HashMap<ProjectId, usize> = events
        .iter()
        .map(|(project, events)| (*project, events.len()))
        .collect();
    let failures: HashMap<ProjectId, anyhow::Error> = fold(conn, lease, events).into_iter().collect();
    counts.retain(|project, _| !failures.contains_key(project));
    for waiting in &due {
        let end = ends.get(&waiting.project_id);
        match failures.get(&waiting.project_id) {
            Some(error) => still(conn, waiting, &format!("{error:#}"))?,
            None => go_on(conn, waiting, limit, end)?,
        }
    }
    Ok(Some(counts.into_values().sum()))
}

/// From the place of the project to that of the others.
fn piece(lease: &Lease, waiting: &Stalled) -> Option<Piece> {
    let range = lease.ranges.iter().find(|range| range.range == waiting.range)?;
    let waits = Range {
        range: waiting.range,
        tx: waiting.tx,
    };
    Some(waits.up_to(range.tx))
}

fn still(conn: &mut PgConnection, waiting: &Stalled, error: &str) -> anyhow::Result<()> {
    let (project, range, tx) = (waiting.project_id, waiting.range, waiting.tx);
    if error != waiting.error {
        tracing::error!(project, error, "the events of a project still cannot be folded");
    }
    stalled::put(conn, project, &[Range { range, tx }], error)?;
    Ok(())
}

fn go_on(conn: &mut PgConnection, waiting: &Stalled, limit: i64, ends: Option<&Ends>) -> anyhow::Result<()> {
    let (project, range) = (waiting.project_id, waiting.range);
    match ends
        .filter(|ends| ends.entries(range) >= limit)
        .and_then(|ends| ends.last(range))
    {
        Some(tx) => stalled::advance(conn, project, Range { range, tx })?,
        None => {
            stalled::remove(conn, project, range)?;
            tracing::info!(project, range, "the events of a project are folded again");
        }
    }
    Ok(())
}

/// Does work that leaves nothing behind if it fails, be it in a panic.
pub fn isolated<T>(
    conn: &mut PgConnection,
    work: impl FnOnce(&mut PgConnection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    conn.transaction(|conn| {
        catch_unwind(AssertUnwindSafe(|| work(conn)))
            .unwrap_or_else(|panic| Err(anyhow::anyhow!("it ended in a panic: {}", words(panic.as_ref()))))
    })
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}
