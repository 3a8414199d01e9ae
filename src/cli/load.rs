//! How commands put events into the log: through the same checks and the same group commit as requests.

use std::thread;
use std::time::Duration;

use chrono::{SubsecRound, Utc};

use crate::domain::event::Event;
use crate::fold::signal::Signal;
use crate::fold::step;
use crate::ingest::append::Stored;
use crate::ingest::commit::{CommitError, Committer};
use crate::ingest::prepare::{Context, prepare};
use crate::ingest::rejection::Rejection;
use crate::ingest::validate::{is_kept, validate};
use crate::query::request::declarable;
use crate::store::Db;
use crate::store::projects::{self, Project, Settings};

/// How long to wait when the log has more than it can take.
const WHEN_FULL: Duration = Duration::from_millis(50);

/// Loads events into one project.
pub struct Loader {
    committer: Committer,
    project: Project,
}

impl Loader {
    pub fn new(committer: Committer, project: Project) -> Loader {
        Loader { committer, project }
    }

    /// Loads into a project by name, made if there is none, with dimensions declared in addition to those it has.
    pub fn open(db: &Db, project: &str, dimensions: &[String]) -> anyhow::Result<Loader> {
        let project = project_with(db, project, dimensions)?;
        Ok(Loader {
            committer: Committer::start(db, &Signal::default()),
            project,
        })
    }

    /// Stores events. One outcome per event: what became of it, or why it was refused.
    pub fn store(&self, events: Vec<Event>) -> anyhow::Result<Vec<Result<Stored, Rejection>>> {
        let now = Utc::now().trunc_subsecs(6);
        let context = Context {
            project: self.project.id,
            stores_text: self.project.stores_text,
            erasure_salt: self.project.erasure_salt,
            received_at: now,
            idempotency_key: None,
        };
        let mut rows = Vec::with_capacity(events.len());
        let mut outcomes: Vec<Option<Rejection>> = Vec::with_capacity(events.len());
        for event in events {
            let verdict = validate(&event, now).and_then(|()| is_kept(&event, self.project.retention(), now));
            if verdict.is_ok() {
                rows.push(prepare(event, outcomes.len(), &context));
            }
            outcomes.push(verdict.err());
        }
        let mut stored = loop {
            match self.committer.store_blocking(rows.clone()) {
                Err(CommitError::Overloaded) => thread::sleep(WHEN_FULL),
                other => break other?.into_iter(),
            }
        };
        Ok(outcomes
            .into_iter()
            .map(|rejection| match rejection {
                Some(rejection) => Err(rejection),
                None => match stored.next().unwrap_or(Stored::Conflict) {
                    Stored::Conflict => Err(Rejection::id_conflict()),
                    Stored::Erased => Err(Rejection::erased()),
                    stored => Ok(stored),
                },
            })
            .collect())
    }
}

/// The project of that name with at least these dimensions.
pub fn project_with(db: &Db, name: &str, dimensions: &[String]) -> anyhow::Result<Project> {
    let mut conn = db.dedicated()?;
    let (project, _) = projects::find_or_create(&mut conn, name)?;
    let mut wanted = project.dimensions.clone();
    for name in dimensions {
        wanted.push(declarable(name).map_err(|reason| anyhow::anyhow!("{reason}"))?);
    }
    wanted.sort_unstable();
    wanted.dedup();
    if wanted == project.dimensions {
        return Ok(project);
    }
    step::resettle(
        &mut conn,
        project.id,
        &Settings {
            dimensions: Some(wanted),
            ..Settings::default()
        },
    )
}
