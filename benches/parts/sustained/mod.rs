//! How many events per second become numbers for as long as they keep coming: with events that come twice, and in no order.

mod stream;

use std::time::Duration;

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::database::Cluster;
use crate::support::server::{self, Server};
use crate::support::table::Table;
use stream::{Pace, Seen, Stream};

/// The bar: so much of the copy's rate must be folded without a growing backlog.
const BAR: f64 = 0.2;

const COPY: &str = "psql \\copy of the same rows, 1 process";

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

const AT_THE_BAR: Stream = Stream {
    name: "in order, sent at 0.2 × the copy",
    repeated: 0,
    shuffled: false,
};

pub fn prepare<'a>(bench: &'a Bench, _: &mut Table) -> Measurement<'a> {
    let cluster = bench.cluster();
    let file = cluster.folder().join("sustained-rows");
    let rows = stream::write_rows(cluster, &file);
    let seconds = bench.settings.sustained;
    Box::new(move |table| {
        table.part(format!("sustained: acknowledged and folded for {seconds} s"));
        let copied = cluster.copy_in(std::slice::from_ref(&file), rows);
        table.add(COPY, "rows/s", copied);
        let paces = STREAMS.iter().map(|stream| (stream, Pace::Fold));
        for (stream, pace) in paces.chain([(&AT_THE_BAR, Pace::Rate(BAR * copied))]) {
            measure(cluster, stream, pace, Duration::from_secs(seconds), table);
        }
    })
}

fn measure(cluster: &Cluster, stream: &Stream, pace: Pace, time: Duration, table: &mut Table) {
    let database = cluster.database();
    let server = Server::start(&database);
    let mut conn = database.connect();
    let seen = stream.run(&server, &mut conn, pace, time);
    server::settle(&mut conn);
    assert_eq!(server::folded(&mut conn), seen.distinct, "each event counts once");
    report(stream.name, &seen, table);
}

fn report(name: &str, seen: &Seen, table: &mut Table) {
    let last = seen.quarters.last().expect("there are four");
    let rate = |count: u64| count as f64 / last.at.as_secs_f64();
    let folded = format!("{name}, folded");
    table.add(&folded, "events/s", rate(last.folded));
    table.share(&folded, COPY);
    table.add(format!("{name}, acknowledged"), "events/s", rate(last.sent));
    let mut before = (Duration::ZERO, 0);
    for (number, quarter) in (1..).zip(&seen.quarters) {
        let (time, folded) = (quarter.at - before.0, quarter.folded - before.1);
        let of = format!("{name}, quarter {number}");
        table.add(format!("{of}, folded"), "events/s", folded as f64 / time.as_secs_f64());
        table.add(format!("{of}, backlog"), "events", quarter.backlog as f64);
        before = (quarter.at, quarter.folded);
    }
    table.add(format!("{name}, server memory"), "MB", last.memory);
}
