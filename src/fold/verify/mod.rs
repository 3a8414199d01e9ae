//! Are outputs and rollups what the log says? Everything is computed anew and compared, in one snapshot, beside whoever
//! writes meanwhile.
//!
//! An output with entries after the log position is not compared: the fold has seen some of them, and will come to it
//! again in any case. Its share of the rollups is checked like that of any other.

mod outputs;
mod rollups;

use diesel::pg::PgConnection;
use serde::Serialize;
use uuid::Uuid;

use crate::store::cursor::{self, Cursor};
use crate::store::projects::{self, Project};
use crate::store::{audit, cells, stalled};

/// Outputs that are in memory at the same time.
const PIECE: i64 = 5_000;
/// Differences of a project that are listed; all are counted.
const LISTED: usize = 20;

/// Something that is not what the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    /// The project counts another number of folded events than its log has up to the position.
    LogPosition { stored: i64, counted: i64 },
    /// Events tell of an output that has no row.
    OutputMissing { output_id: String },
    /// An output, or texts of one, or opinions on one, of which no event tells. Named by its key if its name is lost.
    OutputWithoutEvents { output_id: String },
    /// Fields that say something else than the events.
    OutputDiffers {
        output_id: String,
        fields: Vec<&'static str>,
    },
    /// Sums that are not those of the outputs.
    RollupDiffers { row: String, sums: Vec<String> },
}

/// What was checked of one project, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub project: String,
    /// Log entries up to the position.
    pub events: i64,
    /// Log entries after it.
    pub waiting_events: i64,
    /// Outputs that were compared, with their texts.
    pub outputs: u64,
    /// Outputs that were not, because of waiting entries.
    pub waiting_outputs: u64,
    /// Rows of rollups that were compared. `None` when another version of the program wrote them: the server computes them
    /// anew at its next start.
    pub rollup_rows: Option<u64>,
    /// How many differences there are.
    pub differences: u64,
    /// The first of them.
    pub listed: Vec<Difference>,
}

impl Checked {
    fn found(&mut self, difference: Difference) {
        self.differences += 1;
        if self.listed.len() < LISTED {
            self.listed.push(difference);
        }
    }
}

/// Checks all projects. `progress` is told how many log entries are done with.
pub fn verify(conn: &mut PgConnection, mut progress: impl FnMut(u64)) -> anyhow::Result<Vec<Checked>> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let cursor = cursor::read(conn)?;
        let mut done = 0;
        let mut all = Vec::new();
        for project in projects::all(conn)? {
            let checked = check(conn, &cursor, &project, &mut |entries| {
                done += entries;
                progress(done);
            })?;
            all.push(checked);
        }
        Ok(all)
    })
}

fn check(
    conn: &mut PgConnection,
    cursor: &Cursor,
    project: &Project,
    advance: &mut impl FnMut(u64),
) -> anyhow::Result<Checked> {
    let mut checked = Checked {
        project: project.name.clone(),
        ..Checked::default()
    };
    let cells = cells::of_project(conn, project.id)?;
    let numbers = cells.into_iter().map(|(number, cell)| (cell, number)).collect();
    // A project that cannot be folded waits behind the others.
    let position = stalled::find(conn, project.id)?.map_or(cursor.position(), |stalled| stalled.position());
    let mut after = Uuid::nil();
    loop {
        let piece = audit::keys(conn, project.id, after, PIECE)?;
        let Some(last) = piece.last() else { break };
        after = *last;
        let before = checked.events;
        outputs::check(conn, project, position, &numbers, &piece, &mut checked)?;
        advance((checked.events - before).unsigned_abs());
    }
    if checked.events != project.folded_events {
        checked.found(Difference::LogPosition {
            stored: project.folded_events,
            counted: checked.events,
        });
    }
    rollups::check(conn, cursor, project.id, &mut checked)?;
    Ok(checked)
}
