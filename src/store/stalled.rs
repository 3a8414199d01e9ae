//! Projects whose events of a range could not be folded, and the place in the log where each waits.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, Text};

use super::ranges::Range;
use super::schema::stalled_ranges;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = stalled_ranges, check_for_backend(diesel::pg::Pg))]
pub struct Stalled {
    pub project_id: ProjectId,
    pub range: i32,
    /// Up to here the project is folded.
    pub tx: i64,
    pub error: String,
    pub since: DateTime<Utc>,
}

/// All that waits, the oldest first.
pub fn all(conn: &mut PgConnection) -> QueryResult<Vec<Stalled>> {
    stalled_ranges::table
        .order((stalled_ranges::since, stalled_ranges::project_id, stalled_ranges::range))
        .select(Stalled::as_select())
        .load(conn)
}

/// Whether some of a project's events cannot be folded.
pub fn has(conn: &mut PgConnection, project: ProjectId) -> QueryResult<bool> {
    let of_project = stalled_ranges::table.filter(stalled_ranges::project_id.eq(project));
    diesel::select(diesel::dsl::exists(of_project)).get_result(conn)
}

/// What waits in some ranges.
pub fn in_ranges(conn: &mut PgConnection, ranges: &[i32]) -> QueryResult<Vec<(ProjectId, i32)>> {
    stalled_ranges::table
        .filter(stalled_ranges::range.eq_any(ranges))
        .select((stalled_ranges::project_id, stalled_ranges::range))
        .load(conn)
}

/// What should be tried again now in some ranges, by project.
pub fn due(conn: &mut PgConnection, ranges: &[i32]) -> QueryResult<Vec<Stalled>> {
    stalled_ranges::table
        .filter(stalled_ranges::range.eq_any(ranges))
        .filter(stalled_ranges::retry_at.le(diesel::dsl::now))
        .order((stalled_ranges::project_id, stalled_ranges::range))
        .select(Stalled::as_select())
        .load(conn)
}

/// Notes that a project cannot be folded past places of some ranges. The longer that lasts, the longer it waits for the next
/// try, up to a minute.
pub fn put(conn: &mut PgConnection, project: ProjectId, ranges: &[Range], error: &str) -> QueryResult<()> {
    let (numbers, places): (Vec<i32>, Vec<i64>) = ranges.iter().map(|range| (range.range, range.tx)).unzip();
    diesel::sql_query(
        "INSERT INTO stalled_ranges AS s (project_id, range, tx, error, retry_at) \
         SELECT $1, k.range, k.tx, $4, clock_timestamp() + interval '1 second' FROM unnest($2, $3) AS k (range, tx) \
         ON CONFLICT (project_id, range) DO UPDATE SET error = excluded.error, \
         retry_at = clock_timestamp() + least(clock_timestamp() - s.since, interval '1 minute')",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(numbers)
    .bind::<Array<Int8>, _>(places)
    .bind::<Text, _>(error)
    .execute(conn)
    .map(|_| ())
}

/// Notes that a project was folded up to a later place of a range and goes on from there.
pub fn advance(conn: &mut PgConnection, project: ProjectId, to: Range) -> QueryResult<()> {
    diesel::update(stalled_ranges::table.find((project, to.range)))
        .set(stalled_ranges::tx.eq(to.tx))
        .execute(conn)
        .map(|_| ())
}

pub fn remove(conn: &mut PgConnection, project: ProjectId, range: i32) -> QueryResult<()> {
    diesel::delete(stalled_ranges::table.find((project, range)))
        .execute(conn)
        .map(|_| ())
}

pub fn clear(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::delete(stalled_ranges::table).execute(conn).map(|_| ())
}
