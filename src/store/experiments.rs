//! Declared experiments.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::projects;
use super::schema::experiments;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = experiments, check_for_backend(diesel::pg::Pg))]
pub struct Experiment {
    pub project_id: ProjectId,
    pub name: String,
    /// The declaration, as JSON.
    pub plan: serde_json::Value,
    pub declared_at: DateTime<Utc>,
}

/// What became of a wish to declare an experiment.
#[derive(Clone, Debug, PartialEq)]
pub enum Declaration {
    Declared(Experiment),
    /// There is one of that name.
    Known,
    /// The project has as many as it may.
    TooMany,
}

/// Declares an experiment, unless its name is taken or the project has `most` of them.
pub fn declare(
    conn: &mut PgConnection,
    project: ProjectId,
    name: &str,
    plan: &serde_json::Value,
    most: i64,
) -> QueryResult<Declaration> {
    conn.transaction(|conn| {
        projects::lock(conn, project)?;
        if find(conn, project, name)?.is_some() {
            return Ok(Declaration::Known);
        }
        let known: i64 = experiments::table
            .filter(experiments::project_id.eq(project))
            .count()
            .get_result(conn)?;
        if known >= most {
            return Ok(Declaration::TooMany);
        }
        let row = (
            experiments::project_id.eq(project),
            experiments::name.eq(name),
            experiments::plan.eq(plan),
        );
        diesel::insert_into(experiments::table)
            .values(row)
            .returning(Experiment::as_returning())
            .get_result(conn)
            .map(Declaration::Declared)
    })
}

/// All of a project, the newest first.
pub fn of_project(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<Experiment>> {
    experiments::table
        .filter(experiments::project_id.eq(project))
        .order((experiments::declared_at.desc(), experiments::name))
        .select(Experiment::as_select())
        .load(conn)
}

pub fn find(conn: &mut PgConnection, project: ProjectId, name: &str) -> QueryResult<Option<Experiment>> {
    experiments::table
        .find((project, name))
        .select(Experiment::as_select())
        .first(conn)
        .optional()
}

/// The same, held for this transaction, which writes what it makes of it.
pub fn hold(conn: &mut PgConnection, project: ProjectId, name: &str) -> QueryResult<Option<Experiment>> {
    experiments::table
        .find((project, name))
        .select(Experiment::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()
}

/// Changes a plan; `None` if there is no such experiment.
pub fn update(
    conn: &mut PgConnection,
    project: ProjectId,
    name: &str,
    plan: &serde_json::Value,
) -> QueryResult<Option<Experiment>> {
    diesel::update(experiments::table.find((project, name)))
        .set(experiments::plan.eq(plan))
        .returning(Experiment::as_returning())
        .get_result(conn)
        .optional()
}

/// Forgets an experiment; whether there was one.
pub fn delete(conn: &mut PgConnection, project: ProjectId, name: &str) -> QueryResult<bool> {
    let deleted = diesel::delete(experiments::table.find((project, name))).execute(conn)?;
    Ok(deleted > 0)
}
