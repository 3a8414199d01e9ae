//! Sufficient statistics of each UTC day: columns, and the differences that wait to be merged into them. The bytes are those
//! of `rollup::codec`.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::schema::{projects, rollup_columns, rollup_differences};
use crate::domain::key::ProjectId;

/// The place of the column that holds the cells of the rows.
pub const CELLS: i16 = -2;
/// The place of the column that holds the buckets of the rows.
pub const BUCKETS: i16 = -1;

/// What one step of the fold added to one day.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = rollup_differences, check_for_backend(diesel::pg::Pg))]
pub struct Difference {
    pub project_id: ProjectId,
    pub day: i32,
    pub step: i64,
    /// Rows of its tables.
    pub size: i32,
    pub body: Vec<u8>,
}

/// One column of one day's table.
#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = rollup_columns, check_for_backend(diesel::pg::Pg))]
pub struct StoredColumn {
    pub project_id: ProjectId,
    pub axis: i16,
    pub place: i16,
    pub day: i32,
    /// The last step that is in it.
    pub step: i64,
    pub size: i32,
    pub body: Vec<u8>,
}

/// That a day has a table, and how old it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable)]
pub struct Head {
    pub axis: i16,
    pub day: i32,
    pub step: i64,
    pub size: i32,
}

/// Takes the number of the next step.
pub fn next_step(conn: &mut PgConnection, project: ProjectId) -> QueryResult<i64> {
    diesel::update(projects::table.find(project))
        .set(projects::rollup_step.eq(projects::rollup_step + 1))
        .returning(projects::rollup_step)
        .get_result(conn)
}

pub fn append(conn: &mut PgConnection, differences: &[Difference]) -> QueryResult<()> {
    // PostgreSQL takes at most 65,535 parameters.
    for some in differences.chunks(10_000) {
        diesel::insert_into(rollup_differences::table)
            .values(some)
            .execute(conn)?;
    }
    Ok(())
}

/// The days that have differences, with how many and how many rows.
pub fn waiting(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<(i32, i64, i64)>> {
    use diesel::dsl::{count_star, sum};
    let found: Vec<(i32, i64, Option<i64>)> = rollup_differences::table
        .filter(rollup_differences::project_id.eq(project))
        .group_by(rollup_differences::day)
        .select((rollup_differences::day, count_star(), sum(rollup_differences::size)))
        .load(conn)?;
    Ok(found
        .into_iter()
        .map(|(day, differences, rows)| (day, differences, rows.unwrap_or_default()))
        .collect())
}

/// The projects that have differences.
pub fn waiting_projects(conn: &mut PgConnection) -> QueryResult<Vec<ProjectId>> {
    rollup_differences::table
        .select(rollup_differences::project_id)
        .distinct()
        .order(rollup_differences::project_id)
        .load(conn)
}

/// The differences of a day, oldest first.
pub fn differences_of(conn: &mut PgConnection, project: ProjectId, day: i32) -> QueryResult<Vec<Difference>> {
    rollup_differences::table
        .filter(
            rollup_differences::project_id
                .eq(project)
                .and(rollup_differences::day.eq(day)),
        )
        .order(rollup_differences::step)
        .select(Difference::as_select())
        .load(conn)
}

/// The differences of all days after a step, oldest first.
pub fn differences_after(conn: &mut PgConnection, project: ProjectId, step: i64) -> QueryResult<Vec<Difference>> {
    rollup_differences::table
        .filter(
            rollup_differences::project_id
                .eq(project)
                .and(rollup_differences::step.gt(step)),
        )
        .order((rollup_differences::step, rollup_differences::day))
        .select(Difference::as_select())
        .load(conn)
}

/// All columns of a day.
pub fn columns_of(conn: &mut PgConnection, project: ProjectId, day: i32) -> QueryResult<Vec<StoredColumn>> {
    rollup_columns::table
        .filter(rollup_columns::project_id.eq(project).and(rollup_columns::day.eq(day)))
        .order((rollup_columns::axis, rollup_columns::place))
        .select(StoredColumn::as_select())
        .load(conn)
}

/// Some columns of some days. Those that are zero throughout are not stored.
pub fn columns(
    conn: &mut PgConnection,
    project: ProjectId,
    axis: i16,
    places: &[i16],
    days: &[i32],
) -> QueryResult<Vec<StoredColumn>> {
    rollup_columns::table
        .filter(
            rollup_columns::project_id
                .eq(project)
                .and(rollup_columns::axis.eq(axis)),
        )
        .filter(
            rollup_columns::place
                .eq_any(places)
                .and(rollup_columns::day.eq_any(days)),
        )
        .select(StoredColumn::as_select())
        .load(conn)
}

/// The tables that changed after a step.
pub fn heads_after(conn: &mut PgConnection, project: ProjectId, axes: &[i16], step: i64) -> QueryResult<Vec<Head>> {
    rollup_columns::table
        .filter(
            rollup_columns::project_id
                .eq(project)
                .and(rollup_columns::axis.eq_any(axes)),
        )
        .filter(rollup_columns::place.eq(CELLS).and(rollup_columns::step.gt(step)))
        .select((
            rollup_columns::axis,
            rollup_columns::day,
            rollup_columns::step,
            rollup_columns::size,
        ))
        .load(conn)
}

/// The days that have columns or differences, in order.
pub fn days(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<i32>> {
    let merged = rollup_columns::table
        .filter(
            rollup_columns::project_id
                .eq(project)
                .and(rollup_columns::place.eq(CELLS)),
        )
        .select(rollup_columns::day);
    let waiting = rollup_differences::table
        .filter(rollup_differences::project_id.eq(project))
        .select(rollup_differences::day);
    let mut days: Vec<i32> = merged.union(waiting).load(conn)?;
    days.sort_unstable();
    Ok(days)
}

/// Puts the merged columns of a day in the place of the old ones and of all its differences.
pub fn replace(conn: &mut PgConnection, project: ProjectId, day: i32, columns: &[StoredColumn]) -> QueryResult<()> {
    diesel::delete(
        rollup_columns::table.filter(rollup_columns::project_id.eq(project).and(rollup_columns::day.eq(day))),
    )
    .execute(conn)?;
    for some in columns.chunks(5_000) {
        diesel::insert_into(rollup_columns::table).values(some).execute(conn)?;
    }
    diesel::delete(
        rollup_differences::table.filter(
            rollup_differences::project_id
                .eq(project)
                .and(rollup_differences::day.eq(day)),
        ),
    )
    .execute(conn)
    .map(|_| ())
}

/// Removes all rollups of all projects. Readers learn that what they hold is gone.
pub fn clear(conn: &mut PgConnection) -> QueryResult<()> {
    // The rows first: whoever has one may be merging, and what that writes must be seen to be removed.
    diesel::update(projects::table)
        .set((
            projects::rollup_step.eq(projects::rollup_step + 1),
            projects::rollup_reset.eq(projects::rollup_step + 1),
        ))
        .execute(conn)?;
    diesel::delete(rollup_columns::table).execute(conn)?;
    diesel::delete(rollup_differences::table).execute(conn).map(|_| ())
}
