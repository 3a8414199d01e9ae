//! What is held in memory of a project goes when something of it was erased, or is kept no longer.
//!
//! Nothing of that is given out any more from the transaction on in which it goes, since answers and files are looked up by the
//! project's state. This frees them, on each server.

use std::thread;
use std::time::Duration;

use actix_web::web;

use crate::fold::signal::Signal;
use crate::state::AppState;
use crate::store::{StoreError, projects};

/// How long to wait between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// Starts forgetting until the signal is stopped.
pub fn start(state: web::Data<AppState>, signal: Signal) {
    thread::spawn(move || {
        while !signal.is_stopped() {
            signal.rest(LOOK);
            if let Err(error) = look(&state) {
                tracing::debug!(%error, "what may be forgotten could not be looked up, and is looked up again");
            }
        }
    });
}

fn look(state: &AppState) -> Result<(), StoreError> {
    if state.answers.is_empty() {
        return Ok(());
    }
    let forgotten = state
        .db
        .with(|conn| projects::forgotten(conn).map_err(StoreError::from))?;
    state.answers.forget(&forgotten.into_iter().collect());
    Ok(())
}
