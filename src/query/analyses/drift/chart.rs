//! The days of a metric on control charts: quick to read, and known to everyone who runs a process.
//!
//! They promise less than changes and alarms do: limits and baseline are taken as known, and false alarms come about every `1/α`
//! days. What they show is which day stood out, and since when a small drift has been adding up.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::stats::drift::{self, Bucket};
use crate::stats::page_hinkley::{self, Settings};
use crate::stats::{cusum, laney};

/// Half of the shift that matters, in standard errors of a day.
const ALLOWANCE: f64 = 0.5;

/// A day on the chart of a rate.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChartDay {
    pub at: DateTime<Utc>,
    pub value: f64,
    /// Three standard deviations below the centre: of the day's own sample, as much wider as days differ (Laney's p′ chart).
    pub lower: f64,
    pub upper: f64,
    pub is_out: bool,
}

/// How a drift was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartMethod {
    /// Cumulative sums against the level of the first days.
    Cusum,
    /// The same against the mean so far (Page and Hinkley).
    PageHinkley,
}

/// Which way the level moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartDirection {
    Up,
    Down,
}

/// A drift that has added up.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChartSignal {
    pub method: ChartMethod,
    /// The day on which it was noticed.
    pub at: DateTime<Utc>,
    /// The day from which it has been adding up; null with `page_hinkley`.
    #[schema(required = true)]
    pub since: Option<DateTime<Utc>>,
    pub direction: ChartDirection,
}

/// Control charts of one metric.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Chart {
    /// The pooled rate; null for means, and without days to measure it by.
    #[schema(required = true)]
    pub centre: Option<f64>,
    /// Empty for means, whose days have no limits of their own.
    pub days: Vec<ChartDay>,
    pub signals: Vec<ChartSignal>,
}

/// The charts of a series. `is_rate` says whether values are shares of their denominators.
pub fn chart(buckets: &[Bucket], dates: &[DateTime<Utc>], baseline: usize, alpha: f64, is_rate: bool) -> Chart {
    let limits = is_rate.then(|| laney::chart(&effective(buckets))).flatten();
    let days = limits.iter().flat_map(|chart| chart.points.iter().zip(dates));
    Chart {
        centre: limits.as_ref().map(|chart| chart.centre),
        days: days
            .filter_map(|(point, at)| {
                let point = (*point)?;
                Some(ChartDay {
                    at: *at,
                    value: point.rate,
                    lower: point.lower,
                    upper: point.upper,
                    is_out: point.alarm,
                })
            })
            .collect(),
        signals: signals(buckets, dates, baseline, alpha),
    }
}

/// Successes and trials of each day, as many as its outputs are worth when users resemble themselves.
fn effective(buckets: &[Bucket]) -> Vec<(f64, f64)> {
    let worth = |bucket: &Bucket| {
        let rate = bucket.numerator / bucket.denominator;
        let trials = rate * (1.0 - rate) / bucket.variance;
        // A day whose users all agree says nothing about its variance.
        let trials = if trials.is_finite() && trials > 0.0 {
            trials.min(bucket.denominator)
        } else {
            bucket.denominator
        };
        (rate * trials, trials)
    };
    let known = |bucket: &Bucket| bucket.denominator > 0.0 && bucket.variance.is_finite();
    buckets
        .iter()
        .map(|bucket| if known(bucket) { worth(bucket) } else { (0.0, 0.0) })
        .collect()
}

fn signals(buckets: &[Bucket], dates: &[DateTime<Utc>], baseline: usize, alpha: f64) -> Vec<ChartSignal> {
    let Some(threshold) = cusum::threshold(ALLOWANCE, 1.0 / alpha) else {
        return Vec::new();
    };
    let standardised = drift::standardised(buckets, baseline);
    let values: Vec<f64> = standardised.iter().map(|(_, value)| *value).collect();
    let date = |at: usize| dates.get(standardised.get(at)?.0).copied();
    let cusum = cusum::Cusum {
        target: 0.0,
        allowance: ALLOWANCE,
        threshold,
    };
    let by_cusum = cusum.alarms(&values).into_iter().filter_map(|alarm| {
        Some(ChartSignal {
            method: ChartMethod::Cusum,
            at: date(alarm.at)?,
            since: date(alarm.since),
            direction: direction(alarm.direction),
        })
    });
    let settings = Settings {
        min_instances: baseline as u64,
        delta: ALLOWANCE,
        threshold,
        alpha: 1.0,
    };
    let by_page_hinkley = page_hinkley::alarms(&values, settings)
        .into_iter()
        .filter_map(|(at, way)| {
            Some(ChartSignal {
                method: ChartMethod::PageHinkley,
                at: date(at)?,
                since: None,
                direction: direction(way),
            })
        });
    by_cusum.chain(by_page_hinkley).collect()
}

fn direction(way: cusum::Direction) -> ChartDirection {
    match way {
        cusum::Direction::Up => ChartDirection::Up,
        cusum::Direction::Down => ChartDirection::Down,
    }
}
