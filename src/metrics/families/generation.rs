//! How long do users wait for an output? Clients say so with `generation_ms`; what they abandoned before it was shown is not among them.

use polars::prelude::col;

use super::quantiles::{INTERVAL, SOURCE, all, quantile};
use crate::metrics::estimate::Estimate;
use crate::metrics::facts::{self, decision};
use crate::metrics::{Direction, Family, Histogram, Metric, Statistics, Unit};

pub static FAMILY: Family = Family {
    id: "generation",
    question: "How long do users wait for an output?",
    sums: Vec::new,
    histograms: || {
        vec![Histogram {
            kind: 5,
            name: "generation_time",
            bucket: col(facts::GENERATION_BUCKET),
            exact_bucket: None,
            positive: decision::taken(),
        }]
    },
    metrics: &[
        metric(
            "generation_time_p50",
            "Median time to generate",
            "Half of the outputs took no longer to make.",
            |s| of(s, 0.5),
        ),
        metric(
            "generation_time_p90",
            "90th percentile of the time to generate",
            "Nine of ten outputs took no longer to make.",
            |s| of(s, 0.9),
        ),
        metric(
            "generation_time_p95",
            "95th percentile of the time to generate",
            "Nineteen of twenty outputs took no longer to make.",
            |s| of(s, 0.95),
        ),
        metric(
            "generation_time_p99",
            "99th percentile of the time to generate",
            "All but one output in a hundred took no longer to make.",
            |s| of(s, 0.99),
        ),
    ],
};

const fn metric(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula: "quantile q of generation_ms: the value of rank ⌊q (n − 1)⌋ from 0, within 1 %",
        unit: Unit::Milliseconds,
        direction: Direction::LowerIsBetter,
        interval: INTERVAL,
        source: SOURCE,
        estimate,
    }
}

fn of(s: &Statistics, q: f64) -> Estimate {
    quantile(s, "generation_time", q, all)
}
