//! What is to be sent to webhooks, and what became of it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::now;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int4, Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use serde_json::Value;
use uuid::Uuid;

use super::{SLACK, Webhook};
use crate::domain::key::ProjectId;
use crate::store::schema::{webhook_deliveries, webhooks};

pub const WAITING: &str = "waiting";
pub const DELIVERED: &str = "delivered";
pub const DEAD: &str = "dead";

/// What is told, in both forms.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub kind: &'static str,
    pub standard: Value,
    pub slack: Value,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries, check_for_backend(diesel::pg::Pg))]
pub struct Delivery {
    pub project_id: ProjectId,
    pub id: Uuid,
    pub webhook_id: Uuid,
    pub kind: String,
    pub body: String,
    pub created_at: DateTime<Utc>,
    pub state: String,
    pub attempts: i32,
    pub due_at: DateTime<Utc>,
    pub attempted_at: Option<DateTime<Utc>>,
    pub status: Option<i32>,
    pub failure: Option<String>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A delivery that this server is to attempt, with where to and what to sign it with.
#[derive(QueryableByName)]
pub struct Claimed {
    #[diesel(sql_type = Int4)]
    pub project_id: ProjectId,
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub body: String,
    /// This one included.
    #[diesel(sql_type = Int4)]
    pub attempts: i32,
    #[diesel(sql_type = Text)]
    pub url: String,
    #[diesel(sql_type = diesel::sql_types::Bytea)]
    pub secret: Vec<u8>,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub status: Option<u16>,
    /// `None` if it was taken.
    pub failure: Option<String>,
    /// After how long it is tried again; `None` never.
    pub again: Option<TimeDelta>,
}

/// Puts a message into the outbox for each enabled webhook of a project. Sent when the caller's transaction commits.
pub fn post(conn: &mut PgConnection, project: ProjectId, message: &Message) -> QueryResult<usize> {
    // Taken for the transaction, so that a webhook that is deleted meanwhile takes its deliveries with it.
    let receivers = webhooks::table
        .filter(webhooks::project_id.eq(project).and(webhooks::enabled))
        .order(webhooks::id)
        .select(Webhook::as_select())
        .for_key_share()
        .load(conn)?;
    for webhook in &receivers {
        post_to(conn, webhook, message)?;
    }
    Ok(receivers.len())
}

/// Puts a message into the outbox for one webhook.
pub fn post_to(conn: &mut PgConnection, webhook: &Webhook, message: &Message) -> QueryResult<Delivery> {
    let body = if webhook.format == SLACK {
        &message.slack
    } else {
        &message.standard
    };
    let row = (
        webhook_deliveries::project_id.eq(webhook.project_id),
        webhook_deliveries::id.eq(Uuid::now_v7()),
        webhook_deliveries::webhook_id.eq(webhook.id),
        webhook_deliveries::kind.eq(message.kind),
        webhook_deliveries::body.eq(body.to_string()),
    );
    diesel::insert_into(webhook_deliveries::table)
        .values(row)
        .returning(Delivery::as_returning())
        .get_result(conn)
}

/// Takes the delivery that has been due for longest and that nobody else takes. It is this caller's for so long; if nothing is heard of
/// it by then, it is due again.
pub fn claim(conn: &mut PgConnection, lease_seconds: f64) -> QueryResult<Option<Claimed>> {
    diesel::sql_query(
        "UPDATE webhook_deliveries d SET attempts = d.attempts + 1, attempted_at = clock_timestamp(), \
         due_at = clock_timestamp() + $1 * interval '1 second' \
         FROM (SELECT d.project_id, d.id, w.url, w.secret FROM webhook_deliveries d \
         JOIN webhooks w ON w.project_id = d.project_id AND w.id = d.webhook_id \
         WHERE d.state = 'waiting' AND d.due_at <= clock_timestamp() AND w.enabled \
         ORDER BY d.due_at LIMIT 1 FOR UPDATE OF d SKIP LOCKED) AS due \
         WHERE d.project_id = due.project_id AND d.id = due.id \
         RETURNING d.project_id, d.id, d.body, d.attempts, due.url, due.secret",
    )
    .bind::<Float8, _>(lease_seconds)
    .get_result(conn)
    .optional()
}

/// Notes what an attempt came to, unless it counts as lost already.
pub fn finish(conn: &mut PgConnection, claimed: &Claimed, outcome: &Outcome) -> QueryResult<bool> {
    let state = match (&outcome.failure, outcome.again) {
        (None, _) => DELIVERED,
        (Some(_), Some(_)) => WAITING,
        (Some(_), None) => DEAD,
    };
    let again = outcome.again.unwrap_or_default().as_seconds_f64();
    let written = diesel::sql_query(
        "UPDATE webhook_deliveries SET state = $4, status = $5, failure = $6, \
         finished_at = CASE WHEN $4 <> 'waiting' THEN clock_timestamp() END, \
         due_at = CASE WHEN $4 = 'waiting' THEN clock_timestamp() + $7 * interval '1 second' ELSE due_at END \
         WHERE project_id = $1 AND id = $2 AND attempts = $3 AND state = 'waiting'",
    )
    .bind::<Int4, _>(claimed.project_id)
    .bind::<SqlUuid, _>(claimed.id)
    .bind::<Int4, _>(claimed.attempts)
    .bind::<Text, _>(state)
    .bind::<Nullable<Int4>, _>(outcome.status.map(i32::from))
    .bind::<Nullable<Text>, _>(&outcome.failure)
    .bind::<Float8, _>(again)
    .execute(conn)?;
    Ok(written > 0)
}

/// Deliveries of a webhook, the newest first.
pub fn deliveries(
    conn: &mut PgConnection,
    project: ProjectId,
    webhook: Uuid,
    state: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<Delivery>> {
    let mut query = webhook_deliveries::table
        .filter(
            webhook_deliveries::project_id
                .eq(project)
                .and(webhook_deliveries::webhook_id.eq(webhook)),
        )
        .order(webhook_deliveries::id.desc())
        .limit(limit)
        .select(Delivery::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(webhook_deliveries::state.eq(state.to_owned()));
    }
    query.load(conn)
}

/// How many deliveries of a webhook wait, and are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, QueryableByName)]
pub struct Undelivered {
    #[diesel(sql_type = Int8)]
    pub waiting: i64,
    #[diesel(sql_type = Int8)]
    pub dead: i64,
    /// Since when the oldest has been due that should have been attempted.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub due_since: Option<DateTime<Utc>>,
}

/// Those of one webhook of a project; of all projects without either.
pub fn undelivered(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    webhook: Option<Uuid>,
) -> QueryResult<Undelivered> {
    diesel::sql_query(
        "SELECT count(*) FILTER (WHERE d.state = 'waiting') AS waiting, count(*) FILTER (WHERE d.state = 'dead') AS dead, \
         min(d.due_at) FILTER (WHERE d.state = 'waiting' AND w.enabled AND d.due_at <= clock_timestamp()) AS due_since \
         FROM webhook_deliveries d JOIN webhooks w ON w.project_id = d.project_id AND w.id = d.webhook_id \
         WHERE d.state <> 'delivered' AND ($1 IS NULL OR d.project_id = $1) AND ($2 IS NULL OR d.webhook_id = $2)",
    )
    .bind::<Nullable<Int4>, _>(project)
    .bind::<Nullable<SqlUuid>, _>(webhook)
    .get_result(conn)
}

/// Makes a delivery that is done with, one way or the other, due again with all its attempts. `None` if there is no such delivery,
/// or if it is still on its way.
pub fn redeliver(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<Delivery>> {
    diesel::update(webhook_deliveries::table.find((project, id)))
        .filter(webhook_deliveries::state.ne(WAITING))
        .set((
            webhook_deliveries::state.eq(WAITING),
            webhook_deliveries::attempts.eq(0),
            webhook_deliveries::due_at.eq(now),
            webhook_deliveries::finished_at.eq(None::<DateTime<Utc>>),
        ))
        .returning(Delivery::as_returning())
        .get_result(conn)
        .optional()
}

pub fn delivery(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<Delivery>> {
    webhook_deliveries::table
        .find((project, id))
        .select(Delivery::as_select())
        .first(conn)
        .optional()
}

/// Lets go of deliveries that were done with before an instant.
pub fn forget(conn: &mut PgConnection, state: &str, before: DateTime<Utc>) -> QueryResult<usize> {
    let old = webhook_deliveries::state
        .eq(state)
        .and(webhook_deliveries::finished_at.lt(before));
    diesel::delete(webhook_deliveries::table.filter(old)).execute(conn)
}
