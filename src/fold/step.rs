//! One step of the fold: a piece of the log becomes outputs and rollups, in one transaction with the log position.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::pg::PgConnection;
use diesel::{Connection, QueryResult};
use uuid::Uuid;

use super::difference::difference;
use super::history::History;
use super::link::Links;
use super::resolve::{Resolved, resolve};
use super::rollups;
use super::stall;
use crate::domain::key::ProjectId;
use crate::metrics;
use crate::store::cursor::{self, Cursor};
use crate::store::events::{LogEntry, LoggedEvent};
use crate::store::outputs::{self, Output};
use crate::store::projects::{self, Project};
use crate::store::{cells, events, opinions, rollups as stored, stalled, texts};

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
            let late = stall::retry(conn, &cursor)?;
            let stalled = stall::projects(conn)?;
            let next = advance(conn, &cursor, |conn, project, events| {
                if stalled.contains(&project) {
                    // They are folded from the project's own place, when it can be folded again.
                    return Ok(());
                }
                stall::attempt(conn, &cursor, project, events)
            })?;
            Ok(match next {
                Step::Idle if late > 0 => Step::Folded(late),
                other => other,
            })
        }
    })
}

/// Merges rollups while there is nothing to fold. Gives how many days were merged.
pub fn tidy(conn: &mut PgConnection) -> anyhow::Result<usize> {
    conn.transaction(|conn| match cursor::try_lock(conn)? {
        None => Ok(0),
        Some(_) => rollups::tidy(conn),
    })
}

/// Hands what follows the cursor to `fold`, project by project, and moves the cursor. The caller's transaction holds it.
fn advance(
    conn: &mut PgConnection,
    cursor: &Cursor,
    fold: impl Fn(&mut PgConnection, ProjectId, Vec<LoggedEvent>) -> anyhow::Result<()>,
) -> anyhow::Result<Step> {
    let entries = events::follow(conn, cursor.position(), STEP_EVENTS)?;
    let Some(to) = entries.last().map(LogEntry::position) else {
        return Ok(Step::Idle);
    };
    let folded = entries.len();
    let mut by_project: BTreeMap<ProjectId, Vec<LoggedEvent>> = BTreeMap::new();
    for entry in entries {
        by_project.entry(entry.project_id).or_default().push(entry.event);
    }
    for (project, events) in by_project {
        fold(conn, project, events)?;
    }
    cursor::advance(conn, to)?;
    Ok(Step::Folded(folded))
}

/// Folds the next events of one project.
pub fn fold_project(conn: &mut PgConnection, project: ProjectId, events: Vec<LoggedEvent>) -> anyhow::Result<()> {
    let project = projects::find(conn, project)?;
    projects::add_folded(conn, project.id, events.len() as i64)?;
    let touched = events.iter().map(|event| event.output_key).collect();
    refresh(conn, &project, touched, events)
}

/// Recomputes some outputs from all of their events, and moves the rollups by the difference. `arrived` are the events of
/// the touched outputs that were not folded before.
fn refresh(
    conn: &mut PgConnection,
    project: &Project,
    touched: HashSet<Uuid>,
    arrived: Vec<LoggedEvent>,
) -> anyhow::Result<()> {
    let links = Links::around(conn, project.id, touched)?;
    let old = outputs::of_keys(conn, project.id, &links.keys)?;
    let known: Vec<Uuid> = old.iter().map(|output| output.output_key).collect();
    let logged = complete(conn, project.id, &links, &known, arrived)?;
    let history = History::new(project.id, logged, &links)?;
    let resolved = resolve(project, &history)?;
    opinions::replace(
        conn,
        project.id,
        &known,
        resolved.iter().flat_map(|state| &state.opinions),
    )?;
    let new = number_cells(conn, project.id, resolved)?;

    let (new_outputs, new_texts): (Vec<Output>, Vec<texts::Texts>) = new.into_iter().unzip();
    texts::replace(conn, project.id, &known, &new_texts)?;
    let (old, new_outputs) = changed(old, new_outputs);
    let gone: Vec<Uuid> = old.iter().map(|output| output.output_key).collect();
    let change = difference(&old, &new_outputs)?;
    outputs::replace(conn, project.id, &gone, &new_outputs)?;
    rollups::add(conn, project.id, change)
}

/// All events of the outputs. An output that has no state and no tie to other names was never folded before, so that what
/// arrived now is all there is of it; only of the others the log is asked.
fn complete(
    conn: &mut PgConnection,
    project: ProjectId,
    links: &Links,
    known: &[Uuid],
    mut arrived: Vec<LoggedEvent>,
) -> QueryResult<Vec<LoggedEvent>> {
    let known: HashSet<Uuid> = known.iter().copied().collect();
    let is_new = |key: &Uuid| !known.contains(key) && !links.is_tied(*key);
    let earlier: Vec<Uuid> = links.keys.iter().copied().filter(|key| !is_new(key)).collect();
    arrived.retain(|event| is_new(&event.output_key));
    if !earlier.is_empty() {
        arrived.extend(events::of_outputs(conn, project, &earlier)?);
    }
    Ok(arrived)
}

/// Leaves out the states that are in both.
fn changed(mut old: Vec<Output>, mut new: Vec<Output>) -> (Vec<Output>, Vec<Output>) {
    let before: HashMap<Uuid, &Output> = old.iter().map(|output| (output.output_key, output)).collect();
    let same: HashSet<Uuid> = new
        .iter()
        .filter(|output| before.get(&output.output_key).is_some_and(|before| before == output))
        .map(|output| output.output_key)
        .collect();
    old.retain(|output| !same.contains(&output.output_key));
    new.retain(|output| !same.contains(&output.output_key));
    (old, new)
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
        stalled::clear(conn)?;
        cursor::set_layout(conn, &metrics::layout())?;
        cursor::advance(conn, events::Position::default())?;
        let mut cursor = Cursor {
            tx: 0,
            ordinal: 0,
            ..cursor
        };
        let mut folded = 0;
        while let Step::Folded(entries) = advance(conn, &cursor, fold_project)? {
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
            let touched = piece.iter().map(|output| output.output_key).collect();
            refresh(conn, &project, touched, Vec::new())?;
        }
        Ok(project)
    })
}
