//! Outputs as the facts frame that the metric families read.

use polars::prelude::*;

use crate::domain::clock;
use crate::domain::key;
use crate::metrics::facts::{self, BINS, GRID, RATING_SCALE};
use crate::stats::{calibration, sketch};
use crate::store::outputs::Output;

/// Builds the frame. Unlinked outputs have no cell and are left out. Signs tell added outputs from those taken back.
pub fn facts<'a>(outputs: impl Iterator<Item = (&'a Output, i64)>) -> PolarsResult<DataFrame> {
    let outputs: Vec<(&Output, i64)> = outputs.filter(|(output, _)| output.cell_id.is_some()).collect();
    let columns = Columns { outputs: &outputs };
    let confidence = |output: &Output| output.confidence;
    DataFrame::new(
        outputs.len(),
        vec![
            Column::new(
                facts::SIGN.into(),
                outputs.iter().map(|(_, sign)| *sign).collect::<Vec<i64>>(),
            ),
            columns.of(facts::CELL, |o| o.cell_id),
            columns.of(facts::HOUR, |o| Some(clock::hour_of(o.shown_at))),
            columns.of(facts::DAY, |o| Some(clock::day_of(o.shown_at))),
            columns.of(facts::GROUP, |o| Some(i32::from(key::user_group(o.cluster())))),
            columns.of(facts::CLUSTER, |o| Some(o.cluster())),
            columns.of(facts::USER, |o| o.user_key),
            columns.of(facts::SHOWN_AT, |o| Some(o.shown_at.timestamp_micros())),
            columns.of(facts::DECISION, |o| Some(i32::from(o.decision))),
            columns.of(facts::DECISION_MS, |o| o.decision_ms),
            columns.of(facts::DECISION_BUCKET, |o| {
                o.decision_ms.map(|ms| i64::from(sketch::index(ms as f64)))
            }),
            columns.of(facts::CONFIDENCE, confidence),
            columns.of(facts::CONFIDENCE_BIN, |o| {
                o.confidence.map(|p| calibration::bin_index(p, BINS) as i32)
            }),
            columns.of(facts::CONFIDENCE_CELL, |o| {
                o.confidence.map(|p| calibration::bin_index(p, GRID) as i64)
            }),
            columns.of(facts::LOSS_IF_POSITIVE, |o| {
                o.confidence.map(|p| calibration::log_loss_term(p, 1.0))
            }),
            columns.of(facts::LOSS_IF_NEGATIVE, |o| {
                o.confidence.map(|p| calibration::log_loss_term(p, 0.0))
            }),
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
        ],
    )
}

struct Columns<'a> {
    outputs: &'a [(&'a Output, i64)],
}

impl Columns<'_> {
    fn of<T>(&self, name: &str, value: impl Fn(&Output) -> Option<T>) -> Column
    where
        Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
    {
        let values: Vec<Option<T>> = self.outputs.iter().map(|(output, _)| value(output)).collect();
        Series::new(name.into(), values).into()
    }
}
