//! Rollups against the outputs, day by day.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::{Checked, PIECE};
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::fold::difference::{Difference, difference};
use crate::metrics;
use crate::store::cells::CellId;
use crate::store::cursor::Cursor;
use crate::store::rollups::{Daily, Hourly};
use crate::store::{audit, histograms, rollups};

/// Which row of which rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Hour {
        cell: CellId,
        hour: i32,
    },
    Day {
        cell: CellId,
        day: i32,
        group: i16,
    },
    Bucket {
        cell: CellId,
        day: i32,
        kind: i16,
        bucket: i64,
    },
}

/// The numbers of each row, the count of outputs first.
type Rows = BTreeMap<Row, Vec<i64>>;

/// Compares the rollups of a project with the sums over its outputs. A range of days ends with one that has outputs, so
/// that days without any are covered and one day's rows are in memory at a time.
pub fn check(
    conn: &mut PgConnection,
    cursor: &Cursor,
    project: ProjectId,
    cells: &[CellId],
    checked: &mut Checked,
) -> anyhow::Result<()> {
    if cursor.layout != metrics::layout() {
        return Ok(());
    }
    let (mut compared, mut outputs) = (0, 0);
    let mut start = i32::MIN;
    let ends = audit::days(conn, project)?.into_iter().map(|day| day + 1);
    for end in ends.chain([i32::MAX]) {
        let expected = expected(conn, project, start..end)?;
        let mut stored = Rows::new();
        add(&mut stored, held(conn, project, cells, start..end)?);
        compared += expected.len() as u64;
        outputs += in_hours(&expected);
        compare(&expected, &stored, checked);
        start = end;
    }
    // Rows of cells that do not exist are in no answer, but in the total.
    if rollups::total_outputs(conn, project)? != outputs {
        checked.found(super::Difference::RollupDiffers {
            row: "all cells".to_owned(),
            sums: vec!["outputs".to_owned()],
        });
    }
    checked.rollup_rows = Some(compared);
    Ok(())
}

/// How many outputs the hourly rows count.
fn in_hours(rows: &Rows) -> i64 {
    let hours = rows.iter().filter(|(row, _)| matches!(row, Row::Hour { .. }));
    hours.filter_map(|(_, numbers)| numbers.first()).sum()
}

/// What the rollups hold of some days: their rows as [`difference`] gives those of outputs.
fn held(conn: &mut PgConnection, project: ProjectId, cells: &[CellId], days: Range<i32>) -> QueryResult<Difference> {
    let all: Vec<usize> = (0..metrics::layout().len()).collect();
    let hours = days.start.saturating_mul(24)..days.end.saturating_mul(24);
    let kinds: Vec<i16> = metrics::all_histograms()
        .into_iter()
        .map(|histogram| histogram.kind)
        .collect();
    let hourly = rollups::hourly_sums(conn, project, cells, hours, &all)?.into_iter();
    let daily = rollups::daily_sums(conn, project, cells, days.clone(), &all)?.into_iter();
    Ok(Difference {
        hourly: hourly
            .map(|row| Hourly {
                cell_id: row.cell_id,
                hour: row.time,
                outputs: row.outputs,
                sums: row.sums,
            })
            .collect(),
        daily: daily
            .map(|row| Daily {
                cell_id: row.cell_id,
                day: row.time,
                user_group: row.user_group,
                outputs: row.outputs,
                sums: row.sums,
            })
            .collect(),
        histograms: histograms::of_days(conn, project, cells, &kinds, days.start, days.end)?,
    })
}

/// The sums over the outputs of some days.
fn expected(conn: &mut PgConnection, project: ProjectId, days: Range<i32>) -> anyhow::Result<Rows> {
    let mut rows = Rows::new();
    let end = instant(days.end);
    let mut after = (instant(days.start), Uuid::nil());
    loop {
        let piece = audit::shown_before(conn, project, end, after, PIECE)?;
        let Some(last) = piece.last() else { break };
        after = (last.shown_at, last.output_key);
        add(&mut rows, difference(&[], &piece)?);
    }
    Ok(rows)
}

/// The first instant of a day, within what PostgreSQL and chrono both know.
fn instant(day: i32) -> DateTime<Utc> {
    const DAYS: i32 = 1_000_000;
    clock::midnight(day.clamp(-DAYS, DAYS))
}

/// Adds the rows of a difference to others.
fn add(rows: &mut Rows, difference: Difference) {
    let hours = difference.hourly.into_iter().map(|row| {
        let numbers = std::iter::once(row.outputs).chain(row.sums).collect();
        let (cell, hour) = (row.cell_id, row.hour);
        (Row::Hour { cell, hour }, numbers)
    });
    let days = difference.daily.into_iter().map(|row| {
        let numbers = std::iter::once(row.outputs).chain(row.sums).collect();
        let (cell, day, group) = (row.cell_id, row.day, row.user_group);
        (Row::Day { cell, day, group }, numbers)
    });
    let buckets = difference.histograms.into_iter().map(|row| {
        let key = Row::Bucket {
            cell: row.cell_id,
            day: row.day,
            kind: row.kind,
            bucket: row.bucket,
        };
        (key, vec![row.positives, row.negatives])
    });
    for (key, numbers) in hours.chain(days).chain(buckets) {
        let sums = rows.entry(key).or_default();
        sums.resize(sums.len().max(numbers.len()), 0);
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }
}

fn compare(expected: &Rows, stored: &Rows, checked: &mut Checked) {
    let rows = expected
        .keys()
        .chain(stored.keys().filter(|key| !expected.contains_key(key)));
    for row in rows {
        let (expected, stored) = (expected.get(row), stored.get(row));
        if expected != stored {
            checked.found(super::Difference::RollupDiffers {
                row: row.to_string(),
                sums: differing(*row, expected, stored),
            });
        }
    }
}

/// The names of the numbers that differ. A row that is missing differs in all that are not 0.
fn differing(row: Row, expected: Option<&Vec<i64>>, stored: Option<&Vec<i64>>) -> Vec<String> {
    let names: Vec<String> = match row {
        Row::Bucket { .. } => vec!["positives".to_owned(), "negatives".to_owned()],
        Row::Hour { .. } | Row::Day { .. } => std::iter::once("outputs".to_owned()).chain(metrics::layout()).collect(),
    };
    let number = |numbers: Option<&Vec<i64>>, at: usize| numbers.and_then(|numbers| numbers.get(at).copied());
    (0..)
        .zip(names)
        .filter(|(at, _)| number(expected, *at).unwrap_or_default() != number(stored, *at).unwrap_or_default())
        .map(|(_, name)| name)
        .collect()
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Row::Hour { cell, hour } => {
                let start = clock::midnight(clock::day_of_hour(*hour)).date_naive();
                write!(f, "cell {cell}, {start} {:02}:00 UTC", hour.rem_euclid(24))
            }
            Row::Day { cell, day, group } => {
                let start = clock::midnight(*day).date_naive();
                write!(f, "cell {cell}, {start}, user group {group}")
            }
            Row::Bucket {
                cell,
                day,
                kind,
                bucket,
            } => {
                let start = clock::midnight(*day).date_naive();
                write!(f, "cell {cell}, {start}, bucket {bucket} of histogram {kind}")
            }
        }
    }
}
