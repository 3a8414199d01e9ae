//! What changed states of outputs mean for the rollups: the statistics of the new ones minus those of the old ones.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::metrics::{self, facts};
use crate::rollup::{Axis, Table};
use crate::store::outputs::Output;

/// Tables to add to the rollups, by UTC day. A day whose outputs changed in what no sum sees has none.
pub type Difference = BTreeMap<i32, Vec<(Axis, Table)>>;

const OUTPUTS: &str = "outputs";
const BUCKET: &str = "bucket";
const POSITIVES: &str = "positives";
const NEGATIVES: &str = "negatives";
/// Hours of a UTC day.
const HOURS: i32 = 24;

/// Computes what must be added to the rollups when `old` states are replaced by `new` ones.
pub fn difference(old: &[Output], new: &[Output]) -> PolarsResult<Difference> {
    let facts = super::facts::facts(
        new.iter()
            .map(|output| (output, 1))
            .chain(old.iter().map(|output| (output, -1))),
    )?;
    let mut difference = Difference::new();
    if facts.height() == 0 {
        return Ok(difference);
    }
    let days = facts.column(facts::DAY)?.i32()?;
    difference.extend(days.iter().flatten().map(|day| (day, Vec::new())));
    let contributions = contributions(&facts)?;
    let group = col(facts::GROUP).cast(DataType::Int64);
    let hour = (col(facts::HOUR) - col(facts::DAY) * lit(HOURS)).cast(DataType::Int64);
    let mut names = vec![OUTPUTS.to_owned()];
    names.extend(metrics::layout());
    add(&mut difference, Axis::Groups, &contributions, group, &names)?;
    add(&mut difference, Axis::Hours, &contributions, hour, &names)?;
    for histogram in metrics::all_histograms() {
        let axis = Axis::Histogram(histogram.kind);
        let positive = facts::count(histogram.positive);
        let counts = facts
            .clone()
            .lazy()
            .select([
                col(facts::CELL),
                col(facts::DAY),
                histogram.bucket.cast(DataType::Int64).alias(BUCKET),
                (positive.clone() * col(facts::SIGN)).alias(POSITIVES),
                ((lit(1_i64) - positive) * col(facts::SIGN)).alias(NEGATIVES),
            ])
            .filter(col(BUCKET).is_not_null())
            .collect()?;
        add(
            &mut difference,
            axis,
            &counts,
            col(BUCKET),
            &[POSITIVES.to_owned(), NEGATIVES.to_owned()],
        )?;
    }
    Ok(difference)
}

/// Per output, every sum with its sign.
fn contributions(facts: &DataFrame) -> PolarsResult<DataFrame> {
    let mut columns = vec![col(facts::CELL), col(facts::HOUR), col(facts::DAY), col(facts::GROUP)];
    columns.push(col(facts::SIGN).alias(OUTPUTS));
    columns.extend(
        metrics::all_sums()
            .iter()
            .map(|sum| (sum.expr.clone() * col(facts::SIGN)).alias(sum.name.as_str())),
    );
    facts.clone().lazy().select(columns).collect()
}

/// Sums rows by day, cell and bucket to one table per day.
fn add(to: &mut Difference, axis: Axis, rows: &DataFrame, bucket: Expr, names: &[String]) -> PolarsResult<()> {
    let keys = [col(facts::DAY), col(facts::CELL), bucket.alias(BUCKET)];
    let sums: Vec<Expr> = names.iter().map(|name| col(name.as_str()).sum()).collect();
    let frame = rows
        .clone()
        .lazy()
        .group_by(keys)
        .agg(sums)
        .sort([facts::DAY, facts::CELL, BUCKET], SortMultipleOptions::default())
        .collect()?;
    let days: Vec<i32> = frame.column(facts::DAY)?.i32()?.iter().flatten().collect();
    let mut from = 0;
    for same in days.chunk_by(|one, other| one == other) {
        let part = frame.slice(from as i64, same.len());
        from += same.len();
        let cells = part.column(facts::CELL)?.i32()?.iter().flatten();
        let keys: Vec<(i32, i64)> = cells.zip(longs(&part, BUCKET)?).collect();
        let columns: Vec<Vec<i64>> = names
            .iter()
            .map(|name| longs(&part, name))
            .collect::<PolarsResult<_>>()?;
        let table = Table::from_sorted(&keys, &columns);
        if let Some(day) = same.first()
            && table.rows() > 0
        {
            to.entry(*day).or_default().push((axis, table));
        }
    }
    Ok(())
}

fn longs(frame: &DataFrame, name: &str) -> PolarsResult<Vec<i64>> {
    Ok(frame
        .column(name)?
        .i64()?
        .iter()
        .map(Option::unwrap_or_default)
        .collect())
}
