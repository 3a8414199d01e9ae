//! Answers from memory.

use calibrant::domain::dimension::Dimension;
use calibrant::domain::window::Granularity;
use calibrant::metrics;
use calibrant::query::{self, Answer, Query, QueryError, Sources};
use calibrant::store::{StoreError, projects};
use chrono::Utc;

use super::project;
use crate::support::TestServer;

/// What a server has in memory, and asks it.
struct Memory<'a> {
    server: &'a TestServer,
    sources: Sources,
}

impl Memory<'_> {
    fn state(&self) -> projects::Project {
        let found = |conn: &mut _| projects::find_or_create(conn, projects::DEFAULT).map_err(StoreError::from);
        self.server.db.with(found).unwrap().0
    }

    fn recall(&self, query: &Query) -> Result<Answer, QueryError> {
        query::recall(&self.sources, &self.state(), query, Utc::now())
    }

    fn read(&self, query: &Query) -> Answer {
        let read = |conn: &mut _| query::run(conn, &self.sources, query, Utc::now());
        self.server.db.with(read).unwrap()
    }

    fn forgot(&self, query: &Query) {
        assert!(matches!(self.recall(query), Err(QueryError::NotInMemory)));
    }
}

#[test]
fn what_was_read_once_is_answered_without_the_database_until_it_changes() {
    let server = project();
    let memory = Memory {
        server: &server,
        sources: Sources::default(),
    };
    let metrics = ["acceptance_rate", "shown", "users"].map(|id| metrics::find(id).unwrap().1);
    let mut query = Query::new(memory.state().id, metrics.to_vec());
    query.group_by = vec![Dimension::parse("version")];
    query.granularity = Some(Granularity::Day);
    query.exact_outputs = 0;
    memory.forgot(&query);
    let read = memory.read(&query);
    assert_eq!(memory.recall(&query).unwrap(), read);

    // Outputs themselves are read from files, which the database names.
    memory.forgot(&Query {
        exact: true,
        ..query.clone()
    });
    assert_eq!(memory.recall(&query).unwrap(), read);

    server.send(r#"{"type":"reject","output_id":"o0","occurred_at":"2026-03-01T09:00:00Z"}"#);
    memory.forgot(&query);
    let changed = memory.read(&query);
    assert_ne!(changed, read);
    assert_eq!(memory.recall(&query).unwrap(), changed);
}
