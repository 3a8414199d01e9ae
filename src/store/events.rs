//! The append-only log of events.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Int4, Int8, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::copy::{CopyRows, copy_into};
use super::schema::{events, output_aliases};
use crate::domain::key::ProjectId;

/// An event ready for the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub project: ProjectId,
    pub event_key: Uuid,
    pub output_key: Uuid,
    pub kind: i16,
    pub occurred_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub fingerprint: i64,
    pub body: String,
    /// Keys of the other names that this event gives to its output.
    pub aliases: Vec<Uuid>,
}

/// A place in the log: transaction, then order within it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub tx: i64,
    pub ordinal: i32,
}

/// An event as the fold reads it.
#[derive(Clone, Debug, QueryableByName)]
pub struct LoggedEvent {
    #[diesel(sql_type = SqlUuid)]
    pub output_key: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub event_key: Uuid,
    #[diesel(sql_type = SmallInt)]
    pub kind: i16,
    #[diesel(sql_type = Timestamptz)]
    pub occurred_at: DateTime<Utc>,
    #[diesel(sql_type = Timestamptz)]
    pub received_at: DateTime<Utc>,
    #[diesel(sql_type = Text)]
    pub body: String,
}

#[derive(QueryableByName)]
struct TransactionId {
    #[diesel(sql_type = BigInt)]
    tx: i64,
}

/// Appends events. The caller's transaction makes them durable; a known id is a unique violation.
pub fn append(conn: &mut PgConnection, new: &[&NewEvent]) -> QueryResult<()> {
    let tx = diesel::sql_query("SELECT pg_current_xact_id()::text::bigint + tx_offset AS tx FROM fold_cursor")
        .get_result::<TransactionId>(conn)?
        .tx;
    let mut rows = CopyRows::with_capacity(new.iter().map(|event| event.body.len() + 220).sum());
    for (ordinal, event) in new.iter().enumerate() {
        rows.plain(event.project)
            .plain(event.event_key)
            .plain(event.output_key)
            .plain(tx)
            .plain(ordinal)
            .plain(event.kind)
            .time(event.occurred_at)
            .time(event.received_at)
            .plain(event.fingerprint)
            .text(&event.body)
            .end();
    }
    copy_into!(conn, events::table, events::table, &rows)?;

    let mut aliases: Vec<_> = new
        .iter()
        .flat_map(|event| {
            event
                .aliases
                .iter()
                .map(|alias| (event.project, *alias, event.output_key))
        })
        .collect();
    // In one order everywhere, as the events are, so that no two writers wait for each other.
    aliases.sort_unstable();
    let aliases: Vec<_> = aliases
        .into_iter()
        .map(|(project, alias, output)| {
            (
                output_aliases::project_id.eq(project),
                output_aliases::alias_key.eq(alias),
                output_aliases::output_key.eq(output),
            )
        })
        .collect();
    for chunk in aliases.chunks(10_000) {
        diesel::insert_into(output_aliases::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Int4)]
    project_id: ProjectId,
    #[diesel(sql_type = SqlUuid)]
    event_key: Uuid,
    #[diesel(sql_type = Int8)]
    fingerprint: i64,
}

/// Fingerprints of those events that the log has already.
pub fn fingerprints(
    conn: &mut PgConnection,
    keys: &[(ProjectId, Uuid)],
) -> QueryResult<HashMap<(ProjectId, Uuid), i64>> {
    let (projects, event_keys): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
    let known: Vec<Known> = diesel::sql_query(
        "SELECT e.project_id, e.event_key, e.fingerprint FROM unnest($1, $2) AS k (project_id, event_key) \
         JOIN events e USING (project_id, event_key)",
    )
    .bind::<Array<Int4>, _>(projects)
    .bind::<Array<SqlUuid>, _>(event_keys)
    .load(conn)?;
    Ok(known
        .into_iter()
        .map(|row| ((row.project_id, row.event_key), row.fingerprint))
        .collect())
}

/// A log entry that names its output only.
#[derive(Clone, Debug, QueryableByName)]
pub struct LogEntry {
    #[diesel(sql_type = Int8)]
    pub tx: i64,
    #[diesel(sql_type = Int4)]
    pub ordinal: i32,
    #[diesel(sql_type = Int4)]
    pub project_id: ProjectId,
    #[diesel(sql_type = SqlUuid)]
    pub output_key: Uuid,
}

/// The next entries after a position, in log order. Stops before the oldest transaction that is still running, since
/// that one may yet add entries with a lower position than what is visible.
pub fn follow(conn: &mut PgConnection, after: Position, limit: i64) -> QueryResult<Vec<LogEntry>> {
    diesel::sql_query(
        "SELECT tx, ordinal, project_id, output_key FROM events \
         WHERE (tx, ordinal) > ($1, $2) AND tx < (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + tx_offset FROM fold_cursor) \
         ORDER BY tx, ordinal LIMIT $3",
    )
    .bind::<Int8, _>(after.tx)
    .bind::<Int4, _>(after.ordinal)
    .bind::<Int8, _>(limit)
    .load(conn)
}

/// Everything the log holds of these outputs.
pub fn of_outputs(conn: &mut PgConnection, project: ProjectId, outputs: &[Uuid]) -> QueryResult<Vec<LoggedEvent>> {
    diesel::sql_query(
        "SELECT e.output_key, e.event_key, e.kind, e.occurred_at, e.received_at, e.body::text AS body \
         FROM unnest($2) AS k (output_key) JOIN events e ON e.project_id = $1 AND e.output_key = k.output_key",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(outputs)
    .load(conn)
}

/// A name and an output that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Alias {
    #[diesel(sql_type = SqlUuid)]
    pub alias_key: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub output_key: Uuid,
}

/// The aliases that touch any of these keys, from either side.
pub fn aliases_of(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Alias>> {
    diesel::sql_query(
        "SELECT alias_key, output_key FROM output_aliases WHERE project_id = $1 AND alias_key = ANY($2) \
         UNION SELECT alias_key, output_key FROM output_aliases WHERE project_id = $1 AND output_key = ANY($2)",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .load(conn)
}

/// How much of the log is not folded yet.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Backlog {
    #[diesel(sql_type = Int8)]
    pub events: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub oldest: Option<DateTime<Utc>>,
    /// Whether there is more than was counted.
    #[diesel(sql_type = Bool)]
    pub more: bool,
}

/// Counts the entries after a position, up to `limit`, of one project or of all.
pub fn backlog(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    after: Position,
    limit: i64,
) -> QueryResult<Backlog> {
    diesel::sql_query(
        "SELECT count(*) AS events, min(received_at) AS oldest, count(*) >= $3 AS more FROM \
         (SELECT received_at FROM events WHERE (tx, ordinal) > ($1, $2) AND ($4 IS NULL OR project_id = $4) \
         ORDER BY tx, ordinal LIMIT $3) AS waiting",
    )
    .bind::<Int8, _>(after.tx)
    .bind::<Int4, _>(after.ordinal)
    .bind::<Int8, _>(limit)
    .bind::<Nullable<Int4>, _>(project)
    .get_result(conn)
}
