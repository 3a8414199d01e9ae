//! Do users take what the AI offers, and does it last?
//!
//! The last decision stands. `acceptance_rate` counts an output that was accepted and later undone, since at the moment of
//! decision the user trusted it; `persistent_acceptance_rate` does not.

use polars::prelude::{col, lit};

use super::{LINEAR, PROPORTION};
use crate::metrics::estimate::Reason;
use crate::metrics::facts::{self, count, decision, integer, only, shown};
use crate::metrics::{Direction, Family, Metric, Sum, Unit, no_histograms};

/// The share of an output that must be in place for it to count as kept: what Cody's completion persistence uses.
const MOSTLY: f64 = 0.67;

pub static FAMILY: Family = Family {
    id: "acceptance",
    question: "Do users take what the AI offers, and does it last?",
    sums: || {
        let kept = col(facts::STILL_RETAINED).fill_null(lit(1.0)).gt_eq(lit(MOSTLY));
        let characters = integer(facts::CHARS_SHOWN);
        vec![
            Sum::new("shown", shown()),
            Sum::new("decided", count(decision::decided())),
            Sum::new("taken", count(decision::taken())),
            Sum::new("accepted_unchanged", count(decision::accepted())),
            Sum::new(
                "persistent",
                count(decision::accepted().or(decision::edited()).and(kept)),
            ),
            Sum::new("undone", count(decision::undone())),
            Sum::new(
                "characters_decided",
                integer_where(decision::decided(), characters.clone()),
            ),
            Sum::new("characters_taken", integer_where(decision::taken(), characters)),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "acceptance_rate",
            title: "Acceptance rate",
            summary: "Share of the decided outputs that users accepted, as they were or edited.",
            formula: "(accepted + edited + undone after acceptance) / decided",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "Ziegler et al. 2022, Productivity assessment of neural code completion",
            estimate: |s| s.proportion("taken", "decided", Reason::NoDecisions),
        },
        Metric {
            id: "strict_acceptance_rate",
            title: "Strict acceptance rate",
            summary: "Share of the decided outputs that users accepted without a change and kept.",
            formula: "accepted unchanged / decided",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "Ziegler et al. 2022",
            estimate: |s| s.proportion("accepted_unchanged", "decided", Reason::NoDecisions),
        },
        Metric {
            id: "acceptance_of_shown",
            title: "Acceptance of shown",
            summary: "Share of all shown outputs, answered or not, that users accepted.",
            formula: "(accepted + edited + undone after acceptance) / shown",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("taken", "shown", Reason::NoData),
        },
        Metric {
            id: "persistent_acceptance_rate",
            title: "Persistent acceptance rate",
            summary: "Share of the decided outputs that were accepted and stayed.",
            formula: "accepted or edited, not undone, and with at least 67 % in place at the latest retention report if there is one / decided",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "Ziegler et al. 2022; Sourcegraph Cody, completion persistence",
            estimate: |s| s.proportion("persistent", "decided", Reason::NoDecisions),
        },
        Metric {
            id: "undo_rate",
            title: "Undo rate",
            summary: "Share of the accepted outputs that users took back.",
            formula: "undone / (accepted + edited + undone)",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "definition",
            estimate: |s| s.proportion("undone", "taken", Reason::NoCases),
        },
        Metric {
            id: "character_acceptance_rate",
            title: "Character-weighted acceptance",
            summary: "Share of the decided characters that users accepted: long outputs count for more.",
            formula: "characters of accepted outputs / characters of decided outputs",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: LINEAR,
            source: "Sourcegraph Cody, weighted completion acceptance rate",
            estimate: |s| {
                let numerators = s.by_cluster("characters_taken");
                let totals = numerators.into_iter().zip(s.by_cluster("characters_decided")).collect();
                let sums = (s.total("characters_taken"), s.total("characters_decided"));
                s.ratio(sums, totals, (0.0, 1.0), Reason::NoCases)
            },
        },
    ],
};

fn integer_where(condition: polars::prelude::Expr, value: polars::prelude::Expr) -> polars::prelude::Expr {
    only(condition, value).fill_null(lit(0_i64))
}
