//! How much was shown, and how much of it did users answer? Every rate must be read beside these.

use polars::prelude::{Expr, col, lit};

use super::{NONE, PROPORTION};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision, shown};
use crate::metrics::{Direction, Family, Metric, Sum, Unit, no_histograms};

/// Milliseconds that an output must be there to count as viewed, as Cody counts them. Rates with another limit are other rates.
const VIEWED_MS: i64 = 750;

/// 1 for an output that was there long enough to be seen. What ends its display is the first decision of the user or `ignore`; without
/// either it stays. What was accepted was seen, however fast. So was what is not known to have gone sooner: where nobody says when
/// it was shown, every output.
pub fn viewed() -> Expr {
    let gone = |column: &str| col(column).lt(lit(VIEWED_MS)).fill_null(lit(false));
    let flashed = gone(facts::DECISION_MS).or(gone(facts::IGNORED_MS));
    count(col(facts::MISSED).not().and(decision::taken().or(flashed.not())))
}

pub static FAMILY: Family = Family {
    id: "coverage",
    question: "How much was shown, and how much of it did users answer?",
    sums: || {
        vec![
            Sum::new("shown", shown()),
            Sum::new("viewed", viewed()),
            Sum::new("decided", count(decision::decided())),
            Sum::new("ignored", count(decision::ignored())),
            Sum::new("rated", count(col(facts::RATINGS).gt(lit(0)))),
            Sum::new("missed", count(col(facts::MISSED))),
            Sum::new("restated", count(col(facts::RESTATED))),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "shown",
            title: "Shown",
            summary: "Outputs that users were shown.",
            formula: "number of outputs, without the missed ones",
            unit: Unit::Count,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: |s| Estimate::count(s.count("shown")),
        },
        Metric {
            id: "viewed",
            title: "Viewed",
            summary: "Outputs that were there long enough to be seen.",
            formula: "number of shown outputs that were accepted, or neither decided nor ignored within 750 ms of being shown",
            unit: Unit::Count,
            direction: Direction::Neutral,
            interval: NONE,
            source: "Sourcegraph Cody, completions presented for at least 750 ms",
            estimate: |s| Estimate::count(s.count("viewed")),
        },
        Metric {
            id: "decided",
            title: "Decided",
            summary: "Outputs that users accepted, edited, rejected or undid.",
            formula: "number of outputs with a decision; ignored ones have none",
            unit: Unit::Count,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: |s| Estimate::count(s.count("decided")),
        },
        Metric {
            id: "response_rate",
            title: "Response rate",
            summary: "Share of the shown outputs that users decided on.",
            formula: "decided / shown",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("decided", "shown", Reason::NoData),
        },
        Metric {
            id: "ignore_rate",
            title: "Ignore rate",
            summary: "Share of the shown outputs that users saw and left.",
            formula: "ignored / shown",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("ignored", "shown", Reason::NoData),
        },
        Metric {
            id: "feedback_rate",
            title: "Feedback rate",
            summary: "Share of the shown outputs that got a rating.",
            formula: "rated / shown",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("rated", "shown", Reason::NoData),
        },
        Metric {
            id: "missed",
            title: "Missed",
            summary: "What users did by hand, or asked for, that the feature should have offered; not among the shown.",
            formula: "number of outputs of which only a `missed` event tells",
            unit: Unit::Count,
            direction: Direction::LowerIsBetter,
            interval: NONE,
            source: "definition",
            estimate: |s| Estimate::count(s.count("missed")),
        },
        Metric {
            id: "restated",
            title: "Restated",
            summary: "Outputs that late events changed after their horizon had passed.",
            formula: "number of outputs known within the horizon and changed after it",
            unit: Unit::Count,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: |s| Estimate::count(s.count("restated")),
        },
    ],
};
