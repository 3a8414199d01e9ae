//! Outputs as the facts frame that the metric families read.

use polars::prelude::*;

use crate::domain::clock;
use crate::domain::key;
use crate::metrics::facts::{self, BINS, GRID, RATING_SCALE};
use crate::stats::{calibration, sketch};
use crate::store::outputs::Output;

/// Builds the frame. Unlinked outputs have no cell and are left out. Signs tell added outputs from those taken back.
pub fn facts<'a>(outputs: impl Iterator<Item = (&'a Output, i64)>) -> PolarsResult<DataFrame> {
    let linked: Vec<(&Output, i64)> = outputs.filter(|(output, _)| output.cell_id.is_some()).collect();
    let (outputs, signs): (Vec<&Output>, Vec<i64>) = linked.into_iter().unzip();
    let mut frame = derive(stated(&outputs)?)?;
    frame.with_column(Column::new(facts::SIGN.into(), signs))?;
    Ok(frame)
}

/// What outputs say themselves; the rest of the facts frame follows from it. All of them are linked.
pub fn stated(outputs: &[&Output]) -> PolarsResult<DataFrame> {
    let columns = Columns { outputs };
    DataFrame::new(
        outputs.len(),
        vec![
            columns.of(facts::CELL, |o| o.cell_id),
            columns.of(facts::CLUSTER, |o| Some(o.cluster())),
            columns.of(facts::USER, |o| o.user_key),
            columns.of(facts::SHOWN_AT, |o| Some(o.shown_at.timestamp_micros())),
            columns.of(facts::DECISION, |o| Some(i32::from(o.decision))),
            columns.of(facts::MANNER, |o| Some(i32::from(o.manner))),
            columns.of(facts::DECISION_MS, |o| o.decision_ms),
            columns.of(facts::CONFIDENCE, |o| o.confidence),
            columns.of(facts::CORRECT, |o| o.correct),
            columns.of(facts::INITIAL_AGREES, |o| o.initial_agrees),
            columns.of(facts::INITIAL_CORRECT, |o| o.initial_correct),
            columns.of(facts::EDIT_DISTANCE, |o| o.edit_distance),
            columns.of(facts::RETAINED_SHARE, |o| o.retained_share),
            columns.of(facts::STILL_RETAINED, |o| o.still_retained),
            columns.of(facts::CHARS_SHOWN, |o| o.chars_shown),
            columns.of(facts::COPIES, |o| Some(o.copies)),
            columns.of(facts::REGENERATES, |o| Some(o.regenerates)),
            columns.of(facts::RATINGS, |o| Some(o.ratings)),
            columns.of(
                facts::RATING_SUM,
                |o| Some((o.rating_sum * RATING_SCALE).round() as i64),
            ),
            columns.of(facts::POSITIVE_RATINGS, |o| Some(o.positive_ratings)),
            columns.of(facts::RATING_FLIPS, |o| Some(o.rating_flips)),
            columns.of(facts::MISSED, |o| Some(o.missed)),
            columns.of(facts::RESTATED, |o| Some(o.restated)),
            columns.of(facts::REASON, |o| o.reason.as_deref()),
            columns.of(facts::ATTRIBUTES, |o| o.attributes.as_deref()),
        ],
    )
}

/// Adds what follows from the stated columns.
pub fn derive(mut frame: DataFrame) -> PolarsResult<DataFrame> {
    let shown_at: Vec<i64> = values(frame.column(facts::SHOWN_AT)?.i64()?);
    let clusters: Vec<i64> = values(frame.column(facts::CLUSTER)?.i64()?);
    let confidence = frame.column(facts::CONFIDENCE)?.f64()?.clone();
    let decision_ms = frame.column(facts::DECISION_MS)?.i64()?.clone();
    let of_confidence = |value: fn(f64) -> f64| -> Float64Chunked { confidence.apply(|p| p.map(value)) };
    let bin = |bins: usize| {
        confidence
            .iter()
            .map(move |p| p.map(|p| calibration::bin_index(p, bins)))
    };
    let bins: Vec<Option<i32>> = bin(BINS).map(|bin| bin.map(|bin| bin as i32)).collect();
    let cells: Vec<Option<i64>> = bin(GRID).map(|cell| cell.map(|cell| cell as i64)).collect();
    let times = || shown_at.iter().map(|micros| clock::from_micros(*micros));
    let hours: Vec<i32> = times().map(clock::hour_of).collect();
    let days: Vec<i32> = times().map(clock::day_of).collect();
    let groups: Vec<i32> = clusters
        .into_iter()
        .map(|cluster| i32::from(key::user_group(cluster)))
        .collect();
    let losses = [
        (
            facts::LOSS_IF_POSITIVE,
            of_confidence(|p| calibration::log_loss_term(p, 1.0)),
        ),
        (
            facts::LOSS_IF_NEGATIVE,
            of_confidence(|p| calibration::log_loss_term(p, 0.0)),
        ),
    ];
    let buckets: Int64Chunked = decision_ms.apply(|ms| ms.map(|ms| i64::from(sketch::index(ms as f64))));
    for column in [
        Column::new(facts::HOUR.into(), hours),
        Column::new(facts::DAY.into(), days),
        Column::new(facts::GROUP.into(), groups),
        Column::new(facts::CONFIDENCE_BIN.into(), bins),
        Column::new(facts::CONFIDENCE_CELL.into(), cells),
        buckets.with_name(facts::DECISION_BUCKET.into()).into_column(),
    ]
    .into_iter()
    .chain(losses.map(|(name, loss)| loss.with_name(name.into()).into_column()))
    {
        frame.with_column(column)?;
    }
    Ok(frame)
}

fn values(column: &Int64Chunked) -> Vec<i64> {
    column.iter().map(Option::unwrap_or_default).collect()
}

struct Columns<'a> {
    outputs: &'a [&'a Output],
}

impl Columns<'_> {
    fn of<'o, T>(&'o self, name: &str, value: impl Fn(&'o Output) -> Option<T>) -> Column
    where
        Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
    {
        let values: Vec<Option<T>> = self.outputs.iter().map(|output| value(output)).collect();
        Series::new(name.into(), values).into()
    }
}
