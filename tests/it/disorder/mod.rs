//! Any order, repetition and batching of the same events gives the same state.

mod concurrent;
mod incremental;
mod merged;
mod restored;
mod script;
mod shuffled;
mod stalled;
mod tied;
mod upgraded;
mod workers;
mod world;

use std::collections::HashMap;

use calibrant::domain::dimension::Cell;
use calibrant::fold::rollups::tables_of;
use calibrant::fold::step::{self, Step};
use calibrant::rollup::Column;
use calibrant::store::cells::{self, CellId};
use calibrant::store::{Db, events, projects, rollups as stored};
use diesel::PgConnection;

use crate::support::tables;

/// Folds until nothing is left. The log can be followed only as far as no transaction of the whole cluster is older, and
/// other tests have some.
fn fold(conn: &mut PgConnection) {
    loop {
        let folded = step::step(conn).unwrap();
        if events::backlog(conn, None, 1).unwrap().events == 0 {
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
    let rows = format!("SELECT {cell} AS cell, to_jsonb(t) - 'cell_id' AS row FROM outputs t");
    let mut found = tables::rows(db, &rows);
    found.extend(rollups(db));
    found.extend(tables::rows(db, "SELECT * FROM output_texts"));
    found.extend(tables::rows(db, "SELECT * FROM opinions"));
    found.extend(tables::rows(db, "SELECT name, folded_events FROM projects"));
    found
}

/// The rows of all rollups, however they are stored.
fn rollups(db: &Db) -> Vec<String> {
    let mut conn = db.dedicated().unwrap();
    let mut rows = Vec::new();
    for project in projects::all(&mut conn).unwrap() {
        let cells: HashMap<CellId, Cell> = cells::of_project(&mut conn, project.id).unwrap().into_iter().collect();
        for day in stored::days(&mut conn, project.id).unwrap() {
            for (axis, table) in tables_of(&mut conn, project.id, day).unwrap() {
                let columns: Vec<Vec<i64>> = table.columns.iter().map(Column::to_vec).collect();
                rows.extend(table.keys().into_iter().enumerate().map(|(row, (cell, bucket))| {
                    let sums: Vec<i64> = columns.iter().map(|column| column[row]).collect();
                    format!("{} {day} {axis:?} {:?} {bucket} {sums:?}", project.name, cells[&cell])
                }));
            }
        }
    }
    rows.sort_unstable();
    rows
}
