//! The threads that keep the fold up with the log. Any number of processes on one database may have some: they share the log.

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
const MOST_GATHERING: Duration = Duration::from_millis(150);
/// How long to wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// A process has a worker for so many cores, that the others are left to whoever sends and asks.
const CORES_EACH: usize = 2;
/// How many workers a process has at most: while one writes what it computed, the other computes. More would wait for each
/// other at the rows of the same project.
const MOST_WORKERS: usize = 2;

/// The workers of a process.
pub struct Workers(Vec<JoinHandle<()>>);

impl Workers {
    /// Starts folding until the signal is stopped.
    pub fn start(db: &Db, signal: &Signal) -> Workers {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let workers = (cores / CORES_EACH).clamp(1, MOST_WORKERS);
        let threads = (0..workers).map(|_| start(db.clone(), signal.clone()));
        Workers(threads.collect())
    }

    /// Waits until the steps that they are at when the signal is stopped are done.
    pub fn join(self) {
        for thread in self.0 {
            if thread.join().is_err() {
                tracing::error!("the fold ended in a panic");
            }
        }
    }
}

fn start(db: Db, signal: Signal) -> JoinHandle<()> {
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
    let mut heard = 0;
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
                signal.wait(&mut heard, pause);
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
