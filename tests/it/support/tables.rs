//! What is in the database, as text.

use calibrant::store::Db;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// The rows of a query, each as JSON, in the order of their text.
#[track_caller]
pub fn rows(db: &Db, query: &str) -> Vec<String> {
    let sql = format!("SELECT to_jsonb(t)::text AS line FROM ({query}) AS t ORDER BY 1");
    let mut conn = db.dedicated().unwrap();
    let found: Vec<Line> = diesel::sql_query(sql).load(&mut conn).unwrap();
    found.into_iter().map(|row| row.line).collect()
}

/// Every row of every table: the table's name and the row as JSON.
pub fn everything(db: &Db) -> Vec<(String, String)> {
    let mut conn = db.dedicated().unwrap();
    let tables: Vec<Line> = diesel::sql_query(
        "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
    )
    .load(&mut conn)
    .unwrap();
    tables
        .into_iter()
        .flat_map(|table| {
            let found = rows(db, &format!("SELECT * FROM {}", table.line));
            found.into_iter().map(move |row| (table.line.clone(), row))
        })
        .collect()
}

/// Runs statements.
#[track_caller]
pub fn execute(db: &Db, sql: &str) {
    use diesel::connection::SimpleConnection;
    db.dedicated().unwrap().batch_execute(sql).unwrap();
}
