//! The thread that erases while a server runs.

use std::thread;
use std::time::Duration;

use diesel::pg::PgConnection;
use uuid::Uuid;

use super::erase;
use crate::fold::signal::Signal;
use crate::store::{Db, erasures as store};

/// How long to wait between two looks: another server may have been asked.
const LOOK: Duration = Duration::from_secs(2);
/// How long to wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How long to rest after a piece, in times of what it took: writers and the fold go on meanwhile.
const REST: u32 = 2;

/// Starts erasing until `stopped`. `asked` wakes it.
pub fn start(db: Db, asked: Signal, stopped: Signal) {
    thread::spawn(move || {
        let mut heard = 0;
        while !stopped.is_stopped() {
            match look(&db, &stopped) {
                Ok(()) => asked.wait(&mut heard, LOOK),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "an erasure failed and is tried again");
                    stopped.rest(AFTER_FAILURE);
                }
            }
        }
    });
}

fn look(db: &Db, stopped: &Signal) -> anyhow::Result<()> {
    if db
        .with(|conn| store::due(conn).map_err(crate::store::StoreError::from))?
        .is_empty()
    {
        return Ok(());
    }
    work(&mut db.dedicated()?, stopped)
}

/// Does all that is due. The connection ends with it, and the lock with that.
fn work(conn: &mut PgConnection, stopped: &Signal) -> anyhow::Result<()> {
    if !store::try_lock(conn)? {
        return Ok(());
    }
    let due = store::due(conn)?;
    let mut rest = |took: Duration| {
        stopped.rest(took * REST);
        !stopped.is_stopped()
    };
    for erasure in &due {
        if !erase(conn, erasure, &mut rest)? {
            return Ok(());
        }
        tracing::info!(erasure.id = %erasure.id, project = erasure.project_id, "a user is erased");
    }
    let done: Vec<Uuid> = due.iter().map(|erasure| erasure.id).collect();
    if !done.is_empty() {
        store::vacuum(conn, &done)?;
    }
    Ok(())
}
