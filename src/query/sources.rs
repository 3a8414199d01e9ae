//! Where answers come from: what is kept of the rollups in memory, and of the outputs in files.

use std::sync::Arc;
use std::time::Instant;

use diesel::pg::PgConnection;

use super::request::{Query, QueryError};
use super::rollups::Rollups;
use super::segments::Segments;
use super::snapshot::Snapshot;
use super::wanted::{Waiting, Wanted};
use super::{dimensions, plan};
use crate::domain::key::ProjectId;
use crate::domain::window::Window;
use crate::store::projects::{self, Project};

/// Shared by all questions; clones share what is kept.
#[derive(Clone, Default)]
pub struct Sources {
    pub rollups: Arc<Rollups>,
    pub segments: Arc<Segments>,
    /// `None` where no one waits for an answer.
    wanted: Option<Wanted>,
}

impl Sources {
    pub fn new(segments: Segments) -> Sources {
        Sources {
            segments: Arc::new(segments),
            ..Sources::default()
        }
    }

    /// The same for one question, until a time or until nobody waits for its answer any more.
    pub fn wanted_until(&self, until: Instant) -> (Sources, Waiting) {
        let (wanted, waiting) = Wanted::until(until);
        let sources = Sources {
            wanted: Some(wanted),
            ..self.clone()
        };
        (sources, waiting)
    }

    /// That the answer is still wanted: for computations to ask where a piece of them is done.
    pub fn check(&self) -> Result<(), QueryError> {
        self.wanted.as_ref().map_or(Ok(()), Wanted::check)
    }

    /// Reads the state that a question is about, in the range that it means. Refuses dimensions that the project does not have.
    pub fn asked<T>(
        &self,
        conn: &mut PgConnection,
        query: &Query,
        read: impl FnOnce(&mut Snapshot, &Project, Window) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        self.read(conn, query.project, |snapshot, project| {
            dimensions::check(query, project)?;
            let window = plan::window(snapshot, query)?;
            read(snapshot, project, window)
        })
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
