//! How often do users ask again, or carry the output elsewhere?

use polars::prelude::{col, lit};

use super::PROPORTION;
use crate::metrics::estimate::Reason;
use crate::metrics::facts::{self, count, shown};
use crate::metrics::{Direction, Family, Metric, Sum, Unit, no_histograms};

pub static FAMILY: Family = Family {
    id: "retries",
    question: "How often do users ask again, or carry the output elsewhere?",
    sums: || {
        vec![
            Sum::new("shown", shown()),
            Sum::new("regenerated", count(col(facts::REGENERATES).gt(lit(0)))),
            Sum::new("copied", count(col(facts::COPIES).gt(lit(0)))),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "regenerate_rate",
            title: "Regenerate rate",
            summary: "Share of the shown outputs for which users asked for another.",
            formula: "outputs regenerated at least once / shown",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("regenerated", "shown", Reason::NoData),
        },
        Metric {
            id: "copy_rate",
            title: "Copy rate",
            summary: "Share of the shown outputs that users copied from.",
            formula: "outputs copied at least once / shown",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("copied", "shown", Reason::NoData),
        },
    ],
};
