//! What one event, and a batch of them, may hold.

use super::{Row, bytes, grouped};
use crate::domain::event::REASON_CODE_CHARS;
use crate::ingest::limits as events;

pub fn rows() -> Vec<Row> {
    let chars = |limit: usize| format!("{} characters", grouped(limit));
    vec![
        (
            "events in one JSON batch",
            grouped(events::BATCH_EVENTS),
            "413 `too_many_events`",
        ),
        (
            "a JSON body, decompressed; NDJSON has no limit as a whole",
            bytes(events::BODY_BYTES),
            "413 `body_too_large`",
        ),
        ("one event", bytes(events::EVENT_BYTES), "`event_too_large`"),
        (
            "growth of a compressed body",
            format!("{} times", events::INFLATION),
            "413 `body_too_large`",
        ),
        (
            "window of a zstd body",
            bytes(1 << events::ZSTD_WINDOW_LOG),
            "400 `invalid_json`",
        ),
        (
            "ids, names and values of dimensions and attributes",
            format!("1 to {}, not blank, no control characters", chars(events::NAME_CHARS)),
            "`invalid_length`, `invalid_character`",
        ),
        (
            "`input`, `output`, `final`",
            format!("{}, no U+0000", chars(events::TEXT_CHARS)),
            "`invalid_length`, `invalid_character`",
        ),
        (
            "`comment`",
            format!("{}, no U+0000", chars(events::COMMENT_CHARS)),
            "`invalid_length`, `invalid_character`",
        ),
        (
            "`reason`, in a project that stores no texts",
            format!("{REASON_CODE_CHARS} letters, digits, `_`, `-`, `.`, `:`"),
            "stored as `free_text`",
        ),
        ("attributes of one event", grouped(events::ATTRIBUTES), "`too_many`"),
        (
            "an attribute's name",
            format!("1 to {}, not blank", chars(events::ATTRIBUTE_NAME_CHARS)),
            "`invalid_length`",
        ),
        ("aliases of one event", grouped(events::ALIASES), "`too_many`"),
        (
            "`confidence`, `edit_distance`, `retained_share`, `score`",
            "0 to 1".to_owned(),
            "`out_of_range`",
        ),
        (
            "`rating_min`, `rating_max`",
            format!("-{0} to {0}", events::RATING),
            "`out_of_range`",
        ),
        (
            "`chars_shown`, `chars_final`",
            format!("0 to {}", grouped(i32::MAX as usize)),
            "`out_of_range`",
        ),
        (
            "`generation_ms`",
            format!("0 to {}", grouped(events::GENERATION_MS as usize)),
            "`out_of_range`",
        ),
        (
            "`initial.value`, `output_value`, `final_value`",
            format!("-{0} to {0}", grouped(events::ANSWER as usize)),
            "`out_of_range`",
        ),
        (
            "`occurred_at`",
            format!(
                "from the year 2000 to {} hours ahead of the server's clock",
                events::CLOCK_SKEW.num_hours()
            ),
            "`invalid_time`",
        ),
        (
            "`occurred_at`, in a project that keeps events for some days",
            "not before as many days".to_owned(),
            "`expired`",
        ),
        (
            "`Idempotency-Key`",
            format!("1 to {} printable ASCII characters", events::IDEMPOTENCY_KEY_CHARS),
            "400 `invalid_parameter`",
        ),
        (
            "requests, and bytes of events, that wait for the log",
            format!("{}; {}", grouped(events::QUEUED_REQUESTS), bytes(events::QUEUED_BYTES)),
            "503 `overloaded`",
        ),
    ]
}
