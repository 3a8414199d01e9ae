//! Which segments stand out, when some of them are small?
//!
//! Segments are ranked by estimates that were pulled towards the rest by how little is known of each ([`crate::stats::shrinkage`]),
//! so that chance does not lead. Each is compared with all other outputs of the question, users on both sides counted once, and the
//! p-values are adjusted for how many segments there are (Benjamini and Hochberg 1995).

mod shrunk;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

pub use self::shrunk::{Shrunk, shrink};
use super::compare::Between;
use crate::domain::dimension::Dimension;
use crate::metrics::{Direction, Estimate, Metric, Reason, Unit};
use crate::query::answer::{Answer, Contribution, Row};
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::contrast::{Contrast, Moved, Pair};
use crate::stats::level::Level;
use crate::stats::multiple;

/// What to rank.
#[derive(Clone)]
pub struct Question {
    /// One metric that is a ratio of sums, the window, filters, level.
    pub query: Query,
    pub dimension: Dimension,
    /// Differences from the rest up to this much are no difference worth having; `None` calls none alike.
    pub margin: Option<f64>,
}

/// How a segment stands against the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Higher,
    Lower,
    /// Surely within the margin of the rest.
    Alike,
    CannotTellYet,
}

/// One value of the dimension.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RankedSegment {
    /// Null for outputs without the dimension.
    #[schema(required = true)]
    pub value: Option<String>,
    pub estimate: Estimate,
    /// Null where too few segments tell how far segments differ.
    #[schema(required = true)]
    pub shrunk: Option<Shrunk>,
    /// Its share of what the metric counts.
    pub share: f64,
    /// The segment minus all the rest.
    pub gap: Between,
    #[schema(required = true)]
    pub p_value: Option<f64>,
    /// Adjusted for the number of segments, after Benjamini and Hochberg.
    #[schema(required = true)]
    pub adjusted_p_value: Option<f64>,
    pub standing: Standing,
}

/// The two segments that are farthest apart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LargestGap {
    #[schema(required = true)]
    pub highest: Option<String>,
    #[schema(required = true)]
    pub lowest: Option<String>,
    /// Highest minus lowest. They were chosen for being far apart, so that this is too large on average.
    pub difference: Between,
    /// The same after shrinking, which makes good for that.
    #[schema(required = true)]
    pub shrunk: Option<f64>,
}

pub struct Ranking {
    pub whole: Estimate,
    /// Those that want attention first.
    pub segments: Vec<RankedSegment>,
    pub largest_gap: Option<LargestGap>,
    pub answer: Answer,
}

pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Ranking, QueryError> {
    let query = Query {
        group_by: vec![question.dimension.clone()],
        contributions: true,
        ..question.query.clone()
    };
    let answer = plan::run(conn, sources, &query, now)?;
    let whole = answer.totals.first().and_then(|row| row.estimates.first().cloned());
    let metric = query.metrics.first().copied();
    let mut segments = metric
        .map(|metric| ranked(metric, question, &answer.rows))
        .unwrap_or_default();
    let largest_gap = largest_gap(&segments, &answer.rows, query.level);
    if let Some(metric) = metric {
        segments.sort_by(|one, other| attention(metric.direction, position(one), position(other)));
    }
    Ok(Ranking {
        whole: whole.unwrap_or_else(|| Estimate::none(Reason::NoData)),
        segments,
        largest_gap,
        answer,
    })
}

/// The segments with what they are compared to, in the order of the rows.
pub fn ranked(metric: &Metric, question: &Question, rows: &[Row]) -> Vec<RankedSegment> {
    let level = question.query.level;
    let shrunk = shrink(metric, rows, 0, level);
    let contrasts: Vec<Option<Contrast>> = against_rest(rows).into_iter().map(|gap| Some(gap?.0)).collect();
    let p_values: Vec<f64> = contrasts.iter().flatten().filter_map(Contrast::p_value).collect();
    let mut adjusted = multiple::benjamini_hochberg(&p_values).into_iter();
    let counted: f64 = rows.iter().filter_map(|row| row.estimates.first()?.denominator).sum();
    // Differences of milliseconds or characters have no margin of their own.
    let is_share = matches!(metric.unit, Unit::Share | Unit::ShareDifference);
    let margin = question.margin.filter(|_| is_share);
    let segment = |((row, shrunk), contrast): ((&Row, Option<Shrunk>), Option<Contrast>)| {
        let estimate = row
            .estimates
            .first()
            .cloned()
            .unwrap_or_else(|| Estimate::none(Reason::NoData));
        let p_value = contrast.as_ref().and_then(Contrast::p_value);
        let adjusted_p_value = p_value.and_then(|_| adjusted.next());
        // Without a rest there is nothing to compare with.
        let gap = contrast.map_or(Between::none(estimate.reason.unwrap_or(Reason::NoCases)), |contrast| {
            Between::interval(contrast.difference, contrast.interval(level))
        });
        RankedSegment {
            value: row.group.first().cloned().flatten(),
            share: estimate.denominator.unwrap_or_default() / counted.max(f64::MIN_POSITIVE),
            standing: standing(&gap, adjusted_p_value, margin, level),
            estimate,
            shrunk,
            gap,
            p_value,
            adjusted_p_value,
        }
    };
    rows.iter().zip(shrunk).zip(contrasts).map(segment).collect()
}

fn standing(gap: &Between, p_value: Option<f64>, margin: Option<f64>, level: Level) -> Standing {
    let differs = p_value.is_some_and(|p| p < 1.0 - level.get());
    match (gap.value, gap.lower, gap.upper, margin) {
        (_, Some(lower), Some(upper), Some(margin)) if -margin <= lower && upper <= margin => Standing::Alike,
        (Some(value), ..) if differs && value > 0.0 => Standing::Higher,
        (Some(value), ..) if differs && value < 0.0 => Standing::Lower,
        _ => Standing::CannotTellYet,
    }
}

/// Numerator and denominator.
type Totals = (f64, f64);

fn totals(row: &Row) -> impl Iterator<Item = (i64, Totals)> + '_ {
    let own = row.contributions.first().and_then(Option::as_ref);
    let own = own.into_iter().flat_map(|own| &own.0);
    own.filter_map(|Contribution { cluster, totals, .. }| Some((*cluster, (*totals)?)))
}

/// How far each cluster moves the rest and the segment.
type Pairs = Vec<(i64, Pair)>;

/// Each segment minus all others together.
pub fn against_rest(rows: &[Row]) -> Vec<Option<(Contrast, Pairs)>> {
    let mut whole: BTreeMap<i64, Totals> = BTreeMap::new();
    let mut counted = (0.0, 0.0);
    for row in rows {
        if let Some(estimate) = row.estimates.first() {
            counted.0 += estimate.numerator.unwrap_or_default();
            counted.1 += estimate.denominator.unwrap_or_default();
        }
        for (cluster, own) in totals(row) {
            let sum = whole.entry(cluster).or_default();
            *sum = (sum.0 + own.0, sum.1 + own.1);
        }
    }
    rows.iter()
        .map(|row| {
            let estimate = row.estimates.first()?;
            let (n, d) = (estimate.numerator?, estimate.denominator?);
            let (value, rest) = (estimate.value?, (counted.0 - n, counted.1 - d));
            if rest.1 <= 0.0 {
                return None;
            }
            let own: BTreeMap<i64, Totals> = totals(row).collect();
            let others = whole.iter().map(|(cluster, all)| {
                let own = own.get(cluster).copied().unwrap_or_default();
                (*cluster, (all.0 - own.0, all.1 - own.1))
            });
            let (mine, theirs) = (Side::new(own.clone(), d), Side::new(others.collect(), rest.1));
            let moved: Pairs = whole
                .keys()
                .map(|cluster| (*cluster, (theirs.moved(*cluster), mine.moved(*cluster))))
                .collect();
            let pairs: Vec<Pair> = moved.iter().map(|(_, pair)| *pair).collect();
            Some((Contrast::new(rest.0 / rest.1, value, &pairs), moved))
        })
        .collect()
}

/// One side of a comparison. Its clusters may cover more time than it does: their ratio stands for its own.
struct Side {
    clusters: BTreeMap<i64, Totals>,
    ratio: f64,
    scale: f64,
}

impl Side {
    fn new(clusters: BTreeMap<i64, Totals>, size: f64) -> Side {
        let (n, d) = clusters
            .values()
            .fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
        Side {
            clusters,
            ratio: n / d,
            scale: (d * size).sqrt().recip(),
        }
    }

    fn moved(&self, cluster: i64) -> Option<Moved> {
        let (n, d) = self.clusters.get(&cluster).filter(|own| **own != (0.0, 0.0))?;
        Some(Moved {
            by: (n - self.ratio * d) * self.scale,
            size: *d,
        })
    }
}

/// Where a segment is in the ranking.
fn position(segment: &RankedSegment) -> Option<f64> {
    let shrunk = segment.shrunk.as_ref().map(|shrunk| shrunk.value);
    shrunk.or(segment.estimate.value)
}

/// The order of two values of a metric: what wants attention comes first, and what has no value last.
pub fn attention(direction: Direction, one: Option<f64>, other: Option<f64>) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) => match direction {
            Direction::HigherIsBetter => one.total_cmp(&other),
            Direction::LowerIsBetter | Direction::Neutral => other.total_cmp(&one),
            Direction::CloserToZeroIsBetter => other.abs().total_cmp(&one.abs()),
        },
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

fn largest_gap(segments: &[RankedSegment], rows: &[Row], level: Level) -> Option<LargestGap> {
    let placed = || {
        segments
            .iter()
            .zip(rows)
            .filter(|(segment, _)| position(segment).is_some())
    };
    let by = |one: &RankedSegment, other: &RankedSegment| position(one).partial_cmp(&position(other));
    let by =
        |one: &(&RankedSegment, &Row), other: &(&RankedSegment, &Row)| by(one.0, other.0).unwrap_or(Ordering::Equal);
    let (highest, lowest) = (placed().max_by(by)?, placed().min_by(by)?);
    if std::ptr::eq(highest.0, lowest.0) {
        return None;
    }
    let moved = |row: &Row| -> BTreeMap<i64, Moved> {
        let own = row.contributions.first().and_then(Option::as_ref);
        let own = own.into_iter().flat_map(|own| &own.0);
        own.map(|own| (own.cluster, own.moved())).collect()
    };
    let (high, low) = (moved(highest.1), moved(lowest.1));
    let clusters = high
        .keys()
        .chain(low.keys().filter(|cluster| !high.contains_key(cluster)));
    let pairs: Vec<Pair> = clusters
        .map(|cluster| (low.get(cluster).copied(), high.get(cluster).copied()))
        .collect();
    let contrast = Contrast::new(lowest.0.estimate.value?, highest.0.estimate.value?, &pairs);
    Some(LargestGap {
        highest: highest.0.value.clone(),
        lowest: lowest.0.value.clone(),
        difference: Between::interval(contrast.difference, contrast.interval(level)),
        shrunk: highest
            .0
            .shrunk
            .as_ref()
            .zip(lowest.0.shrunk.as_ref())
            .map(|(high, low)| high.value - low.value),
    })
}
