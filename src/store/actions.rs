//! The audit log: what admins did. Written in the transaction that does it.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::schema::admin_actions;
use crate::domain::action::Action;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = admin_actions, check_for_backend(diesel::pg::Pg))]
pub struct Done {
    pub id: i64,
    pub done_at: DateTime<Utc>,
    /// None at the command line.
    pub key_id: Option<Uuid>,
    pub action: String,
    pub subject: Option<String>,
    pub detail: Value,
}

/// Notes what a key, or somebody at the command line, did to what.
pub fn note(
    conn: &mut PgConnection,
    project: ProjectId,
    key_id: Option<Uuid>,
    action: Action,
    subject: Option<String>,
    detail: Value,
) -> QueryResult<()> {
    let row = (
        admin_actions::project_id.eq(project),
        admin_actions::key_id.eq(key_id),
        admin_actions::action.eq(action.name()),
        admin_actions::subject.eq(subject),
        admin_actions::detail.eq(detail),
    );
    diesel::insert_into(admin_actions::table)
        .values(row)
        .execute(conn)
        .map(|_| ())
}

/// What was done before an entry, the newest first.
pub fn of_project(
    conn: &mut PgConnection,
    project: ProjectId,
    action: Option<Action>,
    before: Option<i64>,
    limit: i64,
) -> QueryResult<Vec<Done>> {
    let mut query = admin_actions::table
        .filter(admin_actions::project_id.eq(project))
        .order(admin_actions::id.desc())
        .limit(limit)
        .select(Done::as_select())
        .into_boxed();
    if let Some(action) = action {
        query = query.filter(admin_actions::action.eq(action.name()));
    }
    if let Some(before) = before {
        query = query.filter(admin_actions::id.lt(before));
    }
    query.load(conn)
}

/// What one kind of action was about each time since an instant, in no order.
pub fn since(
    conn: &mut PgConnection,
    project: ProjectId,
    action: Action,
    then: DateTime<Utc>,
) -> QueryResult<Vec<Value>> {
    admin_actions::table
        .filter(admin_actions::project_id.eq(project))
        .filter(
            admin_actions::action
                .eq(action.name())
                .and(admin_actions::done_at.ge(then)),
        )
        .select(admin_actions::detail)
        .load(conn)
}
