//! Reading the append-only log of events.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Int4, Int8, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::domain::key::ProjectId;

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

/// An event with its place in the log.
#[derive(Clone, Debug, QueryableByName)]
pub struct LogEntry {
    #[diesel(sql_type = Int8)]
    pub tx: i64,
    #[diesel(sql_type = Int4)]
    pub ordinal: i32,
    #[diesel(sql_type = Int4)]
    pub project_id: ProjectId,
    #[diesel(embed)]
    pub event: LoggedEvent,
}

impl LogEntry {
    pub fn position(&self) -> Position {
        Position {
            tx: self.tx,
            ordinal: self.ordinal,
        }
    }
}

/// The next entries after a position, in log order. Stops before the oldest transaction that is still running, since
/// that one may yet add entries with a lower position than what is visible.
pub fn follow(conn: &mut PgConnection, after: Position, limit: i64) -> QueryResult<Vec<LogEntry>> {
    diesel::sql_query(
        "SELECT tx, ordinal, project_id, output_key, event_key, kind, occurred_at, received_at, body::text AS body FROM events \
         WHERE (tx, ordinal) > ($1, $2) AND tx < (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + tx_offset FROM fold_cursor) \
         ORDER BY tx, ordinal LIMIT $3",
    )
    .bind::<Int8, _>(after.tx)
    .bind::<Int4, _>(after.ordinal)
    .bind::<Int8, _>(limit)
    .load(conn)
}

/// The entries of one project after a position, up to another one, in log order.
pub fn of_project(
    conn: &mut PgConnection,
    project: ProjectId,
    after: Position,
    to: Position,
    limit: i64,
) -> QueryResult<Vec<LogEntry>> {
    diesel::sql_query(
        "SELECT tx, ordinal, project_id, output_key, event_key, kind, occurred_at, received_at, body::text AS body FROM events \
         WHERE project_id = $1 AND (tx, ordinal) > ($2, $3) AND (tx, ordinal) <= ($4, $5) ORDER BY tx, ordinal LIMIT $6",
    )
    .bind::<Int4, _>(project)
    .bind::<Int8, _>(after.tx)
    .bind::<Int4, _>(after.ordinal)
    .bind::<Int8, _>(to.tx)
    .bind::<Int4, _>(to.ordinal)
    .bind::<Int8, _>(limit)
    .load(conn)
}

/// Everything the log holds of these outputs.
pub fn of_outputs(conn: &mut PgConnection, project: ProjectId, outputs: &[Uuid]) -> QueryResult<Vec<LoggedEvent>> {
    diesel::sql_query(
        // OFFSET 0 keeps the planner from reading the whole log for some thousand outputs.
        "SELECT e.* FROM unnest($2) AS k (output_key) CROSS JOIN LATERAL \
         (SELECT output_key, event_key, kind, occurred_at, received_at, body::text AS body FROM events \
         WHERE project_id = $1 AND output_key = k.output_key OFFSET 0) AS e",
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
