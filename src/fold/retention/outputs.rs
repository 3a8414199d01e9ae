//! Sealed outputs go, and leave their sums to the base of their day.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::{Expired, PIECE};
use crate::domain::key::ProjectId;
use crate::fold::difference::difference;
use crate::fold::{base, rollups};
use crate::store::{projects, ranges, retention as store};

/// Deletes the sealed outputs that were shown before an instant.
pub fn forget(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    expired: &mut Expired,
    rest: &mut dyn FnMut(Duration) -> bool,
) -> anyhow::Result<()> {
    loop {
        let started = Instant::now();
        let gone = conn.transaction(|conn| {
            ranges::lock_all(conn)?;
            let outputs = store::sealed(conn, project, before, PIECE)?;
            let keys: Vec<Uuid> = outputs.iter().map(|output| output.output_key).collect();
            let sums = difference(&[], &outputs)?;
            // The rollups stay as they are. That the days were touched is told to whoever keeps segments of them.
            let touched = sums.keys().map(|day| (*day, Vec::new())).collect();
            base::add(conn, project, sums)?;
            rollups::add(conn, project, touched)?;
            let gone = store::forget(conn, project, &keys)?;
            if gone > 0 {
                projects::note_forgotten(conn, project)?;
            }
            Ok::<_, anyhow::Error>(gone)
        })?;
        expired.outputs += gone as u64;
        if gone == 0 || !rest(started.elapsed()) {
            return Ok(());
        }
    }
}
