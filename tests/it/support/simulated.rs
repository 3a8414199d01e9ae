//! A database with a simulated product, folded.

use calibrant::fold::signal::Signal;
use calibrant::fold::worker;
use calibrant::ingest::append::Stored;
use calibrant::ingest::commit::Committer;
use calibrant::ingest::prepare::{Context, prepare};
use calibrant::simulate::{Options, Simulation};
use calibrant::store::projects::{self, Project, Settings};
use calibrant::store::{Db, StoreError, events};

use super::fresh_db;

pub fn product(options: Options) -> (Db, Project) {
    let db = fresh_db();
    let project = load(&db, options);
    (db, project)
}

/// Puts a simulated product into the project `default` of a database.
pub fn load(db: &Db, options: Options) -> Project {
    let project = db.with(|conn| {
        let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
        let mut dimensions: Vec<String> = Simulation::dimensions().iter().map(|name| (*name).to_owned()).collect();
        dimensions.sort_unstable();
        let settings = Settings {
            dimensions: Some(dimensions),
            ..Settings::default()
        };
        Ok::<_, StoreError>(projects::update(conn, project.id, &settings)?)
    });
    let project = project.unwrap();
    let context = Context {
        project: project.id,
        stores_text: true,
        erasure_salt: project.erasure_salt,
        received_at: options.end,
        idempotency_key: None,
    };
    let rows: Vec<_> = Simulation::new(options)
        .into_deliveries()
        .map(|event| prepare(event, 0, &context))
        .collect();
    let committer = Committer::start(db, &Signal::default());
    for batch in rows.chunks(2_000) {
        let stored = committer.store_blocking(batch.to_vec()).unwrap();
        assert!(!stored.contains(&Stored::Conflict));
    }
    // Other tests' transactions hold the log back for a moment.
    while waiting(db) > 0 {
        worker::catch_up(db).unwrap();
    }
    project
}

fn waiting(db: &Db) -> i64 {
    let backlog = db.with(|conn| events::backlog(conn, None, 1).map_err(StoreError::from));
    backlog.unwrap().events
}
