//! Random events, delivered in two ways to two databases.

use calibrant::domain::event::Event;
use calibrant::fold::step;
use calibrant::ingest::append::Stored;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::world::World;
use super::{computed, fold, script};

/// How events are delivered: in which order, what is repeated, how long the batches are, where the fold takes a step.
#[derive(Clone, Debug)]
struct Delivery {
    order: Vec<Index>,
    repeated: Vec<Index>,
    batches: Vec<(usize, bool)>,
}

fn delivery() -> impl Strategy<Value = Delivery> {
    (
        proptest::collection::vec(any::<Index>(), 40),
        proptest::collection::vec(any::<Index>(), 0..20),
        proptest::collection::vec((1..9usize, any::<bool>()), 80),
    )
        .prop_map(|(order, repeated, batches)| Delivery {
            order,
            repeated,
            batches,
        })
}

impl Delivery {
    fn run(&self, world: &World, events: &[(usize, Event)]) {
        let mut waiting = events.to_vec();
        waiting.extend(self.repeated.iter().map(|which| which.get(events).clone()));
        // Takes them out one by one at random places.
        let mut places = self.order.iter().cycle();
        let mut shuffled = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let place = places.next().unwrap().index(waiting.len());
            shuffled.push(waiting.swap_remove(place));
        }
        let mut conn = world.db.dedicated().unwrap();
        let mut rest = shuffled.as_slice();
        let mut created = 0;
        for (length, folds) in self.batches.iter().cycle() {
            let (batch, after) = rest.split_at((*length).min(rest.len()));
            let stored = world.store(batch);
            assert!(!stored.contains(&Stored::Conflict));
            created += stored.iter().filter(|outcome| **outcome == Stored::Created).count();
            if *folds {
                step::step(&mut conn).unwrap();
            }
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        assert_eq!(created, events.len());
        fold(&mut conn);
    }
}

#[test]
fn any_delivery_of_the_same_events_gives_the_same_numbers() {
    let (canonical, shuffled) = (World::new(), World::new());
    assert_eq!(canonical.project.id, shuffled.project.id);
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        max_shrink_iters: 30,
        ..Config::default()
    });
    let outcome = runner.run(&(script::events(), delivery()), |(events, delivery)| {
        let events: Vec<(usize, Event)> = events.into_iter().enumerate().collect();
        canonical.clear();
        shuffled.clear();
        canonical.store(&events);
        fold(&mut canonical.db.dedicated().unwrap());
        delivery.run(&shuffled, &events);

        let expected = computed(&canonical.db);
        prop_assert_eq!(&computed(&shuffled.db), &expected);
        prop_assert_eq!(shuffled.answer(), canonical.answer());

        let mut conn = shuffled.db.dedicated().unwrap();
        step::rebuild(&mut conn, |_| ()).unwrap();
        fold(&mut conn);
        prop_assert_eq!(&computed(&shuffled.db), &expected);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
