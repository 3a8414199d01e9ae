//! A database with one project, and what it answers.

use calibrant::api;
use calibrant::domain::dimension::Dimension;
use calibrant::domain::event::Event;
use calibrant::domain::window::Granularity;
use calibrant::fold::signal::Signal;
use calibrant::ingest::append::Stored;
use calibrant::ingest::commit::Committer;
use calibrant::ingest::prepare::{Context, prepare};
use calibrant::ingest::validate::validate;
use calibrant::metrics;
use calibrant::query::segments::Segments;
use calibrant::query::{self, Query, Sources};
use calibrant::store::projects::{self, Project, Settings};
use calibrant::store::{Db, StoreError};
use chrono::TimeDelta;
use tempfile::TempDir;

use super::script;
use crate::support::{fresh_db, tables};

/// A database with one project, used for one case after the other.
pub struct World {
    pub db: Db,
    pub project: Project,
    committer: Committer,
    sources: Sources,
    _folder: TempDir,
}

impl World {
    pub fn new() -> World {
        let db = fresh_db();
        let folder = tempfile::tempdir().unwrap();
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
            sources: Sources::new(Segments::in_folder(folder.path().to_owned(), u64::MAX)),
            _folder: folder,
        }
    }

    pub fn clear(&self) {
        tables::execute(
            &self.db,
            "TRUNCATE events, output_aliases, outputs, output_texts, opinions, cells, rollup_columns, rollup_differences; \
             UPDATE fold_ranges SET tx = 0; UPDATE projects SET folded_events = 0, \
             rollup_step = rollup_step + 1, rollup_reset = rollup_step + 1",
        );
    }

    /// Stores some events. Each is received a second after it happened, whenever it is delivered; every third a week
    /// later, past the horizon.
    pub fn store(&self, events: &[(usize, Event)]) -> Vec<Stored> {
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
                    erasure_salt: self.project.erasure_salt,
                    received_at: event.occurred_at.unwrap() + late,
                    idempotency_key: None,
                };
                validate(event, context.received_at).unwrap();
                prepare(event.clone(), 0, &context)
            })
            .collect();
        self.committer.store_blocking(rows).unwrap()
    }

    /// What a question about everything is answered, byte for byte, from the outputs and from the rollups.
    pub fn answer(&self) -> String {
        self.answer_from(&self.sources)
    }

    /// The same, with what is kept elsewhere.
    pub fn answer_from(&self, sources: &Sources) -> String {
        let mut query = Query::new(self.project.id, metrics::all().map(|(_, metric)| metric).collect());
        query.group_by = ["feature", "plan"].map(Dimension::parse).to_vec();
        query.granularity = Some(Granularity::Day);
        let now = script::start() + TimeDelta::days(30);
        let mut answers = String::new();
        for exact_outputs in [i64::MAX, 0] {
            query.exact_outputs = exact_outputs;
            let answer = self.db.with(|conn| query::run(conn, sources, &query, now)).unwrap();
            answers += &serde_json::to_string(&api::query::response(&query, &answer)).unwrap();
        }
        answers
    }
}
