//! What changed states of outputs mean for the rollups: the statistics of the new ones minus those of the old ones.

use polars::prelude::*;

use crate::metrics::{self, facts};
use crate::store::histograms::Bucket;
use crate::store::outputs::Output;
use crate::store::rollups::{Daily, Hourly};

/// Rows to add to the rollups.
#[derive(Debug, Default, PartialEq)]
pub struct Difference {
    pub hourly: Vec<Hourly>,
    pub daily: Vec<Daily>,
    pub histograms: Vec<Bucket>,
}

const OUTPUTS: &str = "outputs";

/// Computes what must be added to the rollups when `old` states are replaced by `new` ones.
pub fn difference(old: &[Output], new: &[Output]) -> PolarsResult<Difference> {
    let facts = super::facts::facts(
        new.iter()
            .map(|output| (output, 1))
            .chain(old.iter().map(|output| (output, -1))),
    )?;
    if facts.height() == 0 {
        return Ok(Difference::default());
    }
    let contributions = contributions(&facts)?;
    Ok(Difference {
        hourly: hourly(&contributions)?,
        daily: daily(&contributions)?,
        histograms: histograms(&facts)?,
    })
}

/// Per output, every sum with its sign.
fn contributions(facts: &DataFrame) -> PolarsResult<DataFrame> {
    let mut columns = vec![col(facts::CELL), col(facts::HOUR), col(facts::DAY), col(facts::GROUP)];
    columns.push(col(facts::SIGN).alias(OUTPUTS));
    columns.extend(
        metrics::all_sums()
            .into_iter()
            .map(|sum| (sum.expr * col(facts::SIGN)).alias(sum.name)),
    );
    facts.clone().lazy().select(columns).collect()
}

/// Sums contributions by some keys, leaving out what comes to nothing.
fn grouped(contributions: &DataFrame, keys: &[&str]) -> PolarsResult<DataFrame> {
    let mut sums = vec![col(OUTPUTS).sum()];
    sums.extend(metrics::layout().into_iter().map(|name| col(name).sum()));
    let keys: Vec<Expr> = keys.iter().map(|key| col(*key)).collect();
    contributions
        .clone()
        .lazy()
        .group_by(keys.clone())
        .agg(sums)
        .sort_by_exprs(keys, SortMultipleOptions::default())
        .collect()
}

/// The sums of each row, in the order of the layout.
fn sums(frame: &DataFrame) -> PolarsResult<Vec<Vec<i64>>> {
    let layout = metrics::layout();
    let mut rows = vec![Vec::with_capacity(layout.len()); frame.height()];
    for name in &layout {
        let column = frame.column(name)?.i64()?;
        for (row, value) in rows.iter_mut().zip(column.iter()) {
            row.push(value.unwrap_or_default());
        }
    }
    Ok(rows)
}

fn integers(frame: &DataFrame, name: &str) -> PolarsResult<Vec<i32>> {
    Ok(frame
        .column(name)?
        .i32()?
        .iter()
        .map(Option::unwrap_or_default)
        .collect())
}

fn longs(frame: &DataFrame, name: &str) -> PolarsResult<Vec<i64>> {
    Ok(frame
        .column(name)?
        .i64()?
        .iter()
        .map(Option::unwrap_or_default)
        .collect())
}

fn hourly(contributions: &DataFrame) -> PolarsResult<Vec<Hourly>> {
    let frame = grouped(contributions, &[facts::CELL, facts::HOUR])?;
    let (cells, hours) = (integers(&frame, facts::CELL)?, integers(&frame, facts::HOUR)?);
    let rows = cells
        .into_iter()
        .zip(hours)
        .zip(longs(&frame, OUTPUTS)?)
        .zip(sums(&frame)?);
    Ok(rows
        .map(|(((cell_id, hour), outputs), sums)| Hourly {
            cell_id,
            hour,
            outputs,
            sums,
        })
        .filter(|row| row.outputs != 0 || row.sums.iter().any(|sum| *sum != 0))
        .collect())
}

fn daily(contributions: &DataFrame) -> PolarsResult<Vec<Daily>> {
    let frame = grouped(contributions, &[facts::CELL, facts::DAY, facts::GROUP])?;
    let (cells, days) = (integers(&frame, facts::CELL)?, integers(&frame, facts::DAY)?);
    let groups = integers(&frame, facts::GROUP)?;
    let rows = cells
        .into_iter()
        .zip(days)
        .zip(groups)
        .zip(longs(&frame, OUTPUTS)?)
        .zip(sums(&frame)?);
    Ok(rows
        .map(|((((cell_id, day), group), outputs), sums)| Daily {
            cell_id,
            day,
            user_group: group as i16,
            outputs,
            sums,
        })
        .filter(|row| row.outputs != 0 || row.sums.iter().any(|sum| *sum != 0))
        .collect())
}

fn histograms(facts: &DataFrame) -> PolarsResult<Vec<Bucket>> {
    let mut buckets = Vec::new();
    for histogram in metrics::all_histograms() {
        let positive = facts::count(histogram.positive);
        let negative = lit(1_i64) - positive.clone();
        let frame = facts
            .clone()
            .lazy()
            .select([
                col(facts::CELL),
                col(facts::DAY),
                histogram.bucket.cast(DataType::Int64).alias("bucket"),
                (positive * col(facts::SIGN)).alias("positives"),
                (negative * col(facts::SIGN)).alias("negatives"),
            ])
            .filter(col("bucket").is_not_null())
            .group_by([col(facts::CELL), col(facts::DAY), col("bucket")])
            .agg([col("positives").sum(), col("negatives").sum()])
            .sort([facts::CELL, facts::DAY, "bucket"], SortMultipleOptions::default())
            .collect()?;
        let (cells, days) = (integers(&frame, facts::CELL)?, integers(&frame, facts::DAY)?);
        let (positives, negatives) = (longs(&frame, "positives")?, longs(&frame, "negatives")?);
        let rows = cells
            .into_iter()
            .zip(days)
            .zip(longs(&frame, "bucket")?)
            .zip(positives)
            .zip(negatives);
        buckets.extend(
            rows.map(|((((cell_id, day), bucket), positives), negatives)| Bucket {
                cell_id,
                day,
                kind: histogram.kind,
                bucket,
                positives,
                negatives,
            })
            .filter(|row| row.positives != 0 || row.negatives != 0),
        );
    }
    Ok(buckets)
}
