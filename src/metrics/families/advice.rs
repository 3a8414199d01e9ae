//! How far do users move from their own number to the AI's?
//!
//! Of outputs whose answer is a number, where three of them are known: the user's own from before, the AI's, and the one that the user
//! kept. The weight of advice is how far the user moved, as a share of the way to the AI's number: 0 kept the own one, 1 took the AI's.
//! Where both were the same from the start there is no way to move. Tiny ways make huge weights, so that each is clipped to [0, 1]: who
//! moved away from the AI counts as 0, who went past it as 1. What the app took by itself is no weight of the user's.

use polars::prelude::{Expr, col, lit, when};

use super::LINEAR;
use crate::metrics::estimate::Reason;
use crate::metrics::facts::{self, count, decision, fixed, only};
use crate::metrics::{Direction, Family, Metric, Sum, Unit, no_histograms};

/// Whether an output tells its weight.
pub fn is_known() -> Expr {
    // A comparison with null is null, so that all three are there where this holds.
    let has_way = col(facts::OUTPUT_VALUE).neq(col(facts::INITIAL_VALUE));
    let is_kept = col(facts::FINAL_VALUE).is_not_null();
    has_way.and(is_kept).and(decision::automatic().not())
}

fn clipped_weight() -> Expr {
    let own = || col(facts::INITIAL_VALUE);
    let weight = (col(facts::FINAL_VALUE) - own()) / (col(facts::OUTPUT_VALUE) - own());
    when(weight.clone().lt(lit(0.0)))
        .then(lit(0.0))
        .when(weight.clone().gt(lit(1.0)))
        .then(lit(1.0))
        .otherwise(weight)
}

pub static FAMILY: Family = Family {
    id: "advice",
    question: "How far do users move from their own number to the AI's?",
    sums: || {
        vec![
            Sum::new("advised", count(is_known())),
            Sum::new("advice_weight", fixed(only(is_known(), clipped_weight()))),
        ]
    },
    histograms: no_histograms,
    metrics: &[Metric {
        id: "weight_of_advice",
        title: "Weight of advice",
        summary: "How far users move from their own number to the AI's, on average: 0 they keep their own, 1 they take the AI's.",
        formula: "mean of (final − own) / (AI's − own), each clipped to [0, 1], of outputs with three numbers whose own and AI's differ",
        unit: Unit::Share,
        direction: Direction::Neutral,
        interval: LINEAR,
        source: "Harvey & Fischer 1997; Yaniv 2004",
        estimate: |s| s.mean("advice_weight", "advised", (0.0, 1.0), Reason::NoCases),
    }],
};
