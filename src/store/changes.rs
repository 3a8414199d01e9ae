//! The log of changes.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::projects;
use super::schema::changes;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = changes, check_for_backend(diesel::pg::Pg))]
pub struct Change {
    pub project_id: ProjectId,
    pub id: Uuid,
    /// What was logged, as JSON.
    pub plan: serde_json::Value,
    pub logged_at: DateTime<Utc>,
}

/// Logs a change; `None` if the project has `most` of them.
pub fn log(
    conn: &mut PgConnection,
    project: ProjectId,
    plan: &serde_json::Value,
    most: i64,
) -> QueryResult<Option<Change>> {
    conn.transaction(|conn| {
        projects::lock(conn, project)?;
        let known: i64 = changes::table
            .filter(changes::project_id.eq(project))
            .count()
            .get_result(conn)?;
        if known >= most {
            return Ok(None);
        }
        let row = (
            changes::project_id.eq(project),
            changes::id.eq(Uuid::now_v7()),
            changes::plan.eq(plan),
        );
        diesel::insert_into(changes::table)
            .values(row)
            .returning(Change::as_returning())
            .get_result(conn)
            .map(Some)
    })
}

/// All of a project, in the order in which they were logged.
pub fn of_project(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<Change>> {
    changes::table
        .filter(changes::project_id.eq(project))
        .order(changes::id)
        .select(Change::as_select())
        .load(conn)
}

pub fn find(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<Change>> {
    changes::table
        .find((project, id))
        .select(Change::as_select())
        .first(conn)
        .optional()
}

/// The same, held for this transaction, which writes what it makes of it.
pub fn hold(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<Change>> {
    changes::table
        .find((project, id))
        .select(Change::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()
}

/// Changes what was logged; `None` if there is no such change.
pub fn update(
    conn: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
    plan: &serde_json::Value,
) -> QueryResult<Option<Change>> {
    diesel::update(changes::table.find((project, id)))
        .set(changes::plan.eq(plan))
        .returning(Change::as_returning())
        .get_result(conn)
        .optional()
}

/// Takes a change out of the log; whether there was one.
pub fn delete(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<bool> {
    let deleted = diesel::delete(changes::table.find((project, id))).execute(conn)?;
    Ok(deleted > 0)
}
