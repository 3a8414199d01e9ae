//! How much of what the AI writes do users keep, in characters?
//!
//! A rate of acceptance rewards short outputs; characters that stay do not. What of an output is in place is its share at the latest
//! retention report, or, without one, its share of the user's text. An edit is told by its longest common subsequence: a character that
//! was replaced is one deleted and one inserted.
//!
//! What was refused or taken back has nothing in place, and that is known of all of it; what is in place of the rest is known where a client tells. To
//! divide the characters that are known by all outputs of which anything is known would make what is rarely told look short-lived. So
//! characters for each output are a product, as persistence is: the share that was kept, times the characters in place of each kept output of
//! which they are known.

use polars::prelude::{DataType, Expr, col, lit};

use super::{LINEAR, NONE};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision, only, shown};
use crate::metrics::statistics::Moves;
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
            Sum::new("kept", count(kept())),
            Sum::new("kept_known", count(kept().and(in_place().is_not_null()))),
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
            formula: "sum over accepted and edited outputs, not undone, of share in place × characters shown; the share of the latest retention report, else that of the final text; what was refused keeps nothing",
            unit: Unit::Characters,
            direction: Direction::HigherIsBetter,
            interval: NONE,
            source: "GitHub, accepted-and-retained characters",
            // What was refused or taken back has nothing in place, which is known.
            estimate: |s| match s.count("shown") - s.count("kept") + s.count("kept_known") {
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
            formula: "kept / shown × retained characters / kept of which it is known what is in place, kept ones being those accepted or edited and not undone",
            unit: Unit::Characters,
            direction: Direction::HigherIsBetter,
            interval: LINEAR,
            source: "GitHub, accepted-and-retained characters",
            estimate: |s| kept_of_each(s, "shown"),
        },
        Metric {
            id: "retained_characters_per_accepted",
            title: "Retained characters per accepted output",
            summary: "Characters that users kept of each output that they accepted, on average; none of those that they took back.",
            formula: "kept / (accepted + edited + undone) × retained characters / kept of which it is known what is in place, kept ones being those not undone",
            unit: Unit::Characters,
            direction: Direction::HigherIsBetter,
            interval: LINEAR,
            source: "GitHub, accepted-and-retained characters",
            estimate: |s| kept_of_each(s, "taken"),
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
            estimate: |s| each(s, "characters_deleted", "edits_measured"),
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
            estimate: |s| each(s, "characters_inserted", "edits_measured"),
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
                let of_ai = |all: f64, inserted: f64| all - inserted;
                let [all, inserted] = ["characters_final", "characters_inserted"].map(|sum| s.by_cluster(sum));
                let own = all
                    .iter()
                    .zip(inserted)
                    .map(|(all, inserted)| (of_ai(*all, inserted), *all));
                let total = s.total("characters_final");
                let sums = (of_ai(total, s.total("characters_inserted")), total);
                s.ratio(sums, own.collect(), (0.0, 1.0), Reason::NoEdits)
            },
        },
    ],
};

/// Characters for each of something.
fn each(s: &Statistics, characters: &str, units: &str) -> Estimate {
    let own = s.by_cluster(characters).into_iter().zip(s.by_cluster(units));
    let sums = (s.total(characters), s.total(units));
    s.ratio(sums, own.collect(), (0.0, f64::INFINITY), Reason::NoEdits)
}

/// Characters in place for each of some units.
fn kept_of_each(s: &Statistics, units: &str) -> Estimate {
    let [all, kept, told] = [units, "kept", "kept_known"].map(|sum| s.total(sum));
    // Nothing is guessed.
    if kept <= told || all <= 0.0 {
        return each(s, "characters_kept", units);
    }
    if told <= 0.0 {
        return s.nothing(Reason::NoEdits);
    }
    let (share, characters) = (kept / all, s.total("characters_kept") / told);
    let shares = s.ratio_influence("kept", units);
    let moves = shares
        .into_iter()
        .zip(s.ratio_influence("characters_kept", "kept_known"));
    let moves = Moves {
        sizes: s.by_cluster(units),
        influence: moves.map(|(kept, own)| characters * kept + share * own).collect(),
        unseen: 0.0,
    };
    s.linearised(share * characters, all, &moves, (0.0, f64::INFINITY))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::statistics::built::of_users;

    const SUMS: [&str; 5] = ["shown", "taken", "kept", "kept_known", "characters_kept"];

    fn per_shown(users: &[[i64; 5]]) -> Estimate {
        of_users(SUMS, users, |s| kept_of_each(s, "shown"))
    }

    /// Users who keep differently often and differently much; of one in `every` kept output it is told how much.
    fn users(every: i64) -> Vec<[i64; 5]> {
        (0..120)
            .map(|user| {
                let kept = 8 * (1 + user % 5);
                let told = kept / every;
                [
                    kept + 10 + user % 7,
                    kept + user % 3,
                    kept,
                    told,
                    told * (20 + user % 11),
                ]
            })
            .collect()
    }

    #[test]
    fn what_is_rarely_told_is_not_short_lived() {
        let (whole, some) = (per_shown(&users(1)), per_shown(&users(8)));
        assert!(whole.numerator.is_some() && some.numerator.is_none());
        assert!((some.value.unwrap() / whole.value.unwrap() - 1.0).abs() < 1e-12);
        let width = |found: &Estimate| found.upper.unwrap() - found.lower.unwrap();
        assert!(some.n == whole.n && width(&some) > 0.0 && some.lower < some.value);
        let untold = per_shown(&[[9, 4, 3, 0, 0]]);
        assert_eq!((untold.value, untold.reason), (None, Some(Reason::NoEdits)));
        // What nobody kept is known without being told.
        assert_eq!(per_shown(&[[9, 4, 0, 0, 0]]).value, Some(0.0));
    }

    #[test]
    fn its_error_is_that_of_leaving_users_out() {
        let all = users(2);
        let without: Vec<f64> = (0..all.len())
            .map(|out| {
                let rest = all.iter().enumerate().filter(|(user, _)| *user != out);
                per_shown(&rest.map(|(_, user)| *user).collect::<Vec<_>>())
                    .value
                    .unwrap()
            })
            .collect();
        let g = without.len() as f64;
        let mean = without.iter().sum::<f64>() / g;
        let jackknife = ((g - 1.0) / g * without.iter().map(|value| (value - mean).powi(2)).sum::<f64>()).sqrt();
        let found = per_shown(&all).standard_error.unwrap();
        assert!((found / jackknife - 1.0).abs() < 0.02, "{found} is not {jackknife}");
    }
}
