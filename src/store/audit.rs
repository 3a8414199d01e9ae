//! What a check of everything reads, piece by piece.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::outputs::Output;
use super::schema::outputs;
use crate::domain::key::ProjectId;

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = SqlUuid)]
    output_key: Uuid,
}

/// The keys that events, outputs, texts or opinions of a project have, in order, after a key.
pub fn keys(conn: &mut PgConnection, project: ProjectId, after: Uuid, limit: i64) -> QueryResult<Vec<Uuid>> {
    let pieces = ["events", "outputs", "output_texts", "opinions"].map(|table| {
        format!(
            "(SELECT DISTINCT output_key FROM {table} WHERE project_id = $1 AND output_key > $2 ORDER BY output_key LIMIT $3)"
        )
    });
    let keys: Vec<Key> = diesel::sql_query(format!(
        "SELECT output_key FROM ({}) AS pieces ORDER BY output_key LIMIT $3",
        pieces.join(" UNION ")
    ))
    .bind::<Int4, _>(project)
    .bind::<SqlUuid, _>(after)
    .bind::<Int8, _>(limit)
    .load(conn)?;
    Ok(keys.into_iter().map(|key| key.output_key).collect())
}

/// How many log entries an output key has that are folded, and that wait to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Entries {
    #[diesel(sql_type = SqlUuid)]
    pub output_key: Uuid,
    #[diesel(sql_type = Int8)]
    pub folded: i64,
    #[diesel(sql_type = Int8)]
    pub waiting: i64,
}

/// Counts the log entries of some output keys. A project that cannot be folded waits behind the others.
pub fn entries(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Entries>> {
    diesel::sql_query(
        "SELECT output_key, count(*) FILTER (WHERE e.tx <= place.tx) AS folded, count(*) FILTER (WHERE e.tx > place.tx) AS waiting \
         FROM unnest($2) AS k (output_key) JOIN events e USING (output_key) JOIN \
         (SELECT r.range, coalesce(s.tx, r.tx) AS tx FROM fold_ranges r \
         LEFT JOIN stalled_ranges s ON s.range = r.range AND s.project_id = $1) AS place ON place.range = fold_range(output_key) \
         WHERE e.project_id = $1 GROUP BY output_key",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .load(conn)
}

/// The UTC days on which a project's linked outputs were shown, in order.
pub fn days(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<i32>> {
    let day = diesel::dsl::sql::<Int4>("floor(extract(epoch FROM shown_at) / 86400)::integer");
    let mut days: Vec<i32> = outputs::table
        .filter(outputs::project_id.eq(project).and(outputs::cell_id.is_not_null()))
        .select(day)
        .distinct()
        .load(conn)?;
    days.sort_unstable();
    Ok(days)
}

/// The outputs that were shown before an instant, in the order of time and key, after one of them.
pub fn shown_before(
    conn: &mut PgConnection,
    project: ProjectId,
    end: DateTime<Utc>,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> QueryResult<Vec<Output>> {
    diesel::sql_query(
        "SELECT * FROM outputs WHERE project_id = $1 AND (shown_at, output_key) > ($2, $3) AND shown_at < $4 \
         ORDER BY shown_at, output_key LIMIT $5",
    )
    .bind::<Int4, _>(project)
    .bind::<Timestamptz, _>(after.0)
    .bind::<SqlUuid, _>(after.1)
    .bind::<Timestamptz, _>(end)
    .bind::<Int8, _>(limit)
    .load(conn)
}
