//! One step of the fold: a piece of the log becomes outputs and rollups, in one transaction with the log position.

use std::collections::{BTreeMap, HashSet};

use diesel::Connection;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::difference::difference;
use super::history::History;
use super::link::Links;
use super::resolve::{Resolved, resolve};
use super::rollups;
use crate::domain::key::ProjectId;
use crate::metrics;
use crate::store::cursor::{self, Cursor};
use crate::store::outputs::{self, Output};
use crate::store::projects::{self, Project};
use crate::store::{cells, events, rollups as stored, texts};

/// Log entries that one step takes.
pub const STEP_EVENTS: i64 = 20_000;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another process holds the lease.
    Elsewhere,
    /// Nothing to do.
    Idle,
    /// So many log entries were folded.
    Folded(usize),
}

/// Folds the next piece of the log.
pub fn step(conn: &mut PgConnection) -> anyhow::Result<Step> {
    conn.transaction(|conn| match cursor::try_lock(conn)? {
        None => Ok(Step::Elsewhere),
        Some(cursor) => {
            keep_layout(conn, &cursor)?;
            advance(conn, &cursor)
        }
    })
}

/// Folds what follows the cursor and moves it. The caller's transaction holds the cursor.
fn advance(conn: &mut PgConnection, cursor: &Cursor) -> anyhow::Result<Step> {
    let entries = events::follow(conn, cursor.position(), STEP_EVENTS)?;
    let Some(last) = entries.last() else {
        return Ok(Step::Idle);
    };
    let to = events::Position {
        tx: last.tx,
        ordinal: last.ordinal,
    };
    let mut by_project: BTreeMap<ProjectId, Vec<Uuid>> = BTreeMap::new();
    for entry in &entries {
        by_project.entry(entry.project_id).or_default().push(entry.output_key);
    }
    for (project, keys) in by_project {
        let project = projects::find(conn, project)?;
        projects::add_folded(conn, project.id, keys.len() as i64)?;
        refresh(conn, &project, keys.into_iter().collect())?;
    }
    cursor::advance(conn, to)?;
    Ok(Step::Folded(entries.len()))
}

/// Recomputes some outputs from all of their events, and moves the rollups by the difference.
fn refresh(conn: &mut PgConnection, project: &Project, touched: HashSet<Uuid>) -> anyhow::Result<()> {
    let links = Links::around(conn, project.id, touched)?;
    let logged = events::of_outputs(conn, project.id, &links.keys)?;
    let old = outputs::of_keys(conn, project.id, &links.keys)?;
    let history = History::new(project.id, logged, &links)?;
    let new = number_cells(conn, project.id, resolve(project, &history)?)?;

    let known: Vec<Uuid> = old.iter().map(|output| output.output_key).collect();
    let (new_outputs, new_texts): (Vec<Output>, Vec<texts::Texts>) = new.into_iter().unzip();
    let change = difference(&old, &new_outputs)?;
    outputs::replace(conn, project.id, &known, &new_outputs)?;
    texts::replace(conn, project.id, &known, &new_texts)?;
    rollups::add(conn, project.id, change)
}

fn number_cells(
    conn: &mut PgConnection,
    project: ProjectId,
    resolved: Vec<Resolved>,
) -> anyhow::Result<Vec<(Output, texts::Texts)>> {
    let distinct: HashSet<_> = resolved.iter().filter_map(|state| state.cell.clone()).collect();
    let numbers = cells::number(conn, project, &distinct.into_iter().collect::<Vec<_>>())?;
    Ok(resolved
        .into_iter()
        .map(|mut state| {
            state.output.cell_id = state.cell.and_then(|cell| numbers.get(&cell).copied());
            (state.output, state.texts)
        })
        .collect())
}

/// Recomputes the rollups from the outputs when the registry of metrics has changed since they were written.
fn keep_layout(conn: &mut PgConnection, cursor: &Cursor) -> anyhow::Result<()> {
    let layout = metrics::layout();
    if cursor.layout == layout {
        return Ok(());
    }
    stored::clear(conn)?;
    for project in projects::all(conn)? {
        let mut after = Uuid::nil();
        loop {
            let piece = outputs::walk(conn, project.id, after, STEP_EVENTS)?;
            let Some(last) = piece.last() else { break };
            after = last.output_key;
            let change = difference(&[], &piece)?;
            rollups::add(conn, project.id, change)?;
        }
    }
    cursor::set_layout(conn, &layout)?;
    Ok(())
}

/// Forgets all outputs and rollups and folds the whole log again, in one transaction: readers see the old numbers until the
/// new ones are complete. `progress` is told how many entries are folded.
pub fn rebuild(conn: &mut PgConnection, mut progress: impl FnMut(usize)) -> anyhow::Result<usize> {
    conn.transaction(|conn| {
        let cursor = cursor::lock(conn)?;
        outputs::clear(conn)?;
        stored::clear(conn)?;
        projects::forget_folded(conn)?;
        cursor::set_layout(conn, &metrics::layout())?;
        cursor::advance(conn, events::Position::default())?;
        let mut cursor = Cursor {
            tx: 0,
            ordinal: 0,
            ..cursor
        };
        let mut folded = 0;
        while let Step::Folded(entries) = advance(conn, &cursor)? {
            folded += entries;
            progress(folded);
            cursor = cursor::read(conn)?;
        }
        Ok(folded)
    })
}

/// Recomputes all outputs of a project after its settings changed, in one transaction with the change.
pub fn resettle(conn: &mut PgConnection, project: ProjectId, settings: &projects::Settings) -> anyhow::Result<Project> {
    conn.transaction(|conn| {
        let cursor = cursor::lock(conn)?;
        keep_layout(conn, &cursor)?;
        let project = projects::update(conn, project, settings)?;
        let mut after = Uuid::nil();
        loop {
            let piece = outputs::walk(conn, project.id, after, STEP_EVENTS)?;
            let Some(last) = piece.last() else { break };
            after = last.output_key;
            refresh(conn, &project, piece.iter().map(|output| output.output_key).collect())?;
        }
        Ok(project)
    })
}
