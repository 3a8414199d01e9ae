//! How long do users take to decide?

use polars::prelude::{col, lit};

use super::PROPORTION;
use super::quantiles::{INTERVAL, SOURCE, all, quantile};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision};
use crate::metrics::statistics::Moves;
use crate::metrics::{Direction, Family, Histogram, Metric, Statistics, Sum, Unit};

/// How fast a person can read, in characters per millisecond.
const READING_SPEED: f64 = 0.025;
/// Milliseconds in which no one can read anything and decide: a choice reaction alone takes longer.
const REACTION: i64 = 300;

pub static FAMILY: Family = Family {
    id: "decision_time",
    question: "How long do users take to decide?",
    sums: || {
        let right = col(facts::CORRECT);
        let timed = decision::taken()
            .and(col(facts::DECISION_MS).is_not_null())
            .and(col(facts::CHARS_SHOWN).is_not_null());
        let needed = col(facts::CHARS_SHOWN) / lit(READING_SPEED);
        let unread = col(facts::DECISION_MS).lt(needed);
        let unread = unread.or(col(facts::DECISION_MS).lt(lit(REACTION)));
        let fast = timed.clone().and(unread.clone());
        let slow = timed.clone().and(unread.not());
        vec![
            Sum::new("taken_timed", count(timed)),
            Sum::new("taken_unread", count(fast.clone())),
            Sum::new("fast_judged", count(fast.clone().and(right.clone().is_not_null()))),
            Sum::new("fast_wrong", count(fast.and(right.clone().not()))),
            Sum::new("slow_judged", count(slow.clone().and(right.clone().is_not_null()))),
            Sum::new("slow_wrong", count(slow.and(right.not()))),
        ]
    },
    histograms: || {
        vec![Histogram {
            kind: 1,
            name: "decision_time",
            bucket: col(facts::DECISION_BUCKET),
            exact_bucket: None,
            positive: decision::taken(),
        }]
    },
    metrics: &[
        quantile_metric(
            "decision_time_p50",
            "Median time to decide",
            "Half of the decisions took no longer.",
            |s| of(s, 0.5, all),
        ),
        quantile_metric(
            "decision_time_p90",
            "90th percentile of the time to decide",
            "Nine of ten decisions took no longer.",
            |s| of(s, 0.9, all),
        ),
        quantile_metric(
            "decision_time_p95",
            "95th percentile of the time to decide",
            "Nineteen of twenty decisions took no longer.",
            |s| of(s, 0.95, all),
        ),
        quantile_metric(
            "decision_time_p99",
            "99th percentile of the time to decide",
            "All but one decision in a hundred took no longer.",
            |s| of(s, 0.99, all),
        ),
        quantile_metric(
            "acceptance_time_p50",
            "Median time to accept",
            "Half of the acceptances took no longer.",
            |s| of(s, 0.5, |taken, _| taken),
        ),
        quantile_metric(
            "rejection_time_p50",
            "Median time to reject",
            "Half of the rejections took no longer.",
            |s| of(s, 0.5, |_, declined| declined),
        ),
        Metric {
            id: "rubber_stamp_rate",
            title: "Rubber-stamp rate",
            summary: "Share of the accepted outputs that were accepted faster than they can be read.",
            formula: "accepted within characters / 25 per second, or within 0.3 s / accepted with known time and length",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "Parasuraman & Manzey 2010, on automation bias",
            estimate: |s| s.proportion("taken_unread", "taken_timed", Reason::NoTimes),
        },
        Metric {
            id: "fast_acceptance_error",
            title: "Error of fast acceptances",
            summary: "Share of wrong outputs among those accepted faster than they can be read.",
            formula: "wrong / judged, of outputs accepted too fast to have been read",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "Parasuraman & Manzey 2010, on automation bias",
            estimate: |s| s.proportion("fast_wrong", "fast_judged", Reason::NoCases),
        },
        Metric {
            id: "slow_acceptance_error",
            title: "Error of slow acceptances",
            summary: "Share of wrong outputs among those accepted slowly enough to have been read.",
            formula: "wrong / judged, of outputs accepted slowly enough to have been read",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "Parasuraman & Manzey 2010, on automation bias",
            estimate: |s| s.proportion("slow_wrong", "slow_judged", Reason::NoCases),
        },
        Metric {
            id: "fast_acceptance_excess_error",
            title: "Price of fast acceptances",
            summary: "How much more often what was accepted unread is wrong than what was accepted after reading: above zero, haste costs.",
            formula: "wrong / judged of fast acceptances − wrong / judged of slow ones",
            unit: Unit::ShareDifference,
            direction: Direction::LowerIsBetter,
            interval: "linearised difference of ratios, clustered by user; users on both sides counted once",
            source: "Parasuraman & Manzey 2010, on automation bias",
            estimate: excess_error,
        },
    ],
};

const fn quantile_metric(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula: "quantile q of (first decision − shown): the value of rank ⌊q (n − 1)⌋ from 0, within 1 %",
        unit: Unit::Milliseconds,
        direction: Direction::Neutral,
        interval: INTERVAL,
        source: SOURCE,
        estimate,
    }
}

/// A quantile of the decisions that `counted` makes of those taken and those declined.
fn of(s: &Statistics, q: f64, counted: fn(u64, u64) -> u64) -> Estimate {
    quantile(s, "decision_time", q, counted)
}

fn excess_error(s: &Statistics) -> Estimate {
    let sides = [("fast_wrong", "fast_judged"), ("slow_wrong", "slow_judged")];
    let [(fast_wrong, fast), (slow_wrong, slow)] = sides.map(|(n, d)| (s.total(n), s.total(d)));
    if fast <= 0.0 || slow <= 0.0 {
        return s.nothing(Reason::NoCases);
    }
    let [one, other] = sides.map(|(n, d)| s.ratio_influence(n, d));
    let [sizes, slow_sizes] = sides.map(|(_, d)| s.by_cluster(d));
    let moves = Moves {
        sizes: sizes
            .into_iter()
            .zip(slow_sizes)
            .map(|(fast, slow)| fast + slow)
            .collect(),
        influence: one.into_iter().zip(other).map(|(fast, slow)| fast - slow).collect(),
        unseen: 0.0,
    };
    s.linearised(fast_wrong / fast - slow_wrong / slow, fast + slow, &moves, (-1.0, 1.0))
}
