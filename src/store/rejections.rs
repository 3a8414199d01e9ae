//! How many events were refused, by key, hour and code.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::upsert::excluded;
use uuid::Uuid;

use super::schema::rejections;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = rejections)]
pub struct Rejection {
    pub project_id: ProjectId,
    pub key_id: Uuid,
    pub hour: i32,
    pub code: String,
    pub events: i64,
}

/// Adds counts. Rows must be distinct in their key.
pub fn add(conn: &mut PgConnection, rows: &[Rejection]) -> QueryResult<()> {
    diesel::insert_into(rejections::table)
        .values(rows)
        .on_conflict((
            rejections::project_id,
            rejections::key_id,
            rejections::hour,
            rejections::code,
        ))
        .do_update()
        .set(rejections::events.eq(rejections::events + excluded(rejections::events)))
        .execute(conn)
        .map(|_| ())
}

/// Refused events of a project by code, most first.
pub fn by_code(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<(String, i64)>> {
    let total = diesel::dsl::sql::<diesel::sql_types::BigInt>("sum(events)::bigint");
    rejections::table
        .filter(rejections::project_id.eq(project))
        .group_by(rejections::code)
        .select((rejections::code, total.clone()))
        .order((total.desc(), rejections::code))
        .load(conn)
}
