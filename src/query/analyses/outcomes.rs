//! Confidences whose outcome is known, as rows.

use polars::prelude::*;

use crate::metrics::facts as f;
use crate::metrics::families::calibration::Target;

/// The columns that [`outcomes`] reads.
pub const COLUMNS: [&str; 6] = [f::CELL, f::CLUSTER, f::SHOWN_AT, f::DECISION, f::CONFIDENCE, f::CORRECT];

const POSITIVE: &str = "positive";

/// An output with a confidence and what came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The user, or the output itself where no user is known.
    pub cluster: i64,
    /// In microseconds since the epoch.
    pub shown_at: i64,
    pub confidence: f64,
    pub positive: bool,
}

/// The outputs of a frame of stated facts that have a confidence and a known outcome, in their order; with them, the numbers that
/// the frame has in `places`, if it has any.
pub fn outcomes(stated: DataFrame, target: Target, places: &[&str]) -> PolarsResult<Vec<(Outcome, Vec<u32>)>> {
    let mut columns = vec![col(f::CLUSTER), col(f::SHOWN_AT), col(f::CONFIDENCE)];
    columns.push(target.positive().alias(POSITIVE));
    columns.extend(places.iter().map(|place| col(*place)));
    let frame = stated.lazy().filter(target.known()).select(columns).collect()?;
    let places: Vec<&UInt32Chunked> = places
        .iter()
        .map(|place| frame.column(place)?.u32())
        .collect::<PolarsResult<_>>()?;
    let clusters = frame.column(f::CLUSTER)?.i64()?.iter();
    let times = frame.column(f::SHOWN_AT)?.i64()?.iter();
    let confidences = frame.column(f::CONFIDENCE)?.f64()?.iter();
    let positives = frame.column(POSITIVE)?.bool()?.iter();
    let rows = clusters.zip(times).zip(confidences.zip(positives)).enumerate();
    let outcome = |(row, ((cluster, time), (confidence, positive))): (usize, ((Option<i64>, _), (_, Option<bool>)))| {
        let outcome = Outcome {
            cluster: cluster?,
            shown_at: time?,
            confidence: confidence?,
            positive: positive?,
        };
        Some((outcome, places.iter().filter_map(|place| place.get(row)).collect()))
    };
    Ok(rows.filter_map(outcome).collect())
}
