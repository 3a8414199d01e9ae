//! Do users take what the AI offers, and does it last?
//!
//! The last decision stands. `acceptance_rate` counts an output that was accepted and later undone, since at the moment of
//! decision the user trusted it; `persistent_acceptance_rate` does not.

use polars::prelude::{Expr, col, lit};

use super::coverage::viewed;
use super::{LINEAR, PROPORTION};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision, integer, only, shown};
use crate::metrics::statistics::Clustering;
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

/// The share of an output that must be in place for it to count as kept: what Cody's completion persistence uses.
pub const MOSTLY: f64 = 0.67;

/// The edit distance up to which an edit is still an acceptance. The names of the sums say it too: with another limit they are other
/// sums, and the rollups are computed again.
const SOFT: f64 = 0.2;

/// Edited, and nobody knows how much.
fn unmeasured() -> Expr {
    decision::edited().and(col(facts::EDIT_DISTANCE).is_null())
}

/// Taken as it was, or with so small an edit. What was accepted without an edit that anyone told of was taken as it was.
fn softly_taken() -> Expr {
    let near = col(facts::EDIT_DISTANCE).lt_eq(lit(SOFT)).fill_null(lit(true));
    decision::taken().and(unmeasured().not()).and(near)
}

/// Taken and, as far as anyone looked, kept.
pub fn persistent() -> Expr {
    let kept = col(facts::STILL_RETAINED).fill_null(lit(1.0)).gt_eq(lit(MOSTLY));
    decision::accepted().or(decision::edited()).and(kept)
}

pub static FAMILY: Family = Family {
    id: "acceptance",
    question: "Do users take what the AI offers, and does it last?",
    sums: || {
        let characters = integer(facts::CHARS_SHOWN);
        vec![
            Sum::new("shown", shown()),
            Sum::new("viewed", viewed()),
            Sum::new("decided", count(decision::decided())),
            Sum::new("taken", count(decision::taken())),
            Sum::new("accepted_unchanged", count(decision::accepted())),
            Sum::new("taken_within_20", count(softly_taken())),
            Sum::new("decided_measured", count(decision::decided().and(unmeasured().not()))),
            Sum::new("persistent", count(persistent())),
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
            id: "soft_acceptance_rate",
            title: "Soft acceptance rate",
            summary: "Share of the decided outputs that users accepted as they were or after changing at most a fifth of them.",
            formula: "(accepted + edited + undone after acceptance, with an edit distance of at most 0.2 where there is one) / decided, without edits of unknown distance",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "definition; threshold 0.2 of normalised Levenshtein distance",
            estimate: |s| s.proportion("taken_within_20", "decided_measured", Reason::NoDecisions),
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
            id: "acceptance_of_viewed",
            title: "Acceptance of viewed",
            summary: "Share of the outputs that were there long enough to be seen, answered or not, that users accepted.",
            formula: "(accepted + edited + undone after acceptance) / viewed",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "Sourcegraph Cody, completion acceptance rate",
            estimate: |s| s.proportion("taken", "viewed", Reason::NoCases),
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
            id: "acceptance_rate_per_user",
            title: "Acceptance rate of the average user",
            summary: "Mean of the users' own acceptance rates: one who uses it once counts as much as one who uses it all day.",
            formula: "mean over users of (accepted + edited + undone after acceptance) / decided",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: "mean of independent users; t with G-1 degrees of freedom below 50",
            source: "definition",
            estimate: per_user,
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

/// The mean of the users' own rates.
fn per_user(s: &Statistics) -> Estimate {
    if s.count("decided") == 0 {
        return s.nothing(Reason::NoDecisions);
    }
    if s.clustering != Clustering::Exact {
        return s.nothing(Reason::NeedsExact);
    }
    let own = s.by_cluster("taken").into_iter().zip(s.by_cluster("decided"));
    let rates: Vec<f64> = own.filter(|(_, n)| *n > 0.0).map(|(k, n)| k / n).collect();
    let users = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / users;
    let influence: Vec<f64> = rates.iter().map(|rate| (rate - mean) / users).collect();
    s.linearised(mean, s.total("decided"), &influence, (0.0, 1.0))
}

fn integer_where(condition: Expr, value: Expr) -> Expr {
    only(condition, value).fill_null(lit(0_i64))
}
