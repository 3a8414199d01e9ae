//! The rollups as they are kept: what each step added, merged into the columns of a day when enough has gathered.
//!
//! A step writes one small row for each day it touches. Merging a day rewrites all of its columns, so that it waits until that is
//! worth it; questions add the differences themselves. All of it happens in a
//! transaction that has the project's row.

use std::collections::BTreeMap;

use diesel::Connection;
use diesel::pg::PgConnection;

use super::difference::Difference;
use crate::domain::key::ProjectId;
use crate::metrics;
use crate::rollup::{Axis, Column, Table, codec};
use crate::store::rollups::{self as store, StoredColumn};
use crate::store::{fold_state, projects};

/// Differences of a day that wait at most: each question looks at all of them.
const WAITING: i64 = 64;
/// Rows in the differences of a day that wait at most.
const WAITING_ROWS: i64 = 20_000;
/// What waits at most once there is nothing else to do.
const IDLE_WAITING: i64 = 8;
const IDLE_WAITING_ROWS: i64 = 1_000;
/// Days merged after one step, so that a step which touched many does not hold up those after it.
const MERGED: usize = 4;

/// Adds what a step changed. The caller has the project's row.
pub fn add(conn: &mut PgConnection, project: ProjectId, difference: Difference) -> anyhow::Result<()> {
    if difference.is_empty() {
        return Ok(());
    }
    let step = store::next_step(conn, project)?;
    let rows: Vec<store::Difference> = difference
        .iter()
        .map(|(day, tables)| store::Difference {
            project_id: project,
            day: *day,
            step,
            size: rows(tables) as i32,
            body: codec::pack_tables(tables),
        })
        .collect();
    store::append(conn, &rows)?;
    merge_full(conn, project, step)
}

/// Merges the days that have gathered most, if it is enough.
fn merge_full(conn: &mut PgConnection, project: ProjectId, step: i64) -> anyhow::Result<()> {
    let mut full: Vec<(i64, i32)> = store::waiting(conn, project)?
        .into_iter()
        .filter(|(_, differences, rows)| *differences >= WAITING || *rows >= WAITING_ROWS)
        .map(|(day, _, rows)| (rows, day))
        .collect();
    full.sort_unstable_by(|one, other| other.cmp(one));
    for (_, day) in full.into_iter().take(MERGED) {
        merge(conn, project, day, step)?;
    }
    Ok(())
}

/// Merges what is worth it while there is nothing else to do, some days of a project at a time. Gives how many were merged.
pub fn tidy(conn: &mut PgConnection) -> anyhow::Result<usize> {
    let mut merged = 0;
    for project in store::waiting_projects(conn)? {
        merged += conn.transaction(|conn| tidy_project(conn, project))?;
    }
    Ok(merged)
}

fn tidy_project(conn: &mut PgConnection, project: ProjectId) -> anyhow::Result<usize> {
    let mut days = store::waiting(conn, project)?;
    days.retain(|(_, differences, rows)| *differences >= IDLE_WAITING || *rows >= IDLE_WAITING_ROWS);
    days.truncate(MERGED);
    // Whoever has the project's row is about to add to what waits, or merges it.
    if days.is_empty() || !projects::try_lock(conn, project)? || fold_state::layout(conn)? != metrics::layout() {
        return Ok(0);
    }
    let step = store::next_step(conn, project)?;
    for (day, _, _) in &days {
        merge(conn, project, *day, step)?;
    }
    Ok(days.len())
}

/// Merges all that waits now, some days at a time.
pub fn settle(conn: &mut PgConnection, project: ProjectId) -> anyhow::Result<()> {
    let waiting = store::waiting(conn, project)?;
    for days in waiting.chunks(MERGED) {
        conn.transaction(|conn| {
            let step = store::next_step(conn, project)?;
            days.iter().try_for_each(|(day, _, _)| merge(conn, project, *day, step))
        })?;
    }
    Ok(())
}

/// Merges all that waits for a day.
fn merge(conn: &mut PgConnection, project: ProjectId, day: i32, step: i64) -> anyhow::Result<()> {
    let mut columns = Vec::new();
    for (axis, table) in &summed(conn, project, day)? {
        let keys = [(store::CELLS, &table.cells), (store::BUCKETS, &table.buckets)];
        let placed = keys.into_iter().chain((0..).zip(&table.columns));
        // A column of zeros is not stored; the cells always are, since they say that there is a table.
        let stored = placed.filter(|(place, column)| *place == store::CELLS || column.width() > 0);
        columns.extend(stored.map(|(place, column)| StoredColumn {
            project_id: project,
            axis: axis.code(),
            place,
            day,
            step,
            size: column.len() as i32,
            body: codec::pack_column(column),
        }));
    }
    store::replace(conn, project, day, &columns)?;
    Ok(())
}

/// A day's tables, as a question sees them; the empty ones left out.
pub fn tables_of(conn: &mut PgConnection, project: ProjectId, day: i32) -> anyhow::Result<BTreeMap<Axis, Table>> {
    let mut tables = summed(conn, project, day)?;
    tables.retain(|_, table| table.rows() > 0);
    Ok(tables)
}

/// A day's tables with all that waits for them added.
fn summed(conn: &mut PgConnection, project: ProjectId, day: i32) -> anyhow::Result<BTreeMap<Axis, Table>> {
    let mut parts: BTreeMap<Axis, Vec<Table>> = BTreeMap::new();
    let stored = store::columns_of(conn, project, day)?;
    for of_axis in stored.chunk_by(|one, other| one.axis == other.axis) {
        if let Some(first) = of_axis.first() {
            let axis = Axis::from_code(first.axis);
            parts.entry(axis).or_default().push(table(axis, of_axis)?);
        }
    }
    for difference in store::differences_of(conn, project, day)? {
        for (axis, table) in codec::unpack_tables(&difference.body)? {
            parts.entry(axis).or_default().push(table);
        }
    }
    Ok(parts
        .into_iter()
        .map(|(axis, tables)| (axis, Table::sum(&tables)))
        .collect())
}

/// Puts the stored columns of one table together, in the order of their places.
fn table(axis: Axis, stored: &[StoredColumn]) -> anyhow::Result<Table> {
    let rows = stored.first().map_or(0, |column| column.size as usize);
    let (mut cells, mut buckets, mut columns) = (Column::Zeros(rows), Column::Zeros(rows), Vec::new());
    for column in stored {
        let values = codec::unpack_column(&column.body)?;
        match column.place {
            store::CELLS => cells = values,
            store::BUCKETS => buckets = values,
            place => {
                columns.resize(place as usize, Column::Zeros(rows));
                columns.push(values);
            }
        }
    }
    columns.resize(width(axis), Column::Zeros(rows));
    Ok(Table {
        cells,
        buckets,
        columns,
    })
}

/// How many columns the tables of an axis have.
fn width(axis: Axis) -> usize {
    match axis {
        Axis::Groups | Axis::Hours => metrics::layout().len() + 1,
        Axis::Histogram(_) => 2,
    }
}

fn rows(tables: &[(Axis, Table)]) -> usize {
    tables.iter().map(|(_, table)| table.rows()).sum()
}
