//! What a project has: keys, experiments, changes.

use super::{Row, bytes, grouped};
use crate::api::changes::MOST_CHANGES;
use crate::api::changes::plan::MOST_VERSIONS;
use crate::api::experiments::MOST_EXPERIMENTS;
use crate::api::experiments::plan::{MOST_ARMS, MOST_GUARDRAILS};
use crate::api::links;
use crate::api::names;
use crate::api::projects::{DIMENSIONS, MAX_HORIZON_SECONDS, MAX_RETENTION_DAYS};
use crate::domain::edits::STEP;
use crate::query::analyses::arrivals::MOST_SEGMENTS;
use crate::store::rejections::KEPT_DAYS;

pub fn rows() -> Vec<Row> {
    vec![
        (
            "name of a key or a project",
            format!("1 to {} characters, not blank, no control characters", names::SHORT),
            "422 `invalid_body`",
        ),
        (
            "declared dimensions of a project",
            grouped(DIMENSIONS),
            "422 `invalid_body`",
        ),
        (
            "`horizon_seconds`",
            format!("1 to {}", grouped(MAX_HORIZON_SECONDS as usize)),
            "422 `invalid_body`",
        ),
        (
            "`edit_thresholds`",
            format!(
                "multiples of 0.{STEP:02} from 0.{STEP:02} to 0.{}, increasing",
                100 - STEP
            ),
            "422 `invalid_body`",
        ),
        (
            "`retain_texts_days`, `retain_events_days`, `retain_outputs_days`",
            format!("1 to {}, or null for ever", grouped(MAX_RETENTION_DAYS as usize)),
            "422 `invalid_body`",
        ),
        (
            "counts of refused events",
            format!("kept for {KEPT_DAYS} days"),
            "older ones are let go of",
        ),
        (
            "experiments of a project",
            grouped(MOST_EXPERIMENTS as usize),
            "409 `conflict`",
        ),
        (
            "segments of a dimension in which the users of arms are tested",
            MOST_SEGMENTS.to_string(),
            "those with fewer users are not tested",
        ),
        ("changes of a project", grouped(MOST_CHANGES as usize), "409 `conflict`"),
        (
            "versions that come with a change",
            MOST_VERSIONS.to_string(),
            "422 `invalid_body`",
        ),
        (
            "arms of an experiment; guardrails",
            format!("2 to {MOST_ARMS}; {MOST_GUARDRAILS}"),
            "422 `invalid_body`",
        ),
        (
            "how long a link holds (`expires_in_seconds`)",
            format!(
                "{} seconds, {} if nothing is said",
                grouped(links::MOST_SECONDS as usize),
                grouped(links::USUAL_SECONDS as usize)
            ),
            "422 `invalid_body`",
        ),
        (
            "the address that a link opens",
            bytes(links::PATH_BYTES),
            "422 `invalid_body`",
        ),
        (
            "the last admin key of a project",
            "cannot be revoked".to_owned(),
            "409 `conflict`",
        ),
    ]
}
