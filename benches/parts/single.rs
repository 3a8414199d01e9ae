//! One event per request: many clients at once beside as many of pgbench, and one client alone.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::crowd;
use crate::support::load::Load;
use crate::support::pgbench;
use crate::support::server::Server;
use crate::support::table::Table;

const CLIENTS: usize = 64;
const TIME: Duration = Duration::from_secs(5);
/// For one client, whose answers need no more.
const SHORT: Duration = Duration::from_secs(2);

const MANY: &str = "64 connections";
const ALONE: &str = "64 connections, folded elsewhere";
const PGBENCH: &str = "pgbench, 64 clients";

pub fn prepare<'a>(bench: &'a Bench, _: &mut Table) -> Measurement<'a> {
    let load = bench.load();
    Box::new(move |table| {
        table.part("single events");
        inserts(bench, load, table);
        {
            let database = bench.cluster().database();
            let server = Server::start(&database);
            let _lease = database.hold_lease();
            many(ALONE, &server, load, &AtomicUsize::new(0), table);
        }
        let database = bench.cluster().database();
        let server = Server::start(&database);
        let mut next = AtomicUsize::new(0);
        many(MANY, &server, load, &next, table);
        let mut times = crowd::send(server.address, &load.singles, &next, 1, SHORT);
        table.add_quantiles("1 connection, one after the other", &mut times);
        assert!(
            *next.get_mut() < load.singles.len(),
            "there are too few events; set CALIBRANT_BENCH_OUTPUTS higher"
        );
    })
}

fn many(name: &'static str, server: &Server, load: &Load, next: &AtomicUsize, table: &mut Table) {
    let mut times = crowd::send(server.address, &load.singles, next, CLIENTS, TIME);
    table.add(name, "events/s", times.len() as f64 / TIME.as_secs_f64());
    table.share(name, PGBENCH);
    table.add_quantiles(name, &mut times);
}

/// What PostgreSQL does with as many clients that insert one row of the same size per commit.
fn inserts(bench: &Bench, load: &Load, table: &mut Table) {
    let database = bench.cluster().database();
    let script = format!(
        "\\set tx random(1, 1000000000)\nINSERT INTO events VALUES (1, gen_random_uuid(), gen_random_uuid(), :tx, 0, 1, \
         now(), now(), :tx, '\"{}\"');\n",
        "x".repeat(load.bytes_each)
    );
    let (rate, mut times) = pgbench::run(&database, bench.cluster().folder(), &script, CLIENTS, TIME);
    table.add(PGBENCH, "rows/s", rate);
    table.add_quantiles(PGBENCH, &mut times);
}
