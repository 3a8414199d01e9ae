//! Does what users took stay in place?
//!
//! How that is estimated, and why as a product, says `estimates.rs`.
//!
//! The catalogue has one series per horizon, at the share that [`persistent_acceptance_rate`](super::acceptance) uses; the other shares
//! are read side by side, in the table of `/features/{feature}/persistence`.

mod estimates;

use polars::prelude::{Expr, col, lit};

use self::estimates::{known, persistently_accepted, persisting};
use super::PROPORTION;
use super::acceptance::MOSTLY;
use crate::domain::persistence::{HORIZONS, TAKEN_BACK, stored};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

/// The shares that must be in place: all of it, most of it, half of it.
pub const SHARES: [f64; 3] = [1.0, MOSTLY, 0.5];
const KEPT: [&str; SHARES.len()] = ["kept_whole", "kept_mostly", "kept_half"];
const MOST: usize = 1;

const SOURCE: &str =
    "Ziegler et al. 2022, Productivity assessment of neural code completion; Sourcegraph Cody, completion persistence";
const PRODUCT: &str = "Wilson score with the effective number of outputs, from the linearised product clustered by user; where every state is known or none was taken back, as for proportions";

pub static FAMILY: Family = Family {
    id: "persistence",
    question: "Does what users took stay in place?",
    sums: || HORIZONS.into_iter().zip(facts::KEPT).flat_map(sums_at).collect(),
    histograms: no_histograms,
    metrics: &[
        persistence::<0, MOST>("persistence_30s", "Persistence after 30 s", STAYED_30S),
        persistence::<1, MOST>("persistence_120s", "Persistence after 2 min", STAYED_120S),
        persistence::<2, MOST>("persistence_300s", "Persistence after 5 min", STAYED_300S),
        persistence::<3, MOST>("persistence_600s", "Persistence after 10 min", STAYED_600S),
        accepted::<2, MOST>("persistent_acceptance_300s", "Persistent acceptance after 5 min"),
    ],
};

const STAYED_30S: &str = "Share of the accepted outputs that were mostly in place half a minute later.";
const STAYED_120S: &str = "Share of the accepted outputs that were mostly in place two minutes later.";
const STAYED_300S: &str = "Share of the accepted outputs that were mostly in place five minutes later.";
const STAYED_600S: &str = "Share of the accepted outputs that were mostly in place ten minutes later.";

/// What the table asks for at one horizon: how much is known, how much was taken back, and for each of [`SHARES`] the persistence and
/// the persistent acceptance.
pub type AtHorizon = [Metric; 2 + 2 * SHARES.len()];

/// The table, horizon by horizon. These are not in the catalogue: their route alone asks for them, by their places.
pub static TABLE: [AtHorizon; HORIZONS.len()] = [at::<0>(), at::<1>(), at::<2>(), at::<3>()];

const fn at<const H: usize>() -> AtHorizon {
    const STAYED: &str = "Share of the accepted outputs that stayed in place.";
    [
        share(
            "known",
            "Known",
            "Share of the accepted outputs of which it is known whether they were in place.",
            "taken back by then or reported / accepted",
            |s| known(s, H),
        ),
        share(
            "taken_back",
            "Taken back",
            "Share of the accepted outputs that users had taken back by then.",
            "undone by then / accepted",
            |s| s.proportion(&name("taken_back", H), "taken", Reason::NoCases),
        ),
        persistence::<H, 0>("unchanged", "Unchanged", STAYED),
        persistence::<H, 1>("mostly_in_place", "Mostly in place", STAYED),
        persistence::<H, 2>("half_in_place", "Half in place", STAYED),
        accepted::<H, 0>("accepted_unchanged", "Accepted and unchanged"),
        accepted::<H, 1>("accepted_mostly_in_place", "Accepted and mostly in place"),
        accepted::<H, 2>("accepted_half_in_place", "Accepted and half in place"),
    ]
}

const fn share(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    formula: &'static str,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula,
        unit: Unit::Share,
        direction: Direction::HigherIsBetter,
        interval: PROPORTION,
        source: SOURCE,
        estimate,
    }
}

const fn persistence<const H: usize, const R: usize>(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
) -> Metric {
    let formula = match R {
        0 => {
            "(1 − undone by then / accepted) × (all in place / reported, of those not undone by then); reports within a quarter of the time count"
        }
        1 => {
            "(1 − undone by then / accepted) × (at least 67 % in place / reported, of those not undone by then); reports within a quarter of the time count"
        }
        _ => {
            "(1 − undone by then / accepted) × (at least half in place / reported, of those not undone by then); reports within a quarter of the time count"
        }
    };
    Metric {
        interval: PRODUCT,
        ..share(id, title, summary, formula, |s| persisting(s, H, R))
    }
}

const fn accepted<const H: usize, const R: usize>(id: &'static str, title: &'static str) -> Metric {
    let formula = match R {
        0 => "acceptance rate × persistence at the same time, all in place",
        1 => "acceptance rate × persistence at the same time, at least 67 % in place",
        _ => "acceptance rate × persistence at the same time, at least half in place",
    };
    Metric {
        interval: "linearised product, clustered by user; none where all reported outputs were kept, or none",
        ..share(
            id,
            title,
            "Share of the decided outputs that were accepted and in place later.",
            formula,
            |s| persistently_accepted(s, H, R),
        )
    }
}

/// The name of a sum at a horizon.
fn name(what: &str, horizon: usize) -> String {
    format!("{what}_{}s", HORIZONS.get(horizon).copied().unwrap_or_default())
}

/// Of the accepted outputs: those taken back by the horizon, those reported of the others, and those kept of these.
fn sums_at((seconds, column): (u32, &str)) -> Vec<Sum> {
    let of_taken = |condition: Expr| count(decision::taken().and(condition));
    let at_least = |least: i16| of_taken(col(column).gt_eq(lit(i32::from(least))));
    let mut sums = vec![
        Sum::new(
            format!("taken_back_{seconds}s"),
            of_taken(col(column).eq(lit(i32::from(TAKEN_BACK)))),
        ),
        Sum::new(format!("reported_{seconds}s"), at_least(0)),
    ];
    let kept = KEPT.into_iter().zip(SHARES);
    sums.extend(kept.map(|(name, share)| Sum::new(format!("{name}_{seconds}s"), at_least(stored(share)))));
    sums
}
