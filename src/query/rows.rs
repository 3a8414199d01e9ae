//! Slices from the outputs themselves: exact, each user apart.

use polars::prelude::*;

use super::gather::{BUCKET, GROUP, Gathered, Gathering, Over};
use super::plan::Plan;
use super::request::QueryError;
use super::snapshot::Snapshot;
use super::sums::Slices;
use crate::domain::clock;
use crate::metrics::{Sum, facts as f};
use crate::store::cells::CellId;

/// Gathers the outputs of a plan.
pub fn gathered<'a>(snapshot: &mut Snapshot, plan: &'a Plan, sums: &'a [Sum]) -> Result<Gathered<'a>, QueryError> {
    let group_of_cell = plan.group_of_cell();
    let mut gathering = Gathering::new(sums, &plan.histograms);
    let columns = gathering.columns(plan.placed_by());
    for day in snapshot.days(&plan.window) {
        let stated = snapshot.segment(day, Some(&columns))?;
        gathering.add(placed(plan, &group_of_cell, stated)?)?;
    }
    Ok(gathering.finish()?)
}

/// Computes the slices of a plan and, if there is more than one bucket or group, their totals.
pub fn slices(snapshot: &mut Snapshot, plan: &Plan, sums: &[Sum]) -> Result<(Slices, Option<Slices>), QueryError> {
    let gathered = gathered(snapshot, plan, sums)?;
    let totals = match plan.query.granularity {
        Some(_) => Some(gathered.slices(Over::Buckets)),
        None if plan.has_groups() => Some(gathered.slices(Over::Groups)),
        None => None,
    };
    Ok((gathered.slices(Over::Nothing), totals))
}

/// The rows of a day that are in the plan, with the numbers of their group and bucket.
pub fn placed(plan: &Plan, group_of_cell: &PlHashMap<CellId, u32>, stated: DataFrame) -> PolarsResult<DataFrame> {
    let cells: Vec<Option<CellId>> = match plan.refined {
        Some(refined) => refined.parts(&stated)?,
        None => stated.column(f::CELL)?.i32()?.iter().collect(),
    };
    let times = stated.column(f::SHOWN_AT)?.i64()?.iter();
    let places: Vec<Option<(u32, u32)>> = cells
        .into_iter()
        .zip(times)
        .map(|(cell, time)| {
            let group = group_of_cell.get(&cell?)?;
            Some((*group, plan.bucket_at(clock::from_micros(time?))?))
        })
        .collect();
    let (groups, buckets): (Vec<u32>, Vec<u32>) = places.iter().flatten().copied().unzip();
    let inside: BooleanChunked = places.iter().map(|place| Some(place.is_some())).collect();
    let mut frame = stated.filter(&inside)?;
    frame.with_column(Column::new(GROUP.into(), groups))?;
    frame.with_column(Column::new(BUCKET.into(), buckets))?;
    Ok(frame)
}
