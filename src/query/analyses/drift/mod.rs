//! What changed, when, by how much, and in which segment?
//!
//! Each metric is a series of days with clustered variances. Looking back, [`drift::find_changes`] dates and sizes its changes;
//! looking every day, [`drift::monitor`] raises an alarm whose rate is kept. The chance of a false finding is shared among the metrics.
//! Each change is explained by segment, and the spread of confidence over its range is compared between the first days and the
//! last. Control charts show the days themselves ([`chart`]). Days whose decisions have not had time to arrive are left out.

mod chart;
mod day;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

pub use self::chart::{Chart, ChartBelief, ChartDay, ChartDirection, ChartMethod, ChartSignal, chart};
pub use self::day::{Day, read};
use super::compare::Between;
use super::explain::{self, Segment};
use crate::domain::edits::EditThresholds;
use crate::domain::window::{Granularity, Window};
use crate::metrics::families::calibration::Target;
use crate::metrics::{self, Metric, Unit};
use crate::query::answer::{Row, Source};
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::drift::{self, Change};
use crate::stats::psi::{self, Histogram, Stability};
use crate::stats::watch::WATCHED;

/// The fewest days of a level: a week evens out weekends.
const SHORTEST: usize = 7;
/// Segments named for each change.
const NAMED: usize = 3;
/// How far a change is looked back from and ahead of to explain it.
const AROUND: TimeDelta = TimeDelta::days(14);

/// A question about some ratios of one slice.
#[derive(Clone)]
pub struct Question {
    pub query: Query,
    /// Days at the start that say what is normal.
    pub baseline_days: usize,
    /// The chance of a false finding over all metrics, and of a false alarm in [`WATCHED`] days of watching.
    pub alpha: f64,
}

/// A change of level.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FoundChange {
    /// The first day that is not at the old level any more; the third to last of `days` at the latest.
    pub at: DateTime<Utc>,
    /// The first day at the new level: `at`, unless the change took its time, as a rollout does.
    pub settled_at: DateTime<Utc>,
    pub before: f64,
    pub after: f64,
    pub difference: Between,
    /// That a series without a change looks as clear as this.
    pub p_value: f64,
    /// The segments that stand out in it, those that matter most first.
    pub segments: Vec<Segment>,
}

/// What happened to one metric.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DriftedMetric {
    pub metric: &'static str,
    /// Days with enough to go by.
    pub days: usize,
    /// The first and the last of them; null without any.
    #[schema(required = true)]
    pub first_day: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub last_day: Option<DateTime<Utc>>,
    pub changes: Vec<FoundChange>,
    /// The first day on which watching would have raised the alarm; null if it never did, or had too little to watch.
    #[schema(required = true)]
    pub alarm: Option<DateTime<Utc>>,
    /// The evidence of a change by now: its natural logarithm, which grows while the level is another and is near 0 while it is not.
    #[schema(required = true)]
    pub evidence: Option<f64>,
    pub chart: Chart,
}

/// How the confidence of outputs is spread, now against then.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConfidenceShift {
    /// Shares of ten equal bands in the first days and in the last.
    pub before: Vec<f64>,
    pub after: Vec<f64>,
    /// The population stability index.
    pub psi: f64,
    /// What to expect of it without a shift.
    pub expected: f64,
    pub p_value: f64,
}

#[derive(Clone, Debug)]
pub struct Drifted {
    pub metrics: Vec<DriftedMetric>,
    pub confidence: Option<ConfidenceShift>,
    pub window: Window,
    pub log_position: i64,
    pub source: Source,
    pub edit_thresholds: Option<EditThresholds>,
}

/// Looks for drift, from one state of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Drifted, QueryError> {
    let (found, window, confidence, answer) = conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let mut query = question.query.clone();
        query.granularity = Some(Granularity::Day);
        query.fill = true;
        query.contributions = true;
        let answer = plan::answer(conn, sources, &query, now)?;
        let ripe = answer.immature_from.unwrap_or(answer.window.to);
        let days: Vec<&Row> = answer
            .rows
            .iter()
            .filter(|row| row.bucket.is_some_and(|day| day.to_utc() + TimeDelta::days(1) <= ripe))
            .collect();
        let found: Vec<Series> = (0..)
            .zip(&query.metrics)
            .map(|(at, metric)| series(question, metric, at, &days))
            .collect();
        let window = Window {
            from: answer.window.from,
            to: ripe.max(answer.window.from),
        };
        let confidence = confidence(conn, sources, question, &window, now)?;
        Ok::<_, QueryError>((found, window, confidence, answer))
    })?;
    // The segments of each change are questions of their own.
    let metrics = found
        .into_iter()
        .map(|series| series.explained(conn, sources, question, &window, now))
        .collect::<Result<_, _>>()?;
    Ok(Drifted {
        metrics,
        confidence,
        window,
        log_position: answer.log_position,
        source: answer.source,
        edit_thresholds: answer.edit_thresholds,
    })
}

/// What was found in the days of one metric.
struct Series {
    metric: &'static Metric,
    dates: Vec<DateTime<Utc>>,
    /// Places of the days with enough to go by.
    usable: Vec<usize>,
    changes: Vec<Change>,
    alarm: Option<usize>,
    evidence: Option<f64>,
    chart: Chart,
}

fn series(question: &Question, metric: &'static Metric, at: usize, rows: &[&Row]) -> Series {
    let days: Vec<Day> = rows.iter().map(|row| Day::of(row, at)).collect();
    let dates: Vec<_> = rows
        .iter()
        .filter_map(|row| row.bucket.map(|day| day.to_utc()))
        .collect();
    let alpha = question.alpha / question.query.metrics.len().max(1) as f64;
    let is_rate = metric.unit == Unit::Share;
    read(&days, |days| {
        let monitor = drift::monitor(days, question.baseline_days, alpha / WATCHED);
        Series {
            metric,
            usable: (0..)
                .zip(days.buckets)
                .filter(|(_, bucket)| bucket.variance.is_finite())
                .map(|(at, _)| at)
                .collect(),
            changes: drift::find_changes(days, alpha, SHORTEST),
            alarm: monitor.as_ref().and_then(|monitor| monitor.alarm),
            evidence: monitor.and_then(|monitor| monitor.log_e.last().copied()),
            chart: chart(days.buckets, &dates, question.baseline_days, alpha / WATCHED, is_rate),
            dates,
        }
    })
}

impl Series {
    fn explained(
        self,
        conn: &mut PgConnection,
        sources: &Sources,
        question: &Question,
        window: &Window,
        now: DateTime<Utc>,
    ) -> Result<DriftedMetric, QueryError> {
        let mut changes = Vec::new();
        let date = |day: usize| self.dates.get(day).copied();
        for change in &self.changes {
            let Some((at, settled_at)) = date(change.at).zip(date(change.settled)) else {
                continue;
            };
            let mut query = question.query.clone();
            query.metrics = vec![self.metric];
            query.from = Some(settled_at);
            query.to = Some(window.to.min(settled_at + AROUND));
            let asked = explain::Question {
                query,
                before: Some(Window {
                    from: window.from.max(at - AROUND),
                    to: at,
                }),
                dimensions: Vec::new(),
            };
            let mut segments = explain::run(conn, sources, &asked, now)?.leading;
            segments.truncate(NAMED);
            changes.push(FoundChange {
                at,
                settled_at,
                before: change.before,
                after: change.after,
                difference: Between::interval(change.difference, Some(change.interval(question.query.level))),
                p_value: change.p_value,
                segments,
            });
        }
        Ok(DriftedMetric {
            metric: self.metric.id,
            days: self.usable.len(),
            first_day: self.usable.first().copied().and_then(date),
            last_day: self.usable.last().copied().and_then(date),
            changes,
            alarm: self.alarm.and_then(date),
            evidence: self.evidence,
            chart: self.chart,
        })
    }
}

/// The bands of confidence of decided outputs in the first days, against as many last ones.
fn confidence(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    window: &Window,
    now: DateTime<Utc>,
) -> Result<Option<ConfidenceShift>, QueryError> {
    let length = TimeDelta::days(question.baseline_days as i64);
    if window.to - window.from < length * 2 {
        return Ok(None);
    }
    let target = Target::Acceptance;
    let mut bands = |from, to| -> Result<Option<(Vec<f64>, f64)>, QueryError> {
        let mut query = question.query.clone();
        query.metrics = metrics::find("ece_10_acceptance")
            .map(|(_, metric)| metric)
            .into_iter()
            .collect();
        query.curve = Some(target);
        (query.from, query.to) = (Some(from), Some(to));
        let answer = plan::answer(conn, sources, &query, now)?;
        Ok(answer.rows.first().and_then(spread))
    };
    let (Some((before, first)), Some((after, last))) = (
        bands(window.from, window.from + length)?,
        bands(window.to - length, window.to)?,
    ) else {
        return Ok(None);
    };
    let sides = [(&before, first), (&after, last)].map(|(counts, effective)| Histogram { counts, effective });
    let shares = |counts: &[f64]| {
        let all: f64 = counts.iter().sum();
        counts.iter().map(|count| count / all).collect()
    };
    Ok(
        psi::stability(sides[0], sides[1]).map(|found: Stability| ConfidenceShift {
            before: shares(&before),
            after: shares(&after),
            psi: found.psi,
            expected: found.expected,
            p_value: found.p_value,
        }),
    )
}

/// The outputs by band of confidence, and how many independent ones they are worth: their number divided by the mean design
/// effect of the bands' shares, `Σ(1 − p_b)·deff_b/(B − 1)` (Rao and Scott 1981).
fn spread(row: &Row) -> Option<(Vec<f64>, f64)> {
    let bands = &row.curve.as_ref()?.bands;
    let counts: Vec<f64> = bands.iter().map(|band| band.outcome.n as f64).collect();
    let all: f64 = counts.iter().sum();
    let used = bands.iter().filter(|band| band.outcome.n > 0).count();
    if used < 2 {
        // All in one band: nothing tells how alike a user's outputs are, so that each user counts once.
        return if used == 1 {
            Some((counts, (row.users? as f64).clamp(1.0, all)))
        } else {
            None
        };
    }
    // (1 − p)·se²/(p(1 − p)/n), in which 1 − p cancels.
    let effects = bands.iter().filter(|band| band.outcome.n > 0).map(|band| {
        let (share, error) = (band.share.value?, band.share.standard_error?);
        Some(error * error * all / share)
    });
    let effect = effects.sum::<Option<f64>>()? / (used - 1) as f64;
    Some((counts, all / effect.max(1.0)))
}
