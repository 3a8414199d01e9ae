//! What every request may use. Built once and passed on; there are no globals.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::api::auth::KeyCache;
use crate::api::rendered::Answers;
use crate::api::settings::ProjectCache;
use crate::ingest::commit::Committer;
use crate::query::rollups::Rollups;
use crate::store::Db;
use crate::telemetry::{Refusals, ServiceMetrics};

/// Questions computed at the same time; more wait.
const QUERIES: usize = 4;

pub struct AppState {
    pub db: Db,
    pub committer: Committer,
    pub keys: KeyCache,
    pub projects: ProjectCache,
    pub queries: Semaphore,
    pub rollups: Arc<Rollups>,
    pub answers: Answers,
    pub metrics: ServiceMetrics,
    pub refusals: Refusals,
}

impl AppState {
    pub fn new(db: Db, committer: Committer) -> anyhow::Result<AppState> {
        Ok(AppState {
            db,
            committer,
            keys: KeyCache::default(),
            projects: ProjectCache::default(),
            queries: Semaphore::new(QUERIES),
            rollups: Arc::default(),
            answers: Answers::default(),
            metrics: ServiceMetrics::new()?,
            refusals: Refusals::default(),
        })
    }
}
