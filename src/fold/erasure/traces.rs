//! What still tells of a user when the user's events and outputs are gone.

use std::collections::HashSet;

use diesel::Connection;
use diesel::pg::PgConnection;

use crate::domain::key::{self, ProjectId};
use crate::fold::difference::Difference;
use crate::fold::{base, rollups, step};
use crate::metrics;
use crate::metrics::families::users::USERS;
use crate::rollup::{Axis, Table};
use crate::store::cells::CellId;
use crate::store::erasures::{self as store, Erasure, Removed};
use crate::store::{evals, ranges};

/// Removes the user's opinions on sealed outputs of others and on eval cases, cases made from outputs that are gone, and the user's key from what outputs that are gone left in the
/// rollups. Their sums stay: nobody can tell any more which of them were the user's.
pub fn remove(conn: &mut PgConnection, erasure: &Erasure, user_id: &str) -> anyhow::Result<()> {
    let project = erasure.project_id;
    ranges::lock_all(conn)?;
    step::keep_layout(conn)?;
    let user = key::user_key(project, user_id);
    let counted = Removed {
        opinions: store::delete_opinions(conn, project, user_id)? + evals::forget_judge(conn, project, user_id)?,
        // Of outputs that retention has taken.
        eval_cases: evals::forget(conn, project, &[], Some(user))?,
        ..Removed::default()
    };
    store::count(conn, erasure, counted)?;
    let mut change = Difference::new();
    for (day, tables) in base::all(conn, project)? {
        let tables = tables.into_iter().filter(|(axis, _)| is_of_users(*axis));
        let without: Vec<(Axis, Table)> = tables.map(|(axis, table)| (axis, negative(&table, user))).collect();
        if without.iter().any(|(_, table)| table.rows() > 0) {
            change.insert(day, without);
        }
    }
    base::add(conn, project, change.clone())?;
    rollups::add(conn, project, change)
}

fn is_of_users(axis: Axis) -> bool {
    let histograms = metrics::all_histograms();
    let mut users = histograms.iter().filter(|histogram| histogram.name == USERS);
    users.any(|histogram| axis == Axis::Histogram(histogram.kind))
}

/// What must be added to a table to take a bucket out of it.
fn negative(table: &Table, bucket: i64) -> Table {
    let keys = table.keys();
    let rows: Vec<usize> = (0..keys.len())
        .filter(|row| keys.get(*row).is_some_and(|(_, own)| *own == bucket))
        .collect();
    let kept: Vec<(i32, i64)> = rows.iter().filter_map(|row| keys.get(*row).copied()).collect();
    let columns: Vec<Vec<i64>> = table
        .columns
        .iter()
        .map(|column| {
            let values = column.to_vec();
            rows.iter()
                .filter_map(|row| values.get(*row))
                .map(|value| -value)
                .collect()
        })
        .collect();
    Table::from_sorted(&kept, &columns)
}

/// Removes the combinations of dimension values that no output has any more: their values may tell of the user.
pub fn remove_empty_cells(conn: &mut PgConnection, project: ProjectId) -> anyhow::Result<()> {
    // Looked for twice, since the fold must stand still only if there is something to remove.
    if store::empty_cells(conn, project)?.is_empty() {
        return Ok(());
    }
    conn.transaction(|conn| {
        ranges::lock_all(conn)?;
        let mut kept: HashSet<CellId> = HashSet::new();
        for (_, tables) in base::all(conn, project)? {
            for (_, table) in &tables {
                kept.extend(table.keys().into_iter().map(|(cell, _)| cell));
            }
        }
        let mut empty = store::empty_cells(conn, project)?;
        empty.retain(|cell| !kept.contains(cell));
        Ok(store::delete_cells(conn, project, &empty)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_taken_out_of_all_cells() {
        let table = Table::from_sorted(&[(1, 7), (1, 8), (2, 7)], &[vec![5, 6, 1], vec![0, 2, 3]]);
        let left = Table::sum(&[table.clone(), negative(&table, 7)]);
        assert_eq!(left, Table::from_sorted(&[(1, 8)], &[vec![6], vec![2]]));
        assert_eq!(negative(&table, 9).rows(), 0);
    }
}
