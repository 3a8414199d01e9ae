//! Where alerts and digests are sent.

pub mod outbox;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::projects;
use super::schema::{webhook_deliveries, webhooks};
use crate::domain::key::ProjectId;

/// The body that receivers of chat messages take.
pub const SLACK: &str = "slack";

#[derive(Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = webhooks, check_for_backend(diesel::pg::Pg))]
pub struct Webhook {
    pub project_id: ProjectId,
    pub id: Uuid,
    pub name: String,
    /// May hold a secret of the receiver: not to be logged.
    pub url: String,
    pub format: String,
    pub enabled: bool,
    pub created_at: DateTime<Utc>,
    /// When it gets the weekly digest, as JSON; `None` never.
    pub digest: Option<Value>,
    /// The next time that it gets one, if it is enabled then.
    pub digest_at: Option<DateTime<Utc>>,
    /// The ISO week that it was sent last.
    pub digest_week: Option<String>,
}

#[derive(Clone, PartialEq, Insertable)]
#[diesel(table_name = webhooks)]
pub struct NewWebhook {
    pub project_id: ProjectId,
    pub id: Uuid,
    pub name: String,
    pub url: String,
    pub format: &'static str,
    pub secret: Vec<u8>,
    pub digest: Option<Value>,
    pub digest_at: Option<DateTime<Utc>>,
}

/// What may be changed of a webhook; `None` leaves it as it is.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = webhooks)]
pub struct WebhookSettings {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub digest: Option<Option<Value>>,
    pub digest_at: Option<Option<DateTime<Utc>>>,
}

/// Adds a webhook; whether it was added: not if the project has `most` of them.
pub fn add(conn: &mut PgConnection, webhook: &NewWebhook, most: i64) -> QueryResult<Option<Webhook>> {
    conn.transaction(|conn| {
        projects::lock(conn, webhook.project_id)?;
        let known: i64 = webhooks::table
            .filter(webhooks::project_id.eq(webhook.project_id))
            .count()
            .get_result(conn)?;
        if known >= most {
            return Ok(None);
        }
        diesel::insert_into(webhooks::table)
            .values(webhook)
            .returning(Webhook::as_returning())
            .get_result(conn)
            .map(Some)
    })
}

/// All of a project, in the order in which they were made.
pub fn of_project(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<Webhook>> {
    webhooks::table
        .filter(webhooks::project_id.eq(project))
        .order(webhooks::id)
        .select(Webhook::as_select())
        .load(conn)
}

pub fn find(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<Webhook>> {
    webhooks::table
        .find((project, id))
        .select(Webhook::as_select())
        .first(conn)
        .optional()
}

/// The same, held until the transaction ends.
pub fn lock(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<Webhook>> {
    webhooks::table
        .find((project, id))
        .select(Webhook::as_select())
        .for_no_key_update()
        .first(conn)
        .optional()
}

/// Changes a webhook; `None` if there is no such webhook.
pub fn update(
    conn: &mut PgConnection,
    project: ProjectId,
    id: Uuid,
    settings: &WebhookSettings,
) -> QueryResult<Option<Webhook>> {
    if settings.name.is_none() && settings.enabled.is_none() && settings.digest.is_none() {
        return find(conn, project, id);
    }
    diesel::update(webhooks::table.find((project, id)))
        .set(settings)
        .returning(Webhook::as_returning())
        .get_result(conn)
        .optional()
}

/// Deletes a webhook with its deliveries; whether there was one.
pub fn delete(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<bool> {
    conn.transaction(|conn| {
        let deleted = diesel::delete(webhooks::table.find((project, id))).execute(conn)?;
        let own = webhook_deliveries::project_id
            .eq(project)
            .and(webhook_deliveries::webhook_id.eq(id));
        diesel::delete(webhook_deliveries::table.filter(own)).execute(conn)?;
        Ok(deleted > 0)
    })
}
