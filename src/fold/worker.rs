//! The thread that keeps the fold up with the log. Any number of processes on one database may have one: they share the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::rollups::tidy;
use super::signal::Signal;
use super::step::{Step, step};
use crate::store::{Db, ranges};

/// How long to wait before looking at the log unasked: other processes write to it too.
const UNASKED: Duration = Duration::from_millis(200);
/// How long to wait for the oldest running transaction, when the bell rang but nothing was complete.
const INCOMPLETE: Duration = Duration::from_millis(5);
/// How long to wait after a step that emptied the log, in times of what the step took, and no less and no more than this. A
/// step costs about as much for ten events as for a thousand, so that gathering leaves the machine to whoever sends them; a
/// full step is followed by the next at once.
const GATHERING: u32 = 3;
const LEAST_GATHERING: Duration = Duration::from_millis(40);
const MOST_GATHERING: Duration = Duration::from_millis(250);
/// How long to wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Starts folding until the signal is stopped.
pub fn start(db: Db, signal: Signal) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut told = String::new();
        while !signal.is_stopped() {
            // The fold must outlive whatever one step meets, or numbers would stand still in silence.
            let outcome = catch_unwind(AssertUnwindSafe(|| follow(&db, &signal)));
            let failure = match outcome {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => format!("{error:#}"),
                Err(_) => "a panic".to_owned(),
            };
            // Each failure is told once, not with every try.
            if failure != told {
                tracing::error!(error = failure, "the fold failed and is tried again");
                told = failure;
            }
            thread::sleep(AFTER_FAILURE);
        }
    })
}

fn follow(db: &Db, signal: &Signal) -> anyhow::Result<()> {
    let mut conn = db.dedicated()?;
    ranges::join(&mut conn)?;
    let mut pause = UNASKED;
    while !signal.is_stopped() {
        let started = Instant::now();
        match step(&mut conn)? {
            Step::Folded { more, .. } => {
                pause = INCOMPLETE;
                if !more {
                    signal.rest((started.elapsed() * GATHERING).clamp(LEAST_GATHERING, MOST_GATHERING));
                }
            }
            Step::Idle if pause == UNASKED && tidy(&mut conn)? > 0 => {}
            Step::Idle => {
                signal.wait(pause);
                pause = UNASKED;
            }
            // The bell tells nothing of who holds the ranges, and asking costs as much as a small step.
            Step::Elsewhere => signal.rest(UNASKED),
        }
    }
    Ok(())
}

/// Folds until the log has nothing more, for commands that do not serve.
pub fn catch_up(db: &Db) -> anyhow::Result<usize> {
    let mut conn = db.dedicated()?;
    ranges::join(&mut conn)?;
    let mut folded = 0;
    loop {
        match step(&mut conn)? {
            Step::Folded { entries, .. } => folded += entries,
            Step::Idle => return Ok(folded),
            Step::Elsewhere => thread::sleep(UNASKED),
        }
    }
}
