//! How much do users change in what they take?
//!
//! What is a light, a medium or a heavy edit is for each project to say; a heavy edit is changed more than a medium one, rewrites
//! included. Distances are Levenshtein's on Unicode scalar values after NFC, divided by the longer length. What the client measured
//! stands in where texts are not sent. An output accepted unchanged has distance 0.

use std::iter;

use polars::prelude::{Expr, col, lit};

use super::{LINEAR, PROPORTION};
use crate::domain::edits::Threshold;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, fixed};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

/// The sum that counts what is changed more than a threshold. There is one for every threshold that a project may set, so that setting
/// another reads other sums, of the past too, and computes none.
fn over(threshold: Threshold) -> String {
    format!("edited_over_{:02}", threshold.hundredths())
}

fn distance() -> Expr {
    col(facts::EDIT_DISTANCE)
}

pub static FAMILY: Family = Family {
    id: "edits",
    question: "How much do users change in what they take?",
    sums: || {
        let retained = col(facts::RETAINED_SHARE);
        let mut sums = vec![
            Sum::new("compared", count(distance().is_not_null())),
            Sum::new("distance", fixed(distance())),
            Sum::new("untouched", count(distance().eq(lit(0.0)))),
            Sum::new(
                "only_added",
                count(distance().gt(lit(0.0)).and(retained.clone().eq(lit(1.0)))),
            ),
            Sum::new("retention_known", count(retained.clone().is_not_null())),
            Sum::new("retained", fixed(retained)),
        ];
        let over = |threshold: Threshold| Sum::new(over(threshold), count(distance().gt(lit(threshold.distance()))));
        sums.extend(iter::once(Threshold::NOTHING).chain(Threshold::all()).map(over));
        sums
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
            "Share of the compared outputs that users changed a little: by up to 10 % unless the project says otherwise.",
            "outputs with distance above 0 and up to the light threshold / compared outputs",
            |s| between(s, Threshold::NOTHING, s.edit_thresholds.light),
        ),
        class(
            "medium_edit_rate",
            "Medium edit rate",
            "Share of the compared outputs that users changed in part: by more than 10 and up to 30 % unless the project says otherwise.",
            "outputs with distance above the light and up to the medium threshold / compared outputs",
            |s| between(s, s.edit_thresholds.light, s.edit_thresholds.medium),
        ),
        class(
            "rewrite_rate",
            "Rewrite rate",
            "Share of the compared outputs that users all but rewrote: changed by more than half unless the project says otherwise. These are among the heavy edits.",
            "outputs with distance above the heavy threshold / compared outputs",
            |s| s.proportion(&over(s.edit_thresholds.heavy), "compared", Reason::NoEdits),
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
            summary: "Share of the compared outputs that users changed much: by more than 30 % unless the project says otherwise.",
            formula: "outputs with distance above the medium threshold / compared outputs",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: CLASSES,
            estimate: |s| s.proportion(&over(s.edit_thresholds.medium), "compared", Reason::NoEdits),
        },
    ],
};

/// The share of the compared outputs that are changed more than one threshold and not more than another.
fn between(s: &Statistics, least: Threshold, most: Threshold) -> Estimate {
    s.proportion_between((&over(least), &over(most)), "compared", Reason::NoEdits)
}

const CLASSES: &str =
    "definition; thresholds light 0.1, medium 0.3, heavy 0.5 unless the project's `edit_thresholds` say otherwise";

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
        source: CLASSES,
        estimate,
    }
}
