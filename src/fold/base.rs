//! What outputs that are gone left in the rollups. A day's rollups are always its base and the sums over the outputs that are
//! there, so that outputs can go and no number changes.

use std::collections::BTreeMap;

use diesel::pg::PgConnection;

use super::difference::Difference;
use super::rollups;
use crate::domain::key::ProjectId;
use crate::metrics;
use crate::rollup::{Axis, Column, Table, codec};
use crate::store::bases::{self, Base};

/// Before the name of a sum that a base does not know of all its outputs: an earlier version let some of them go.
const IN_PART: char = '?';

/// Adds to the bases what outputs come to that are about to go.
pub fn add(conn: &mut PgConnection, project: ProjectId, sums: Difference) -> anyhow::Result<()> {
    let mut changed = Vec::with_capacity(sums.len());
    for (day, added) in sums {
        let before = bases::of(conn, project, Some(day))?.pop();
        let known = before.as_ref().map(tables).transpose()?.unwrap_or_default();
        let mut parts: BTreeMap<Axis, Vec<Table>> = BTreeMap::new();
        for (axis, table) in known.into_iter().chain(added) {
            parts.entry(axis).or_default().push(table);
        }
        let tables: Vec<(Axis, Table)> = parts
            .into_iter()
            .map(|(axis, tables)| (axis, Table::sum(&tables)))
            .collect();
        changed.push(Base {
            project_id: project,
            day,
            layout: noted(metrics::layout(), before.as_ref().map(|base| base.layout.as_slice())),
            body: codec::pack_tables(&tables),
        });
    }
    bases::put(conn, &changed)?;
    Ok(())
}

/// Today's sums as a base notes them: those that it did not know before it does not know of all its outputs.
fn noted(layout: Vec<String>, before: Option<&[String]>) -> Vec<String> {
    let Some(before) = before else { return layout };
    let note = |name: String| match before.contains(&name) {
        true => name,
        false => format!("{IN_PART}{name}"),
    };
    layout.into_iter().map(note).collect()
}

/// The base of a day, as tables of today's layout.
pub fn of_day(conn: &mut PgConnection, project: ProjectId, day: i32) -> anyhow::Result<Vec<(Axis, Table)>> {
    match bases::of(conn, project, Some(day))?.first() {
        Some(base) => tables(base),
        None => Ok(Vec::new()),
    }
}

/// All bases of a project, by day, as tables of today's layout.
pub fn all(conn: &mut PgConnection, project: ProjectId) -> anyhow::Result<Difference> {
    let bases = bases::of(conn, project, None)?;
    bases.iter().map(|base| Ok((base.day, tables(base)?))).collect()
}

/// Adds all bases of a project to its rollups.
pub fn restore(conn: &mut PgConnection, project: ProjectId) -> anyhow::Result<()> {
    for base in bases::of(conn, project, None)? {
        rollups::add(conn, project, Difference::from([(base.day, tables(&base)?)]))?;
    }
    Ok(())
}

fn tables(base: &Base) -> anyhow::Result<Vec<(Axis, Table)>> {
    let stored = codec::unpack_tables(&base.body)?;
    let layout = metrics::layout();
    if base.layout == layout {
        return Ok(stored);
    }
    let renewed = stored.into_iter().map(|(axis, table)| match axis {
        Axis::Groups | Axis::Hours => (axis, arranged(table, &base.layout, &layout)),
        Axis::Histogram(_) => (axis, table),
    });
    Ok(renewed.collect())
}

/// A table whose sums were in one order, in another. Sums that are no longer asked for go; those that were not known then are
/// zero, and whoever asks for them is told that they were not kept.
fn arranged(table: Table, from: &[String], to: &[String]) -> Table {
    let rows = table.rows();
    let mut columns = table.columns.into_iter();
    let outputs = columns.next().unwrap_or(Column::Zeros(rows));
    let names = from.iter().map(|name| name.strip_prefix(IN_PART).unwrap_or(name));
    let named: BTreeMap<&str, Column> = names.zip(columns).collect();
    let sums = to
        .iter()
        .map(|name| named.get(name.as_str()).cloned().unwrap_or(Column::Zeros(rows)));
    Table {
        cells: table.cells,
        buckets: table.buckets,
        columns: std::iter::once(outputs).chain(sums).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_found_again_by_their_names() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let table = Table::from_sorted(&[(1, 0), (2, 0)], &[vec![5, 6], vec![1, 2], vec![3, 4]]);
        for from in [["a", "b"], ["a", "?b"]] {
            let found = arranged(table.clone(), &names(&from), &names(&["b", "new"]));
            let values: Vec<Vec<i64>> = found.columns.iter().map(Column::to_vec).collect();
            assert_eq!(values, [vec![5, 6], vec![3, 4], vec![0, 0]]);
        }
    }

    #[test]
    fn what_was_unknown_stays_so() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let layout = names(&["a", "b", "c"]);
        assert_eq!(noted(layout.clone(), None), layout);
        let older = noted(layout.clone(), Some(&names(&["gone", "a", "b"])));
        assert_eq!(older, names(&["a", "b", "?c"]));
        assert_eq!(noted(layout, Some(&older)), older);
    }
}
