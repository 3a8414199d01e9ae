//! Group commit: requests that wait at the same time share one statement and one commit.
//!
//! A request is answered after its events are on disk. The queue is bounded by requests and by bytes; a full one refuses
//! at once, so that memory stays bounded and the client knows to come back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use diesel::pg::PgConnection;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::append::{FEW, Stored, append};
use super::limits;
use crate::domain::key::ProjectId;
use crate::fold::signal::Signal;
use crate::store::append::NewEvent;
use crate::store::rejections::Rejection;
use crate::store::{Db, StoreError};

/// Threads that write batches to the log: one copies while the other waits for its commit to reach the disk. Requests of few
/// events have one writer of their own, so that no batch holds them up; a second one would only halve what commits share.
const BATCH_WRITERS: usize = 2;

#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error("too many events are waiting to be written")]
    Overloaded,
    #[error(transparent)]
    Store(#[from] StoreError),
}

struct Submission {
    events: Vec<NewEvent>,
    rejections: Vec<Rejection>,
    bytes: usize,
    reply: oneshot::Sender<Result<Vec<Stored>, CommitError>>,
}

/// The way into the log. Clones share the queues.
#[derive(Clone)]
pub struct Committer {
    few: SyncSender<Submission>,
    batches: SyncSender<Submission>,
    queued_bytes: Arc<AtomicUsize>,
}

impl Committer {
    /// Starts the writers. They end when the last clone is dropped.
    pub fn start(db: &Db, folded: &Signal) -> Committer {
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let queue = |writers: usize| {
            let (queue, waiting) = sync_channel(limits::QUEUED_REQUESTS);
            let waiting = Arc::new(Mutex::new(waiting));
            for _ in 0..writers {
                let writer = Writer {
                    db: db.clone(),
                    conn: None,
                    waiting: Arc::clone(&waiting),
                    queued_bytes: Arc::clone(&queued_bytes),
                    written: folded.clone(),
                    expects_known: false,
                };
                thread::spawn(move || writer.run());
            }
            queue
        };
        Committer {
            few: queue(1),
            batches: queue(BATCH_WRITERS),
            queued_bytes,
        }
    }

    /// Stores events, and counts what was refused. Gives one outcome per event when they are durable.
    pub async fn store(&self, events: Vec<NewEvent>, rejected: Vec<Rejection>) -> Result<Vec<Stored>, CommitError> {
        let reply = self.enqueue(events, rejected)?;
        reply.await.unwrap_or_else(|_| Err(writer_gone()))
    }

    /// As [`Committer::store`], for callers outside an async runtime.
    pub fn store_blocking(&self, events: Vec<NewEvent>) -> Result<Vec<Stored>, CommitError> {
        let reply = self.enqueue(events, Vec::new())?;
        reply.blocking_recv().unwrap_or_else(|_| Err(writer_gone()))
    }

    fn enqueue(
        &self,
        events: Vec<NewEvent>,
        rejections: Vec<Rejection>,
    ) -> Result<oneshot::Receiver<Result<Vec<Stored>, CommitError>>, CommitError> {
        let bytes = events
            .iter()
            .map(|event| event.body.len() + size_of::<NewEvent>())
            .sum();
        if self.queued_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > limits::QUEUED_BYTES {
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(CommitError::Overloaded);
        }
        let (reply, outcome) = oneshot::channel();
        let queue = if events.len() > FEW { &self.batches } else { &self.few };
        queue
            .try_send(Submission {
                events,
                rejections,
                bytes,
                reply,
            })
            .map_err(|error| {
                self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                match error {
                    TrySendError::Full(_) => CommitError::Overloaded,
                    TrySendError::Disconnected(_) => writer_gone(),
                }
            })?;
        Ok(outcome)
    }
}

fn writer_gone() -> CommitError {
    CommitError::Store(StoreError::Unavailable("the log's writer has ended".to_owned()))
}

struct Writer {
    db: Db,
    conn: Option<PgConnection>,
    waiting: Arc<Mutex<Receiver<Submission>>>,
    queued_bytes: Arc<AtomicUsize>,
    written: Signal,
    /// The last batch met known ids, so the next one looks first.
    expects_known: bool,
}

impl Writer {
    fn run(mut self) {
        while let Some(group) = self.next_group() {
            let events: Vec<&NewEvent> = group.iter().flat_map(|submission| &submission.events).collect();
            let refused = merge_rejections(group.iter().flat_map(|submission| &submission.rejections));
            let outcome = self.write(&events, &refused);
            self.written.ring();
            let bytes = group.iter().map(|submission| submission.bytes).sum();
            self.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            answer(group, outcome);
        }
    }

    /// Waits for a submission, then takes all that wait with it. `None` when no one can submit any more.
    fn next_group(&self) -> Option<Vec<Submission>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let first = waiting.recv().ok()?;
        let mut events = first.events.len();
        let mut group = vec![first];
        while events < limits::COMMIT_EVENTS {
            let Ok(next) = waiting.try_recv() else { break };
            events += next.events.len();
            group.push(next);
        }
        Some(group)
    }

    /// Writes a group. A connection that was kept may have broken since its last use; then a new one gets one try. Should
    /// the first try have been committed after all, the second finds its events and calls them duplicates.
    fn write(&mut self, events: &[&NewEvent], refused: &[Rejection]) -> Result<Vec<Stored>, StoreError> {
        let kept = self.conn.is_some();
        let mut outcome = self.try_write(events, refused);
        if kept && matches!(outcome, Err(StoreError::Unavailable(_))) {
            outcome = self.try_write(events, refused);
        }
        outcome
    }

    fn try_write(&mut self, events: &[&NewEvent], refused: &[Rejection]) -> Result<Vec<Stored>, StoreError> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            None => {
                let opened = self
                    .db
                    .dedicated()
                    .map_err(|error| StoreError::Unavailable(format!("{error:#}")))?;
                self.conn.insert(opened)
            }
        };
        let outcome = append(conn, events, refused, &mut self.expects_known);
        if outcome.is_err() {
            self.conn = None;
        }
        outcome
    }
}

fn merge_rejections<'a>(rejections: impl Iterator<Item = &'a Rejection>) -> Vec<Rejection> {
    let mut merged: HashMap<(ProjectId, Uuid, i32, &str), i64> = HashMap::new();
    for rejection in rejections {
        *merged
            .entry((rejection.project_id, rejection.key_id, rejection.hour, &rejection.code))
            .or_default() += rejection.events;
    }
    merged
        .into_iter()
        .map(|((project_id, key_id, hour, code), events)| Rejection {
            project_id,
            key_id,
            hour,
            code: code.to_owned(),
            events,
        })
        .collect()
}

fn answer(group: Vec<Submission>, outcome: Result<Vec<Stored>, StoreError>) {
    match outcome {
        Ok(stored) => {
            let mut stored = stored.into_iter();
            for submission in group {
                let own = stored.by_ref().take(submission.events.len()).collect();
                // A client that went away does not wait for its answer.
                let _ = submission.reply.send(Ok(own));
            }
        }
        Err(error) => {
            let told = || match &error {
                StoreError::Unavailable(cause) => StoreError::Unavailable(cause.clone()),
                StoreError::Full(cause) => StoreError::Full(cause.clone()),
                other => StoreError::Unavailable(other.to_string()),
            };
            for submission in group {
                let _ = submission.reply.send(Err(told().into()));
            }
        }
    }
}
