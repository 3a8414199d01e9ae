//! Projects' settings as ingest needs them for every event, remembered for a moment.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::domain::retention::Retention;
use crate::store::{Db, StoreError, projects};

/// For how long settings are believed. A change on another server is followed within this time.
const BELIEVED: Duration = Duration::from_secs(5);

/// What a project does with events that come in.
#[derive(Clone, Copy, Debug)]
pub struct IntakeSettings {
    pub stores_text: bool,
    pub retention: Retention,
    pub erasure_salt: Uuid,
}

#[derive(Default)]
pub struct ProjectCache {
    known: RwLock<HashMap<ProjectId, (Instant, IntakeSettings)>>,
}

impl ProjectCache {
    /// The settings of a project.
    pub async fn intake(&self, db: &Db, project: ProjectId) -> Result<IntakeSettings, StoreError> {
        let known = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&project)
            .copied();
        if let Some((when, settings)) = known
            && when.elapsed() < BELIEVED
        {
            return Ok(settings);
        }
        let found = db
            .look_up(move |conn| projects::find(conn, project).map_err(StoreError::from))
            .await?;
        let settings = IntakeSettings {
            stores_text: found.stores_text,
            retention: found.retention(),
            erasure_salt: found.erasure_salt,
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(project, (Instant::now(), settings));
        Ok(settings)
    }

    /// Forgets everything, so that a change made here counts at once.
    pub fn clear(&self) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
