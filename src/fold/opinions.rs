//! What people and judges say of outputs: the newest word of each counts.

use std::collections::HashMap;

use chrono::DateTime;
use polars::prelude::*;
use uuid::Uuid;

use super::columns as h;
use super::history::History;
use crate::store::opinions::Opinion;

/// What the raters of one output say: each one's newest rating, and how often they changed it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ratings {
    pub raters: i32,
    pub sum: f64,
    /// Raters whose newest rating is in the upper half of its scale.
    pub positive: i32,
    pub flips: i32,
}

/// The ratings of each rated output, by its number.
pub fn ratings(actions: &DataFrame) -> PolarsResult<HashMap<u32, Ratings>> {
    let previous = |name: &str| col(name).shift(lit(1));
    let changed = col(h::RATING).neq(previous(h::RATING));
    // Four of five and a thumb up need not be a change of mind.
    let flipped = [h::LOWEST, h::HIGHEST]
        .into_iter()
        .fold(changed, |flipped, end| flipped.and(col(end).eq(previous(end))));
    let flips = flipped.cast(DataType::Int32).sum().alias("flips");
    let by_rater = actions
        .clone()
        .lazy()
        .filter(col(h::RATING).is_not_null())
        .group_by_stable([col(h::OUTPUT), col(h::RATER)])
        .agg([col(h::RATING).last(), col(h::POSITIVE).last(), flips]);
    let frame = by_rater
        .group_by_stable([col(h::OUTPUT)])
        .agg([
            len().cast(DataType::Int32).alias("raters"),
            col(h::RATING).sum(),
            col(h::POSITIVE).sum(),
            col("flips").sum(),
        ])
        .collect()?;
    let (outputs, raters) = (frame.column(h::OUTPUT)?.u32()?, frame.column("raters")?.i32()?);
    let (sums, positives) = (frame.column(h::RATING)?.f64()?, frame.column(h::POSITIVE)?.i32()?);
    let flips = frame.column("flips")?.i32()?;
    Ok((0..frame.height())
        .filter_map(|row| {
            let ratings = Ratings {
                raters: raters.get(row)?,
                sum: sums.get(row)?,
                positive: positives.get(row)?,
                flips: flips.get(row)?,
            };
            Some((outputs.get(row)?, ratings))
        })
        .collect())
}

/// The latest judgement of the best source, with the source's rank.
pub fn judgements(actions: &DataFrame) -> PolarsResult<HashMap<u32, (i16, bool)>> {
    let frame = actions
        .clone()
        .lazy()
        .filter(col(h::CORRECT).is_not_null())
        .group_by_stable([col(h::OUTPUT), col(h::JUDGED_BY)])
        .agg([col(h::CORRECT).last()])
        .collect()?;
    let (outputs, ranks) = (frame.column(h::OUTPUT)?.u32()?, frame.column(h::JUDGED_BY)?.i32()?);
    let correct = frame.column(h::CORRECT)?.bool()?;
    let mut best: HashMap<u32, (i16, bool)> = HashMap::new();
    for row in 0..frame.height() {
        let (Some(output), Some(rank), Some(correct)) = (outputs.get(row), ranks.get(row), correct.get(row)) else {
            continue;
        };
        let candidate = (i16::try_from(rank).unwrap_or(i16::MAX), correct);
        best.entry(output)
            .and_modify(|known| {
                if candidate.0 < known.0 {
                    *known = candidate;
                }
            })
            .or_insert(candidate);
    }
    Ok(best)
}

/// The newest word of each holder on each rubric, by output; in the order of source, holder and rubric.
pub fn newest(history: &History) -> PolarsResult<HashMap<Uuid, Vec<Opinion>>> {
    let key = [h::OUTPUT, h::SOURCE, h::HOLDER, h::RUBRIC];
    let frame = history
        .opinions
        .clone()
        .lazy()
        .filter(col(h::VALUE).is_not_null())
        .group_by_stable(key.map(col))
        .agg([h::VALUE, h::IS_RIGHT, h::TIME, h::LOWEST, h::HIGHEST].map(|name| col(name).last()))
        .sort(key, SortMultipleOptions::default())
        .collect()?;
    let (numbers, sources) = (frame.column(h::OUTPUT)?.u32()?, frame.column(h::SOURCE)?.i32()?);
    let (holders, rubrics) = (frame.column(h::HOLDER)?.str()?, frame.column(h::RUBRIC)?.str()?);
    let (values, rights) = (frame.column(h::VALUE)?.f64()?, frame.column(h::IS_RIGHT)?.bool()?);
    let times = frame.column(h::TIME)?.i64()?;
    let (lowest, highest) = (frame.column(h::LOWEST)?.f64()?, frame.column(h::HIGHEST)?.f64()?);
    let mut found: HashMap<Uuid, Vec<Opinion>> = HashMap::new();
    for row in 0..frame.height() {
        let opinion = || {
            let (output_key, _) = history.outputs.get(numbers.get(row)? as usize)?;
            Some(Opinion {
                output_key: *output_key,
                source: i16::try_from(sources.get(row)?).ok()?,
                holder: holders.get(row)?.to_owned(),
                rubric: rubrics.get(row)?.to_owned(),
                value: values.get(row)?,
                is_right: rights.get(row)?,
                stated_at: DateTime::from_timestamp_micros(times.get(row)?)?,
                lowest: lowest.get(row),
                highest: highest.get(row),
            })
        };
        if let Some(opinion) = opinion() {
            found.entry(opinion.output_key).or_default().push(opinion);
        }
    }
    Ok(found)
}
