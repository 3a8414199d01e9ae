//! What is true of all ranges of the log: how transactions are counted, and how the rollups are laid out.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::schema::fold_state;

/// Names of the sums, in the order of the rollups' columns.
pub fn layout(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    fold_state::table.select(fold_state::layout).first(conn)
}

pub fn set_layout(conn: &mut PgConnection, layout: &[String]) -> QueryResult<()> {
    diesel::update(fold_state::table)
        .set(fold_state::layout.eq(layout))
        .execute(conn)
        .map(|_| ())
}

/// Makes sure that new transactions come after all that the log holds. They do by themselves, except in a database that was
/// restored into another cluster, whose transaction ids may be lower.
pub fn continue_after_log(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query(
        "UPDATE fold_state SET tx_offset = held.tx + 1 - pg_current_xact_id()::text::bigint \
         FROM (SELECT max(greatest(tx, (SELECT max(e.tx) FROM events e WHERE fold_range(e.output_key) = r.range))) AS tx \
         FROM fold_ranges r) AS held \
         WHERE held.tx >= pg_current_xact_id()::text::bigint + tx_offset",
    )
    .execute(conn)
    .map(|_| ())
}
