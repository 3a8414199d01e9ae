//! `docs/limits.md`: every limit on what clients send, from the constants that hold it.

use std::fmt::Write as _;
use std::time::Duration;

use crate::api::alerts::dry_run::{MOST_DAYS, MOST_DAYS_OF_HOURS};
use crate::api::alerts::plan::{BASELINE_DAYS, MOST_HOURS, MOST_WINDOW_DAYS};
use crate::api::alerts::{self, MOST_ALERTS};
use crate::api::body::{HELD_BYTES, PATIENCE, SLOWEST};
use crate::api::changes::MOST_CHANGES;
use crate::api::changes::plan::MOST_VERSIONS;
use crate::api::evals::limits as evals;
use crate::api::experiments::MOST_EXPERIMENTS;
use crate::api::experiments::plan::{MOST_ARMS, MOST_GUARDRAILS};
use crate::api::exports::stream::EXPORTS;
use crate::api::extract::JSON_BYTES;
use crate::api::features::{reasons, texts};
use crate::api::keys::NAME_CHARS;
use crate::api::links;
use crate::api::outputs::listing::{MAX_LIMIT, MOST_IDS, TEXT_CHARS};
use crate::api::pieces::LARGEST;
use crate::api::position::{LONGEST, WAITING_ONE_IN};
use crate::api::projects::{DIMENSIONS, MAX_HORIZON_SECONDS, MAX_RETENTION_DAYS};
use crate::api::rate::{BURST, Rates, UNKNOWN_KEYS};
use crate::api::webhooks::{MOST_WEBHOOKS, deliveries};
use crate::connections;
use crate::domain::event::REASON_CODE_CHARS;
use crate::ingest::limits as events;
use crate::query::analyses::opinions::MOST_OPINIONS;
use crate::query::analyses::outcomes::MOST_OUTCOMES;
use crate::query::analyses::texts::{MOST_CHARS, MOST_CHARS_OF_ONE, MOST_OUTPUTS};
use crate::query::plan::MOST_EXACT_OUTPUTS;
use crate::query::request as query;
use crate::webhooks::{PATIENCE as ATTEMPT, URL_CHARS, WAITS};

/// What is limited, to how much, and what is answered beyond it.
type Row = (&'static str, String, &'static str);

/// The table as Markdown.
pub fn limits() -> String {
    let mut text = String::from(
        "# Limits\n\nWritten from the constants in the code; `make generate` renews it. Characters are Unicode code points. What \
         is beyond a limit is refused, never cut, unless it says so. A refused event is listed in the answer with its code; its neighbours are \
         stored.\n",
    );
    for (title, refused, rows) in [
        ("Events", "code of the event, or status", events()),
        ("Questions and listings", "status and code", questions()),
        ("Keys, projects, experiments and changes", "status and code", settings()),
        ("Evals", "code of the row, or status", evals()),
        ("Alerts and webhooks", "status and code", told()),
        ("Requests", "status and code", requests()),
    ] {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {title}\n\n| what | limit | {refused} |\n| --- | --- | --- |\n"
        );
        for (what, limit, refusal) in rows {
            let _ = writeln!(text, "| {what} | {limit} | {refusal} |");
        }
    }
    text
}

fn events() -> Vec<Row> {
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
            "`chars_shown`",
            format!("0 to {}", grouped(i32::MAX as usize)),
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

fn questions() -> Vec<Row> {
    vec![
        (
            "metrics",
            format!("1 to {}", query::MAX_METRICS),
            "400 `invalid_parameter`",
        ),
        (
            "dimensions to group by",
            grouped(query::MAX_GROUP_BY),
            "400 `invalid_parameter`",
        ),
        (
            "a dimension's name",
            format!("1 to {} characters", query::MAX_NAME_CHARS),
            "422 `unknown_dimension`",
        ),
        ("filters", grouped(query::MAX_FILTERS), "400 `invalid_parameter`"),
        (
            "values of one filter",
            grouped(query::MAX_FILTER_VALUES),
            "422 `invalid_body`",
        ),
        ("`level`", "0.5 to 0.9999".to_owned(), "400 `invalid_parameter`"),
        (
            "groups in an answer",
            grouped(query::MAX_GROUPS),
            "422 `answer_too_large`",
        ),
        (
            "buckets in an answer",
            grouped(query::MAX_BUCKETS),
            "422 `answer_too_large`",
        ),
        (
            "groups times buckets in an answer",
            grouped(query::MAX_ROWS),
            "422 `answer_too_large`",
        ),
        (
            "outputs that `exact` reads",
            grouped(MOST_EXACT_OUTPUTS as usize),
            "422 `answer_too_large`",
        ),
        (
            "opinions that `agreement` and `quality` read",
            grouped(MOST_OPINIONS as usize),
            "422 `answer_too_large`",
        ),
        (
            "outputs with a confidence and a known outcome, for recalibration and autonomy",
            grouped(MOST_OUTCOMES),
            "422 `answer_too_large`",
        ),
        (
            "outputs whose texts `edits` and `words` read; characters of all of them, of one text",
            format!(
                "{}; {}, {}",
                grouped(MOST_OUTPUTS),
                grouped(MOST_CHARS),
                grouped(MOST_CHARS_OF_ONE)
            ),
            "the newest are read, and the answer says how far",
        ),
        (
            "`limit` of phrases and words; of reasons",
            format!("1 to {}; 1 to {}", texts::MOST_LISTED, reasons::MOST_LISTED),
            "400 `invalid_parameter`",
        ),
        (
            "`limit` of a page of outputs, of the audit log",
            format!("1 to {MAX_LIMIT}"),
            "400 `invalid_parameter`",
        ),
        ("`output_ids`", format!("{MOST_IDS} ids"), "400 `invalid_parameter`"),
        ("exports at the same time", EXPORTS.to_string(), "503 `overloaded`"),
        (
            "an export in Parquet that may be read in pieces",
            bytes(LARGEST),
            "larger ones are sent as a whole",
        ),
        (
            "`text`, `comment` to look for in outputs",
            format!("{TEXT_CHARS} characters"),
            "400 `invalid_parameter`",
        ),
        (
            "`reason`, `user_id` to look for",
            format!("{} characters", events::NAME_CHARS),
            "400 `invalid_parameter`",
        ),
    ]
}

fn settings() -> Vec<Row> {
    vec![
        (
            "name of a key or a project",
            format!("1 to {NAME_CHARS} characters, not blank, no control characters"),
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
            "`retain_texts_days`, `retain_events_days`, `retain_outputs_days`",
            format!("1 to {}, or null for ever", grouped(MAX_RETENTION_DAYS as usize)),
            "422 `invalid_body`",
        ),
        (
            "experiments of a project",
            grouped(MOST_EXPERIMENTS as usize),
            "409 `conflict`",
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

fn evals() -> Vec<Row> {
    vec![
        (
            "sets of a project",
            grouped(evals::MOST_SETS as usize),
            "409 `conflict`",
        ),
        (
            "a set's description",
            format!("{} characters", grouped(evals::DESCRIPTION_CHARS)),
            "422 `invalid_body`",
        ),
        (
            "cases of a set",
            grouped(evals::MOST_CASES),
            "`full`; 409 `conflict` from feedback",
        ),
        (
            "`input`, `expected`, `rubric` of a case, `output` of a result",
            format!("{} characters, no U+0000", grouped(evals::TEXT_CHARS)),
            "`invalid_length`, `invalid_character`",
        ),
        (
            "names of cases and judges; `name`, `version`, `model` of a run",
            format!(
                "1 to {} characters, not blank, no control characters",
                events::NAME_CHARS
            ),
            "`invalid_length`, `invalid_character`; 422 `invalid_body`",
        ),
        ("tags of a case", evals::MOST_TAGS.to_string(), "`too_many`"),
        (
            "a tag",
            format!("{} characters, no comma, no semicolon", evals::TAG_CHARS),
            "`invalid_length`, `invalid_character`",
        ),
        (
            "an upload of cases or results",
            bytes(evals::UPLOAD_BYTES),
            "413 `body_too_large`",
        ),
        (
            "rows of an upload of cases; of results, which are those of a run",
            format!("{}; {}", grouped(evals::MOST_CASES), grouped(evals::MOST_RESULTS)),
            "413 `body_too_large`",
        ),
        (
            "rows that an answer lists",
            grouped(evals::LISTED_ROWS),
            "the answer counts all, and says that it lists not all",
        ),
        ("runs of a set", grouped(evals::MOST_RUNS as usize), "409 `conflict`"),
        (
            "cases made from feedback at once (`sample`)",
            format!("1 to {}", grouped(evals::MOST_SAMPLED as usize)),
            "422 `invalid_body`",
        ),
        (
            "outputs that cases are drawn from",
            grouped(evals::MOST_CANDIDATES),
            "the newest are looked at, and the answer says so",
        ),
        (
            "names that strata are made of; strata",
            format!("{}; {}", evals::STRATA_NAMES, grouped(evals::MOST_STRATA)),
            "422 `invalid_body`; 422 `answer_too_large`",
        ),
        (
            "`days` of production that a set is held against",
            format!("1 to {}", evals::MOST_DAYS),
            "400 `invalid_parameter`",
        ),
    ]
}

fn told() -> Vec<Row> {
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
    ]
}

fn requests() -> Vec<Row> {
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

fn bytes(count: usize) -> String {
    format!("{} bytes", grouped(count))
}

/// A number with commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (left, digit) in (0..digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if left > 0 && left % 3 == 0 {
            text.push(',');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(10_485_760), "10,485,760");
    }
}
