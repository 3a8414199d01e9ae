//! Why did a metric move between two periods, and which segments did it?
//!
//! For every dimension, [`crate::stats::decomposition::kitagawa`] splits the change into mix and rate, segment by segment. The standard error of a
//! segment's part is linearised over the users of both periods, with the overall rates held. Segments of all dimensions are ranked
//! by how much more they add than their share of the outputs would, pulled towards zero by noise ([`crate::stats::decomposition::shrunk`]), so that a small segment does not lead by chance.

mod finding;
mod segments;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;

pub use self::finding::{Explained, ExplainedDimension, ExplainedFeatures, Segment};
use self::segments::{Segments, contributions};
use super::compare::Between;
use crate::domain::dimension::Dimension;
use crate::domain::window::Window;
use crate::metrics::{Estimate, Reason};
use crate::query::answer::Answer;
use crate::query::filter::Filter;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::query::{cuts, plan};
use crate::stats::contrast::{Contrast, Pair};
use crate::stats::decomposition;
use crate::store::projects;

/// The later period where none is given.
const LATELY: TimeDelta = TimeDelta::days(7);
/// Segments that lead, over all dimensions.
const LEADING: usize = 10;
/// Outputs that a segment must have in one of the periods to be among them.
const LEAST_OUTPUTS: u64 = 10;

/// What to explain.
#[derive(Clone)]
pub struct Question {
    /// One metric that is a ratio of sums, the later period, filters, level.
    pub query: Query,
    /// The earlier period; without it, one of the same length just before.
    pub before: Option<Window>,
    /// The dimensions to look at; all that the project has without any.
    pub dimensions: Vec<Dimension>,
}

/// Explains, from one state of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Explained, QueryError> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let windows = periods(conn, sources, question, now)?;
        explain(conn, sources, question, windows, now)
    })
}

/// Explains up to `limit` features, over the same periods and from one state of the database. Those of which the metric knows most in
/// the later period come first.
pub fn each_feature(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<ExplainedFeatures, QueryError> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let windows = periods(conn, sources, question, now)?;
        let by_feature = Query {
            group_by: vec![Dimension::Feature],
            ..within(&question.query, windows[1])
        };
        let answer = plan::answer(conn, sources, &by_feature, now)?;
        let rows = answer.rows.into_iter();
        let mut features: Vec<(u64, String)> = rows
            .filter_map(|row| Some((row.estimates.first()?.n, row.group.into_iter().next()??)))
            .collect();
        features.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        features.truncate(limit);
        let explained = features.into_iter().map(|(_, feature)| {
            let mut own = question.clone();
            own.query.filters.push(Filter::is(Dimension::Feature, &feature));
            Ok((feature, explain(conn, sources, &own, windows, now)?))
        });
        Ok(ExplainedFeatures {
            features: explained.collect::<Result<_, QueryError>>()?,
            windows,
            log_position: answer.log_position,
            edit_thresholds: answer.edit_thresholds,
        })
    })
}

/// The earlier period and the later one.
fn periods(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<[Window; 2], QueryError> {
    let mut after = plan::answer(conn, sources, &question.query, now)?.window;
    if question.query.from.is_none() {
        after.from = after.from.max(after.to - LATELY);
    }
    Ok([question.before.unwrap_or_else(|| preceding(&after)), after])
}

fn within(query: &Query, window: Window) -> Query {
    Query {
        from: Some(window.from),
        to: Some(window.to),
        ..query.clone()
    }
}

fn explain(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    windows: [Window; 2],
    now: DateTime<Utc>,
) -> Result<Explained, QueryError> {
    let project = projects::find(conn, question.query.project)?;
    let [earlier, later] = windows.map(|window| Query {
        contributions: true,
        fill: true,
        ..within(&question.query, window)
    });
    let before = plan::answer(conn, sources, &earlier, now)?;
    let after = plan::answer(conn, sources, &later, now)?;

    let dimensions = if question.dimensions.is_empty() {
        all_dimensions(&project.dimensions)
    } else {
        question.dimensions.clone()
    };
    let mut cut = |query: &Query| cuts::rows(conn, sources, query, &dimensions, now);
    let (ones, others) = (cut(&earlier)?, cut(&later)?);
    let mut explained = Vec::new();
    for (dimension, (one, other)) in dimensions.iter().zip(ones.iter().zip(&others)) {
        let segments = Segments::new(one, other);
        if segments.values.len() > 1 {
            explained.push(segments.explain(dimension, &question.query));
        }
    }
    rank(&mut explained);
    let segments = explained.iter().flat_map(|cut| &cut.segments);
    let mut leading: Vec<Segment> = segments.filter(|segment| may_lead(segment)).cloned().collect();
    leading.sort_by(by_weight);
    // Where a version brings a model and a prompt of its own, all three say the same.
    leading.dedup_by(|next, earlier| cuts_alike(next, earlier));
    leading.truncate(LEADING);
    Ok(Explained {
        before: overall(&before),
        after: overall(&after),
        change: change(&before, &after, &question.query),
        leading,
        dimensions: explained,
        windows,
        log_position: after.log_position,
        edit_thresholds: after.edit_thresholds,
    })
}

/// As much time just before.
fn preceding(window: &Window) -> Window {
    let length = window.to - window.from;
    Window {
        from: window.from - length.max(TimeDelta::microseconds(1)),
        to: window.from,
    }
}

fn all_dimensions(declared: &[String]) -> Vec<Dimension> {
    let built_in = Dimension::BUILT_IN.into_iter();
    built_in
        .chain(declared.iter().map(|name| Dimension::Attribute(name.clone())))
        .collect()
}

fn overall(answer: &Answer) -> Estimate {
    let found = answer.rows.first().and_then(|row| row.estimates.first().cloned());
    found.unwrap_or_else(|| Estimate::none(Reason::NoData))
}

/// The change of the whole, users of both periods paired.
fn change(before: &Answer, after: &Answer, query: &Query) -> Between {
    let sides = [overall(before), overall(after)];
    let [Some(first), Some(second)] = [sides[0].value, sides[1].value] else {
        return Between::missing([&sides[0], &sides[1]]);
    };
    let mut pairs: BTreeMap<i64, Pair> = BTreeMap::new();
    for own in contributions(before.rows.first()) {
        pairs.entry(own.cluster).or_default().0 = Some(own.moved());
    }
    for own in contributions(after.rows.first()) {
        pairs.entry(own.cluster).or_default().1 = Some(own.moved());
    }
    let contrast = Contrast::new(first, second, &pairs.into_values().collect::<Vec<_>>());
    Between::of(
        [&sides[0], &sides[1]],
        contrast.difference,
        contrast.interval(query.level),
    )
}

/// Orders the segments of each dimension, and the dimensions by their first.
fn rank(explained: &mut [ExplainedDimension]) {
    let segments = || explained.iter().flat_map(|cut| &cut.segments);
    let noisy: Vec<(f64, f64)> = segments()
        .filter_map(|segment| Some((segment.excess.value?, segment.noise?)))
        .collect();
    let mut shrunk = decomposition::shrunk(&noisy).into_iter();
    for cut in explained.iter_mut() {
        for segment in cut.segments.iter_mut().filter(|segment| segment.noise.is_some()) {
            segment.shrunk = shrunk.next().unwrap_or_default();
        }
        cut.segments.sort_by(by_weight);
    }
    let leader = |cut: &ExplainedDimension| cut.segments.first().map_or(0.0, |segment| segment.shrunk.abs());
    explained.sort_by(|one, other| leader(other).total_cmp(&leader(one)));
}

/// Whether enough is known of a segment to name it first: of a handful of outputs not even the noise is known.
fn may_lead(segment: &Segment) -> bool {
    segment.before.n.max(segment.after.n) >= LEAST_OUTPUTS
}

/// Whether two segments of different dimensions are the same outputs, as far as their numbers tell.
fn cuts_alike(one: &Segment, other: &Segment) -> bool {
    let numbers = |segment: &Segment| {
        (
            segment.before.n,
            segment.after.n,
            segment.before.value,
            segment.after.value,
        )
    };
    one.dimension != other.dimension && numbers(one) == numbers(other)
}

/// The more is left after shrinking, the earlier; then the surer. Of two segments one is as far from the rest as the other: then the
/// one that moved more itself.
fn by_weight(one: &Segment, other: &Segment) -> Ordering {
    let score = |segment: &Segment| match (segment.excess.value, segment.noise) {
        (Some(value), Some(noise)) if noise > 0.0 => (value / noise).abs(),
        _ => 0.0,
    };
    // Equal but for rounding is equal.
    let places = |value: f64| (value * 1e9).round();
    let larger = |of: &dyn Fn(&Segment) -> f64| places(of(other)).total_cmp(&places(of(one)));
    larger(&|segment| segment.shrunk.abs())
        .then_with(|| larger(&score))
        .then_with(|| larger(&|segment| segment.rate.abs()))
}
