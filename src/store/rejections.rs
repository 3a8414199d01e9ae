//! How many events were refused, by key, hour and code.

use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel::upsert::excluded;
use uuid::Uuid;

use super::schema::rejections;
use crate::domain::key::ProjectId;
use crate::domain::window::Granularity;

/// For how many days counts are kept, in every project.
pub const KEPT_DAYS: i32 = 400;

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
    let total = diesel::dsl::sql::<BigInt>("sum(events)::bigint");
    rejections::table
        .filter(rejections::project_id.eq(project))
        .group_by(rejections::code)
        .select((rejections::code, total.clone()))
        .order((total.desc(), rejections::code))
        .load(conn)
}

/// Which counts are asked for, and in buckets of which length. The days and longer ones are those of UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub hours: Range<i32>,
    pub granularity: Granularity,
    pub key_id: Option<Uuid>,
    pub code: Option<&'static str>,
}

/// The events of one key that were refused for one reason in one bucket of time.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Count {
    /// The start of the bucket, which may be before the hours that were asked for.
    #[diesel(sql_type = Timestamptz)]
    pub bucket: DateTime<Utc>,
    #[diesel(sql_type = SqlUuid)]
    pub key_id: Uuid,
    #[diesel(sql_type = Text)]
    pub key_name: String,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = BigInt)]
    pub events: i64,
}

/// Refused events of a project by time, key and code, in that order, up to a number of rows. Keys are revoked and never deleted, so
/// that each has its name.
pub fn counts(conn: &mut PgConnection, project: ProjectId, asked: &Asked, limit: i64) -> QueryResult<Vec<Count>> {
    diesel::sql_query(
        "SELECT date_trunc($2, to_timestamp(r.hour * 3600::float8), 'UTC') AS bucket, r.key_id, k.name AS key_name, r.code, \
         sum(r.events)::bigint AS events FROM rejections r JOIN api_keys k ON k.project_id = r.project_id AND k.id = r.key_id \
         WHERE r.project_id = $1 AND r.hour >= $3 AND r.hour < $4 AND ($5 IS NULL OR r.key_id = $5) \
         AND ($6 IS NULL OR r.code = $6) GROUP BY 1, 2, 3, 4 ORDER BY bucket, key_name, key_id, code LIMIT $7",
    )
    .bind::<Integer, _>(project)
    .bind::<Text, _>(asked.granularity.name())
    .bind::<Integer, _>(asked.hours.start)
    .bind::<Integer, _>(asked.hours.end)
    .bind::<Nullable<SqlUuid>, _>(asked.key_id)
    .bind::<Nullable<Text>, _>(asked.code)
    .bind::<BigInt, _>(limit)
    .load(conn)
}

/// Lets go of the counts of all projects from before an hour.
pub fn forget(conn: &mut PgConnection, before: i32) -> QueryResult<usize> {
    diesel::delete(rejections::table.filter(rejections::hour.lt(before))).execute(conn)
}
