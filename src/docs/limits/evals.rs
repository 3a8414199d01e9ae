//! Sets of cases, and their runs.

use super::{Row, bytes, grouped};
use crate::api::evals::limits as evals;
use crate::ingest::limits as events;

pub fn rows() -> Vec<Row> {
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
            "runs that are ranked at once",
            evals::MOST_RANKED.to_string(),
            "400 `invalid_parameter` if `runs` names more; else the newest are, and the answer counts the others",
        ),
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
