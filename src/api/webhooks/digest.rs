//! The weekly digest of a webhook: when it gets the next one, and sending it one by hand.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::json;
use uuid::Uuid;

use super::deliveries::DeliveryView;
use super::{WebhookChange, absent};
use crate::api::answers::{Absent, WriteAnswers};
use crate::api::auth::{Admin, Authorized};
use crate::api::digest::message;
use crate::api::digest::time::DigestTime;
use crate::api::error::ApiError;
use crate::api::extract::Segment;
use crate::domain::action::Action;
use crate::state::AppState;
use crate::store::webhooks::{self as store, Webhook, outbox};

/// When a webhook that was changed so gets its next digest; `None` where that stays. What it missed while it was not enabled is not sent.
pub fn moved(
    known: &Webhook,
    change: &WebhookChange,
    now: DateTime<Utc>,
) -> Result<Option<Option<DateTime<Utc>>>, ApiError> {
    let before = DigestTime::of(known)?;
    let after = change.digest.as_ref().unwrap_or(&before);
    let begins = change.enabled == Some(true) && !known.enabled;
    // One that is due comes first, as it was to come.
    let is_due = known.enabled && known.digest_at.is_some_and(|at| at <= now) && after.is_some();
    if (*after == before || is_due) && !begins {
        return Ok(None);
    }
    let next = after.as_ref().map(|time| time.next(known.digest_week.as_deref(), now));
    next.transpose().map(Some)
}

/// Send the digest
///
/// Sends the digest of the last whole week now, in the webhook's time zone, whether or not it gets one every week; that of the week still
/// comes at its time.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The webhook's id")),
    responses(
        (status = 202, description = "It is on its way", body = DeliveryView),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/webhooks/{id}/digest")]
pub async fn create_digest_delivery(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (project, id) = (key.project, id.0);
    let found = state
        .db
        .run(move |conn| store::find(conn, project, id).map_err(ApiError::from));
    let time = DigestTime::of(&found.await?.ok_or_else(absent)?)?;
    let zone = time.map_or(Ok(Tz::UTC), |time| time.weekly().map(|weekly| weekly.zone))?;
    let (week, message) = message::of_last_week(&state, project, zone, Utc::now()).await?;
    let delivery = state
        .db
        .transaction(move |conn| {
            let webhook = store::lock(conn, project, id)?.ok_or_else(absent)?;
            let delivery = outbox::post_to(conn, &webhook, &message)?;
            key.note(conn, Action::DigestSent, id, json!({"week": week}))?;
            Ok::<_, ApiError>(delivery)
        })
        .await?;
    state.posting.ring();
    Ok(HttpResponse::Accepted().json(DeliveryView::of(delivery)))
}
