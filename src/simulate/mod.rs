//! `calibrant simulate`: a lifelike product whose truth is known.
//!
//! A demo needs data that looks like a product's, and a test of the statistics needs data whose answers are known.
//! This is both: a writing tool with six AI features, a few hundred users with days, nights and habits, versions that
//! roll out in stages, and a delivery that loses its order. Which features are trusted too much, which version broke
//! what for whom, is stated in [`Truth`], and everything follows from a seed.
//!
//! Read it in this order: `product` (the table of what is true), `behaviour` (the model), `lifecycle` (the events of one
//! output), `delivery` (the disorder), `truth` (what a perfect analysis would find), `changes` (what the
//! team did).

#![expect(
    clippy::indexing_slicing,
    reason = "indices come from the simulation's own tables, and nothing from outside"
)]

mod advice;
mod behaviour;
mod changes;
mod delivery;
mod draw;
mod lifecycle;
mod people;
mod product;
mod profile;
mod schedule;
mod tally;
#[cfg(test)]
mod tests;
mod truth;
mod words;
mod world;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};

pub use changes::Made;
pub use profile::Effect;
pub use truth::{Counts, FeatureTruth, Planted, Truth, Verdict, VersionTruth};

use crate::domain::event::Event;
use delivery::Deliveries;
use world::World;

/// The size of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub seed: u64,
    pub days: u32,
    pub users: u32,
    /// Outputs of all features together, approximately.
    pub outputs: u64,
    /// Nothing happens at this instant or later: decisions and judgements that would are still to come, as they are in
    /// a real product today.
    pub end: DateTime<Utc>,
}

impl Options {
    /// The default size, ending then.
    pub fn ending(end: DateTime<Utc>) -> Options {
        Options {
            end,
            ..Options::default()
        }
    }
}

/// The default size. Its `end` is the Unix epoch, so that the default is the same each time: set your own.
impl Default for Options {
    fn default() -> Options {
        Options {
            seed: 7,
            days: 60,
            users: 400,
            outputs: 60_000,
            end: DateTime::UNIX_EPOCH,
        }
    }
}

/// A simulated product. Equal options make equal events, to the byte.
pub struct Simulation {
    world: Arc<World>,
    truth: OnceLock<Truth>,
}

impl Simulation {
    pub fn new(options: Options) -> Simulation {
        Simulation {
            world: Arc::new(World::new(&options)),
            truth: OnceLock::new(),
        }
    }

    /// The attributes that a project should declare as dimensions to see what is planted.
    pub fn dimensions() -> &'static [&'static str] {
        product::DIMENSIONS
    }

    /// How many events are delivered, repeated ones included. Exact.
    pub fn total_events(&self) -> usize {
        self.known().counts.deliveries
    }

    pub fn truth(&self) -> Truth {
        self.known().clone()
    }

    /// What the team changed: each version that replaced another.
    pub fn changes(&self) -> Vec<Made> {
        changes::made(&self.world)
    }

    /// The events in the order in which they arrive, made while they are asked for.
    pub fn into_deliveries(self) -> impl Iterator<Item = Event> {
        Deliveries::new(self.world)
    }

    /// The truth takes a dry run, since it counts what really happens; once is enough.
    fn known(&self) -> &Truth {
        self.truth.get_or_init(|| {
            let mut run = Deliveries::new(Arc::clone(&self.world));
            run.by_ref().for_each(drop);
            run.tally.into_truth(&self.world)
        })
    }
}
