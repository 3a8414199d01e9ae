//! The time from the acknowledgement of an event to the first answer that contains it, while others keep coming.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::figures::{milliseconds, round};
use crate::support::paced;
use crate::support::product::Product;
use crate::support::server::{self, Server};
use crate::support::table::Table;

/// Events per second of the others.
const RATES: [usize; 2] = [5_000, 20_000];
/// Outputs of one request, of about two events each.
const OUTPUTS: u64 = 100;
const TIME: Duration = Duration::from_secs(8);
/// Asked more often, the questions would be the load.
const PAUSE: Duration = Duration::from_millis(10);

pub fn prepare<'a>(bench: &'a Bench, _: &mut Table) -> Measurement<'a> {
    let load = bench.load();
    let product = Product::new(10_000_000, 90);
    Box::new(move |table| {
        table.part("freshness: from acknowledged to visible");
        for rate in RATES {
            let database = bench.cluster().database();
            let server = Server::start(&database);
            server.send(&load.json);
            server::settle(&mut database.connect());

            let over = AtomicBool::new(false);
            let batch = |number: u64| {
                let events = product.in_order(number * OUTPUTS..(number + 1) * OUTPUTS);
                Server::events(events.join("\n").as_bytes())
            };
            let (mut times, reached) = thread::scope(|scope| {
                let others = scope.spawn(|| paced::send(&server, rate, 2 * OUTPUTS as usize, &over, &batch));
                let times = probe(&server);
                over.store(true, Ordering::Relaxed);
                (times, others.join().expect("no client fails"))
            });
            let at = format!("at {} events/s", round(rate as u64));
            table.add_quantiles(&at, &mut times);
            table.add(format!("{at}, rate that was reached"), "events/s", reached);
        }
    })
}

/// One event after the other, each watched until it is counted.
fn probe(server: &Server) -> Vec<f64> {
    let mut connection = server.connect();
    let question = Server::request(
        "POST",
        "/api/v1/query",
        br#"{"metrics":["shown"],"filters":[{"dimension":"feature","op":"in","value":["probe"]}]}"#,
    );
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < TIME {
        let event = format!(
            r#"{{"type":"accept","output_id":"probe-{}","feature":"probe"}}"#,
            times.len()
        );
        connection.send(&Server::events(event.as_bytes()));
        let acknowledged = Instant::now();
        let counted = format!("\"value\":{}", times.len() + 1);
        while !String::from_utf8_lossy(connection.send(&question)).contains(&counted) {
            assert!(
                acknowledged.elapsed() < Duration::from_secs(60),
                "the probe is not seen"
            );
            thread::sleep(PAUSE);
        }
        times.push(milliseconds(acknowledged.elapsed()));
    }
    times
}
