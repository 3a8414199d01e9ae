//! A project that cannot be folded must not keep the others waiting. It stays where it is, is tried again from there, and
//! nothing of it is lost.

use std::any::Any;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use diesel::Connection;
use diesel::pg::PgConnection;

use super::step::{STEP_EVENTS, fold_project};
use crate::domain::key::ProjectId;
use crate::store::cursor::Cursor;
use crate::store::events::{self, LogEntry, LoggedEvent};
use crate::store::stalled::{self, Stalled};

/// The projects that wait at a place of their own.
pub fn projects(conn: &mut PgConnection) -> anyhow::Result<HashSet<ProjectId>> {
    Ok(stalled::projects(conn)?.into_iter().collect())
}

/// Folds the events of a project that follow the cursor, all or none of them. If that fails, the project waits there.
pub fn attempt(
    conn: &mut PgConnection,
    cursor: &Cursor,
    project: ProjectId,
    events: Vec<LoggedEvent>,
) -> anyhow::Result<()> {
    if let Err(error) = try_fold(conn, project, events) {
        let error = format!("{error:#}");
        stalled::put(conn, project, cursor.position(), &error)?;
        tracing::error!(
            project,
            error,
            "the events of a project cannot be folded; it is tried again"
        );
    }
    Ok(())
}

/// Takes a step with each project that waits and whose time has come. Gives the number of entries folded.
pub fn retry(conn: &mut PgConnection, cursor: &Cursor) -> anyhow::Result<usize> {
    let mut folded = 0;
    for waiting in stalled::due(conn)? {
        folded += retry_one(conn, cursor, &waiting)?;
    }
    Ok(folded)
}

fn retry_one(conn: &mut PgConnection, cursor: &Cursor, waiting: &Stalled) -> anyhow::Result<usize> {
    let project = waiting.project_id;
    let entries = events::of_project(conn, project, waiting.position(), cursor.position(), STEP_EVENTS)?;
    let folded = entries.len();
    let last = entries.last().map(LogEntry::position);
    let events = entries.into_iter().map(|entry| entry.event).collect();
    if let Err(error) = try_fold(conn, project, events) {
        let error = format!("{error:#}");
        if error != waiting.error {
            tracing::error!(project, error, "the events of a project still cannot be folded");
        }
        stalled::put(conn, project, waiting.position(), &error)?;
        return Ok(0);
    }
    match last {
        Some(last) if folded as i64 == STEP_EVENTS => stalled::advance(conn, project, last)?,
        _ => {
            stalled::remove(conn, project)?;
            tracing::info!(project, "the events of a project are folded again");
        }
    }
    Ok(folded)
}

/// Leaves nothing behind if it fails, be it in a panic.
fn try_fold(conn: &mut PgConnection, project: ProjectId, events: Vec<LoggedEvent>) -> anyhow::Result<()> {
    conn.transaction(|conn| {
        catch_unwind(AssertUnwindSafe(|| fold_project(conn, project, events)))
            .unwrap_or_else(|panic| Err(anyhow::anyhow!("it ended in a panic: {}", words(panic.as_ref()))))
    })
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without words")
}
