//! Tabulates a plan from the rollups: the same cost for any number of outputs.

use std::collections::HashMap;
use std::ops::Range;

use super::cut::{Cut, GROUPS};
use super::plan::Plan;
use super::request::QueryError;
use super::snapshot::{OUTPUTS, Snapshot};
use super::sums::Slices;
use crate::domain::window::Window;

/// Sums of clusters that are held at once: 32 MB of them. An answer of more is computed in pieces.
const HELD: usize = 4 * 1024 * 1024;

/// Tabulates the rows of a plan, some groups at a time.
pub fn each_slices(
    plan: &Plan,
    names: &[String],
    places: &[i16],
    snapshot: &mut Snapshot,
    mut take: impl FnMut(Slices, Range<u32>),
) -> Result<(), QueryError> {
    let windows: Vec<Window> = plan.buckets.iter().map(|bucket| bucket.window).collect();
    let numbered: HashMap<i32, u32> = plan.cells.iter().copied().collect();
    let per_group = windows.len().max(1) * GROUPS * (names.len() + 1);
    let groups = plan.groups.len() as u32;
    let step = (HELD / per_group).max(1);
    for first in (0..groups).step_by(step) {
        let some = first..groups.min(first + step as u32);
        let cut = Cut {
            windows: &windows,
            groups: some.clone(),
            group_of: &|cell| numbered.get(&cell).copied(),
        };
        take(cut.slices(plan, names, places, snapshot)?, some);
    }
    Ok(())
}

/// Tabulates the totals of a plan over its whole window: by group if there are buckets, over all groups otherwise.
pub fn totals(
    plan: &Plan,
    names: &[String],
    places: &[i16],
    snapshot: &mut Snapshot,
) -> Result<Option<Slices>, QueryError> {
    let numbered: HashMap<i32, u32> = plan.cells.iter().copied().collect();
    let by_group = |cell| numbered.get(&cell).copied();
    let pooled = |cell| numbered.get(&cell).map(|_| 0);
    let cut = match plan.query.granularity {
        Some(_) => Cut {
            windows: &[plan.window],
            groups: 0..plan.groups.len() as u32,
            group_of: &by_group,
        },
        None if !plan.query.group_by.is_empty() => Cut {
            windows: &[plan.window],
            groups: 0..1,
            group_of: &pooled,
        },
        None => return Ok(None),
    };
    cut.slices(plan, names, places, snapshot).map(Some)
}

/// How many outputs some cells have in a window.
pub fn count_outputs(plan: &Plan, snapshot: &mut Snapshot) -> Result<i64, QueryError> {
    let numbered: HashMap<i32, u32> = plan.cells.iter().copied().collect();
    let cut = Cut {
        windows: &[plan.window],
        groups: 0..1,
        group_of: &|cell| numbered.get(&cell).map(|_| 0),
    };
    let mut count = vec![vec![0]];
    cut.add_hours(snapshot, &[OUTPUTS], &mut count)?;
    Ok(count.concat().iter().sum())
}
