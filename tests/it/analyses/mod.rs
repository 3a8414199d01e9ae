//! The analyses, over a simulated product whose truth is known.

mod abandoned;
mod advice;
mod agreement;
mod arrivals;
mod automatic;
mod calibration;
mod change_log;
mod changes;
mod compare;
mod compare_few;
mod drift;
mod edit_classes;
mod experiments;
mod explain;
mod nobody;
mod persistence;
mod priorities;
mod ratings;
mod reasons;
mod routes;
mod stated_trust;
mod texts;
mod trajectory;
mod trust;
mod values;
mod viewed;
mod volumes;
mod words;

use std::sync::OnceLock;

use calibrant::domain::dimension::Dimension;
use calibrant::metrics;
use calibrant::query::filter::Filter;
use calibrant::query::{Query, Sources};
use calibrant::simulate::{Options, Simulation, Truth};
use calibrant::store::Db;
use chrono::{DateTime, Utc};

use crate::support::simulated;

fn end() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn options() -> Options {
    Options {
        days: 40,
        users: 300,
        outputs: 24_000,
        ..Options::ending(end())
    }
}

/// A database with the product, what is kept of it, and its project.
struct World {
    db: Db,
    sources: Sources,
    project: i32,
    truth: Truth,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let (db, project) = simulated::product(options());
        World {
            db,
            sources: Sources::default(),
            project: project.id,
            truth: Simulation::new(options()).truth(),
        }
    })
}

/// A question about some metrics of one feature.
fn about(feature: &str, ids: &[&str]) -> Query {
    let metrics = ids.iter().map(|id| metrics::find(id).unwrap().1).collect();
    let mut query = Query::new(world().project, metrics);
    query.filters = vec![Filter::is(Dimension::Feature, feature)];
    query
}

/// The same question from the outputs, and from the rollups.
fn both_ways(query: &Query) -> [Query; 2] {
    [i64::MAX, 0].map(|exact_outputs| Query {
        exact_outputs,
        ..query.clone()
    })
}
