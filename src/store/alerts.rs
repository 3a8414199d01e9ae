//! Rules that look at the numbers, where each of them stands, and what they did.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::Value;
use uuid::Uuid;

use super::projects;
use super::schema::{alert_rules, alert_transitions};
use super::webhooks::outbox::{self, Message};
use crate::domain::key::ProjectId;

/// Held by the server that looks, so that several do not look at the same.
const LOCK: i64 = 0x6361_6c61_6c72;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = alert_rules, check_for_backend(diesel::pg::Pg))]
pub struct AlertRule {
    pub project_id: ProjectId,
    pub id: Uuid,
    /// What is looked for, as JSON.
    pub plan: Value,
    pub enabled: bool,
    pub muted_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub state: String,
    pub since: Option<DateTime<Utc>>,
    /// What is known of earlier looks, as JSON.
    pub memory: Value,
    /// Counted up with each change of where it stands.
    pub turn: i64,
    pub looked_at: Option<DateTime<Utc>>,
    pub look: Option<Value>,
    pub failure: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = alert_transitions, check_for_backend(diesel::pg::Pg))]
pub struct AlertTransition {
    pub project_id: ProjectId,
    pub id: Uuid,
    pub alert_id: Uuid,
    pub noticed_at: DateTime<Utc>,
    pub state: String,
    pub cause: String,
    pub sentence: String,
    pub look: Value,
    pub muted: bool,
}

/// A rule that fired or cleared, with what webhooks are told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Turned {
    pub state: &'static str,
    pub cause: String,
    pub sentence: String,
    pub look: Value,
    pub message: Message,
}

/// Where a rule stands after some looks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moved {
    pub state: &'static str,
    pub memory: Value,
    pub look: Option<Value>,
    pub turned: Vec<Turned>,
}

/// What may be changed of a rule; `None` leaves it as it is.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = alert_rules)]
pub struct AlertSettings {
    pub plan: Option<Value>,
    pub enabled: Option<bool>,
    pub muted_until: Option<Option<DateTime<Utc>>>,
}

/// Takes the lock for this session. Gives whether it was free.
pub fn try_lock(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::sql::<Bool>(&format!("pg_try_advisory_lock({LOCK})"))).get_result(conn)
}

/// Adds a rule; `None` if the project has `most` of them.
pub fn add(conn: &mut PgConnection, project: ProjectId, plan: &Value, most: i64) -> QueryResult<Option<AlertRule>> {
    conn.transaction(|conn| {
        projects::lock(conn, project)?;
        let known: i64 = alert_rules::table
            .filter(alert_rules::project_id.eq(project))
            .count()
            .get_result(conn)?;
        if known >= most {
            return Ok(None);
        }
        let row = (
            alert_rules::project_id.eq(project),
            alert_rules::id.eq(Uuid::now_v7()),
            alert_rules::plan.eq(plan),
        );
        diesel::insert_into(alert_rules::table)
            .values(row)
            .returning(AlertRule::as_returning())
            .get_result(conn)
            .map(Some)
    })
}

/// All of a project, in the order in which they were made.
pub fn of_project(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<AlertRule>> {
    alert_rules::table
        .filter(alert_rules::project_id.eq(project))
        .order(alert_rules::id)
        .select(AlertRule::as_select())
        .load(conn)
}

pub fn find(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<AlertRule>> {
    alert_rules::table
        .find((project, id))
        .select(AlertRule::as_select())
        .first(conn)
        .optional()
}

/// Those of all projects that are to look.
pub fn enabled(conn: &mut PgConnection) -> QueryResult<Vec<AlertRule>> {
    alert_rules::table
        .filter(alert_rules::enabled)
        .order((alert_rules::project_id, alert_rules::id))
        .select(AlertRule::as_select())
        .load(conn)
}

/// Changes a rule; `None` if there is no such rule. One that is enabled again begins anew.
pub fn update(
    conn: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
    settings: &AlertSettings,
) -> QueryResult<Option<AlertRule>> {
    conn.transaction(|conn| {
        let known: Option<bool> = alert_rules::table
            .find((project, id))
            .select(alert_rules::enabled)
            .for_no_key_update()
            .first(conn)
            .optional()?;
        let Some(was_enabled) = known else { return Ok(None) };
        if settings.enabled == Some(true) && !was_enabled {
            diesel::update(alert_rules::table.find((project, id)))
                .set((
                    alert_rules::memory.eq(Value::Object(serde_json::Map::new())),
                    alert_rules::state.eq("waiting"),
                    alert_rules::since.eq(None::<DateTime<Utc>>),
                    alert_rules::turn.eq(alert_rules::turn + 1),
                ))
                .execute(conn)?;
        }
        if settings.plan.is_some() || settings.enabled.is_some() || settings.muted_until.is_some() {
            diesel::update(alert_rules::table.find((project, id)))
                .set(settings)
                .execute(conn)?;
        }
        find(conn, project, id)
    })
}

/// Deletes a rule with its history; whether there was one.
pub fn delete(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<bool> {
    conn.transaction(|conn| {
        let of_rule = alert_transitions::project_id
            .eq(project)
            .and(alert_transitions::alert_id.eq(id));
        let deleted = diesel::delete(alert_rules::table.find((project, id))).execute(conn)?;
        diesel::delete(alert_transitions::table.filter(of_rule)).execute(conn)?;
        Ok(deleted > 0)
    })
}

/// Writes what looks came to, with what is to be sent of it, at once or not at all. Gives whether it was written: not if the rule has
/// been changed, or somebody else has looked, since it was read.
pub fn write(conn: &mut PgConnection, rule: &AlertRule, moved: &Moved) -> QueryResult<bool> {
    conn.transaction(|conn| {
        let same = alert_rules::table
            .find((rule.project_id, rule.id))
            .filter(alert_rules::turn.eq(rule.turn).and(alert_rules::enabled));
        let muted_until: Option<Option<DateTime<Utc>>> = diesel::update(same)
            .set((
                alert_rules::memory.eq(&moved.memory),
                alert_rules::state.eq(moved.state),
                alert_rules::turn.eq(alert_rules::turn + 1),
                alert_rules::looked_at.eq(now),
                alert_rules::failure.eq(None::<String>),
                moved.look.as_ref().map(|look| alert_rules::look.eq(look)),
                (moved.state != rule.state || !moved.turned.is_empty()).then(|| alert_rules::since.eq(now)),
            ))
            .returning(alert_rules::muted_until)
            .get_result(conn)
            .optional()?;
        let Some(muted_until) = muted_until else {
            return Ok(false);
        };
        let muted = muted_until.is_some_and(|until| until > Utc::now());
        for turned in &moved.turned {
            let row = (
                alert_transitions::project_id.eq(rule.project_id),
                alert_transitions::id.eq(Uuid::now_v7()),
                alert_transitions::alert_id.eq(rule.id),
                alert_transitions::state.eq(turned.state),
                alert_transitions::cause.eq(&turned.cause),
                alert_transitions::sentence.eq(&turned.sentence),
                alert_transitions::look.eq(&turned.look),
                alert_transitions::muted.eq(muted),
            );
            diesel::insert_into(alert_transitions::table)
                .values(row)
                .execute(conn)?;
            if !muted {
                outbox::post(conn, rule.project_id, &turned.message)?;
            }
        }
        Ok(true)
    })
}

/// Notes why a rule could not look.
pub fn note_failure(conn: &mut PgConnection, rule: &AlertRule, failure: &str) -> QueryResult<()> {
    diesel::update(alert_rules::table.find((rule.project_id, rule.id)))
        .set((alert_rules::failure.eq(failure), alert_rules::looked_at.eq(now)))
        .execute(conn)
        .map(|_| ())
}

/// What a rule did, the newest first.
pub fn history(conn: &mut PgConnection, project: ProjectId, id: Uuid, limit: i64) -> QueryResult<Vec<AlertTransition>> {
    alert_transitions::table
        .filter(
            alert_transitions::project_id
                .eq(project)
                .and(alert_transitions::alert_id.eq(id)),
        )
        .order(alert_transitions::id.desc())
        .limit(limit)
        .select(AlertTransition::as_select())
        .load(conn)
}

/// What the rules of a project did last, one for each that did anything.
pub fn last_of_each(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<AlertTransition>> {
    alert_transitions::table
        .filter(alert_transitions::project_id.eq(project))
        .distinct_on(alert_transitions::alert_id)
        .order((alert_transitions::alert_id, alert_transitions::id.desc()))
        .select(AlertTransition::as_select())
        .load(conn)
}

/// What the rules of a project did in some time, in order.
pub fn between(
    conn: &mut PgConnection,
    project: ProjectId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    limit: i64,
) -> QueryResult<Vec<AlertTransition>> {
    alert_transitions::table
        .filter(alert_transitions::project_id.eq(project))
        .filter(
            alert_transitions::noticed_at
                .ge(from)
                .and(alert_transitions::noticed_at.lt(to)),
        )
        .order((alert_transitions::noticed_at, alert_transitions::id))
        .limit(limit)
        .select(AlertTransition::as_select())
        .load(conn)
}

/// How often rules of a project fired in some time.
pub fn fired_between(
    conn: &mut PgConnection,
    project: ProjectId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> QueryResult<i64> {
    alert_transitions::table
        .filter(alert_transitions::project_id.eq(project))
        .filter(
            alert_transitions::noticed_at
                .ge(from)
                .and(alert_transitions::noticed_at.lt(to)),
        )
        .filter(alert_transitions::state.eq("firing"))
        .count()
        .get_result(conn)
}

/// Lets go of what rules did before an instant.
pub fn forget(conn: &mut PgConnection, before: DateTime<Utc>) -> QueryResult<usize> {
    diesel::delete(alert_transitions::table.filter(alert_transitions::noticed_at.lt(before))).execute(conn)
}
