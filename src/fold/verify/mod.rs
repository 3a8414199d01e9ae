//! Are outputs and rollups what the log says? Everything is computed anew and compared, in one snapshot, beside whoever
//! writes meanwhile.
//!
//! An output with entries that are not folded yet is not compared: the fold has seen some of them, and will come to it
//! again in any case. Its share of the rollups is checked like that of any other.

mod outputs;
mod rollups;

use diesel::pg::PgConnection;
use serde::Serialize;
use uuid::Uuid;

use crate::store::projects::{self, Project};
use crate::store::{audit, cells, fold_state, late};

/// Outputs that are in memory at the same time.
const PIECE: i64 = 5_000;
/// Differences of a project that are listed; all are counted.
const LISTED: usize = 20;

/// Something that is not what the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Difference {
    /// The project counts another number of folded events than its log has up to where it is folded.
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
    /// Another number of events that came too late than the log has.
    LateEvents { stored: i64, counted: i64 },
    /// Sums that are not those of the outputs.
    RollupDiffers { row: String, sums: Vec<String> },
}

/// What was checked of one project, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    pub project: String,
    /// Log entries that are folded.
    pub events: i64,
    /// Log entries that are not.
    pub waiting_events: i64,
    /// Outputs that were compared, with their texts.
    pub outputs: u64,
    /// Outputs that were not, because of waiting entries.
    pub waiting_outputs: u64,
    /// Outputs whose events are gone: their states stand, and are counted in the rollups.
    pub sealed_outputs: u64,
    /// Log entries that count no more, since their outputs are sealed.
    pub late_events: i64,
    /// Folded events that are no longer in the log.
    pub expired_events: i64,
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
        let layout = fold_state::layout(conn)?;
        let mut done = 0;
        let mut all = Vec::new();
        for project in projects::all(conn)? {
            let checked = check(conn, &layout, &project, &mut |entries| {
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
    layout: &[String],
    project: &Project,
    advance: &mut impl FnMut(u64),
) -> anyhow::Result<Checked> {
    let mut checked = Checked {
        project: project.name.clone(),
        expired_events: project.expired_events,
        ..Checked::default()
    };
    let cells = cells::of_project(conn, project.id)?;
    let numbers = cells.into_iter().map(|(number, cell)| (cell, number)).collect();
    let mut after = Uuid::nil();
    loop {
        let piece = audit::keys(conn, project.id, after, PIECE)?;
        let Some(last) = piece.last() else { break };
        after = *last;
        let before = checked.events;
        outputs::check(conn, project, &numbers, &piece, &mut checked)?;
        advance((checked.events - before).unsigned_abs());
    }
    if checked.events + checked.expired_events != project.folded_events {
        checked.found(Difference::LogPosition {
            stored: project.folded_events,
            counted: checked.events + checked.expired_events,
        });
    }
    let late = late::count(conn, project.id)?;
    // Of waiting events nobody knows yet that they are late.
    if checked.waiting_events == 0 && checked.late_events != late {
        checked.found(Difference::LateEvents {
            stored: late,
            counted: checked.late_events,
        });
    }
    rollups::check(conn, layout, project.id, &mut checked)?;
    Ok(checked)
}
