//! Several workers fold the same events at the same time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use calibrant::domain::event::Event;
use calibrant::fold::step::{self, Step};
use calibrant::fold::verify::verify;
use calibrant::store::{StoreError, events, ranges};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::world::World;
use super::{computed, fold, script};
use crate::support::tables;

const WORKERS: usize = 3;
const SENDERS: usize = 2;

/// Stores events, in small batches by several senders, while several workers take one step after the other.
fn share(world: &World, events: &[(usize, Event)], batch: usize) {
    let waiting = Mutex::new(events.chunks(batch));
    let (sent, over) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let mut conn = world.db.dedicated().unwrap();
                ranges::join(&mut conn).unwrap();
                while !over.load(Ordering::Relaxed) {
                    if !matches!(step::step(&mut conn).unwrap(), Step::Folded { .. }) {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
            });
        }
        let senders: Vec<_> = (0..SENDERS)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let batch = waiting.lock().unwrap().next();
                        let Some(batch) = batch else { break };
                        world.store(batch);
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let backlog = || {
                world
                    .db
                    .with(|conn| events::backlog(conn, None, 1).map_err(StoreError::from))
            };
            while !sent.load(Ordering::Relaxed) || backlog().unwrap().events > 0 {
                std::thread::sleep(Duration::from_millis(2));
            }
            over.store(true, Ordering::Relaxed);
        });
        for sender in senders {
            sender.join().unwrap();
        }
        sent.store(true, Ordering::Relaxed);
    });
}

#[track_caller]
fn assert_verified(world: &World) {
    for checked in verify(&mut world.db.dedicated().unwrap(), |_| ()).unwrap() {
        assert_eq!((checked.differences, checked.waiting_events), (0, 0), "{checked:?}");
    }
}

#[test]
fn workers_side_by_side_come_to_the_same_numbers() {
    let (canonical, shared) = (World::new(), World::new());
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        max_shrink_iters: 10,
        ..Config::default()
    });
    let order = proptest::collection::vec(any::<Index>(), 40);
    let outcome = runner.run(&(script::events(), order, 1..6usize), |(events, order, batch)| {
        let events: Vec<(usize, Event)> = events.into_iter().enumerate().collect();
        canonical.clear();
        shared.clear();
        canonical.store(&events);
        fold(&mut canonical.db.dedicated().unwrap());

        let (mut waiting, mut shuffled) = (events, Vec::new());
        for place in order.iter().cycle() {
            if waiting.is_empty() {
                break;
            }
            shuffled.push(waiting.swap_remove(place.index(waiting.len())));
        }
        share(&shared, &shuffled, batch);
        prop_assert_eq!(
            tables::rows(&shared.db, "SELECT error FROM stalled_ranges"),
            Vec::<String>::new()
        );
        prop_assert_eq!(computed(&shared.db), computed(&canonical.db));
        prop_assert_eq!(shared.answer(), canonical.answer());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert_verified(&shared);
}

/// Outputs of all ranges, known by three names each: a decision under one name comes before or after the output that declares
/// it, and is taken back or not.
#[test]
fn ties_across_ranges_are_told_while_they_are_folded() {
    let world = World::new();
    let mut events = Vec::new();
    for output in 0..400 {
        let time = format!("2026-03-01T{:02}:{:02}:00Z", output % 24, output % 60);
        for (kind, name, more) in [
            ("accept", "trace", String::new()),
            ("reject", "span", String::new()),
            (
                "retract",
                "span",
                format!(r#","retracts":"e{}""#, output * 5 + usize::from(output % 2 == 0)),
            ),
            (
                "shown",
                "output",
                format!(
                    r#","feature":"f{}","aliases":["trace{output}","span{output}"]"#,
                    output % 3
                ),
            ),
            ("copy", "trace", String::new()),
        ] {
            let text = format!(
                r#"{{"id":"e{}","type":"{kind}","output_id":"{name}{output}","user_id":"u{}","occurred_at":"{time}"{more}}}"#,
                events.len(),
                output % 9,
            );
            events.push((events.len(), serde_json::from_str::<Event>(&text).unwrap()));
        }
    }
    // Neighbours come about when each other is folded, in whatever order.
    for (at, other) in (0..events.len()).step_by(7).zip((0..events.len()).rev().step_by(11)) {
        events.swap(at, other);
    }
    share(&world, &events, 25);
    assert_verified(&world);
    let numbers = computed(&world.db);
    let mut conn = world.db.dedicated().unwrap();
    step::rebuild(&mut conn, |_| ()).unwrap();
    fold(&mut conn);
    assert_eq!(computed(&world.db), numbers);
}
