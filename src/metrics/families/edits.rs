//! How much do users change in what they take?
//!
//! Distances are Levenshtein's on Unicode scalar values after NFC, divided by the longer length. What the client measured
//! stands in where texts are not sent. An output accepted unchanged has distance 0.

use polars::prelude::{Expr, col, lit};

use super::{LINEAR, PROPORTION};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, fixed};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

/// Above these an edit is medium, heavy, or a rewrite.
const MEDIUM: f64 = 0.1;
const HEAVY: f64 = 0.3;
const REWRITTEN: f64 = 0.5;

fn distance() -> Expr {
    col(facts::EDIT_DISTANCE)
}

pub static FAMILY: Family = Family {
    id: "edits",
    question: "How much do users change in what they take?",
    sums: || {
        let retained = col(facts::RETAINED_SHARE);
        vec![
            Sum::new("compared", count(distance().is_not_null())),
            Sum::new("distance", fixed(distance())),
            Sum::new("untouched", count(distance().eq(lit(0.0)))),
            Sum::new(
                "lightly_edited",
                count(distance().gt(lit(0.0)).and(distance().lt_eq(lit(MEDIUM)))),
            ),
            Sum::new(
                "moderately_edited",
                count(distance().gt(lit(MEDIUM)).and(distance().lt_eq(lit(HEAVY)))),
            ),
            Sum::new("heavily_edited", count(distance().gt(lit(HEAVY)))),
            Sum::new("rewritten", count(distance().gt(lit(REWRITTEN)))),
            Sum::new(
                "only_added",
                count(distance().gt(lit(0.0)).and(retained.clone().eq(lit(1.0)))),
            ),
            Sum::new("retention_known", count(retained.clone().is_not_null())),
            Sum::new("retained", fixed(retained)),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "edit_distance",
            title: "Edit distance",
            summary: "How much of the text changes on average: 0 nothing, 1 everything.",
            formula: "mean of Levenshtein(output, final) / max(length), 0 for outputs accepted unchanged",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: LINEAR,
            source: "Levenshtein 1966",
            estimate: |s| s.mean("distance", "compared", (0.0, 1.0), Reason::NoEdits),
        },
        Metric {
            id: "retained_share",
            title: "Retained share",
            summary: "How much of what the AI wrote is in the user's text, on average.",
            formula: "mean of longest common subsequence(output, final) / length(output)",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: LINEAR,
            source: "Lee, Liang & Yang 2022, CoAuthor",
            estimate: |s| s.mean("retained", "retention_known", (0.0, 1.0), Reason::NoEdits),
        },
        Metric {
            id: "untouched_rate",
            title: "Untouched rate",
            summary: "Share of the compared outputs that the user left exactly as they were.",
            formula: "outputs with distance 0 / compared outputs",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("untouched", "compared", Reason::NoEdits),
        },
        class(
            "light_edit_rate",
            "Light edit rate",
            "Share of the compared outputs that users changed by up to 10 %.",
            "outputs with distance above 0 and up to 0.1 / compared outputs",
            |s| s.proportion("lightly_edited", "compared", Reason::NoEdits),
        ),
        class(
            "medium_edit_rate",
            "Medium edit rate",
            "Share of the compared outputs that users changed by more than 10 and up to 30 %.",
            "outputs with distance above 0.1 and up to 0.3 / compared outputs",
            |s| s.proportion("moderately_edited", "compared", Reason::NoEdits),
        ),
        class(
            "rewrite_rate",
            "Rewrite rate",
            "Share of the compared outputs of which users changed more than half; these are among the heavy edits.",
            "outputs with distance above 0.5 / compared outputs",
            |s| s.proportion("rewritten", "compared", Reason::NoEdits),
        ),
        class(
            "addition_rate",
            "Addition rate",
            "Share of the compared outputs to which users only added: nothing was corrected.",
            "outputs with distance above 0 and retained share 1 / compared outputs",
            |s| s.proportion("only_added", "compared", Reason::NoEdits),
        ),
        Metric {
            id: "heavy_edit_rate",
            title: "Heavy edit rate",
            summary: "Share of the compared outputs that users changed by more than 30 %.",
            formula: "outputs with distance above 0.3 / compared outputs",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "definition; thresholds light .1, medium .3, heavy .5",
            estimate: |s| s.proportion("heavily_edited", "compared", Reason::NoEdits),
        },
    ],
};

const fn class(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    formula: &'static str,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula,
        unit: Unit::Share,
        direction: Direction::Neutral,
        interval: PROPORTION,
        source: "definition; thresholds light .1, medium .3, heavy .5",
        estimate,
    }
}
