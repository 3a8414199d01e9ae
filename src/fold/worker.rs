//! The thread that keeps the fold up with the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::signal::Signal;
use super::step::{STEP_EVENTS, Step, step};
use crate::store::Db;

/// How long to wait before looking at the log unasked: other processes write to it too.
const UNASKED: Duration = Duration::from_millis(200);
/// How long to wait for the oldest running transaction, when the bell rang but nothing was complete.
const INCOMPLETE: Duration = Duration::from_millis(5);
/// How long to wait after a step that emptied the log. A step costs about as much for ten events as for a thousand, so that
/// gathering leaves the machine to whoever sends them; a full step is followed by the next at once.
const GATHERING: Duration = Duration::from_millis(40);
/// How long to wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// How often the log tells of failures.
const TELL_AGAIN: Duration = Duration::from_secs(10);

/// Starts folding until the signal is stopped.
pub fn start(db: Db, signal: Signal) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut told: Option<Instant> = None;
        while !signal.is_stopped() {
            // The fold must outlive whatever one step meets, or numbers would stand still in silence.
            let outcome = catch_unwind(AssertUnwindSafe(|| follow(&db, &signal)));
            match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(_)) if told.is_some_and(|told| told.elapsed() < TELL_AGAIN) => {}
                Ok(Err(error)) => {
                    told = Some(Instant::now());
                    tracing::error!(error = format!("{error:#}"), "the fold failed and starts again");
                }
                Err(_) => tracing::error!("the fold ended in a panic and starts again"),
            }
            thread::sleep(AFTER_FAILURE);
        }
    })
}

fn follow(db: &Db, signal: &Signal) -> anyhow::Result<()> {
    let mut conn = db.dedicated()?;
    let mut pause = UNASKED;
    while !signal.is_stopped() {
        match step(&mut conn)? {
            Step::Folded(entries) => {
                pause = INCOMPLETE;
                if (entries as i64) < STEP_EVENTS {
                    signal.rest(GATHERING);
                }
            }
            Step::Idle | Step::Elsewhere => {
                signal.wait(pause);
                pause = UNASKED;
            }
        }
    }
    Ok(())
}

/// Folds until the log has nothing more, for commands that do not serve.
pub fn catch_up(db: &Db) -> anyhow::Result<usize> {
    let mut conn = db.dedicated()?;
    let mut folded = 0;
    loop {
        match step(&mut conn)? {
            Step::Folded(entries) => folded += entries,
            Step::Idle => return Ok(folded),
            Step::Elsewhere => thread::sleep(UNASKED),
        }
    }
}
