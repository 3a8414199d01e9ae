//! The thread that applies retention while a server runs.

use std::thread;
use std::time::Duration;

use chrono::Utc;
use diesel::pg::PgConnection;

use super::{Expired, apply};
use crate::domain::clock;
use crate::fold::signal::Signal;
use crate::store::{Db, projects, rejections, retention as store};

/// How long after a start the first look is, and how long to wait between two.
const FIRST: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_secs(3_600);
/// How long to rest after a piece, in times of what it took, and at least: the fold goes on meanwhile.
const REST: u32 = 3;
const LEAST_REST: Duration = Duration::from_millis(50);

/// Starts applying retention until the signal is stopped.
pub fn start(db: Db, signal: Signal) {
    thread::spawn(move || {
        signal.rest(FIRST);
        while !signal.is_stopped() {
            let outcome = db.dedicated().and_then(|mut conn| look(&mut conn, &signal));
            if let Err(error) = outcome {
                tracing::error!(
                    error = format!("{error:#}"),
                    "retention failed and is tried again in an hour"
                );
            }
            signal.rest(LOOK);
        }
    });
}

fn look(conn: &mut PgConnection, signal: &Signal) -> anyhow::Result<()> {
    // One server at a time; the connection ends with the look, and the lock with it.
    if !store::try_lock(conn)? {
        return Ok(());
    }
    rejections::forget(conn, clock::hour_of(Utc::now()) - 24 * rejections::KEPT_DAYS)?;
    for project in projects::all(conn)? {
        if project.retention().is_for_ever() {
            continue;
        }
        let mut rest = |took: Duration| {
            signal.rest((took * REST).max(LEAST_REST));
            !signal.is_stopped()
        };
        let expired = apply(conn, project.id, Utc::now(), &mut rest)?;
        if !expired.is_nothing() {
            let Expired {
                texts,
                events,
                sealed,
                outputs,
                cases,
            } = expired;
            tracing::info!(
                project = project.id,
                texts,
                events,
                sealed,
                outputs,
                cases,
                "what is kept no longer has gone"
            );
        }
        if signal.is_stopped() {
            break;
        }
    }
    Ok(())
}
