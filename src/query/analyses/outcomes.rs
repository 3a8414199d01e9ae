//! Confidences whose outcome is known, as rows.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use polars::prelude::*;

use crate::domain::window::Window;
use crate::metrics::facts as f;
use crate::metrics::families::calibration::Target;
use crate::query::blocks::days_covering;
use crate::query::origin::check_kept;
use crate::query::request::QueryError;
use crate::query::snapshot::Snapshot;
use crate::stats::sample::Sample;
use crate::store::cells::CellId;

/// Outputs with a confidence and a known outcome that one analysis may hold.
pub const MOST_OUTCOMES: usize = 2_000_000;

/// The columns that [`outcomes`] reads.
pub const COLUMNS: [&str; 8] = [
    f::CELL,
    f::CLUSTER,
    f::USER,
    f::SHOWN_AT,
    f::DECISION,
    f::MANNER,
    f::CONFIDENCE,
    f::CORRECT,
];

const POSITIVE: &str = "positive";

/// An output with a confidence and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The user, or the output itself where no user is known.
    pub cluster: i64,
    /// Whether a user is known.
    pub has_user: bool,
    /// In microseconds since the epoch.
    pub shown_at: i64,
    pub confidence: f64,
    pub positive: bool,
}

/// The outputs of a frame of stated facts that have a confidence and a known outcome, in their order; with them, the numbers that
/// the frame has in `places`, if it has any.
pub fn outcomes(stated: DataFrame, target: Target, places: &[&str]) -> PolarsResult<Vec<(Outcome, Vec<u32>)>> {
    let mut columns = vec![col(f::CLUSTER), col(f::USER), col(f::SHOWN_AT), col(f::CONFIDENCE)];
    columns.push(target.positive().alias(POSITIVE));
    columns.extend(places.iter().map(|place| col(*place)));
    let frame = stated.lazy().filter(target.known()).select(columns).collect()?;
    let places: Vec<&UInt32Chunked> = places
        .iter()
        .map(|place| frame.column(place)?.u32())
        .collect::<PolarsResult<_>>()?;
    let clusters = frame.column(f::CLUSTER)?.i64()?.iter();
    let users = frame.column(f::USER)?.i64()?.iter();
    let times = frame.column(f::SHOWN_AT)?.i64()?.iter();
    let confidences = frame.column(f::CONFIDENCE)?.f64()?.iter();
    let positives = frame.column(POSITIVE)?.bool()?.iter();
    let mut found = Vec::with_capacity(frame.height());
    for (row, (((cluster, user), shown_at), (confidence, positive))) in clusters
        .zip(users)
        .zip(times)
        .zip(confidences.zip(positives))
        .enumerate()
    {
        if let (Some(cluster), Some(shown_at), Some(confidence), Some(positive)) =
            (cluster, shown_at, confidence, positive)
        {
            let outcome = Outcome {
                cluster,
                has_user: user.is_some(),
                shown_at,
                confidence,
                positive,
            };
            found.push((outcome, places.iter().filter_map(|place| place.get(row)).collect()));
        }
    }
    Ok(found)
}

/// Hands out the outputs of some cells in a window, day by day, with some of their columns; [`f::CELL`] and [`f::SHOWN_AT`] are
/// among them. An error where not all are kept.
pub fn each_day(
    snapshot: &mut Snapshot,
    cells: &HashSet<CellId>,
    window: &Window,
    columns: &[&str],
    mut visit: impl FnMut(DataFrame) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    check_kept(snapshot, window)?;
    let times = window.from.timestamp_micros()..window.to.timestamp_micros();
    let view = Arc::clone(&snapshot.view);
    for (day, _) in view.touched(days_covering(window)) {
        let stated = snapshot.segment(day, Some(columns))?;
        let own = stated.column(f::CELL)?.i32()?.iter();
        let own = own.zip(stated.column(f::SHOWN_AT)?.i64()?.iter());
        let inside: BooleanChunked = own
            .map(|(cell, time)| Some(cells.contains(&cell?) && times.contains(&time?)))
            .collect();
        visit(stated.filter(&inside)?)?;
    }
    Ok(())
}

/// Adds the outcomes of a frame to those that are held already.
pub fn hold(held: &mut Vec<Outcome>, stated: DataFrame, target: Target) -> Result<(), QueryError> {
    held.extend(outcomes(stated, target, &[])?.into_iter().map(|(outcome, _)| outcome));
    if held.len() > MOST_OUTCOMES {
        return Err(QueryError::TooManyOutcomes { limit: MOST_OUTCOMES });
    }
    Ok(())
}

/// Whether each cluster of a sample of these outcomes is a user, and not an output of nobody.
pub fn is_user<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Vec<bool> {
    let clusters = outcomes.into_iter().map(|outcome| (outcome.cluster, outcome.has_user));
    let clusters: BTreeMap<i64, bool> = clusters.collect();
    clusters.into_values().collect()
}

/// Outcomes as a sample.
pub fn sample<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>, apart: usize) -> Sample {
    let points = outcomes
        .into_iter()
        .map(|outcome| (outcome.cluster, outcome.confidence, outcome.positive));
    Sample::new(points.collect(), apart)
}

/// The share of outcomes, in the order of time, that come before the later ones on which something is checked.
const EARLIER: f64 = 0.7;

/// The instant, in microseconds since the epoch, from which outcomes are later ones. `None` without outcomes.
pub fn later_from(outcomes: &[Outcome]) -> Option<i64> {
    let mut times: Vec<i64> = outcomes.iter().map(|outcome| outcome.shown_at).collect();
    times.sort_unstable();
    times.get((times.len() as f64 * EARLIER) as usize).copied()
}
