//! Slices from the outputs themselves: exact, each user apart.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use polars::prelude::*;

use super::plan::{MOST_EXACT_OUTPUTS, Plan};
use super::request::QueryError;
use super::sums::{ByKey, Slice, SliceKey, Slices};
use crate::fold::facts::facts;
use crate::metrics::index::Index;
use crate::metrics::statistics::{Clustering, Counts};
use crate::metrics::{Histogram, Sum, facts as f};
use crate::store::outputs;

const GROUP: &str = "slice_group";
const BUCKET: &str = "slice_bucket";
const OUTPUTS: &str = "slice_outputs";
const HAS_USER: &str = "has_user";

/// Computes the slices of a plan and, if there is more than one bucket or group, their totals.
pub fn slices(conn: &mut PgConnection, plan: &Plan, sums: Vec<Sum>) -> Result<(Slices, Option<Slices>), QueryError> {
    let outputs = outputs::of_cells(
        conn,
        plan.query.project,
        &plan.cell_ids(),
        plan.window.from,
        plan.window.to,
        MOST_EXACT_OUTPUTS,
    )?;
    let group_of_cell = plan.group_of_cell();
    let groups: Vec<u32> = outputs
        .iter()
        .map(|output| {
            output
                .cell_id
                .and_then(|cell| group_of_cell.get(&cell))
                .copied()
                .unwrap_or_default()
        })
        .collect();
    let buckets: Vec<u32> = outputs
        .iter()
        .map(|output| plan.bucket_at(output.shown_at).unwrap_or_default())
        .collect();
    let mut frame = facts(outputs.iter().map(|output| (output, 1)))?;
    frame.with_column(Column::new(GROUP.into(), groups))?;
    frame.with_column(Column::new(BUCKET.into(), buckets))?;
    drop(outputs);

    let slices = cut(plan, &sums, &frame)?;
    let totals = match plan.query.granularity {
        Some(_) => Some(cut(plan, &sums, &constant(&frame, BUCKET)?)?),
        None if !plan.query.group_by.is_empty() => Some(cut(plan, &sums, &constant(&frame, GROUP)?)?),
        None => None,
    };
    Ok((slices, totals))
}

/// The frame with all rows in slice number 0 of one kind.
fn constant(frame: &DataFrame, name: &str) -> PolarsResult<DataFrame> {
    frame
        .clone()
        .lazy()
        .with_column(lit(0).cast(DataType::UInt32).alias(name))
        .collect()
}

fn cut(plan: &Plan, sums: &[Sum], frame: &DataFrame) -> PolarsResult<Slices> {
    let (mut by_key, columns) = clusters(frame, sums)?;
    for histogram in &plan.histograms {
        let name = histogram.name;
        let mut counts = counts(frame, histogram)?;
        for (key, slice) in &mut by_key {
            slice
                .histograms
                .insert(name, Some(counts.remove(key).unwrap_or_default()));
        }
    }
    Ok(Slices {
        clustering: Clustering::Exact,
        index: Index::new(sums.iter().map(|sum| &sum.name)),
        by_key,
        columns,
    })
}

/// Sums by slice and cluster: the slices, and per sum its value for each of their clusters.
fn clusters(frame: &DataFrame, sums: &[Sum]) -> PolarsResult<(ByKey, Vec<Vec<i64>>)> {
    let names: Vec<String> = sums.iter().map(|sum| sum.name.clone()).collect();
    let keys = [col(GROUP), col(BUCKET), col(f::CLUSTER)];
    let mut columns = keys.to_vec();
    columns.push(col(f::SIGN).alias(OUTPUTS));
    columns.push(col(f::USER).is_not_null().alias(HAS_USER));
    columns.extend(
        sums.iter()
            .map(|sum| (sum.expr.clone() * col(f::SIGN)).alias(sum.name.as_str())),
    );
    let mut aggregates = vec![col(OUTPUTS).sum(), col(HAS_USER).max()];
    aggregates.extend(names.iter().map(|name| col(name.as_str()).sum()));
    let frame = frame
        .clone()
        .lazy()
        .select(columns)
        .group_by(keys.clone())
        .agg(aggregates)
        .sort_by_exprs(keys, SortMultipleOptions::default())
        .collect()?;

    let groups = frame.column(GROUP)?.u32()?;
    let buckets = frame.column(BUCKET)?.u32()?;
    let outputs = frame.column(OUTPUTS)?.i64()?;
    let has_user = frame.column(HAS_USER)?.bool()?;
    let columns: Vec<Vec<i64>> = names
        .iter()
        .map(|name| {
            Ok(frame
                .column(name)?
                .i64()?
                .iter()
                .map(Option::unwrap_or_default)
                .collect())
        })
        .collect::<PolarsResult<_>>()?;
    let mut slices = ByKey::new();
    for row in 0..frame.height() {
        let key = (
            groups.get(row).unwrap_or_default(),
            buckets.get(row).unwrap_or_default(),
        );
        let slice = slices.entry(key).or_insert_with(|| Slice {
            clusters: row..row,
            ..Slice::empty(0)
        });
        slice.outputs += outputs.get(row).unwrap_or_default().unsigned_abs();
        slice.users = slice
            .users
            .map(|users| users + u64::from(has_user.get(row).unwrap_or_default()));
        slice.clusters.end = row + 1;
    }
    for slice in slices.values_mut() {
        let own = columns
            .iter()
            .map(|column| column.get(slice.clusters.clone()).unwrap_or_default());
        slice.totals = own
            .map(|values| values.iter().fold(0_i64, |sum, value| sum.saturating_add(*value)))
            .collect();
    }
    Ok((slices, columns))
}

/// The counts of one histogram by slice, with buckets as fine as the outputs allow.
fn counts(frame: &DataFrame, histogram: &Histogram) -> PolarsResult<HashMap<SliceKey, Counts>> {
    let positive = f::count(histogram.positive.clone());
    let bucket = histogram.exact_bucket.as_ref().unwrap_or(&histogram.bucket).clone();
    let frame = frame
        .clone()
        .lazy()
        .select([
            col(GROUP),
            col(BUCKET),
            bucket.cast(DataType::Int64).alias("bucket"),
            positive.clone().alias("positives"),
            (lit(1_i64) - positive).alias("negatives"),
        ])
        .filter(col("bucket").is_not_null())
        .group_by([col(GROUP), col(BUCKET), col("bucket")])
        .agg([col("positives").sum(), col("negatives").sum()])
        .sort([GROUP, BUCKET, "bucket"], SortMultipleOptions::default())
        .collect()?;
    let (groups, buckets) = (frame.column(GROUP)?.u32()?, frame.column(BUCKET)?.u32()?);
    let values = frame.column("bucket")?.i64()?;
    let (positives, negatives) = (frame.column("positives")?.i64()?, frame.column("negatives")?.i64()?);
    let mut counts: HashMap<SliceKey, Counts> = HashMap::new();
    for row in 0..frame.height() {
        let key = (
            groups.get(row).unwrap_or_default(),
            buckets.get(row).unwrap_or_default(),
        );
        counts.entry(key).or_default().push((
            values.get(row).unwrap_or_default(),
            positives.get(row).unwrap_or_default().unsigned_abs(),
            negatives.get(row).unwrap_or_default().unsigned_abs(),
        ));
    }
    Ok(counts)
}
