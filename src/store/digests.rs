//! When webhooks get the weekly digest. A time is moved on together with what is sent then, so that of several servers one sends it.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::schema::webhooks;
use super::webhooks::Webhook;
use super::webhooks::outbox::{Message, post_to};

/// Those of all projects whose time has come, project by project.
pub fn due(conn: &mut PgConnection, now: DateTime<Utc>) -> QueryResult<Vec<Webhook>> {
    webhooks::table
        .filter(webhooks::enabled)
        .filter(webhooks::digest_at.le(now))
        .order((webhooks::project_id, webhooks::digest_at, webhooks::id))
        .select(Webhook::as_select())
        .load(conn)
}

/// Puts the digest of a week into the outbox and moves the webhook on to its `next` time, at once or not at all. Gives whether it did: not
/// if somebody else has, or the webhook is set otherwise, since it was read.
pub fn send(
    conn: &mut PgConnection,
    webhook: &Webhook,
    week: &str,
    next: DateTime<Utc>,
    message: &Message,
) -> QueryResult<bool> {
    conn.transaction(|conn| {
        let sent = move_on(conn, webhook, next)?;
        if sent {
            diesel::update(webhooks::table.find((webhook.project_id, webhook.id)))
                .set(webhooks::digest_week.eq(week))
                .execute(conn)?;
            post_to(conn, webhook, message)?;
        }
        Ok(sent)
    })
}

/// Moves a webhook on to its `next` time. Gives whether it did: not if it is not as it was read.
pub fn move_on(conn: &mut PgConnection, webhook: &Webhook, next: DateTime<Utc>) -> QueryResult<bool> {
    let as_read = webhooks::table
        .find((webhook.project_id, webhook.id))
        .filter(webhooks::enabled)
        .filter(webhooks::digest_at.eq(webhook.digest_at));
    let moved = diesel::update(as_read)
        .set(webhooks::digest_at.eq(next))
        .execute(conn)?;
    Ok(moved > 0)
}
