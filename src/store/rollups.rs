//! Sufficient statistics per hour, and per UTC day and group of users. Rows are added to, never recomputed in place.

use std::ops::Range;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, SmallInt};

use super::cells::CellId;
use super::copy::{CopyRows, copy_into};
use super::schema::{rollups_daily, rollups_hourly};
use crate::domain::key::ProjectId;

/// One row of the hourly rollup, or a difference to add to it.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Hourly {
    #[diesel(sql_type = Int4)]
    pub cell_id: CellId,
    #[diesel(sql_type = Int4)]
    pub hour: i32,
    #[diesel(sql_type = Int8)]
    pub outputs: i64,
    #[diesel(sql_type = Array<Int8>)]
    pub sums: Vec<i64>,
}

/// One row of the daily rollup, or a difference to add to it.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Daily {
    #[diesel(sql_type = Int4)]
    pub cell_id: CellId,
    #[diesel(sql_type = Int4)]
    pub day: i32,
    #[diesel(sql_type = SmallInt)]
    pub user_group: i16,
    #[diesel(sql_type = Int8)]
    pub outputs: i64,
    #[diesel(sql_type = Array<Int8>)]
    pub sums: Vec<i64>,
}

/// Adds differences. Rows that come to nothing are removed, so that the table depends only on the outputs.
pub fn add_hourly(conn: &mut PgConnection, project: ProjectId, differences: &[Hourly]) -> QueryResult<()> {
    if differences.is_empty() {
        return Ok(());
    }
    conn.batch_execute(
        "CREATE TEMP TABLE IF NOT EXISTS rollups_hourly_added (LIKE rollups_hourly) ON COMMIT DELETE ROWS",
    )?;
    let mut rows = CopyRows::default();
    for row in differences {
        rows.plain(project)
            .plain(row.cell_id)
            .plain(row.hour)
            .plain(row.outputs)
            .integers(&row.sums)
            .end();
    }
    copy_into!(
        conn,
        added::rollups_hourly_added::table,
        added::rollups_hourly_added::table,
        &rows
    )?;
    conn.batch_execute(
        "INSERT INTO rollups_hourly AS r SELECT * FROM rollups_hourly_added \
         ON CONFLICT (project_id, cell_id, hour) DO UPDATE \
         SET outputs = r.outputs + excluded.outputs, sums = add_sums(r.sums, excluded.sums); \
         DELETE FROM rollups_hourly r USING rollups_hourly_added a WHERE r.project_id = a.project_id \
         AND r.cell_id = a.cell_id AND r.hour = a.hour AND r.outputs = 0; \
         DELETE FROM rollups_hourly_added",
    )
}

/// As [`add_hourly`], for the daily rollup.
pub fn add_daily(conn: &mut PgConnection, project: ProjectId, differences: &[Daily]) -> QueryResult<()> {
    if differences.is_empty() {
        return Ok(());
    }
    conn.batch_execute(
        "CREATE TEMP TABLE IF NOT EXISTS rollups_daily_added (LIKE rollups_daily) ON COMMIT DELETE ROWS",
    )?;
    let mut rows = CopyRows::default();
    for row in differences {
        rows.plain(project)
            .plain(row.cell_id)
            .plain(row.day)
            .plain(row.user_group)
            .plain(row.outputs)
            .integers(&row.sums)
            .end();
    }
    copy_into!(
        conn,
        added::rollups_daily_added::table,
        added::rollups_daily_added::table,
        &rows
    )?;
    conn.batch_execute(
        "INSERT INTO rollups_daily AS r SELECT * FROM rollups_daily_added \
         ON CONFLICT (project_id, cell_id, day, user_group) DO UPDATE \
         SET outputs = r.outputs + excluded.outputs, sums = add_sums(r.sums, excluded.sums); \
         DELETE FROM rollups_daily r USING rollups_daily_added a WHERE r.project_id = a.project_id \
         AND r.cell_id = a.cell_id AND r.day = a.day AND r.user_group = a.user_group AND r.outputs = 0; \
         DELETE FROM rollups_daily_added",
    )
}

/// Some sums of one rollup row. `time` is an hour or a day; `user_group` is 0 in hours.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Narrow {
    #[diesel(sql_type = Int4)]
    pub cell_id: CellId,
    #[diesel(sql_type = Int4)]
    pub time: i32,
    #[diesel(sql_type = SmallInt)]
    pub user_group: i16,
    #[diesel(sql_type = Int8)]
    pub outputs: i64,
    #[diesel(sql_type = Array<Int8>)]
    pub sums: Vec<i64>,
}

/// The sums at some positions of the layout, for some cells and hours.
pub fn hourly_sums(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    hours: Range<i32>,
    positions: &[usize],
) -> QueryResult<Vec<Narrow>> {
    diesel::sql_query(format!(
        "SELECT cell_id, hour AS time, 0::smallint AS user_group, outputs, {} AS sums FROM rollups_hourly \
         WHERE project_id = $1 AND cell_id = ANY($2) AND hour >= $3 AND hour < $4",
        picked(positions)
    ))
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(cells)
    .bind::<Int4, _>(hours.start)
    .bind::<Int4, _>(hours.end)
    .load(conn)
}

/// The sums at some positions of the layout, for some cells and UTC days, by group of users.
pub fn daily_sums(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    days: Range<i32>,
    positions: &[usize],
) -> QueryResult<Vec<Narrow>> {
    diesel::sql_query(format!(
        "SELECT cell_id, day AS time, user_group, outputs, {} AS sums FROM rollups_daily \
         WHERE project_id = $1 AND cell_id = ANY($2) AND day >= $3 AND day < $4",
        picked(positions)
    ))
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(cells)
    .bind::<Int4, _>(days.start)
    .bind::<Int4, _>(days.end)
    .load(conn)
}

/// SQL for an array of the sums at some positions. PostgreSQL counts from one.
fn picked(positions: &[usize]) -> String {
    let elements: Vec<String> = positions
        .iter()
        .map(|position| format!("sums[{}]", position + 1))
        .collect();
    format!("ARRAY[{}]::bigint[]", elements.join(", "))
}

/// How many outputs some cells have in a range of hours, both ends included.
pub fn count_outputs(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    first_hour: i32,
    last_hour: i32,
) -> QueryResult<i64> {
    let total = diesel::dsl::sql::<Int8>("coalesce(sum(outputs), 0)::bigint");
    rollups_hourly::table
        .filter(
            rollups_hourly::project_id
                .eq(project)
                .and(rollups_hourly::cell_id.eq_any(cells)),
        )
        .filter(rollups_hourly::hour.between(first_hour, last_hour))
        .select(total)
        .first(conn)
}

/// How many linked outputs a project has.
pub fn total_outputs(conn: &mut PgConnection, project: ProjectId) -> QueryResult<i64> {
    let total = diesel::dsl::sql::<Int8>("coalesce(sum(outputs), 0)::bigint");
    rollups_hourly::table
        .filter(rollups_hourly::project_id.eq(project))
        .select(total)
        .first(conn)
}

/// The hours of the first and of the last output of a project.
pub fn span(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Option<(i32, i32)>> {
    use diesel::dsl::{max, min};
    let (first, last): (Option<i32>, Option<i32>) = rollups_hourly::table
        .filter(rollups_hourly::project_id.eq(project))
        .select((min(rollups_hourly::hour), max(rollups_hourly::hour)))
        .first(conn)?;
    Ok(first.zip(last))
}

/// Removes all rollups and histograms, of all projects.
pub fn clear(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::delete(rollups_hourly::table).execute(conn)?;
    diesel::delete(rollups_daily::table).execute(conn)?;
    diesel::delete(super::schema::histograms_daily::table)
        .execute(conn)
        .map(|_| ())
}

/// The temporary tables that differences are copied to before they are added.
mod added {
    diesel::table! {
        rollups_hourly_added (project_id, cell_id, hour) {
            project_id -> Int4,
            cell_id -> Int4,
            hour -> Int4,
            outputs -> Int8,
            sums -> Array<Int8>,
        }
    }
    diesel::table! {
        rollups_daily_added (project_id, cell_id, day, user_group) {
            project_id -> Int4,
            cell_id -> Int4,
            day -> Int4,
            user_group -> Int2,
            outputs -> Int8,
            sums -> Array<Int8>,
        }
    }
}
