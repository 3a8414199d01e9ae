//! A steady load beside which something else is measured.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::server::Server;

/// Connections that share the load, so that one slow answer does not lower its rate.
const CONNECTIONS: usize = 4;

/// Sends numbered batches at a rate in events per second until told to stop, and gives the rate that was reached: less, if the
/// server does not keep up.
pub fn send(
    server: &Server,
    rate: usize,
    batch: usize,
    over: &AtomicBool,
    make: &(impl Fn(u64) -> Vec<u8> + Sync),
) -> f64 {
    let started = Instant::now();
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut connection = server.connect();
                while !over.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let request = make(number);
                    let due = Duration::from_secs_f64((number + 1) as f64 * batch as f64 / rate as f64);
                    thread::sleep(due.saturating_sub(started.elapsed()));
                    connection.send(&request);
                }
            });
        }
    });
    next.load(Ordering::Relaxed) as f64 * batch as f64 / started.elapsed().as_secs_f64()
}
