//! Does the feature fire when it should?
//!
//! Firing was right where users took what was shown and kept it. What should have fired and did not is known from `missed` events
//! alone: without them recall is not identified, since nobody sees an offer that was never made. What the app took by itself
//! interrupted no one and is left out.

use polars::prelude::col;

use super::PROPORTION;
use super::acceptance::persistent;
use crate::metrics::estimate::Reason;
use crate::metrics::facts::{self, count, decision, shown};
use crate::metrics::{Direction, Family, Metric, Sum, Unit, no_histograms};

pub static FAMILY: Family = Family {
    id: "trigger",
    question: "Does the feature fire when it should?",
    sums: || {
        vec![
            Sum::new("fired", shown() * count(decision::automatic().not())),
            Sum::new("persistent", count(persistent())),
            Sum::new("missed", count(col(facts::MISSED))),
            Sum::new("wanted", count(persistent().or(col(facts::MISSED)))),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "trigger_precision",
            title: "Trigger precision",
            summary: "Share of the offers that users took and kept.",
            formula: "taken and kept / shown",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "Mozannar et al. 2024, When to show a suggestion?",
            estimate: |s| s.proportion("persistent", "fired", Reason::NoData),
        },
        Metric {
            id: "trigger_recall",
            title: "Trigger recall",
            summary: "Of the occasions on which an offer was wanted, the share on which it came and was kept; needs `missed` events.",
            formula: "taken and kept / (taken and kept + missed)",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "Mozannar et al. 2024, When to show a suggestion?",
            estimate: |s| match s.count("missed") {
                0 => s.nothing(Reason::NotIdentified),
                _ => s.proportion("persistent", "wanted", Reason::NoData),
            },
        },
    ],
};
