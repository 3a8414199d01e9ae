//! Quantiles of times, from a mergeable sketch with 1 % relative error at every quantile.

use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::stats::sketch;

/// What the catalogue says of their intervals, and of where they come from.
pub const INTERVAL: &str = "order statistics read from the sketch; outputs taken as independent";
pub const SOURCE: &str = "Masson, Rim & Lee 2019, DDSketch";

/// A quantile of what `counted` makes of the positives and negatives of a histogram.
pub fn quantile(s: &Statistics, histogram: &str, q: f64, counted: fn(u64, u64) -> u64) -> Estimate {
    let counts = match s.histogram(histogram, Reason::NoTimes) {
        Ok(counts) => counts,
        Err(reason) => return s.nothing(reason),
    };
    let buckets: Vec<(i32, u64)> = counts
        .iter()
        .filter_map(|(bucket, positive, negative)| Some((i32::try_from(*bucket).ok()?, counted(*positive, *negative))))
        .filter(|(_, count)| *count > 0)
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

/// Whatever became of the output.
pub fn all(positive: u64, negative: u64) -> u64 {
    positive + negative
}
