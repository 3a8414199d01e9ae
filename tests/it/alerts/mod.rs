//! Alerts: rules that look every day, what they send, and the week in short.

mod digest;
mod dry_run;
mod plans;
mod receiver;
mod rules;
mod upkeep;
mod webhooks;
mod weekly;

use std::time::{Duration, Instant};

use calibrant::api::rate::Rates;
use calibrant::state::Limits;
use calibrant::webhooks::Outgoing;

/// A server that may send to this machine, and does not wait for long.
fn limits(outgoing: Outgoing) -> Limits {
    Limits {
        outgoing,
        ..Limits::with_rates(Rates::UNLIMITED)
    }
}

/// As many attempts as in earnest, some milliseconds apart.
fn hurried() -> Outgoing {
    let usual = Outgoing::default();
    Outgoing {
        allow_private: true,
        waits: usual.waits.iter().map(|_| Duration::from_millis(30)).collect(),
        patience: Duration::from_millis(700),
        ..usual
    }
}

/// Waits until something is there.
#[track_caller]
fn eventually<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(120), "{what} does not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}
