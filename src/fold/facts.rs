//! Outputs as the facts frame that the metric families read.

use std::collections::HashSet;

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
    let mut frame = derive(stated(&outputs)?, |_| true)?;
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
            columns.of(facts::IGNORED_MS, |o| o.ignored_ms),
            columns.of(facts::CONFIDENCE, |o| o.confidence),
            columns.of(facts::CORRECT, |o| o.correct),
            columns.of(facts::INITIAL_AGREES, |o| o.initial_agrees),
            columns.of(facts::INITIAL_CORRECT, |o| o.initial_correct),
            columns.of(facts::EDIT_DISTANCE, |o| o.edit_distance),
            columns.of(facts::RETAINED_SHARE, |o| o.retained_share),
            columns.of(facts::STILL_RETAINED, |o| o.still_retained),
            columns.of(facts::KEPT_30S, |o| o.kept_30s.map(i32::from)),
            columns.of(facts::KEPT_120S, |o| o.kept_120s.map(i32::from)),
            columns.of(facts::KEPT_300S, |o| o.kept_300s.map(i32::from)),
            columns.of(facts::KEPT_600S, |o| o.kept_600s.map(i32::from)),
            columns.of(facts::CHARS_SHOWN, |o| o.chars_shown),
            columns.of(facts::CHARS_FINAL, |o| o.chars_final),
            columns.of(facts::GENERATION_MS, |o| o.generation_ms.map(i64::from)),
            columns.of(facts::INITIAL_VALUE, |o| o.initial_value),
            columns.of(facts::OUTPUT_VALUE, |o| o.output_value),
            columns.of(facts::FINAL_VALUE, |o| o.final_value),
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

/// A column that follows from a stated one.
struct Derived {
    name: &'static str,
    from: &'static str,
    make: fn(&Column) -> PolarsResult<Column>,
}

const DERIVED: [Derived; 9] = [
    Derived {
        name: facts::HOUR,
        from: facts::SHOWN_AT,
        make: |times| of_integers(times, |micros| clock::hour_of(clock::from_micros(micros))),
    },
    Derived {
        name: facts::DAY,
        from: facts::SHOWN_AT,
        make: |times| of_integers(times, |micros| clock::day_of(clock::from_micros(micros))),
    },
    Derived {
        name: facts::GROUP,
        from: facts::CLUSTER,
        make: |clusters| of_integers(clusters, |cluster| i32::from(key::user_group(cluster))),
    },
    Derived {
        name: facts::CONFIDENCE_BIN,
        from: facts::CONFIDENCE,
        make: |confidences| of_reals(confidences, |p| calibration::bin_index(p, BINS) as i32),
    },
    Derived {
        name: facts::CONFIDENCE_CELL,
        from: facts::CONFIDENCE,
        make: |confidences| of_reals(confidences, |p| calibration::bin_index(p, GRID) as i64),
    },
    Derived {
        name: facts::LOSS_IF_POSITIVE,
        from: facts::CONFIDENCE,
        make: |confidences| of_reals(confidences, |p| calibration::log_loss_term(p, 1.0)),
    },
    Derived {
        name: facts::LOSS_IF_NEGATIVE,
        from: facts::CONFIDENCE,
        make: |confidences| of_reals(confidences, |p| calibration::log_loss_term(p, 0.0)),
    },
    Derived {
        name: facts::DECISION_BUCKET,
        from: facts::DECISION_MS,
        make: time_bucket,
    },
    Derived {
        name: facts::GENERATION_BUCKET,
        from: facts::GENERATION_MS,
        make: time_bucket,
    },
];

/// The stated columns that expressions over the facts frame read, by themselves or through what follows from them.
pub fn read_by(names: &HashSet<PlSmallStr>) -> Vec<&'static str> {
    let derived = || DERIVED.iter().filter(|derived| names.contains(derived.name));
    let is_read = |name: &&str| names.contains(*name) || derived().any(|derived| derived.from == *name);
    facts::STATED.into_iter().filter(is_read).collect()
}

/// Adds those of the columns that follow from the stated ones which are wanted.
pub fn derive(mut frame: DataFrame, is_wanted: impl Fn(&str) -> bool) -> PolarsResult<DataFrame> {
    for derived in DERIVED.iter().filter(|derived| is_wanted(derived.name)) {
        let column = (derived.make)(frame.column(derived.from)?)?;
        frame.with_column(column.with_name(derived.name.into()))?;
    }
    Ok(frame)
}

/// The bucket of the sketch of each time in milliseconds.
fn time_bucket(times: &Column) -> PolarsResult<Column> {
    of_integers(times, |ms| i64::from(sketch::index(ms as f64)))
}

fn of_integers<T>(column: &Column, value: fn(i64) -> T) -> PolarsResult<Column>
where
    Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
{
    let values: Vec<Option<T>> = column.i64()?.iter().map(|own| own.map(value)).collect();
    Ok(Series::new(PlSmallStr::EMPTY, values).into())
}

fn of_reals<T>(column: &Column, value: fn(f64) -> T) -> PolarsResult<Column>
where
    Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
{
    let values: Vec<Option<T>> = column.f64()?.iter().map(|own| own.map(value)).collect();
    Ok(Series::new(PlSmallStr::EMPTY, values).into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_stated_columns_is_that_of_the_frame() {
        let frame = stated(&[]).unwrap();
        assert_eq!(frame.get_column_names(), facts::STATED);
    }

    #[test]
    fn what_follows_from_a_column_reads_it() {
        let names = [facts::CONFIDENCE_BIN, facts::LOSS_IF_NEGATIVE, facts::CORRECT];
        let read = read_by(&names.into_iter().map(PlSmallStr::from).collect());
        assert_eq!(read, [facts::CONFIDENCE, facts::CORRECT]);
    }
}
