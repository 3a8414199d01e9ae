//! What the dashboard asks of a small product, from the rollups and from the outputs themselves.

use std::time::{Duration, Instant};

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::figures::milliseconds;
use crate::support::server::{self, Server};
use crate::support::table::Table;

/// Answers to each question, or as many as there is time for.
const ANSWERS: usize = 50;
const FEWEST: usize = 5;
const TIME: Duration = Duration::from_secs(2);

const RATES: &str = r#""metrics":["shown","acceptance_rate","correctness_rate","trust_gap","decision_time_p50"]"#;
const BY_DAY: &str = r#""group_by":["feature"],"granularity":"day""#;

pub fn prepare<'a>(bench: &'a Bench, _: &mut Table) -> Measurement<'a> {
    let load = bench.load();
    let ask = |body: String| Server::request("POST", "/api/v1/query", body.as_bytes());
    let questions = [
        ("totals, rollups", ask(format!("{{{RATES}}}"))),
        ("totals, exact", ask(format!("{{{RATES},\"exact\":true}}"))),
        ("by feature and day, rollups", ask(format!("{{{RATES},{BY_DAY}}}"))),
        (
            "by feature and day, exact",
            ask(format!("{{{RATES},{BY_DAY},\"exact\":true}}")),
        ),
        (
            "one feature's calibration, exact",
            Server::request("GET", "/api/v1/features/code.complete/calibration", b""),
        ),
    ];
    Box::new(move |table| {
        table.part("query: a small product, one reader");
        let database = bench.cluster().database();
        let server = Server::start(&database);
        server.send(&load.json);
        server::settle(&mut database.connect());
        for (name, question) in &questions {
            let mut connection = server.connect();
            connection.send(question);
            let mut times: Vec<f64> = Vec::new();
            let started = Instant::now();
            while times.len() < ANSWERS && (times.len() < FEWEST || started.elapsed() < TIME) {
                times.push(milliseconds(connection.timed(question)));
            }
            table.add_quantiles(name, &mut times);
        }
    })
}
