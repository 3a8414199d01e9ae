//! Events that came after their output was sealed. The log has them; no number does.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Timestamptz};
use uuid::Uuid;

use super::schema::late_events;
use crate::domain::key::ProjectId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Insertable)]
#[diesel(table_name = late_events)]
pub struct LateEvent {
    pub project_id: ProjectId,
    pub event_key: Uuid,
    /// The sealed output.
    pub output_key: Uuid,
    pub received_at: DateTime<Utc>,
}

/// Notes late events; those that are known stay as they are.
pub fn add(conn: &mut PgConnection, late: &[LateEvent]) -> QueryResult<()> {
    for some in late.chunks(10_000) {
        diesel::insert_into(late_events::table)
            .values(some)
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

pub fn count(conn: &mut PgConnection, project: ProjectId) -> QueryResult<i64> {
    late_events::table
        .filter(late_events::project_id.eq(project))
        .count()
        .get_result(conn)
}

/// Counts those that were received before an instant.
pub fn count_before(conn: &mut PgConnection, project: ProjectId, before: DateTime<Utc>) -> QueryResult<i64> {
    late_events::table
        .filter(
            late_events::project_id
                .eq(project)
                .and(late_events::received_at.lt(before)),
        )
        .count()
        .get_result(conn)
}

/// Deletes late events that were received before an instant, some at a time. Gives how many.
pub fn expire(conn: &mut PgConnection, project: ProjectId, before: DateTime<Utc>, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "WITH old AS (DELETE FROM late_events WHERE project_id = $1 AND event_key IN \
         (SELECT event_key FROM late_events WHERE project_id = $1 AND received_at < $2 LIMIT $3) RETURNING event_key) \
         DELETE FROM events WHERE project_id = $1 AND event_key IN (SELECT event_key FROM old)",
    )
    .bind::<Int4, _>(project)
    .bind::<Timestamptz, _>(before)
    .bind::<Int8, _>(limit)
    .execute(conn)
}

/// Forgets which events are late, of all projects: they are found out anew.
pub fn clear(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::delete(late_events::table).execute(conn).map(|_| ())
}
