//! How do the steps of an agent end?
//!
//! A step counts once it ended: by its user's decision, or by the app's, which took it and asked no one (`accept` with `auto`).
//! A tool is a value of the declared attribute `tool`: group by it, or give each tool a feature of its own.

use super::PROPORTION;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{count, decision};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

pub static FAMILY: Family = Family {
    id: "approvals",
    question: "How do the steps of an agent end?",
    sums: || {
        let ended = decision::decided().or(decision::automatic());
        let taken = decision::taken().or(decision::automatic());
        let undone = decision::undone().or(decision::automatic_undone());
        vec![
            Sum::new("ended", count(ended)),
            Sum::new("accepted_unchanged", count(decision::accepted())),
            Sum::new("edited", count(decision::edited())),
            Sum::new(
                "only_rejected",
                count(decision::rejected().and(decision::taken_over().not())),
            ),
            Sum::new("taken_over", count(decision::taken_over())),
            Sum::new("automatic", count(decision::automatic())),
            Sum::new("automatic_undone", count(decision::automatic_undone())),
            Sum::new("taken_by_anyone", count(taken)),
            Sum::new("undone_by_anyone", count(undone)),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        share(
            "approved_rate",
            "Approved",
            "Share of the steps that users let pass as they were and did not take back.",
            "accepted unchanged by the user / ended",
            Direction::HigherIsBetter,
            |s| s.proportion("accepted_unchanged", "ended", Reason::NoDecisions),
        ),
        share(
            "edited_rate",
            "Edited",
            "Share of the steps that users changed before they let them pass.",
            "edited / ended",
            Direction::LowerIsBetter,
            |s| s.proportion("edited", "ended", Reason::NoDecisions),
        ),
        share(
            "rejected_rate",
            "Rejected",
            "Share of the steps that users refused, and left at that.",
            "rejected without takeover / ended",
            Direction::LowerIsBetter,
            |s| s.proportion("only_rejected", "ended", Reason::NoDecisions),
        ),
        share(
            "takeover_rate",
            "Taken over",
            "Share of the steps that users refused and did themselves.",
            "rejected with takeover / ended",
            Direction::LowerIsBetter,
            |s| s.proportion("taken_over", "ended", Reason::NoDecisions),
        ),
        share(
            "auto_approval_rate",
            "Auto-approved",
            "Share of the steps that the app took by itself, whatever came later.",
            "accepted with `auto` / ended",
            Direction::Neutral,
            |s| s.proportion("automatic", "ended", Reason::NoDecisions),
        ),
        share(
            "reversal_rate",
            "Reversed",
            "Share of the steps taken, by users or by the app, that were taken back.",
            "undone / taken by the user or automatically",
            Direction::LowerIsBetter,
            |s| s.proportion("undone_by_anyone", "taken_by_anyone", Reason::NoCases),
        ),
        share(
            "auto_reversal_rate",
            "Auto-approved and reversed",
            "Share of the steps that the app took by itself and users took back.",
            "undone / accepted with `auto`",
            Direction::LowerIsBetter,
            |s| s.proportion("automatic_undone", "automatic", Reason::NoCases),
        ),
    ],
};

const fn share(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    formula: &'static str,
    direction: Direction,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula,
        unit: Unit::Share,
        direction,
        interval: PROPORTION,
        source: "Parasuraman, Sheridan & Wickens 2000, levels of automation",
        estimate,
    }
}
