//! Sending for a long time: as fast as the fold, or at a rate whatever the fold does.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::PgConnection;

use crate::support::database::Cluster;
use crate::support::product::Product;
use crate::support::server::{self, Server, WRITERS};

/// Events that may wait for the fold before the senders pause: a client cannot go faster than the fold for long.
const WINDOW: u64 = 100_000;
/// How often the backlog is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Events of one batch, about, and outputs that have as many.
const EVENTS: u64 = 1_000;
const OUTPUTS: u64 = 500;
/// Repeated events are those of the batch so many batches before, which was acknowledged.
const BEFORE: u64 = 2 * WRITERS as u64;
/// Outputs per second that no machine will reach.
const MOST: u64 = 100_000;
const DAYS: u32 = 30;
/// Outputs whose events the peer copies.
const COPIED: u64 = 200_000;

pub struct Stream {
    pub name: &'static str,
    /// Of a hundred events, how many were sent before.
    pub repeated: u64,
    pub shuffled: bool,
}

/// How fast the senders go.
#[derive(Clone, Copy)]
pub enum Pace {
    /// As fast as they can, no further ahead of the fold than a window.
    Fold,
    /// So many events per second.
    Rate(f64),
}

/// What was seen at the end of a quarter of the time.
pub struct Quarter {
    pub at: Duration,
    /// Events acknowledged so far, repeated ones too.
    pub sent: u64,
    /// Distinct events in the numbers so far.
    pub folded: u64,
    /// Distinct events that wait to be.
    pub backlog: u64,
    /// Megabytes of the server.
    pub memory: f64,
}

pub struct Seen {
    pub quarters: Vec<Quarter>,
    /// Events that were sent, each once.
    pub distinct: u64,
}

impl Stream {
    pub fn run(&self, server: &Server, conn: &mut PgConnection, pace: Pace, time: Duration) -> Seen {
        let product = Product::new(MOST * time.as_secs(), DAYS);
        let (next, sent, distinct) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let (pause, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let started = Instant::now();
        let sender = || {
            let mut connection = server.connect();
            while !over.load(Ordering::Relaxed) {
                if pause.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(5));
                    continue;
                }
                let number = next.fetch_add(1, Ordering::Relaxed);
                let batch = self.batch(&product, number);
                if let Pace::Rate(rate) = pace {
                    let due = Duration::from_secs_f64((number * EVENTS) as f64 / rate);
                    thread::sleep(due.saturating_sub(started.elapsed()));
                }
                connection.send(&Server::events(batch.events.join("\n").as_bytes()));
                distinct.fetch_add(batch.distinct, Ordering::Relaxed);
                sent.fetch_add(batch.events.len() as u64, Ordering::Relaxed);
            }
        };
        let mut quarters = Vec::new();
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(sender);
            }
            while quarters.len() < 4 {
                thread::sleep(LOOK);
                let folded = server::folded(conn);
                let backlog = distinct.load(Ordering::Relaxed).saturating_sub(folded);
                let ahead = matches!(pace, Pace::Fold) && backlog > WINDOW;
                pause.store(ahead, Ordering::Relaxed);
                if started.elapsed() >= time * (quarters.len() as u32 + 1) / 4 {
                    quarters.push(Quarter {
                        at: started.elapsed(),
                        sent: sent.load(Ordering::Relaxed),
                        folded,
                        backlog,
                        memory: server.memory().1,
                    });
                }
            }
            over.store(true, Ordering::Relaxed);
        });
        Seen {
            quarters,
            distinct: distinct.into_inner(),
        }
    }

    fn batch(&self, product: &Product, number: u64) -> Batch {
        let outputs = OUTPUTS * (100 - self.repeated) / 100;
        let new = |number: u64| {
            let numbers = number * outputs..(number + 1) * outputs;
            match self.shuffled {
                true => product.shuffled(numbers),
                false => product.in_order(numbers),
            }
        };
        let mut events = new(number);
        let distinct = events.len() as u64;
        let repeated = EVENTS * self.repeated / 100;
        if let Some(before) = number.checked_sub(BEFORE).filter(|_| repeated > 0) {
            events.extend(new(before).into_iter().take(repeated as usize));
        }
        Batch { events, distinct }
    }
}

/// Has a server store events of the same kind, and writes the rows that they become to a file. Gives their number.
pub fn write_rows(cluster: &Cluster, file: &Path) -> usize {
    let product = Product::new(COPIED, DAYS);
    let lines = product.in_order(0..COPIED);
    let requests: Vec<Vec<u8>> = lines
        .chunks(EVENTS as usize)
        .map(|lines| Server::events(lines.join("\n").as_bytes()))
        .collect();
    let database = cluster.database();
    Server::start(&database).send(&requests);
    database.copy_out(file);
    lines.len()
}

struct Batch {
    events: Vec<String>,
    /// How many of them were never sent before.
    distinct: u64,
}
