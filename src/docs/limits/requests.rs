//! Requests as such, whatever they ask.

use std::time::Duration;

use super::{Row, bytes, grouped};
use crate::api::body::{HELD_BYTES, PATIENCE, SLOWEST};
use crate::api::extract::JSON_BYTES;
use crate::api::position::{LONGEST, WAITING_ONE_IN};
use crate::api::rate::{BURST, Rates, UNKNOWN_KEYS};
use crate::connections;

pub fn rows() -> Vec<Row> {
    let Rates { requests, events } = Rates::DEFAULT;
    let seconds = |time: Duration| format!("{} seconds", time.as_secs());
    vec![
        (
            "requests of one key (`rate_requests`)",
            format!(
                "{} per second, {} at once",
                grouped(requests as usize),
                at_once(requests)
            ),
            "429 `rate_limited`",
        ),
        (
            "events of one key (`rate_events`); NDJSON that is longer than one body is slowed down instead",
            format!("{} per second, {} at once", grouped(events as usize), at_once(events)),
            "429 `rate_limited`",
        ),
        (
            "unknown keys from one address",
            format!("{UNKNOWN_KEYS} per second, {} at once", at_once(UNKNOWN_KEYS)),
            "429 `rate_limited`",
        ),
        (
            "the path and query of a request",
            "65,534 bytes".to_owned(),
            "400 without a body",
        ),
        (
            "the head of a request",
            "96 headers, 131,072 bytes".to_owned(),
            "431 without a body",
        ),
        (
            "characters in a header",
            "none of the control characters but tabs".to_owned(),
            "400 without a body",
        ),
        ("a JSON body, events aside", bytes(JSON_BYTES), "413 `body_too_large`"),
        (
            "time for the head of a first request",
            seconds(PATIENCE),
            "408 without a body",
        ),
        (
            "pauses in a body",
            format!(
                "{}, and {} bytes per second in the long run",
                seconds(PATIENCE),
                grouped(SLOWEST as usize)
            ),
            "408 `too_slow`",
        ),
        (
            "bodies held in memory, of all requests",
            bytes(HELD_BYTES),
            "503 `overloaded`",
        ),
        (
            "connections",
            format!(
                "{}, or half of the files that the process may open",
                grouped(connections::MOST)
            ),
            "further ones wait",
        ),
        (
            "requests that wait for new numbers (`/position`)",
            format!(
                "{}, each for {}",
                grouped(connections::MOST / WAITING_ONE_IN),
                seconds(LONGEST)
            ),
            "further ones are answered at once",
        ),
        (
            "time without a request, or to fetch an answer",
            format!(
                "{}; {} when half of the connections are in use",
                seconds(connections::IDLE),
                seconds(connections::IDLE_WHEN_CROWDED)
            ),
            "the connection ends",
        ),
    ]
}

fn at_once(per_second: u32) -> String {
    grouped(per_second as usize * BURST.as_secs() as usize)
}
