//! Questions and listings.

use super::{Row, bytes, grouped};
use crate::api::exports::stream::EXPORTS;
use crate::api::features::{explain, reasons, texts};
use crate::api::names;
use crate::api::outputs::listing::{MAX_LIMIT, MOST_IDS, TEXT_CHARS};
use crate::api::pieces::LARGEST;
use crate::ingest::limits as events;
use crate::query::analyses::opinions::MOST_OPINIONS;
use crate::query::analyses::outcomes::MOST_OUTCOMES;
use crate::query::analyses::texts::{MOST_CHARS, MOST_CHARS_OF_ONE, MOST_OUTPUTS};
use crate::query::origin::MOST_EXACT_OUTPUTS;
use crate::query::request as query;

pub fn rows() -> Vec<Row> {
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
            "counts of refused events in an answer",
            grouped(query::MAX_ROWS),
            "422 `answer_too_large`",
        ),
        (
            "outputs that `exact` reads",
            grouped(MOST_EXACT_OUTPUTS as usize),
            "422 `answer_too_large`",
        ),
        (
            "opinions that `agreement` and `quality` read; ratings that differ in user, version, scale or worth, of `ratings`",
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
            "`rubric` on which trust is stated",
            format!("1 to {} characters, no U+0000", names::LONG),
            "400 `invalid_parameter`",
        ),
        (
            "`limit` of phrases and words; of reasons; of features that are explained at once",
            format!(
                "1 to {}; 1 to {}; 1 to {}",
                texts::MOST_LISTED,
                reasons::MOST_LISTED,
                explain::MOST_FEATURES
            ),
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
