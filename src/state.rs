//! What every request may use. Built once and passed on; there are no globals.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, Semaphore};

use crate::api::auth::KeyCache;
use crate::api::body::{self, Held};
use crate::api::exports::stream::EXPORTS;
use crate::api::position::Positions;
use crate::api::rate::{Limiter, Rates};
use crate::api::rendered::Answers;
use crate::api::settings::ProjectCache;
use crate::connections;
use crate::fold::signal::Signal;
use crate::ingest::commit::Committer;
use crate::query::Sources;
use crate::store::Db;
use crate::telemetry::{Refusals, ServiceMetrics};
use crate::webhooks::Outgoing;

/// Questions computed at the same time; more wait.
const QUERIES: usize = 4;

/// How much clients may ask of a server.
#[derive(Clone, Debug)]
pub struct Limits {
    /// What one key may send.
    pub rates: Rates,
    /// How long the head or the body of a request is waited for before its client must have sent some of it.
    pub patience: Duration,
    /// Connections at once, if the process may open as many files.
    pub connections: usize,
    /// What webhooks may lead to, and how they are tried.
    pub outgoing: Outgoing,
}

impl Limits {
    pub fn with_rates(rates: Rates) -> Limits {
        Limits {
            rates,
            patience: body::PATIENCE,
            connections: connections::MOST,
            outgoing: Outgoing::default(),
        }
    }
}

pub struct AppState {
    pub db: Db,
    pub committer: Committer,
    /// Wakes whoever erases users.
    pub erasing: Signal,
    /// Wakes whoever delivers to webhooks.
    pub posting: Signal,
    pub outgoing: Outgoing,
    pub keys: KeyCache,
    /// What links are signed with, once it was needed.
    pub link_secret: OnceCell<Vec<u8>>,
    pub projects: ProjectCache,
    /// Held by each computation until it is done, whether or not anyone still waits for it.
    pub queries: Arc<Semaphore>,
    /// Exports under way.
    pub exports: Arc<Semaphore>,
    pub sources: Arc<Sources>,
    pub answers: Answers,
    pub positions: Positions,
    pub limiter: Limiter,
    /// What bodies take of the memory.
    pub held: Held,
    /// How long the head or the body of a request is waited for before its client must have sent some of it.
    pub patience: Duration,
    pub metrics: ServiceMetrics,
    pub refusals: Refusals,
}

impl AppState {
    pub fn new(db: Db, committer: Committer, sources: Arc<Sources>, limits: &Limits) -> anyhow::Result<AppState> {
        Ok(AppState {
            db,
            committer,
            erasing: Signal::default(),
            posting: Signal::default(),
            outgoing: limits.outgoing.clone(),
            keys: KeyCache::default(),
            link_secret: OnceCell::new(),
            projects: ProjectCache::default(),
            queries: Arc::new(Semaphore::new(QUERIES)),
            exports: Arc::new(Semaphore::new(EXPORTS)),
            sources,
            answers: Answers::default(),
            positions: Positions::new(limits.connections),
            limiter: Limiter::new(limits.rates),
            held: Held::default(),
            patience: limits.patience,
            metrics: ServiceMetrics::new()?,
            refusals: Refusals::default(),
        })
    }
}
