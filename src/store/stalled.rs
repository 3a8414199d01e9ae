//! Projects whose events could not be folded, and the place in the log where each waits.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Text};

use super::events::Position;
use super::schema::stalled_projects;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = stalled_projects, check_for_backend(diesel::pg::Pg))]
pub struct Stalled {
    pub project_id: ProjectId,
    pub tx: i64,
    pub ordinal: i32,
    pub error: String,
    pub since: DateTime<Utc>,
}

impl Stalled {
    /// Up to here the project is folded.
    pub fn position(&self) -> Position {
        Position {
            tx: self.tx,
            ordinal: self.ordinal,
        }
    }
}

pub fn projects(conn: &mut PgConnection) -> QueryResult<Vec<ProjectId>> {
    stalled_projects::table.select(stalled_projects::project_id).load(conn)
}

pub fn find(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Option<Stalled>> {
    stalled_projects::table
        .find(project)
        .select(Stalled::as_select())
        .first(conn)
        .optional()
}

/// Those that should be tried again now.
pub fn due(conn: &mut PgConnection) -> QueryResult<Vec<Stalled>> {
    stalled_projects::table
        .filter(stalled_projects::retry_at.le(diesel::dsl::now))
        .order(stalled_projects::project_id)
        .select(Stalled::as_select())
        .load(conn)
}

/// Notes that a project cannot be folded past a place. The longer that lasts, the longer it waits for the next try, up to a
/// minute.
pub fn put(conn: &mut PgConnection, project: ProjectId, position: Position, error: &str) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO stalled_projects AS s (project_id, tx, ordinal, error, retry_at) \
         VALUES ($1, $2, $3, $4, clock_timestamp() + interval '1 second') \
         ON CONFLICT (project_id) DO UPDATE SET error = excluded.error, \
         retry_at = clock_timestamp() + least(clock_timestamp() - s.since, interval '1 minute')",
    )
    .bind::<Int4, _>(project)
    .bind::<Int8, _>(position.tx)
    .bind::<Int4, _>(position.ordinal)
    .bind::<Text, _>(error)
    .execute(conn)
    .map(|_| ())
}

/// Notes that a project was folded up to a later place and goes on from there.
pub fn advance(conn: &mut PgConnection, project: ProjectId, to: Position) -> QueryResult<()> {
    diesel::update(stalled_projects::table.find(project))
        .set((stalled_projects::tx.eq(to.tx), stalled_projects::ordinal.eq(to.ordinal)))
        .execute(conn)
        .map(|_| ())
}

pub fn remove(conn: &mut PgConnection, project: ProjectId) -> QueryResult<()> {
    diesel::delete(stalled_projects::table.find(project))
        .execute(conn)
        .map(|_| ())
}

pub fn clear(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::delete(stalled_projects::table).execute(conn).map(|_| ())
}
