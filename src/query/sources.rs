//! Where answers come from: what is kept of the rollups in memory, and of the outputs in files.

use diesel::pg::PgConnection;

use super::request::QueryError;
use super::rollups::Rollups;
use super::segments::Segments;
use super::snapshot::Snapshot;
use crate::domain::key::ProjectId;
use crate::store::projects::{self, Project};

/// Shared by all questions.
#[derive(Default)]
pub struct Sources {
    pub rollups: Rollups,
    pub segments: Segments,
}

impl Sources {
    pub fn new(segments: Segments) -> Sources {
        Sources {
            rollups: Rollups::default(),
            segments,
        }
    }

    /// Reads one state of a project, in a transaction that changes nothing.
    pub fn read<T>(
        &self,
        conn: &mut PgConnection,
        project: ProjectId,
        read: impl FnOnce(&mut Snapshot, &Project) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        conn.build_transaction().read_only().repeatable_read().run(|conn| {
            let project = projects::find(conn, project)?;
            read(&mut Snapshot::new(conn, self, &project)?, &project)
        })
    }
}
