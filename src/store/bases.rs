//! What outputs that are gone left in the rollups, by UTC day. The bytes are those of `rollup::codec`.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::schema::rollup_bases;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = rollup_bases, check_for_backend(diesel::pg::Pg))]
pub struct Base {
    pub project_id: ProjectId,
    pub day: i32,
    /// Names of the sums, in the order of the tables' columns; `fold::base` marks those that are not of all outputs.
    pub layout: Vec<String>,
    pub body: Vec<u8>,
}

/// All bases of a project, or those of a day.
pub fn of(conn: &mut PgConnection, project: ProjectId, day: Option<i32>) -> QueryResult<Vec<Base>> {
    let mut query = rollup_bases::table
        .filter(rollup_bases::project_id.eq(project))
        .order(rollup_bases::day)
        .select(Base::as_select())
        .into_boxed();
    if let Some(day) = day {
        query = query.filter(rollup_bases::day.eq(day));
    }
    query.load(conn)
}

/// The days that have a base, in order, each with the sums that it knows.
pub fn layouts(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<(i32, Vec<String>)>> {
    rollup_bases::table
        .filter(rollup_bases::project_id.eq(project))
        .order(rollup_bases::day)
        .select((rollup_bases::day, rollup_bases::layout))
        .load(conn)
}

/// Puts bases in the place of those of the same days.
pub fn put(conn: &mut PgConnection, bases: &[Base]) -> QueryResult<()> {
    for some in bases.chunks(10_000) {
        diesel::insert_into(rollup_bases::table)
            .values(some)
            .on_conflict((rollup_bases::project_id, rollup_bases::day))
            .do_update()
            .set((
                rollup_bases::layout.eq(excluded(rollup_bases::layout)),
                rollup_bases::body.eq(excluded(rollup_bases::body)),
            ))
            .execute(conn)?;
    }
    Ok(())
}
