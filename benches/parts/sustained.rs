//! How many events per second become numbers for as long as they keep coming: with events that come twice, and in no order.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::prelude::*;

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::product::Product;
use crate::support::server::{self, Server, WRITERS};
use crate::support::table::Table;

/// Events that may wait for the fold before the senders pause: a client cannot go faster than this for long.
const WINDOW: u64 = 100_000;
/// How often the backlog is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Outputs of one batch without repeated events, of about two events each.
const OUTPUTS: u64 = 500;
/// Repeated events are those of the batch so many batches before, which was acknowledged.
const BEFORE: u64 = 2 * WRITERS as u64;
/// Outputs per second that no machine will reach.
const MOST: u64 = 100_000;
/// Rows of the log that the peer copies at most.
const COPIED: u64 = 1_000_000;

const COPY: &str = "psql \\copy of the same rows, 1 process";

struct Stream {
    name: &'static str,
    /// Of a hundred events, how many were sent before.
    repeated: u64,
    shuffled: bool,
}

const STREAMS: [Stream; 4] = [
    Stream {
        name: "in order",
        repeated: 0,
        shuffled: false,
    },
    Stream {
        name: "in order, 5 % repeated",
        repeated: 5,
        shuffled: false,
    },
    Stream {
        name: "in order, 50 % repeated",
        repeated: 50,
        shuffled: false,
    },
    Stream {
        name: "shuffled over 30 days, 5 % repeated",
        repeated: 5,
        shuffled: true,
    },
];

pub fn prepare<'a>(bench: &'a Bench, _: &mut Table) -> Measurement<'a> {
    bench.cluster();
    Box::new(move |table| {
        let seconds = bench.settings.sustained;
        table.part(format!("sustained: acknowledged and folded for {seconds} s"));
        for stream in &STREAMS {
            stream.measure(bench, Duration::from_secs(seconds), table);
        }
    })
}

impl Stream {
    fn measure(&self, bench: &Bench, time: Duration, table: &mut Table) {
        let database = bench.cluster().database();
        let server = Server::start(&database);
        let mut conn = database.connect();
        let seen = self.run(&server, &mut conn, time);
        server::settle(&mut conn);
        let stored = diesel::sql_query("SELECT count(*) AS events FROM events")
            .get_result::<Stored>(&mut conn)
            .expect("the log can be read")
            .events;
        assert_eq!(stored as u64, seen.distinct, "each event is stored once");
        if !self.shuffled && self.repeated == 0 {
            let file = bench.cluster().folder().join("sustained-rows");
            let rows = COPIED.min(seen.distinct) as usize;
            database.copy_out(&file, rows);
            let rate = bench.cluster().copy_in(std::slice::from_ref(&file), rows);
            std::fs::remove_file(&file).expect("it is ours");
            table.add(COPY, "rows/s", rate);
        }
        seen.report(self.name, table);
    }

    /// Sends for a time, never further ahead of the fold than the window.
    fn run(&self, server: &Server, conn: &mut PgConnection, time: Duration) -> Seen {
        let product = Product::new(MOST * time.as_secs(), 30);
        let (next, sent, distinct) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let (pause, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let mut quarters = Vec::new();
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    let mut connection = server.connect();
                    while !over.load(Ordering::Relaxed) {
                        if pause.load(Ordering::Relaxed) {
                            thread::sleep(Duration::from_millis(5));
                            continue;
                        }
                        let (new, all) = self.batch(&product, next.fetch_add(1, Ordering::Relaxed));
                        connection.send(&Server::events(all.join("\n").as_bytes()));
                        distinct.fetch_add(new as u64, Ordering::Relaxed);
                        sent.fetch_add(all.len() as u64, Ordering::Relaxed);
                    }
                });
            }
            let started = Instant::now();
            while quarters.len() < 4 {
                thread::sleep(LOOK);
                let backlog = server::backlog(conn, 4 * WINDOW as i64);
                pause.store(backlog > WINDOW, Ordering::Relaxed);
                if started.elapsed() >= time * (quarters.len() as u32 + 1) / 4 {
                    quarters.push(Quarter {
                        at: started.elapsed(),
                        sent: sent.load(Ordering::Relaxed),
                        folded: distinct.load(Ordering::Relaxed).saturating_sub(backlog),
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

    /// A batch of about a thousand events, and how many of them are new.
    fn batch(&self, product: &Product, number: u64) -> (usize, Vec<String>) {
        let outputs = OUTPUTS * (100 - self.repeated) / 100;
        let events = |number: u64| {
            let numbers = number * outputs..(number + 1) * outputs;
            match self.shuffled {
                true => product.shuffled(numbers),
                false => product.in_order(numbers),
            }
        };
        let mut all = events(number);
        let new = all.len();
        if let Some(before) = number.checked_sub(BEFORE)
            && self.repeated > 0
        {
            all.extend(
                events(before)
                    .into_iter()
                    .take(2 * OUTPUTS as usize * self.repeated as usize / 100),
            );
        }
        (new, all)
    }
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    events: i64,
}

struct Quarter {
    at: Duration,
    sent: u64,
    folded: u64,
    backlog: u64,
    /// Megabytes of the server.
    memory: f64,
}

struct Seen {
    quarters: Vec<Quarter>,
    distinct: u64,
}

impl Seen {
    fn report(&self, name: &str, table: &mut Table) {
        let last = self.quarters.last().expect("there are four");
        let rate = |count: u64| count as f64 / last.at.as_secs_f64();
        let folded = format!("{name}, folded");
        table.add(&folded, "events/s", rate(last.folded));
        table.share(&folded, COPY);
        table.add(format!("{name}, acknowledged"), "events/s", rate(last.sent));
        let mut before = (Duration::ZERO, 0);
        for (number, quarter) in (1..).zip(&self.quarters) {
            let (time, folded) = (quarter.at - before.0, quarter.folded - before.1);
            let of = format!("{name}, quarter {number}");
            table.add(format!("{of}, folded"), "events/s", folded as f64 / time.as_secs_f64());
            table.add(format!("{of}, backlog"), "events", quarter.backlog as f64);
            before = (quarter.at, quarter.folded);
        }
        table.add(format!("{name}, server memory"), "MB", last.memory);
    }
}
