//! Any order, repetition and batching of the same events gives the same state.

mod concurrent;
mod incremental;
mod restored;
mod script;
mod shuffled;
mod stalled;

use calibrant::fold::step::{self, Step};
use calibrant::store::{Db, cursor, events};
use diesel::PgConnection;

use crate::support::tables;

/// Folds until nothing is left. The log can be followed only as far as no transaction of the whole cluster is older, and
/// other tests have some.
fn fold(conn: &mut PgConnection) {
    loop {
        let folded = step::step(conn).unwrap();
        let position = cursor::read(conn).unwrap().position();
        if events::backlog(conn, None, position, 1).unwrap().events == 0 {
            return;
        }
        if folded == Step::Idle {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}

/// Everything that was computed from the events. Cells are compared by their values, since their numbers depend on which
/// came first.
fn computed(db: &Db) -> Vec<String> {
    let cell = "(SELECT jsonb_build_array(c.feature, c.version, c.model, c.prompt_version, c.variant, c.environment, \
                c.attributes) FROM cells c WHERE c.id = t.cell_id)";
    let tables = ["outputs", "rollups_hourly", "rollups_daily", "histograms_daily"];
    let mut found: Vec<String> = tables
        .into_iter()
        .flat_map(|table| {
            let rows =
                format!("SELECT '{table}' AS source, {cell} AS cell, to_jsonb(t) - 'cell_id' AS row FROM {table} t");
            tables::rows(db, &rows)
        })
        .collect();
    found.extend(tables::rows(db, "SELECT * FROM output_texts"));
    found.extend(tables::rows(db, "SELECT name, folded_events FROM projects"));
    found
}
