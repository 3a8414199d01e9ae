//! A database whose log was folded at one place goes on by ranges, and back.

use calibrant::fold::verify::verify;
use calibrant::store::{MIGRATIONS, events};
use diesel::PgConnection;
use diesel_migrations::MigrationHarness;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::world::World;
use super::{fold, script};
use crate::support::tables;

/// Differences, log entries that are folded, and those that are not.
fn checked(conn: &mut PgConnection) -> (u64, i64, i64) {
    let checked = verify(conn, |_| ()).unwrap().remove(0);
    (checked.differences, checked.events, checked.waiting_events)
}

/// The migration that shares the log by ranges.
const RANGES: &str = "20261125000001";

#[test]
fn a_log_folded_in_part_goes_on() {
    let world = World::new();
    let script = proptest::collection::vec(script::events(), 4).prop_map(|scripts| scripts.concat());
    let script = script.new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let numbered: Vec<_> = script
        .into_iter()
        .enumerate()
        .map(|(number, mut event)| {
            event.id = Some(format!("e{number}"));
            (number, event)
        })
        .collect();
    let count = numbered.len() as i64;
    let (first, second) = numbered.split_at(numbered.len() / 2);
    let mut conn = world.db.dedicated().unwrap();
    world.store(first);
    fold(&mut conn);
    assert_eq!(checked(&mut conn), (0, first.len() as i64, 0));
    world.store(second);
    // Some ranges are behind.
    tables::execute(
        &world.db,
        "UPDATE projects SET folded_events = folded_events - (SELECT count(*) FROM events WHERE fold_range(output_key) < 9 \
         AND tx <= (SELECT max(tx) FROM fold_ranges)); UPDATE fold_ranges SET tx = 0 WHERE range < 9",
    );
    while conn.revert_last_migration(MIGRATIONS).unwrap().to_string() != RANGES {}
    // Folded up to the middle of a transaction.
    tables::execute(
        &world.db,
        "UPDATE fold_cursor SET tx = e.tx, ordinal = 4 FROM (SELECT min(tx) AS tx FROM events) AS e; \
         UPDATE projects SET folded_events = (SELECT count(*) FROM events, fold_cursor c \
         WHERE (events.tx, events.ordinal) <= (c.tx, c.ordinal))",
    );
    conn.run_pending_migrations(MIGRATIONS).unwrap();
    // The earlier version knew fewer sums.
    tables::execute(&world.db, "UPDATE fold_state SET layout = '{}'");
    // What later migrations added to outputs is not there before they are folded again.
    let (_, folded, waiting) = checked(&mut conn);
    assert_eq!((folded, waiting), (0, count));
    assert_eq!(events::backlog(&mut conn, None, 16_000).unwrap().events, count);
    fold(&mut conn);
    assert_eq!(checked(&mut conn), (0, count, 0));
}
