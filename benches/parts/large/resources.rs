//! What an event takes on disk.

use std::path::Path;

use calibrant::store::private::PrivateDatabase;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection};

use crate::support::table::Table;

/// What takes less is not listed.
const LEAST: f64 = 0.5;

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    events: i64,
}

/// Adds bytes per event of every table without its indexes, of every index, and of all together.
pub fn sizes(data: &Path, table: &mut Table) {
    let database = PrivateDatabase::join(data).expect("its server runs");
    let mut conn = PgConnection::establish(&database.url()).expect("the database runs");
    let sizes: Vec<Size> = diesel::sql_query(
        "SELECT relname::text AS name, CASE relkind WHEN 'r' THEN pg_table_size(oid) ELSE pg_total_relation_size(oid) END AS \
         bytes, (SELECT sum(folded_events)::bigint FROM projects) AS events FROM pg_class \
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i') ORDER BY bytes DESC",
    )
    .load(&mut conn)
    .expect("the catalogue can be read");
    let per_event = |bytes: i64, events: i64| bytes as f64 / events as f64;
    let all = sizes.iter().map(|size| per_event(size.bytes, size.events)).sum();
    table.add("on disk, all tables and indexes", "B/event", all);
    for size in &sizes {
        let bytes = per_event(size.bytes, size.events);
        if bytes >= LEAST {
            table.add(format!("on disk, {}", size.name), "B/event", bytes);
        }
    }
}
