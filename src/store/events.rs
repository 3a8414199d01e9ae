//! Reading the append-only log of events.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Int4, Int8, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::ranges::RANGES;
use super::schema::events;
use crate::domain::key::ProjectId;

/// A fold that is this far behind is waited for by what looks by itself: a day may be mature, and its numbers not there.
const BEHIND: TimeDelta = TimeDelta::seconds(60);

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
    /// Of what was sent, the same in every project. Texts may be gone from the body since.
    #[diesel(sql_type = Int8)]
    pub fingerprint: i64,
    #[diesel(sql_type = Text)]
    pub body: String,
}

/// An event with its place in the log.
#[derive(Clone, Debug, QueryableByName)]
pub struct LogEntry {
    #[diesel(sql_type = Int4)]
    pub range: i32,
    #[diesel(sql_type = Int8)]
    pub tx: i64,
    #[diesel(sql_type = Int4)]
    pub project_id: ProjectId,
    #[diesel(embed)]
    pub event: LoggedEvent,
}

/// A part of the log: the transactions of a range after one of them, up to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub range: i32,
    pub after: i64,
    pub to: i64,
}

/// The last transaction before the oldest one that is still running, which may yet add entries: up to here the log is complete.
pub fn complete(conn: &mut PgConnection) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Complete {
        #[diesel(sql_type = Int8)]
        tx: i64,
    }
    diesel::sql_query(
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + tx_offset - 1 AS tx FROM fold_state",
    )
    .get_result(conn)
    .map(|complete: Complete| complete.tx)
}

/// The first entries of some pieces, of one project or of all: whole transactions, and of each piece as few as make up `limit`
/// entries.
pub fn of_pieces(
    conn: &mut PgConnection,
    pieces: &[Piece],
    project: Option<ProjectId>,
    limit: i64,
) -> QueryResult<Vec<LogEntry>> {
    let ranges: Vec<i32> = pieces.iter().map(|piece| piece.range).collect();
    let (after, to): (Vec<i64>, Vec<i64>) = pieces.iter().map(|piece| (piece.after, piece.to)).unzip();
    diesel::sql_query(
        // The end is compared by rows: of two bounds on `tx` the planner would expect so few entries that it read and sorted all.
        "SELECT p.range, e.* FROM unnest($1, $2, $3) AS p (range, after, upto) CROSS JOIN LATERAL \
         (SELECT tx, project_id, output_key, event_key, kind, occurred_at, received_at, fingerprint, body::text AS body FROM events \
         WHERE fold_range(output_key) = p.range AND tx > p.after AND (fold_range(output_key), tx) <= (p.range, p.upto) \
         AND ($4 IS NULL OR project_id = $4) ORDER BY tx FETCH FIRST ($5) ROWS WITH TIES) AS e",
    )
    .bind::<Array<Int4>, _>(ranges)
    .bind::<Array<Int8>, _>(after)
    .bind::<Array<Int8>, _>(to)
    .bind::<Nullable<Int4>, _>(project)
    .bind::<Int8, _>(limit)
    .load(conn)
}

/// How many entries the log has.
pub fn count(conn: &mut PgConnection) -> QueryResult<i64> {
    events::table.count().get_result(conn)
}

/// Everything the log holds of these outputs.
pub fn of_outputs(conn: &mut PgConnection, project: ProjectId, outputs: &[Uuid]) -> QueryResult<Vec<LoggedEvent>> {
    diesel::sql_query(
        // OFFSET 0 keeps the planner from reading the whole log for some thousand outputs.
        "SELECT e.* FROM unnest($2) AS k (output_key) CROSS JOIN LATERAL \
         (SELECT output_key, event_key, kind, occurred_at, received_at, fingerprint, body::text AS body FROM events \
         WHERE project_id = $1 AND output_key = k.output_key OFFSET 0) AS e",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(outputs)
    .load(conn)
}

/// How many entries an output key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Entries {
    #[diesel(sql_type = SqlUuid)]
    pub output_key: Uuid,
    #[diesel(sql_type = Int8)]
    pub entries: i64,
}

/// Counts what the log holds of these outputs.
pub fn entries_of(conn: &mut PgConnection, project: ProjectId, outputs: &[Uuid]) -> QueryResult<Vec<Entries>> {
    diesel::sql_query(
        "SELECT k.output_key, e.entries FROM unnest($2) AS k (output_key) CROSS JOIN LATERAL \
         (SELECT count(*) AS entries FROM events WHERE project_id = $1 AND output_key = k.output_key) AS e",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(outputs)
    .load(conn)
}

/// A name and an output that declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
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

/// Counts what waits to be folded, of one project or of all: of each range up to its share of `limit`. A project that cannot be
/// folded waits behind the others.
pub fn backlog(conn: &mut PgConnection, project: Option<ProjectId>, limit: i64) -> QueryResult<Backlog> {
    diesel::sql_query(
        "SELECT coalesce(sum(counted.events), 0)::bigint AS events, min(counted.oldest) AS oldest, \
         coalesce(bool_or(counted.events >= $2), false) AS more \
         FROM fold_ranges r LEFT JOIN stalled_ranges s ON s.range = r.range AND s.project_id = $1 CROSS JOIN LATERAL \
         (SELECT count(*) AS events, min(received_at) AS oldest FROM (SELECT received_at FROM events \
         WHERE fold_range(output_key) = r.range AND tx > coalesce(s.tx, r.tx) AND ($1 IS NULL OR project_id = $1) \
         ORDER BY tx LIMIT $2) AS waiting) AS counted",
    )
    .bind::<Nullable<Int4>, _>(project)
    .bind::<Int8, _>((limit / RANGES as i64).max(1))
    .get_result(conn)
}

/// Whether the numbers of a project are not to be relied on yet, since its events wait for the fold for too long.
pub fn is_behind(conn: &mut PgConnection, project: ProjectId, now: DateTime<Utc>) -> QueryResult<bool> {
    let oldest = backlog(conn, Some(project), 1)?.oldest;
    Ok(oldest.is_some_and(|oldest| now - oldest > BEHIND))
}
