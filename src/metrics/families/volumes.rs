//! How much of what the AI writes do users keep, in characters?
//!
//! A rate of acceptance rewards short outputs; characters that stay do not. What of an output is in place is its share at the latest
//! retention report, or, without one, its share of the user's text. An edit is told by its longest common subsequence: a character that
//! was replaced is one deleted and one inserted.

use polars::prelude::{DataType, Expr, col, lit};

use super::{LINEAR, NONE};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision, only, shown};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

/// The characters that a share of an output is: whole, as they were counted.
fn characters(share: Expr) -> Expr {
    (share * col(facts::CHARS_SHOWN) + lit(0.5)).cast(DataType::Int64)
}

/// Accepted or edited, and not taken back.
fn kept() -> Expr {
    decision::accepted().or(decision::edited())
}

/// Characters that are in place; null where nobody knows.
fn in_place() -> Expr {
    characters(col(facts::STILL_RETAINED).fill_null(col(facts::RETAINED_SHARE)))
}

/// What one text has more than the other keeps of it. Clients that measure for themselves may send lengths that do not fit.
fn beyond(length: Expr, retained: Expr) -> Expr {
    let rest = length - retained;
    only(rest.clone().gt(lit(0)), rest).fill_null(lit(0_i64))
}

pub static FAMILY: Family = Family {
    id: "volumes",
    question: "How much of what the AI writes do users keep, in characters?",
    sums: || {
        let retained = characters(col(facts::RETAINED_SHARE));
        let finished = col(facts::CHARS_FINAL).cast(DataType::Int64);
        let deleted = beyond(col(facts::CHARS_SHOWN).cast(DataType::Int64), retained.clone());
        let inserted = beyond(finished.clone(), retained.clone());
        let measured = retained.is_not_null().and(finished.clone().is_not_null());
        let of_measured = |volume: Expr| only(measured.clone(), volume).fill_null(lit(0_i64));
        let changed = (deleted.clone() + inserted.clone()).gt(lit(0));
        vec![
            Sum::new("shown", shown()),
            Sum::new("taken", count(decision::taken())),
            // What was taken back has nothing in place, which is known.
            Sum::new(
                "taken_known",
                count(decision::taken().and(decision::undone().or(in_place().is_not_null()))),
            ),
            Sum::new("characters_kept", only(kept(), in_place()).fill_null(lit(0_i64))),
            Sum::new("edits_measured", count(measured.clone().and(changed))),
            Sum::new("characters_deleted", of_measured(deleted)),
            Sum::new("characters_inserted", of_measured(inserted)),
            Sum::new("characters_final", of_measured(finished)),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "retained_characters",
            title: "Retained characters",
            summary: "Characters the AI wrote that users accepted and kept.",
            formula: "sum over accepted and edited outputs, not undone, of share in place × characters shown; the share of the latest retention report, else that of the final text",
            unit: Unit::Characters,
            direction: Direction::HigherIsBetter,
            interval: NONE,
            source: "GitHub, accepted-and-retained characters",
            estimate: |s| match s.count("taken_known") {
                0 => s.nothing(Reason::NoEdits),
                n => Estimate {
                    n,
                    ..Estimate::count(s.count("characters_kept"))
                },
            },
        },
        Metric {
            id: "retained_characters_per_shown",
            title: "Retained characters per shown output",
            summary: "Characters that users accepted and kept of each output that they were shown, on average.",
            formula: "retained characters / shown outputs, without accepted ones of which nobody knows what is in place",
            unit: Unit::Characters,
            direction: Direction::HigherIsBetter,
            interval: LINEAR,
            source: "GitHub, accepted-and-retained characters",
            estimate: |s| {
                let known = [("shown", 1.0), ("taken", -1.0), ("taken_known", 1.0)];
                each(s, "characters_kept", &known)
            },
        },
        Metric {
            id: "retained_characters_per_accepted",
            title: "Retained characters per accepted output",
            summary: "Characters that users kept of each output that they accepted, on average; none of those that they took back.",
            formula: "retained characters / (accepted + edited + undone) of which it is known what is in place",
            unit: Unit::Characters,
            direction: Direction::HigherIsBetter,
            interval: LINEAR,
            source: "GitHub, accepted-and-retained characters",
            estimate: |s| each(s, "characters_kept", &[("taken_known", 1.0)]),
        },
        Metric {
            id: "deleted_characters_per_edit",
            title: "Deleted characters per edit",
            summary: "Characters the AI wrote that users deleted or replaced in an edit, on average.",
            formula: "(characters shown − retained) / outputs whose final text differs, of known lengths",
            unit: Unit::Characters,
            direction: Direction::LowerIsBetter,
            interval: LINEAR,
            source: "definition; longest common subsequence",
            estimate: |s| each(s, "characters_deleted", &[("edits_measured", 1.0)]),
        },
        Metric {
            id: "inserted_characters_per_edit",
            title: "Inserted characters per edit",
            summary: "Characters that users wrote into an output or in the place of others in an edit, on average.",
            formula: "(characters of the final text − retained) / outputs whose final text differs, of known lengths",
            unit: Unit::Characters,
            direction: Direction::Neutral,
            interval: LINEAR,
            source: "definition; longest common subsequence",
            estimate: |s| each(s, "characters_inserted", &[("edits_measured", 1.0)]),
        },
        Metric {
            id: "final_share_of_ai",
            title: "AI's share of the final text",
            summary: "Share of the characters in the users' texts that the AI wrote; the rest they wrote themselves.",
            formula: "retained characters / characters of the final text, over outputs of known lengths",
            unit: Unit::Share,
            direction: Direction::Neutral,
            interval: LINEAR,
            source: "Lee, Liang & Yang 2022, CoAuthor",
            estimate: |s| {
                let of_ai = [("characters_final", 1.0), ("characters_inserted", -1.0)];
                ratio(s, &of_ai, &[("characters_final", 1.0)], (0.0, 1.0))
            },
        },
    ],
};

/// Sums to be added, or taken away.
type Terms = [(&'static str, f64)];

/// A ratio of what two lists of sums come to.
fn ratio(s: &Statistics, numerator: &Terms, denominator: &Terms, range: (f64, f64)) -> Estimate {
    let [(n, own), (d, size)]: [(f64, Vec<f64>); 2] = [numerator, denominator].map(|terms| {
        let mut clusters = vec![0.0; s.cluster_count()];
        for (name, sign) in terms {
            let added = s.by_cluster(name);
            clusters
                .iter_mut()
                .zip(added)
                .for_each(|(sum, value)| *sum += sign * value);
        }
        (terms.iter().map(|(name, sign)| sign * s.total(name)).sum(), clusters)
    });
    s.ratio((n, d), own.into_iter().zip(size).collect(), range, Reason::NoEdits)
}

/// Characters for each of something.
fn each(s: &Statistics, characters: &'static str, units: &Terms) -> Estimate {
    ratio(s, &[(characters, 1.0)], units, (0.0, f64::INFINITY))
}
