//! Segments: the outputs of a project's UTC day as a file of columns.
//!
//! What rollups cannot answer is computed from the outputs: sums of each user, n-th exposures, exact quantiles. Reading them as
//! columns from a file costs a fraction of reading them as rows from the database. A segment is named by the step of the fold that
//! last touched its day, so that a question never reads an older or a newer state than its own. Segments can be deleted at any
//! time; they are written again when they are needed.

mod files;
pub mod keeper;

use std::path::PathBuf;

use diesel::pg::PgConnection;
use polars::prelude::*;

use self::files::Files;
use super::request::QueryError;
use super::view::View;
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::fold::facts;
use crate::store::outputs;

/// Bytes of segments that are kept on disk.
pub const MOST_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// Outputs that are held as rows at once while their columns are made.
const ROWS: usize = 8_192;

/// The segments of all projects. Without a folder, nothing is kept.
#[derive(Default)]
pub struct Segments {
    files: Option<Files>,
}

impl Segments {
    /// Kept in a folder, which may be deleted while it is in use.
    pub fn in_folder(folder: PathBuf, most_bytes: u64) -> Segments {
        Segments {
            files: Some(Files::new(folder, most_bytes)),
        }
    }

    /// The stated facts of the linked outputs of a UTC day, in the order in which they were shown; of all columns, or of some.
    /// The caller's transaction sees the state of the view.
    pub fn day(
        &self,
        conn: &mut PgConnection,
        view: &View,
        day: i32,
        columns: Option<&[&str]>,
    ) -> Result<DataFrame, QueryError> {
        let Some((_, step)) = view.touched(day..day + 1).next() else {
            return Ok(facts::stated(&[])?);
        };
        let key = files::Key {
            project: view.project,
            day,
            step,
        };
        let stored = match &self.files {
            Some(files) => files.read(conn, key, columns)?,
            None => None,
        };
        if let Some(frame) = stored {
            return Ok(frame);
        }
        let mut frame = facts::stated(&[])?;
        let times = clock::midnight(day)..clock::midnight(day + 1);
        outputs::each_shown_between(conn, view.project, times, ROWS, |some| -> Result<(), QueryError> {
            frame.vstack_mut(&facts::stated(&some.iter().collect::<Vec<_>>())?)?;
            Ok(())
        })?;
        frame.rechunk_mut();
        if let Some(files) = &self.files {
            files.write(conn, key, &mut frame)?;
        }
        Ok(match columns {
            Some(columns) => frame.select(columns.iter().copied())?,
            None => frame,
        })
    }

    /// Removes what is older than a view.
    fn remove_older(&self, conn: &mut PgConnection, view: &View) -> Result<(), QueryError> {
        let Some(files) = &self.files else { return Ok(()) };
        let touched = view.touched(i32::MIN..i32::MAX).collect();
        files.remove_older(conn, view.project, &touched)
    }

    /// Whether the segment of a day is there as of a step.
    fn has(&self, conn: &mut PgConnection, project: ProjectId, day: i32, step: i64) -> Result<bool, QueryError> {
        let key = files::Key { project, day, step };
        self.files.as_ref().map_or(Ok(true), |files| files.has(conn, key))
    }
}
