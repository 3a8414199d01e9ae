//! How far the log is folded. Whoever holds the row's lock folds; everyone else lets them.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::events::Position;
use super::schema::fold_cursor;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = fold_cursor, check_for_backend(diesel::pg::Pg))]
pub struct Cursor {
    pub tx: i64,
    pub ordinal: i32,
    /// Names of the sums, in the order of the rollups' arrays.
    pub layout: Vec<String>,
    pub folded_at: DateTime<Utc>,
}

impl Cursor {
    pub fn position(&self) -> Position {
        Position {
            tx: self.tx,
            ordinal: self.ordinal,
        }
    }
}

pub fn read(conn: &mut PgConnection) -> QueryResult<Cursor> {
    fold_cursor::table.select(Cursor::as_select()).first(conn)
}

/// Makes sure that new transactions come after all that the log holds. They do by themselves, except in a database that was
/// restored into another cluster, whose transaction ids may be lower.
pub fn continue_after_log(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query(
        "UPDATE fold_cursor SET tx_offset = held.tx + 1 - pg_current_xact_id()::text::bigint \
         FROM (SELECT greatest((SELECT max(tx) FROM events), (SELECT tx FROM fold_cursor)) AS tx) AS held \
         WHERE held.tx >= pg_current_xact_id()::text::bigint + tx_offset",
    )
    .execute(conn)
    .map(|_| ())
}

/// Takes the lease for this transaction. `None` while another process has it.
pub fn try_lock(conn: &mut PgConnection) -> QueryResult<Option<Cursor>> {
    fold_cursor::table
        .select(Cursor::as_select())
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()
}

/// Takes the lease, waiting for whoever has it.
pub fn lock(conn: &mut PgConnection) -> QueryResult<Cursor> {
    fold_cursor::table.select(Cursor::as_select()).for_update().first(conn)
}

pub fn advance(conn: &mut PgConnection, to: Position) -> QueryResult<()> {
    diesel::update(fold_cursor::table)
        .set((
            fold_cursor::tx.eq(to.tx),
            fold_cursor::ordinal.eq(to.ordinal),
            fold_cursor::folded_at.eq(diesel::dsl::now),
        ))
        .execute(conn)
        .map(|_| ())
}

pub fn set_layout(conn: &mut PgConnection, layout: &[String]) -> QueryResult<()> {
    diesel::update(fold_cursor::table)
        .set(fold_cursor::layout.eq(layout))
        .execute(conn)
        .map(|_| ())
}
