//! Do users take what the AI offers, and does it last?
//!
//! The last decision stands. `acceptance_rate` counts an output that was accepted and later undone, since at the moment of
//! decision the user trusted it; `persistent_acceptance_rate` does not.

use polars::prelude::{Expr, col, lit};

use super::coverage::viewed;
use super::{LINEAR, PROPORTION};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision, integer, only, shown};
use crate::metrics::statistics::{Clustering, Moves};
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

/// The mean of the users' own rates. An output of nobody is of no user.
fn per_user(s: &Statistics) -> Estimate {
    if s.count("decided") == 0 {
        return s.nothing(Reason::NoDecisions);
    }
    if s.clustering != Clustering::Exact {
        return s.nothing(Reason::NeedsExact);
    }
    let decided: Vec<f64> = s
        .by_cluster("decided")
        .into_iter()
        .zip(s.is_user)
        .map(|(decided, is_user)| if *is_user { decided } else { 0.0 })
        .collect();
    let rates: Vec<Option<f64>> = s
        .by_cluster("taken")
        .into_iter()
        .zip(&decided)
        .map(|(taken, decided)| (*decided > 0.0).then(|| taken / decided))
        .collect();
    let users = rates.iter().flatten().count() as f64;
    if users <= 0.0 {
        return s.nothing(Reason::NoCases);
    }
    let mean = rates.iter().flatten().sum::<f64>() / users;
    let moves = Moves {
        sizes: rates.iter().map(|rate| f64::from(u8::from(rate.is_some()))).collect(),
        influence: rates
            .iter()
            .map(|rate| rate.map_or(0.0, |rate| (rate - mean) / users))
            .collect(),
        unseen: 0.0,
    };
    s.linearised(mean, decided.iter().sum(), &moves, (0.0, 1.0))
}

fn integer_where(condition: Expr, value: Expr) -> Expr {
    only(condition, value).fill_null(lit(0_i64))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use super::*;
    use crate::metrics::index::Index;
    use crate::metrics::statistics::IntervalKind;

    /// The average user of these, who took some of what they decided, and what each moves.
    fn average(users: &[(i64, i64, bool)]) -> (Estimate, Vec<Option<f64>>) {
        let (taken, decided): (Vec<i64>, Vec<i64>) = users.iter().map(|user| (user.0, user.1)).unzip();
        let is_user: Vec<bool> = users.iter().map(|user| user.2).collect();
        let trace = RefCell::default();
        let estimate = per_user(&Statistics {
            level: Default::default(),
            interval: IntervalKind::Clustered,
            edit_thresholds: Default::default(),
            outputs: 1_000,
            users: Some(is_user.iter().filter(|is_user| **is_user).count() as u64),
            clustering: Clustering::Exact,
            index: &Index::new(&["taken", "decided"].map(str::to_owned)),
            totals: &[taken.iter().sum(), decided.iter().sum()],
            clusters: &[&taken, &decided],
            is_user: &is_user,
            histograms: &HashMap::new(),
            trace: Some(&trace),
        });
        (estimate, trace.into_inner().unwrap_or_default().influence)
    }

    #[test]
    fn each_user_moves_the_average_user_in_its_own_place() {
        let (found, influence) = average(&[(9, 10, true), (0, 0, true), (1, 10, true), (0, 4, false)]);
        assert_eq!((found.value, found.users), (Some(0.5), Some(2)));
        assert_eq!(
            influence.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, false, true, false]
        );
        assert!((influence[0].unwrap() - 0.2).abs() < 1e-15 && (influence[2].unwrap() + 0.2).abs() < 1e-15);
    }

    #[test]
    fn three_users_who_took_everything_are_not_certain() {
        let (found, _) = average(&[(5, 5, true), (2, 2, true), (7, 7, true)]);
        assert_eq!((found.value, found.upper), (Some(1.0), Some(1.0)));
        assert!(found.lower.unwrap() < 0.5, "{found:?}");
    }
}
