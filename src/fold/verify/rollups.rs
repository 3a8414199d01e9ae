//! Rollups against the outputs, and what those that are gone left behind, day by day.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::PgConnection;
use uuid::Uuid;

use super::{Checked, Difference, PIECE};
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::fold::base;
use crate::fold::difference::difference;
use crate::fold::rollups::tables_of;
use crate::metrics;
use crate::rollup::{Axis, Column, Table};
use crate::store::{audit, rollups as stored};

/// The numbers of each row, by cell and bucket.
type Rows = BTreeMap<(i32, i64), Vec<i64>>;

/// Compares the rollups of a project with the bases and the sums over its outputs, one day at a time.
pub fn check(
    conn: &mut PgConnection,
    layout: &[String],
    project: ProjectId,
    checked: &mut Checked,
) -> anyhow::Result<()> {
    if layout != metrics::layout() {
        return Ok(());
    }
    let mut days: BTreeSet<i32> = audit::days(conn, project)?.into_iter().collect();
    days.extend(stored::days(conn, project)?);
    let mut compared = 0;
    for day in days {
        let expected = expected(conn, project, day)?;
        let held = tables_of(conn, project, day)?;
        let axes: BTreeSet<Axis> = expected.keys().chain(held.keys()).copied().collect();
        for axis in axes {
            let (expected, held) = (rows(expected.get(&axis)), rows(held.get(&axis)));
            compared += expected.len() as u64;
            compare(day, axis, &expected, &held, checked);
        }
    }
    checked.rollup_rows = Some(compared);
    Ok(())
}

/// The base of a day and the sums over its outputs.
fn expected(conn: &mut PgConnection, project: ProjectId, day: i32) -> anyhow::Result<BTreeMap<Axis, Table>> {
    let mut tables: BTreeMap<Axis, Table> = base::of_day(conn, project, day)?.into_iter().collect();
    let mut after = (clock::midnight(day), Uuid::nil());
    loop {
        let piece = audit::shown_before(conn, project, clock::midnight(day + 1), after, PIECE)?;
        let Some(last) = piece.last() else { break };
        after = (last.shown_at, last.output_key);
        for (axis, table) in difference(&[], &piece)?.into_values().flatten() {
            let sum = match tables.get(&axis) {
                Some(known) => Table::sum([known, &table]),
                None => table,
            };
            tables.insert(axis, sum);
        }
    }
    Ok(tables)
}

fn rows(table: Option<&Table>) -> Rows {
    let Some(table) = table else {
        return Rows::new();
    };
    let columns: Vec<Vec<i64>> = table.columns.iter().map(Column::to_vec).collect();
    let numbers = |row: usize| columns.iter().filter_map(|column| column.get(row)).copied().collect();
    let keys = table.keys().into_iter().enumerate();
    keys.map(|(row, key)| (key, numbers(row))).collect()
}

fn compare(day: i32, axis: Axis, expected: &Rows, held: &Rows, checked: &mut Checked) {
    let keys: BTreeSet<&(i32, i64)> = expected.keys().chain(held.keys()).collect();
    for key in keys {
        let (expected, held) = (expected.get(key), held.get(key));
        if expected != held {
            checked.found(Difference::RollupDiffers {
                row: described(day, axis, *key),
                sums: differing(axis, expected, held),
            });
        }
    }
}

/// The names of the numbers that differ. A row that is missing differs in all that are not 0.
fn differing(axis: Axis, expected: Option<&Vec<i64>>, held: Option<&Vec<i64>>) -> Vec<String> {
    let names: Vec<String> = match axis {
        Axis::Histogram(_) => vec!["positives".to_owned(), "negatives".to_owned()],
        Axis::Groups | Axis::Hours => std::iter::once("outputs".to_owned()).chain(metrics::layout()).collect(),
    };
    let number = |numbers: Option<&Vec<i64>>, at: usize| numbers.and_then(|numbers| numbers.get(at).copied());
    (0..)
        .zip(names)
        .filter(|(at, _)| number(expected, *at).unwrap_or_default() != number(held, *at).unwrap_or_default())
        .map(|(_, name)| name)
        .collect()
}

fn described(day: i32, axis: Axis, (cell, bucket): (i32, i64)) -> String {
    let date = clock::midnight(day).date_naive();
    match axis {
        Axis::Groups => format!("cell {cell}, {date}, user group {bucket}"),
        Axis::Hours => format!("cell {cell}, {date} {bucket:02}:00 UTC"),
        Axis::Histogram(kind) => format!("cell {cell}, {date}, bucket {bucket} of histogram {kind}"),
    }
}
