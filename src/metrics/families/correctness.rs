//! How often is the AI right? What judgements say: the trustworthiness.
//!
//! One judgement per output counts: the latest of the best source there is, in the order human, outcome, code, llm.

use polars::prelude::col;

use super::{NONE, PROPORTION};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, shown};
use crate::metrics::{Direction, Family, Metric, Sum, Unit, no_histograms};

pub static FAMILY: Family = Family {
    id: "correctness",
    question: "How often is the AI right?",
    sums: || {
        vec![
            Sum::new("shown", shown()),
            Sum::new("judged", count(col(facts::CORRECT).is_not_null())),
            Sum::new("correct", count(col(facts::CORRECT))),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "correctness_rate",
            title: "Correctness",
            summary: "Share of the judged outputs that were right.",
            formula: "correct / judged",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("correct", "judged", Reason::NoJudgements),
        },
        Metric {
            id: "judged",
            title: "Judged",
            summary: "Outputs of which someone or something said whether they were right.",
            formula: "number of outputs with a judgement",
            unit: Unit::Count,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: |s| Estimate::count(s.count("judged")),
        },
        Metric {
            id: "judgement_coverage",
            title: "Judgement coverage",
            summary: "Share of the shown outputs that were judged.",
            formula: "judged / shown",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("judged", "shown", Reason::NoData),
        },
    ],
};
