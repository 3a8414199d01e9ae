//! How long do users take to decide? Times come from a mergeable sketch with 1 % relative error at every quantile.

use polars::prelude::{col, lit};

use super::PROPORTION;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision};
use crate::metrics::{Direction, Family, Histogram, Metric, Statistics, Sum, Unit};
use crate::stats::sketch;

/// How fast a person can read, in characters per millisecond.
const READING_SPEED: f64 = 0.025;
const INTERVAL: &str = "order statistics read from the sketch; outputs taken as independent";
const SOURCE: &str = "Masson, Rim & Lee 2019, DDSketch";

pub static FAMILY: Family = Family {
    id: "decision_time",
    question: "How long do users take to decide?",
    sums: || {
        let timed = decision::taken()
            .and(col(facts::DECISION_MS).is_not_null())
            .and(col(facts::CHARS_SHOWN).is_not_null());
        let needed = col(facts::CHARS_SHOWN) / lit(READING_SPEED);
        let unread = timed.clone().and(col(facts::DECISION_MS).lt(needed));
        vec![
            Sum::new("taken_timed", count(timed)),
            Sum::new("taken_unread", count(unread)),
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
            |s| quantile(s, 0.5),
        ),
        quantile_metric(
            "decision_time_p90",
            "90th percentile of the time to decide",
            "Nine of ten decisions took no longer.",
            |s| quantile(s, 0.9),
        ),
        quantile_metric(
            "decision_time_p99",
            "99th percentile of the time to decide",
            "All but one decision in a hundred took no longer.",
            |s| quantile(s, 0.99),
        ),
        Metric {
            id: "rubber_stamp_rate",
            title: "Rubber-stamp rate",
            summary: "Share of the accepted outputs that were accepted faster than they can be read.",
            formula: "accepted within characters / 25 per second / accepted with known time and length",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: PROPORTION,
            source: "Parasuraman & Manzey 2010, on automation bias",
            estimate: |s| s.proportion("taken_unread", "taken_timed", Reason::NoTimes),
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

fn quantile(s: &Statistics, q: f64) -> Estimate {
    let counts = match s.histogram("decision_time", Reason::NoTimes) {
        Ok(counts) => counts,
        Err(reason) => return s.nothing(reason),
    };
    let buckets: Vec<(i32, u64)> = counts
        .iter()
        .filter_map(|(bucket, taken, other)| Some((i32::try_from(*bucket).ok()?, taken + other)))
        .collect();
    let n: u64 = buckets.iter().map(|(_, count)| count).sum();
    match sketch::quantile(&buckets, q) {
        Some(value) => s.valued(value, n as f64).within(
            sketch::quantile_interval(&buckets, q, s.level),
            "order_statistics_unclustered",
        ),
        None => s.nothing(Reason::NoTimes),
    }
}
