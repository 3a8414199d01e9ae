//! Alerts and webhooks.

use super::{Row, grouped};
use crate::api::alerts::dry_run::{MOST_DAYS, MOST_DAYS_OF_HOURS};
use crate::api::alerts::plan::{BASELINE_DAYS, MOST_HOURS, MOST_WINDOW_DAYS};
use crate::api::alerts::{self, MOST_ALERTS};
use crate::api::digest::keeper::LATEST;
use crate::api::digest::slack::SECTION_CHARS;
use crate::api::digest::time::LAST_HOUR;
use crate::api::webhooks::{MOST_WEBHOOKS, deliveries};
use crate::ingest::limits as events;
use crate::webhooks::{PATIENCE as ATTEMPT, URL_CHARS, WAITS};

pub fn rows() -> Vec<Row> {
    vec![
        ("alerts of a project", grouped(MOST_ALERTS as usize), "409 `conflict`"),
        (
            "webhooks of a project",
            grouped(MOST_WEBHOOKS as usize),
            "409 `conflict`",
        ),
        (
            "the name of an alert or a webhook",
            format!("{} characters", events::NAME_CHARS),
            "422 `invalid_body`",
        ),
        (
            "the URL of a webhook",
            format!("{} characters, leading to public addresses", grouped(URL_CHARS)),
            "422 `invalid_body`",
        ),
        (
            "`window_days`; `baseline_days`; `hours` of an alert",
            format!(
                "1 to {MOST_WINDOW_DAYS}; {} to {}; 1 to {MOST_HOURS}",
                BASELINE_DAYS.start(),
                BASELINE_DAYS.end()
            ),
            "422 `invalid_body`",
        ),
        (
            "days of a dry run; of `no_data`",
            format!("{MOST_DAYS}; {MOST_DAYS_OF_HOURS}"),
            "422 `invalid_body`",
        ),
        (
            "entries of a history; deliveries in one answer (`limit`)",
            format!("{}; {}", alerts::MOST_LISTED, deliveries::MOST_LISTED),
            "400 `invalid_parameter`",
        ),
        (
            "an attempt at a delivery; attempts",
            format!("{} seconds; {}", ATTEMPT.as_secs(), WAITS.len() + 1),
            "the delivery is dead",
        ),
        (
            "`hour` of a webhook's `digest`",
            format!("0 to {LAST_HOUR}"),
            "422 `invalid_body`",
        ),
        (
            "how late a digest may be",
            format!("{} hours", LATEST.num_hours()),
            "it is not sent",
        ),
        (
            "a section of a digest in Slack's form",
            format!("{} characters", grouped(SECTION_CHARS)),
            "cut between lines, with how many more there are",
        ),
    ]
}
