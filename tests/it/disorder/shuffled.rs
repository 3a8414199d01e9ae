//! Random events, delivered in two ways to two databases.

use calibrant::api;
use calibrant::domain::dimension::Dimension;
use calibrant::domain::event::Event;
use calibrant::domain::window::Granularity;
use calibrant::fold::signal::Signal;
use calibrant::fold::step;
use calibrant::ingest::commit::{Committer, Stored};
use calibrant::ingest::prepare::{Context, prepare};
use calibrant::ingest::validate::validate;
use calibrant::metrics;
use calibrant::query::view::Rollups;
use calibrant::query::{self, Query};
use calibrant::store::projects::{self, Project, Settings};
use calibrant::store::{Db, StoreError};
use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use super::{computed, fold, script};
use crate::support::{fresh_db, tables};

/// A database with one project, used for one case after the other.
struct World {
    db: Db,
    project: Project,
    committer: Committer,
    rollups: Rollups,
}

impl World {
    fn new() -> World {
        let db = fresh_db();
        let project = db
            .with(|conn| {
                let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
                let settings = Settings {
                    dimensions: Some(vec!["plan".to_owned()]),
                    ..Settings::default()
                };
                Ok::<_, StoreError>(projects::update(conn, project.id, &settings)?)
            })
            .unwrap();
        let committer = Committer::start(&db, &Signal::default());
        World {
            db,
            project,
            committer,
            rollups: Rollups::default(),
        }
    }

    fn clear(&self) {
        tables::execute(
            &self.db,
            "TRUNCATE events, output_aliases, outputs, output_texts, cells, rollup_columns, rollup_differences; \
             UPDATE fold_cursor SET tx = 0, ordinal = 0; UPDATE projects SET folded_events = 0, \
             rollup_step = rollup_step + 1, rollup_reset = rollup_step + 1",
        );
    }

    /// Stores some events. Each is received a second after it happened, whenever it is delivered; every third a week
    /// later, past the horizon.
    fn store(&self, events: &[(usize, Event)]) -> Vec<Stored> {
        let rows = events
            .iter()
            .map(|(number, event)| {
                let late = if number % 3 == 2 {
                    TimeDelta::days(7)
                } else {
                    TimeDelta::seconds(1)
                };
                let context = Context {
                    project: self.project.id,
                    stores_text: true,
                    received_at: event.occurred_at.unwrap() + late,
                    idempotency_key: None,
                };
                validate(event, context.received_at).unwrap();
                prepare(event.clone(), 0, &context)
            })
            .collect();
        self.committer.store_blocking(rows).unwrap()
    }

    /// What a question about everything is answered, byte for byte.
    fn answer(&self) -> String {
        let mut query = Query::new(self.project.id, metrics::all().map(|(_, metric)| metric).collect());
        query.group_by = ["feature", "plan"].map(Dimension::parse).to_vec();
        query.granularity = Some(Granularity::Day);
        let now = script::start() + TimeDelta::days(30);
        let answer = self
            .db
            .with(|conn| query::run(conn, &self.rollups, &query, now))
            .unwrap();
        serde_json::to_string(&api::query::response(&query, &answer)).unwrap()
    }
}

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
