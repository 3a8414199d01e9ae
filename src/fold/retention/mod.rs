//! What a project keeps no longer goes, a little at a time, beside whoever writes and reads.
//!
//! - Texts go from the events that brought them ([`texts`]); what was measured on them stays in the events.
//! - Events go with all others of their output ([`events`]), which is sealed then: its state stands, and what comes later is
//!   kept in the log and counted as late.
//! - Sealed outputs go ([`outputs`]), and leave their sums to the base of their day.
//! - Cases of evals that were made from outputs keep their texts as long as those do.
//!
//! No number changes by any of it. Each piece is one transaction that holds the fold's lease.

mod events;
pub mod keeper;
mod outputs;
mod texts;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::store::{evals, projects, retention as store, stalled};

/// Outputs, or events with texts, that one transaction takes. It holds up the fold for as long as it lasts.
const PIECE: i64 = 1_000;

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Expired {
    /// Events that lost their texts.
    pub texts: u64,
    /// Events that were deleted.
    pub events: u64,
    /// Outputs that were sealed.
    pub sealed: u64,
    /// Outputs that were deleted.
    pub outputs: u64,
    /// Cases of evals that lost their texts.
    pub cases: u64,
}

impl Expired {
    pub fn is_nothing(&self) -> bool {
        *self == Expired::default()
    }
}

/// Lets go of all that a project keeps no longer. After each piece, `rest` is told how long it took, and says whether to go on.
pub fn apply(
    conn: &mut PgConnection,
    project: ProjectId,
    now: DateTime<Utc>,
    rest: &mut dyn FnMut(Duration) -> bool,
) -> anyhow::Result<Expired> {
    let project = projects::find(conn, project)?;
    let retention = project.retention();
    let mut expired = Expired::default();
    // What waits for a program that can fold it may need all that is there.
    if stalled::has(conn, project.id)? {
        return Ok(expired);
    }
    if let Some(before) = retention.texts_from(now) {
        texts::strip(conn, &project, before, &mut expired, rest)?;
    }
    if let Some(before) = retention.events_from(now) {
        events::seal(conn, project.id, before, &mut expired, rest)?;
        events::expire_late(conn, project.id, before, &mut expired, rest)?;
    }
    if let Some(before) = retention.outputs_from(now) {
        outputs::forget(conn, project.id, before, &mut expired, rest)?;
    }
    if !retention.is_for_ever() {
        strip_cases(conn, project.id, &mut expired, rest)?;
    }
    Ok(expired)
}

/// Takes the texts from cases of evals whose outputs have none any more.
fn strip_cases(
    conn: &mut PgConnection,
    project: ProjectId,
    expired: &mut Expired,
    rest: &mut dyn FnMut(Duration) -> bool,
) -> anyhow::Result<()> {
    loop {
        let started = Instant::now();
        let stripped = conn.transaction(|conn| {
            let stripped = evals::strip(conn, project, PIECE)?;
            if stripped > 0 {
                projects::note_forgotten(conn, project)?;
            }
            Ok::<_, anyhow::Error>(stripped)
        })?;
        expired.cases += stripped.unsigned_abs();
        if stripped == 0 || !rest(started.elapsed()) {
            return Ok(());
        }
    }
}

/// Counts what [`apply`] would let go of, by the same rules, as of one state of the database. Cases of evals, which lose their texts with
/// their outputs, are not counted.
pub fn due(conn: &mut PgConnection, project: &projects::Project, now: DateTime<Utc>) -> anyhow::Result<Expired> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(|conn| count(conn, project, now))
}

fn count(conn: &mut PgConnection, project: &projects::Project, now: DateTime<Utc>) -> anyhow::Result<Expired> {
    let retention = project.retention();
    let mut expired = Expired::default();
    if stalled::has(conn, project.id)? {
        return Ok(expired);
    }
    if let Some(before) = retention.texts_from(now) {
        expired.texts = store::count_texts(conn, project.id, before)?.unsigned_abs();
    }
    let events_from = retention.events_from(now);
    let sealed = match events_from {
        Some(before) => events::count(conn, project.id, before, &mut expired)?,
        None => HashSet::new(),
    };
    if let Some(before) = retention.outputs_from(now) {
        let sealed: Vec<Uuid> = sealed.into_iter().collect();
        let outputs = store::count_outputs(conn, project.id, before, &sealed, events_from)?;
        expired.outputs = outputs.unsigned_abs();
    }
    Ok(expired)
}
