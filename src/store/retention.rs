//! Finding and removing what a project keeps no longer. Each function does a piece of bounded size, in the caller's transaction.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::opinions;
use super::outputs::Output;
use super::schema::{output_aliases, output_texts, outputs, projects};
use crate::domain::key::ProjectId;

/// Held by whoever applies retention, so that several servers do not do the same work.
const LOCK: i64 = 0x6361_6c72_6574;

/// Takes the lock for this session. Gives whether it was free.
pub fn try_lock(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::sql::<diesel::sql_types::Bool>(&format!(
        "pg_try_advisory_lock({LOCK})"
    )))
    .get_result(conn)
}

/// A place among the outputs of a project by cohort time.
pub type Place = (DateTime<Utc>, Uuid);

/// The outputs after a place that were shown before an instant and are not sealed, in the order of their places.
pub fn unsealed(
    conn: &mut PgConnection,
    project: ProjectId,
    after: Place,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Place>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Timestamptz)]
        shown_at: DateTime<Utc>,
        #[diesel(sql_type = SqlUuid)]
        output_key: Uuid,
    }
    let found: Vec<Row> = diesel::sql_query(
        "SELECT shown_at, output_key FROM outputs WHERE project_id = $1 AND (shown_at, output_key) > ($2, $3) \
         AND shown_at < $4 AND NOT sealed ORDER BY shown_at, output_key LIMIT $5",
    )
    .bind::<Int4, _>(project)
    .bind::<Timestamptz, _>(after.0)
    .bind::<SqlUuid, _>(after.1)
    .bind::<Timestamptz, _>(before)
    .bind::<Int8, _>(limit)
    .load(conn)?;
    Ok(found.into_iter().map(|row| (row.shown_at, row.output_key)).collect())
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = SqlUuid)]
    output_key: Uuid,
}

/// The outputs, in the order of their keys, of which everything was taken back: they have no state, and are tied to themselves.
pub fn retracted(conn: &mut PgConnection, project: ProjectId, after: Uuid, limit: i64) -> QueryResult<Vec<Uuid>> {
    let found: Vec<Key> = diesel::sql_query(
        "SELECT a.output_key FROM output_aliases a WHERE a.project_id = $1 AND a.output_key > $2 \
         AND a.alias_key = a.output_key AND NOT EXISTS \
         (SELECT FROM outputs o WHERE o.project_id = $1 AND o.output_key = a.output_key) ORDER BY a.output_key LIMIT $3",
    )
    .bind::<Int4, _>(project)
    .bind::<SqlUuid, _>(after)
    .bind::<Int8, _>(limit)
    .load(conn)?;
    Ok(found.into_iter().map(|row| row.output_key).collect())
}

/// The keys of those that have events received since an instant.
pub fn active_since(
    conn: &mut PgConnection,
    project: ProjectId,
    keys: &[Uuid],
    since: DateTime<Utc>,
) -> QueryResult<Vec<Uuid>> {
    let found: Vec<Key> = diesel::sql_query(
        "SELECT DISTINCT output_key FROM events WHERE project_id = $1 AND output_key = ANY($2) AND received_at >= $3",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .bind::<Timestamptz, _>(since)
    .load(conn)?;
    Ok(found.into_iter().map(|row| row.output_key).collect())
}

/// Deletes the events under some keys, but for late ones. Gives how many.
pub fn delete_events(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<i64> {
    let deleted = diesel::sql_query(
        "DELETE FROM events e WHERE project_id = $1 AND output_key = ANY($2) AND NOT EXISTS \
         (SELECT FROM late_events l WHERE l.project_id = $1 AND l.event_key = e.event_key)",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .execute(conn)?;
    Ok(deleted as i64)
}

/// Seals outputs: their texts go, what they came to stands.
pub fn seal(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<usize> {
    diesel::delete(
        output_texts::table.filter(
            output_texts::project_id
                .eq(project)
                .and(output_texts::output_key.eq_any(keys)),
        ),
    )
    .execute(conn)?;
    diesel::update(outputs::table.filter(outputs::project_id.eq(project).and(outputs::output_key.eq_any(keys))))
        .set(outputs::sealed.eq(true))
        .execute(conn)
}

/// Sealed outputs that were shown before an instant and of which no late event is kept, the oldest first.
pub fn sealed(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<Output>> {
    diesel::sql_query(
        "SELECT * FROM outputs o WHERE project_id = $1 AND shown_at < $2 AND sealed AND NOT EXISTS \
         (SELECT FROM late_events l WHERE l.project_id = $1 AND l.output_key = o.output_key) \
         ORDER BY shown_at, output_key LIMIT $3",
    )
    .bind::<Int4, _>(project)
    .bind::<Timestamptz, _>(before)
    .bind::<Int8, _>(limit)
    .load(conn)
}

/// Deletes outputs, or what is left of them, the opinions on them, and the other names they had.
pub fn forget(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<usize> {
    diesel::delete(
        output_aliases::table.filter(
            output_aliases::project_id
                .eq(project)
                .and(output_aliases::output_key.eq_any(keys)),
        ),
    )
    .execute(conn)?;
    opinions::delete(conn, project, keys)?;
    diesel::delete(outputs::table.filter(outputs::project_id.eq(project).and(outputs::output_key.eq_any(keys))))
        .execute(conn)
}

/// Counts events that are no longer in the log.
pub fn add_expired(conn: &mut PgConnection, project: ProjectId, events: i64) -> QueryResult<()> {
    diesel::update(projects::table.find(project))
        .set(projects::expired_events.eq(projects::expired_events + events))
        .execute(conn)
        .map(|_| ())
}

/// The transaction up to which a project's events hold no texts.
pub fn textless_to(conn: &mut PgConnection, project: ProjectId) -> QueryResult<i64> {
    projects::table.find(project).select(projects::textless_tx).first(conn)
}

pub fn set_textless_to(conn: &mut PgConnection, project: ProjectId, to: i64) -> QueryResult<()> {
    diesel::update(projects::table.find(project))
        .set(projects::textless_tx.eq(to))
        .execute(conn)
        .map(|_| ())
}

/// Puts new bodies in the place of those of some events.
pub fn replace_bodies(conn: &mut PgConnection, project: ProjectId, bodies: &[(Uuid, String)]) -> QueryResult<()> {
    let (keys, bodies): (Vec<Uuid>, Vec<&str>) = bodies.iter().map(|(key, body)| (*key, body.as_str())).unzip();
    diesel::sql_query(
        "UPDATE events e SET body = n.body::json FROM unnest($2, $3) AS n (event_key, body) \
         WHERE e.project_id = $1 AND e.event_key = n.event_key",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .bind::<Array<Text>, _>(bodies)
    .execute(conn)
    .map(|_| ())
}

/// Counts the events under some keys, but for late ones: those that [`delete_events`] would delete.
pub fn count_events(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<i64> {
    let counted: Count = diesel::sql_query(
        "SELECT count(*) AS n FROM events e WHERE project_id = $1 AND output_key = ANY($2) AND NOT EXISTS \
         (SELECT FROM late_events l WHERE l.project_id = $1 AND l.event_key = e.event_key)",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .get_result(conn)?;
    Ok(counted.n)
}

/// Counts the events that were received before an instant and may hold texts.
pub fn count_texts(conn: &mut PgConnection, project: ProjectId, before: DateTime<Utc>) -> QueryResult<i64> {
    let counted: Count = diesel::sql_query(
        "SELECT count(*) AS n FROM events WHERE project_id = $1 AND received_at < $2 \
         AND tx > (SELECT textless_tx FROM projects WHERE id = $1) \
         AND coalesce(body->>'input', body->>'output', body->>'final', nullif(body->>'comment', '')) IS NOT NULL",
    )
    .bind::<Int4, _>(project)
    .bind::<Timestamptz, _>(before)
    .get_result(conn)?;
    Ok(counted.n)
}

/// Counts the outputs that were shown before an instant, are sealed or among those that would be, and have no late event received since
/// `late_from`; all late events stay without it.
pub fn count_outputs(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    sealed: &[Uuid],
    late_from: Option<DateTime<Utc>>,
) -> QueryResult<i64> {
    let counted: Count = diesel::sql_query(
        "SELECT count(*) AS n FROM outputs o WHERE project_id = $1 AND shown_at < $2 AND (sealed OR output_key = ANY($3)) \
         AND NOT EXISTS (SELECT FROM late_events l WHERE l.project_id = $1 AND l.output_key = o.output_key \
         AND ($4 IS NULL OR l.received_at >= $4))",
    )
    .bind::<Int4, _>(project)
    .bind::<Timestamptz, _>(before)
    .bind::<Array<SqlUuid>, _>(sealed)
    .bind::<Nullable<Timestamptz>, _>(late_from)
    .get_result(conn)?;
    Ok(counted.n)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Int8)]
    n: i64,
}
