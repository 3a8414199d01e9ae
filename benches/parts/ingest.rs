//! Batches of a thousand over eight connections, beside PostgreSQL's own copy of the very rows that they become.

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::server::{self, Server};
use crate::support::table::Table;

const COPY: &str = "psql \\copy, 1 process";
const COPIES: &str = "psql \\copy, 8 processes";

pub fn prepare<'a>(bench: &'a Bench, _: &mut Table) -> Measurement<'a> {
    bench.load();
    Box::new(move |table| {
        table.part("ingest: batches of 1000 over 8 connections");
        copy(bench, table);
        acknowledged(bench, table);
        folded(bench, table);
    })
}

fn copy(bench: &Bench, table: &mut Table) {
    let (cluster, load) = (bench.cluster(), bench.load());
    for (name, files) in [(COPY, std::slice::from_ref(&load.rows)), (COPIES, &load.pieces)] {
        table.add(name, "rows/s", cluster.copy_in(files, load.events));
    }
}

/// Durable ingest by itself: the fold's lease is held elsewhere, as it is when another machine folds.
fn acknowledged(bench: &Bench, table: &mut Table) {
    let load = bench.load();
    for (name, requests) in [
        ("JSON, acknowledged", &load.json),
        ("JSON, gzip, acknowledged", &load.json_zipped),
        ("NDJSON, acknowledged", &load.ndjson),
        ("NDJSON, gzip, acknowledged", &load.ndjson_zipped),
    ] {
        let database = bench.cluster().database();
        let server = Server::start(&database);
        let _lease = database.hold_lease();
        let elapsed = server.send(requests);
        table.add(name, "events/s", load.events as f64 / elapsed.as_secs_f64());
        table.share(name, COPY);
        table.share(name, COPIES);
    }
}

/// All events acknowledged while the fold runs, then the time until nothing waits for it.
fn folded(bench: &Bench, table: &mut Table) {
    let load = bench.load();
    let database = bench.cluster().database();
    let server = Server::start(&database);
    let started = std::time::Instant::now();
    let acknowledged = server.send(&load.json);
    server::settle(&mut database.connect());
    for (name, elapsed) in [
        ("JSON, acknowledged beside the fold", acknowledged),
        ("JSON, acknowledged and folded", started.elapsed()),
    ] {
        table.add(name, "events/s", load.events as f64 / elapsed.as_secs_f64());
        table.share(name, COPY);
        table.share(name, COPIES);
    }
}
