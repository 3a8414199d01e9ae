//! `/webhooks`: where a project's alerts are sent, and its digest every week.

pub mod deliveries;
pub mod digest;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::timeout;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{Absent, ReadAnswers, WriteAnswers};
use super::audit::delete_noted;
use super::auth::{Admin, Authorized, Read};
use super::digest::time::DigestTime;
use super::error::{ApiError, Problem};
use super::extract::{JsonBody, Segment};
use super::{names, respond};
use crate::domain::action::Action;
use crate::domain::strict;
use crate::state::AppState;
use crate::store::webhooks::outbox::{self, Undelivered};
use crate::store::webhooks::{self as store, NewWebhook, Webhook, WebhookSettings};
use crate::webhooks as sending;

/// Webhooks that a project may have.
pub const MOST_WEBHOOKS: i64 = 10;
/// How long the look-up of a name may take when a webhook is made.
const LOOK_UP: Duration = Duration::from_secs(5);

/// What is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// `{"type", "timestamp", "data"}`, as Standard Webhooks has it.
    #[default]
    Standard,
    /// `{"text", "blocks"}`, which Slack and its likes show as a message.
    Slack,
}

impl WebhookFormat {
    const fn name(self) -> &'static str {
        match self {
            WebhookFormat::Standard => "standard",
            WebhookFormat::Slack => store::SLACK,
        }
    }
}

#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhookRequest {
    /// Where it leads, in any words.
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub name: String,
    /// Where to, with https or http. Addresses that are not public are refused, unless the server is set to allow them.
    #[schema(max_length = 2048, example = "https://example.com/hooks/calibrant")]
    pub url: String,
    /// `standard` without it.
    #[serde(default, deserialize_with = "strict::optional_word")]
    pub format: Option<WebhookFormat>,
    /// When it gets the weekly digest; never without it.
    #[serde(default, deserialize_with = "strict::optional_object")]
    pub digest: Option<DigestTime>,
}

/// A webhook, without its secret. Of its address only where it leads is told: the rest may be a secret of the receiver.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhookView {
    pub id: Uuid,
    pub name: String,
    /// Scheme and host.
    pub origin: String,
    #[schema(value_type = WebhookFormat)]
    pub format: String,
    pub enabled: bool,
    pub created_at: DateTime<Utc>,
    /// When it gets the weekly digest; null for never.
    #[schema(required = true)]
    pub digest: Option<DigestTime>,
    /// When the next digest is due; null if there is none.
    #[schema(required = true)]
    pub next_digest_at: Option<DateTime<Utc>>,
    /// Deliveries that are still to be made.
    pub waiting: i64,
    /// Deliveries that were given up.
    pub dead: i64,
}

impl WebhookView {
    fn of(webhook: Webhook, undelivered: Undelivered) -> Result<WebhookView, ApiError> {
        let origin = sending::check(&webhook.url).ok().and_then(|uri| {
            let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
            Some(format!("{scheme}://{authority}"))
        });
        let digest = DigestTime::of(&webhook)?;
        Ok(WebhookView {
            id: webhook.id,
            name: webhook.name,
            origin: origin.unwrap_or_default(),
            digest,
            format: webhook.format,
            enabled: webhook.enabled,
            created_at: webhook.created_at,
            next_digest_at: webhook.digest_at.filter(|_| webhook.enabled),
            waiting: undelivered.waiting,
            dead: undelivered.dead,
        })
    }
}

/// A new webhook. This is the only time its secret is told.
#[derive(Clone, Serialize, ToSchema)]
pub struct NewWebhookResponse {
    /// What deliveries are signed with, `whsec_…`.
    pub secret: String,
    #[serde(flatten)]
    pub view: WebhookView,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WebhooksResponse {
    pub data: Vec<WebhookView>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookChange {
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub name: Option<String>,
    /// To one that is not enabled nothing new is sent, and what waits goes on waiting.
    pub enabled: Option<bool>,
    /// When it gets the weekly digest; null for never. A week that it was sent is not sent again at another time.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::stated_object"
    )]
    #[schema(value_type = Option<DigestTime>)]
    pub digest: Option<Option<DigestTime>>,
}

pub(super) fn absent() -> ApiError {
    ApiError::not_found("webhook")
}

fn too_many() -> ApiError {
    ApiError::conflict(format!("a project has at most {MOST_WEBHOOKS} webhooks; delete one"))
}

/// List webhooks
///
/// Where alerts are sent, without the secrets.
#[utoipa::path(
    tag = "alerts",
    responses(
        (status = 200, description = "The webhooks", body = WebhooksResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/webhooks")]
pub async fn list_webhooks(
    request: HttpRequest,
    key: Authorized<Read>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let data = state
        .db
        .run(move |conn| {
            let found = store::of_project(conn, key.project)?;
            let views = found.into_iter().map(|webhook| {
                let undelivered = outbox::undelivered(conn, Some(key.project), Some(webhook.id))?;
                WebhookView::of(webhook, undelivered)
            });
            views.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    respond::json(&request, &WebhooksResponse { data })
}

/// Create a webhook
///
/// From then on alerts are sent there, and the digest every week if `digest` says when, signed with a secret that is in this answer and
/// told never again.
#[utoipa::path(
    tag = "alerts",
    request_body = NewWebhookRequest,
    responses(
        (status = 201, description = "The webhook", body = NewWebhookResponse),
        WriteAnswers,
        (status = 409, description = "There are too many (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/webhooks")]
pub async fn create_webhook(
    key: Authorized<Admin>,
    body: JsonBody<NewWebhookRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = body.0;
    names::check("name", &asked.name, names::LONG)?;
    let digest_at = asked.digest.as_ref().map(|time| time.next(None, Utc::now()));
    let digest_at = digest_at.transpose()?;
    let wrong = |why: String| ApiError::invalid(format!("`url`: {why}"));
    let uri = sending::check(&asked.url).map_err(wrong)?;
    let allow_private = state.outgoing.allow_private;
    let found = timeout(LOOK_UP, web::block(move || sending::reachable(&uri, allow_private))).await;
    found
        .map_err(|_| wrong("names a host that could not be looked up in time".to_owned()))?
        .map_err(ApiError::internal)?
        .map_err(wrong)?;
    let row = NewWebhook {
        project_id: key.project,
        id: Uuid::now_v7(),
        name: asked.name,
        url: asked.url,
        format: asked.format.unwrap_or_default().name(),
        secret: sending::secret(),
        digest: asked.digest.as_ref().map(DigestTime::kept).transpose()?,
        digest_at,
    };
    let secret = sending::shown(&row.secret);
    let made = state
        .db
        .transaction(move |conn| {
            let made = store::add(conn, &row, MOST_WEBHOOKS)?.ok_or_else(too_many)?;
            let detail = json!({"name": made.name, "format": made.format, "digest": made.digest});
            key.note(conn, Action::WebhookCreated, made.id, detail)?;
            Ok::<_, ApiError>(made)
        })
        .await?;
    Ok(HttpResponse::Created().json(NewWebhookResponse {
        secret,
        view: WebhookView::of(made, Undelivered::default())?,
    }))
}

/// Change a webhook
///
/// Names it, switches it off and on, or says when it gets the weekly digest.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The webhook's id")),
    request_body = WebhookChange,
    responses(
        (status = 200, description = "The webhook as it is now", body = WebhookView),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[patch("/webhooks/{id}")]
pub async fn update_webhook(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    body: JsonBody<WebhookChange>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = body.0;
    if let Some(name) = &change.name {
        names::check("name", name, names::LONG)?;
    }
    let view = state
        .db
        .transaction(move |conn| {
            let known = store::lock(conn, key.project, id.0)?.ok_or_else(absent)?;
            let digest = change.digest.as_ref();
            let digest = digest.map(|time| time.as_ref().map(DigestTime::kept).transpose());
            let settings = WebhookSettings {
                name: change.name.clone(),
                enabled: change.enabled,
                digest: digest.transpose()?,
                digest_at: digest::moved(&known, &change, Utc::now())?,
            };
            let changed = store::update(conn, key.project, id.0, &settings)?.ok_or_else(absent)?;
            key.note(conn, Action::WebhookChanged, id.0, json!(change))?;
            let undelivered = outbox::undelivered(conn, Some(key.project), Some(id.0))?;
            WebhookView::of(changed, undelivered)
        })
        .await?;
    state.posting.ring();
    Ok(HttpResponse::Ok().json(view))
}

/// Delete a webhook
///
/// Deletes it with its deliveries, made or not.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The webhook's id")),
    responses(
        (status = 204, description = "The webhook is gone"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[delete("/webhooks/{id}")]
pub async fn delete_webhook(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    delete_noted(&state, key, Action::WebhookDeleted, id.0, absent, store::delete).await
}
