//! The days of a metric on control charts: quick to read, and known to everyone who runs a process.
//!
//! They promise less than changes and alarms do: limits and baseline are taken as known, so that false alarms of the cumulative sums come
//! up to twice as often as every `1/α` days. What they show is which day stood out, and since when a small drift has been adding up. All of them run on days, whose errors
//! are clustered by user: of single outputs they would take the return of a heavy user for a change. Only the threshold of the cumulative
//! sums is calculated from a rate of false alarms; settings of the others follow `α` or a prior, and nothing keeps them to it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::stats::drift::{self, Bucket};
use crate::stats::{adwin, cusum, laney, page_hinkley, run_length};

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
    /// The same against the mean so far (Page and Hinkley). How often it is wrong is not kept.
    PageHinkley,
    /// The last days against those before, in a window as long as nothing changes (Bifet and Gavaldà's ADWIN). How often it is wrong
    /// is not kept.
    Adwin,
    /// That a new level began is 95 % probable, if levels last a hundred days and may be anywhere (Adams and MacKay); rates only. How often
    /// it is wrong is not kept.
    Bayes,
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
    /// The day from which it has been adding up, or the new level's likely first; null with `page_hinkley` and `adwin`.
    #[schema(required = true)]
    pub since: Option<DateTime<Utc>>,
    pub direction: ChartDirection,
}

/// What is believed of the level of a rate on a day. It rests on a prior: levels last a hundred days on average and may be anywhere.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChartBelief {
    pub at: DateTime<Utc>,
    /// The probability that a new level began on this day, given all days.
    pub change: f64,
    /// How many days, this one included, the level had most probably lasted, given the days until then; days without enough to go by
    /// are not counted.
    pub days_at_level: usize,
}

/// Control charts of one metric.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Chart {
    /// The pooled rate; null for means, and without days to measure it by.
    #[schema(required = true)]
    pub centre: Option<f64>,
    /// Empty for means, whose days have no limits of their own.
    pub days: Vec<ChartDay>,
    /// What each method noticed, method by method. None of them makes a change or an alarm.
    pub signals: Vec<ChartSignal>,
    /// Empty for means, and where days do not differ.
    pub beliefs: Vec<ChartBelief>,
}

/// The charts of a series. `is_rate` says whether values are shares of their denominators.
pub fn chart(buckets: &[Bucket], dates: &[DateTime<Utc>], baseline: usize, alpha: f64, is_rate: bool) -> Chart {
    let limits = is_rate.then(|| laney::chart(&effective(buckets))).flatten();
    let days = limits.iter().flat_map(|chart| chart.points.iter().zip(dates));
    let mut signals = signals(buckets, dates, baseline, alpha);
    let mut beliefs = Vec::new();
    if is_rate {
        let (noticed, believed) = bayes(buckets, dates, baseline);
        signals.extend(noticed);
        beliefs = believed;
    }
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
        signals,
        beliefs,
    }
}

/// Successes and trials of each day, as many as its outputs are worth when users resemble themselves.
fn effective(buckets: &[Bucket]) -> Vec<(f64, f64)> {
    let known = |bucket: &Bucket| bucket.denominator > 0.0 && bucket.variance.is_finite();
    let trials = |bucket: &Bucket| {
        let rate = bucket.numerator / bucket.denominator;
        let trials = rate * (1.0 - rate) / bucket.variance;
        (trials.is_finite() && trials > 0.0).then(|| trials.min(bucket.denominator))
    };
    // A day whose users all agree says nothing about its variance: its outputs are worth what those of the other days are.
    let (worth, outputs) = buckets
        .iter()
        .filter(|bucket| known(bucket))
        .filter_map(|bucket| Some((trials(bucket)?, bucket.denominator)))
        .fold((0.0, 0.0), |sums, own| (sums.0 + own.0, sums.1 + own.1));
    let typical = if outputs > 0.0 { worth / outputs } else { 1.0 };
    let worth = |bucket: &Bucket| {
        let trials = trials(bucket).unwrap_or(bucket.denominator * typical);
        (bucket.numerator / bucket.denominator * trials, trials)
    };
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
            direction: alarm.direction.into(),
        })
    });
    let undated = |method| {
        move |(at, way): (usize, cusum::Direction)| {
            Some(ChartSignal {
                method,
                at: date(at)?,
                since: None,
                direction: way.into(),
            })
        }
    };
    let page_hinkley = page_hinkley::Settings {
        min_instances: baseline as u64,
        delta: ALLOWANCE,
        threshold,
        alpha: 1.0,
    };
    let by_page_hinkley = page_hinkley::alarms(&values, page_hinkley).into_iter();
    // Days are few: a cut is tried with each, and by the paper's own bound, without river's allowance for short sides.
    let adwin = adwin::Settings {
        delta: alpha,
        clock: 1,
        min_window_length: 1,
        grace_period: baseline as u64,
        ..adwin::Settings::default()
    };
    let by_adwin = adwin::alarms(&values, adwin).into_iter();
    by_cusum
        .chain(by_page_hinkley.filter_map(undated(ChartMethod::PageHinkley)))
        .chain(by_adwin.filter_map(undated(ChartMethod::Adwin)))
        .collect()
}

/// What was noticed and is believed of the levels of a rate, whose days count as many outputs as they are worth.
fn bayes(buckets: &[Bucket], dates: &[DateTime<Utc>], baseline: usize) -> (Vec<ChartSignal>, Vec<ChartBelief>) {
    let worth = drift::independent_counts(buckets, baseline);
    let counts: Vec<(f64, f64)> = worth.iter().map(|(_, counts)| *counts).collect();
    let date = |at: usize| dates.get(worth.get(at)?.0).copied();
    let runs = run_length::runs(&counts, run_length::Settings::default());
    let signals = runs.alarms.iter().filter_map(|alarm| {
        Some(ChartSignal {
            method: ChartMethod::Bayes,
            at: date(alarm.at)?,
            since: date(alarm.since),
            direction: alarm.direction.into(),
        })
    });
    let beliefs = runs.change.iter().zip(&runs.most_likely).enumerate();
    let beliefs = beliefs.filter_map(|(at, (change, days_at_level))| {
        Some(ChartBelief {
            at: date(at)?,
            change: *change,
            days_at_level: *days_at_level,
        })
    });
    (signals.collect(), beliefs.collect())
}

impl From<cusum::Direction> for ChartDirection {
    fn from(way: cusum::Direction) -> Self {
        match way {
            cusum::Direction::Up => ChartDirection::Up,
            cusum::Direction::Down => ChartDirection::Down,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(rate: f64, variance: f64) -> Bucket {
        Bucket {
            numerator: 1_000.0 * rate,
            denominator: 1_000.0,
            variance,
        }
    }

    #[test]
    fn a_day_on_which_two_users_agree_is_worth_what_other_days_are() {
        // A thousand outputs of few users, worth twenty.
        let mut buckets = vec![bucket(0.6, 0.6 * 0.4 / 20.0); 10];
        buckets.push(bucket(1.0, 0.0));
        buckets.push(bucket(0.0, f64::NAN));
        let found = effective(&buckets);
        assert!(
            (found[0].1 - 20.0).abs() < 1e-9 && (found[10].1 - 20.0).abs() < 1e-9,
            "{found:?}"
        );
        assert_eq!((found[10].0, found[11]), (found[10].1, (0.0, 0.0)));
        assert_eq!(effective(&[bucket(1.0, 0.0)]), [(1_000.0, 1_000.0)]);
    }
}
