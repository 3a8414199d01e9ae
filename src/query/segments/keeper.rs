//! Writes segments before they are asked for, a little at a time, and removes those that changed days have left behind.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;

use crate::domain::key::ProjectId;
use crate::fold::signal::Signal;
use crate::query::Sources;
use crate::query::request::QueryError;
use crate::store::{Db, projects};

/// How long to wait between two looks. A day that changed since the last look is left for the next: it may change again.
const LOOK: Duration = Duration::from_secs(10);

/// Days with the step that touched them last, as of the last look.
type Seen = HashMap<(ProjectId, i32), i64>;

/// Starts keeping segments until the signal is stopped.
pub fn start(db: Db, sources: Arc<Sources>, signal: Signal) {
    thread::spawn(move || {
        let mut seen = Seen::new();
        while !signal.is_stopped() {
            signal.rest(LOOK);
            if let Err(error) = look(&db, &sources, &signal, &mut seen) {
                // Questions write what they need themselves.
                tracing::debug!(%error, "segments were not written");
            }
        }
    });
}

fn look(db: &Db, sources: &Sources, signal: &Signal, seen: &mut Seen) -> Result<(), QueryError> {
    for project in db.with(|conn| projects::all(conn).map_err(QueryError::from))? {
        for day in db.with(|conn| settled(conn, sources, project.id, seen))? {
            if signal.is_stopped() {
                return Ok(());
            }
            let started = Instant::now();
            db.with(|conn| write(conn, sources, project.id, day))?;
            // At most half of one core's time, and of the disk's.
            signal.rest(started.elapsed());
        }
    }
    Ok(())
}

/// The days whose segments are missing and which did not change since the last look.
fn settled(
    conn: &mut PgConnection,
    sources: &Sources,
    project: ProjectId,
    seen: &mut Seen,
) -> Result<Vec<i32>, QueryError> {
    sources.read(conn, project, |snapshot, _| {
        let view = Arc::clone(&snapshot.view);
        let conn = snapshot.conn()?;
        sources.segments.remove_older(conn, &view)?;
        let mut days = Vec::new();
        for (day, step) in view.touched(i32::MIN..i32::MAX) {
            let before = seen.insert((project, day), step);
            if before == Some(step) && !sources.segments.has(conn, project, day, step)? {
                days.push(day);
            }
        }
        Ok(days)
    })
}

fn write(conn: &mut PgConnection, sources: &Sources, project: ProjectId, day: i32) -> Result<(), QueryError> {
    sources.read(conn, project, |snapshot, _| snapshot.segment(day, None).map(|_| ()))
}
