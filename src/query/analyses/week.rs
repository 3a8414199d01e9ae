//! What a week came to, feature by feature, and how it moved against the week before.
//!
//! Both weeks are read at once, so that a user is the same one in both. Many features and metrics are looked at: what surely moved is told
//! by p-values adjusted for that (Benjamini and Hochberg).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::compare::Between;
use crate::domain::dimension::Dimension;
use crate::domain::window::{Granularity, Window};
use crate::metrics::families::trust::{self, Verdict};
use crate::metrics::{Estimate, Metric, Reason};
use crate::query::answer::{Contribution, Row};
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::contrast::{Contrast, Pair};
use crate::stats::multiple;

/// The share of false findings among what surely moved.
const FALSE: f64 = 0.05;
/// The gap, of which the verdict is told.
const GAP: &str = "trust_gap";

#[derive(Clone)]
pub struct Question {
    /// Project, level and time zone.
    pub query: Query,
    pub week: Window,
    pub before: Window,
}

/// A metric in both weeks.
#[derive(Clone)]
pub struct MetricWeek {
    pub metric: &'static Metric,
    pub now: Estimate,
    pub before: Estimate,
    pub change: Between,
    p_value: Option<f64>,
    /// Beyond chance, given how many are looked at.
    pub moved: bool,
}

#[derive(Clone)]
pub struct FeatureWeek {
    pub feature: String,
    pub verdict: Verdict,
    pub verdict_before: Verdict,
    /// In the order of the question.
    pub metrics: Vec<MetricWeek>,
}

#[derive(Clone)]
pub struct Week {
    /// Those that were shown in one of the weeks.
    pub features: Vec<FeatureWeek>,
    /// From here on decisions are still arriving.
    pub immature_from: Option<DateTime<Utc>>,
    pub log_position: i64,
}

/// Reads both weeks, from one state of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Week, QueryError> {
    let query = Query {
        from: Some(question.before.from),
        to: Some(question.week.to),
        group_by: vec![Dimension::Feature],
        granularity: Some(Granularity::Week),
        contributions: true,
        ..question.query.clone()
    };
    let answer = plan::run(conn, sources, &query, now)?;
    let mut weeks: BTreeMap<String, [Option<&Row>; 2]> = BTreeMap::new();
    for row in &answer.rows {
        let Some((feature, start)) = row.group.first().cloned().flatten().zip(row.bucket) else {
            continue;
        };
        let [before, week] = weeks.entry(feature).or_default();
        let side = if start.to_utc() < question.week.from {
            before
        } else {
            week
        };
        *side = Some(row);
    }
    let mut features: Vec<FeatureWeek> = weeks
        .into_iter()
        .map(|(feature, sides)| feature_week(feature, sides, &query))
        .collect();
    tell(&mut features);
    Ok(Week {
        features,
        immature_from: answer.immature_from,
        log_position: answer.log_position,
    })
}

fn feature_week(feature: String, sides: [Option<&Row>; 2], query: &Query) -> FeatureWeek {
    let metrics = (0..).zip(&query.metrics);
    let metrics: Vec<MetricWeek> = metrics
        .map(|(at, metric)| metric_week(sides, at, metric, query))
        .collect();
    let gap = |of: fn(&MetricWeek) -> &Estimate| {
        let gap = metrics.iter().find(|own| own.metric.id == GAP);
        gap.map_or(Verdict::Insufficient, |own| trust::verdict(of(own)))
    };
    FeatureWeek {
        feature,
        verdict: gap(|own| &own.now),
        verdict_before: gap(|own| &own.before),
        metrics,
    }
}

fn metric_week(sides: [Option<&Row>; 2], at: usize, metric: &'static Metric, query: &Query) -> MetricWeek {
    let [before, now] = sides.map(|row| {
        let found = row.and_then(|row| row.estimates.get(at).cloned());
        found.unwrap_or_else(|| Estimate::none(Reason::NoData))
    });
    let (Some(first), Some(second)) = (before.value, now.value) else {
        return MetricWeek {
            metric,
            change: Between::missing([&before, &now]),
            now,
            before,
            p_value: None,
            moved: false,
        };
    };
    let mut pairs: BTreeMap<i64, Pair> = BTreeMap::new();
    for own in contributions(sides[0], at) {
        pairs.entry(own.cluster).or_default().0 = Some(own.moved());
    }
    for own in contributions(sides[1], at) {
        pairs.entry(own.cluster).or_default().1 = Some(own.moved());
    }
    let contrast = Contrast::new(first, second, &pairs.into_values().collect::<Vec<_>>());
    MetricWeek {
        metric,
        change: Between::of([&before, &now], contrast.difference, contrast.interval(query.level)),
        p_value: contrast.p_value(),
        now,
        before,
        moved: false,
    }
}

fn contributions(row: Option<&Row>, at: usize) -> &[Contribution] {
    let found = row.and_then(|row| row.contributions.get(at)?.as_ref());
    found.map_or(&[], |found| &found.0)
}

/// Tells what surely moved.
fn tell(features: &mut [FeatureWeek]) {
    let known = features.iter_mut().flat_map(|own| &mut own.metrics);
    let mut known: Vec<&mut MetricWeek> = known.filter(|own| own.p_value.is_some()).collect();
    let p_values: Vec<f64> = known.iter().filter_map(|own| own.p_value).collect();
    for (own, adjusted) in known.iter_mut().zip(multiple::benjamini_hochberg(&p_values)) {
        own.moved = adjusted < FALSE;
    }
}
