//! Tabulates a plan from the rollups: the same cost for any number of outputs.

use std::ops::Range;

use super::blocks::{days_covering, is_whole_days};
use super::cut::{Cut, GROUPS};
use super::grouping::Grouping;
use super::plan::Plan;
use super::request::QueryError;
use super::snapshot::{OUTPUTS, Snapshot};
use super::sums::Slices;
use crate::domain::window::Window;
use crate::rollup::Axis;
use crate::store::cells::CellId;

/// Sums of clusters that are held at once: so few that they stay in a core's cache while they are added up and read again. An answer
/// of more is computed in pieces.
const HELD: usize = 128 * 1024;
/// The same where histograms are cut too, all rows of which are read for each piece: 32 MB.
const HELD_WITH_HISTOGRAMS: usize = 4 * 1024 * 1024;

/// Tabulates the rows of a plan, some groups at a time.
pub fn each_slices(
    plan: &Plan,
    names: &[String],
    snapshot: &mut Snapshot,
    mut take: impl FnMut(Slices, Range<u32>),
) -> Result<(), QueryError> {
    let windows: Vec<Window> = plan.buckets.iter().map(|bucket| bucket.window).collect();
    let grouping = Grouping::new(&plan.cells, plan.groups.len());
    let per_group = windows.len().max(1) * GROUPS * (names.len() + 1);
    let groups = plan.groups.len() as u32;
    let held = match plan.has_histograms() {
        true => HELD_WITH_HISTOGRAMS,
        false => HELD,
    };
    let step = (held / per_group).max(1);
    let cut = |groups: Range<u32>| Cut {
        windows: &windows,
        grouping: &grouping,
        groups,
    };
    let tables = cut(0..groups).tables(names, snapshot)?;
    for first in (0..groups).step_by(step) {
        snapshot.check()?;
        let some = first..groups.min(first + step as u32);
        take(cut(some.clone()).slices(plan, names, &tables, snapshot)?, some);
    }
    Ok(())
}

/// Tabulates all rows of a plan at once, which must be few.
pub fn slices(plan: &Plan, names: &[String], snapshot: &mut Snapshot) -> Result<Slices, QueryError> {
    let windows: Vec<Window> = plan.buckets.iter().map(|bucket| bucket.window).collect();
    let cut = Cut {
        windows: &windows,
        grouping: &Grouping::new(&plan.cells, plan.groups.len()),
        groups: 0..plan.groups.len() as u32,
    };
    let tables = cut.tables(names, snapshot)?;
    cut.slices(plan, names, &tables, snapshot)
}

/// Tabulates the totals of a plan over its whole window: by group if there are buckets, over all groups otherwise.
pub fn totals(plan: &Plan, names: &[String], snapshot: &mut Snapshot) -> Result<Option<Slices>, QueryError> {
    let grouping = match plan.query.granularity {
        Some(_) => Grouping::new(&plan.cells, plan.groups.len()),
        None if plan.has_groups() => Grouping::pooled(plan.cell_ids()),
        None => return Ok(None),
    };
    let cut = Cut {
        windows: &[plan.window],
        grouping: &grouping,
        groups: 0..grouping.groups as u32,
    };
    let tables = cut.tables(names, snapshot)?;
    cut.slices(plan, names, &tables, snapshot).map(Some)
}

/// How many outputs some cells have in a window.
pub fn count_outputs(
    cells: impl Iterator<Item = CellId>,
    window: &Window,
    snapshot: &mut Snapshot,
) -> Result<i64, QueryError> {
    let counts = count_by_group(&Grouping::pooled(cells), window, snapshot)?;
    Ok(counts.iter().sum())
}

/// How many outputs each group has in a window.
pub fn count_by_group(grouping: &Grouping, window: &Window, snapshot: &mut Snapshot) -> Result<Vec<i64>, QueryError> {
    let mut counts = vec![0; grouping.groups];
    if !is_whole_days(window) {
        let cut = Cut {
            windows: &[*window],
            grouping,
            groups: 0..grouping.groups as u32,
        };
        let mut sums = vec![counts];
        cut.add_hours(&cut.hours(snapshot, &[OUTPUTS])?, &mut sums);
        return Ok(sums.concat());
    }
    for table in snapshot.grouped(Axis::Groups, days_covering(window), &[OUTPUTS], grouping)? {
        for column in &table.columns {
            let by_group = column.to_vec();
            for (count, own) in counts.iter_mut().zip(by_group.chunks(GROUPS)) {
                *count += own.iter().sum::<i64>();
            }
        }
    }
    Ok(counts)
}
