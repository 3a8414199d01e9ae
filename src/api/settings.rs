//! Projects' settings as ingest needs them for every event, remembered for a moment.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::domain::key::ProjectId;
use crate::store::{Db, StoreError, projects};

/// For how long settings are believed. A change on another server is followed within this time.
const BELIEVED: Duration = Duration::from_secs(5);

#[derive(Default)]
pub struct ProjectCache {
    stores_text: RwLock<HashMap<ProjectId, (Instant, bool)>>,
}

impl ProjectCache {
    /// Whether a project keeps texts.
    pub async fn stores_text(&self, db: &Db, project: ProjectId) -> Result<bool, StoreError> {
        let known = self
            .stores_text
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&project)
            .copied();
        if let Some((when, stores_text)) = known
            && when.elapsed() < BELIEVED
        {
            return Ok(stores_text);
        }
        let stores_text = db
            .look_up(move |conn| projects::find(conn, project).map_err(StoreError::from))
            .await?
            .stores_text;
        let mut known = self.stores_text.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(project, (Instant::now(), stores_text));
        Ok(stores_text)
    }

    /// Forgets everything, so that a change made here counts at once.
    pub fn clear(&self) {
        self.stores_text.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
