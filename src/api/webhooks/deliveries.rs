//! What was sent to a webhook, and what could not be.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::absent;
use crate::api::answers::{Absent, ReadAnswers, WriteAnswers};
use crate::api::ask;
use crate::api::auth::{Admin, Authorized, Read};
use crate::api::error::{ApiError, Problem};
use crate::api::extract::{Params, Segment};
use crate::api::respond;
use crate::domain::action::Action;
use crate::state::AppState;
use crate::store::projects;
use crate::store::webhooks as store;
use crate::store::webhooks::outbox::{self, Delivery};
use crate::webhooks;

/// Deliveries in one answer.
pub const MOST_LISTED: usize = 500;
const LISTED: usize = 50;

/// Where a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is still to be made.
    Waiting,
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    const fn name(self) -> &'static str {
        match self {
            DeliveryState::Waiting => outbox::WAITING,
            DeliveryState::Delivered => outbox::DELIVERED,
            DeliveryState::Dead => outbox::DEAD,
        }
    }
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesParams {
    /// Only deliveries in this state; `dead` are those that were given up.
    pub state: Option<DeliveryState>,
    /// The latest so many; 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    pub id: Uuid,
    /// As in the header `webhook-id` of each attempt.
    pub webhook_id: String,
    /// `alert.fired`, `alert.cleared`, `digest.weekly` or `webhook.test`.
    #[serde(rename = "type")]
    pub kind: String,
    pub created_at: DateTime<Utc>,
    #[schema(value_type = DeliveryState)]
    pub state: String,
    pub attempts: i32,
    #[schema(required = true)]
    pub attempted_at: Option<DateTime<Utc>>,
    /// When the next attempt is due; null if there is none.
    #[schema(required = true)]
    pub due_at: Option<DateTime<Utc>>,
    /// The status that the last attempt was answered with.
    #[schema(required = true)]
    pub status: Option<i32>,
    /// Why the last attempt failed.
    #[schema(required = true)]
    pub failure: Option<String>,
    #[schema(required = true)]
    pub finished_at: Option<DateTime<Utc>>,
    /// What is sent.
    pub body: serde_json::Value,
}

impl DeliveryView {
    pub(super) fn of(delivery: Delivery) -> DeliveryView {
        DeliveryView {
            id: delivery.id,
            webhook_id: webhooks::message_id(delivery.id),
            kind: delivery.kind,
            created_at: delivery.created_at,
            due_at: (delivery.state == outbox::WAITING).then_some(delivery.due_at),
            state: delivery.state,
            attempts: delivery.attempts,
            attempted_at: delivery.attempted_at,
            status: delivery.status,
            failure: delivery.failure,
            finished_at: delivery.finished_at,
            body: serde_json::from_str(&delivery.body).unwrap_or_default(),
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveriesResponse {
    /// The newest first.
    pub data: Vec<DeliveryView>,
}

/// List deliveries
///
/// What was sent to a webhook, what is on its way, and what was given up.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The webhook's id"), DeliveriesParams),
    responses(
        (status = 200, description = "The deliveries", body = DeliveriesResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/webhooks/{id}/deliveries")]
pub async fn list_deliveries(
    request: HttpRequest,
    key: Authorized<Read>,
    id: Segment<Uuid>,
    params: Params<DeliveriesParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let limit = ask::within("limit", params.0.limit, 1, MOST_LISTED)?.unwrap_or(LISTED);
    let asked = params.0.state.map(DeliveryState::name);
    let found = state
        .db
        .run(move |conn| {
            store::find(conn, key.project, id.0)?.ok_or_else(absent)?;
            outbox::deliveries(conn, key.project, id.0, asked, limit as i64).map_err(ApiError::from)
        })
        .await?;
    respond::json(
        &request,
        &DeliveriesResponse {
            data: found.into_iter().map(DeliveryView::of).collect(),
        },
    )
}

/// Test a webhook
///
/// Sends it a message of the type `webhook.test`, signed and tried again like any other, even if it is not enabled now: then it waits.
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
#[post("/webhooks/{id}/test")]
pub async fn create_test_delivery(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let delivery = state
        .db
        .transaction(move |conn| {
            let webhook = store::find(conn, key.project, id.0)?.ok_or_else(absent)?;
            let project = projects::find(conn, key.project)?;
            let message = webhooks::test_message(&project.name, Utc::now());
            let delivery = outbox::post_to(conn, &webhook, &message)?;
            key.note(conn, Action::WebhookTested, id.0, json!({}))?;
            Ok::<_, ApiError>(delivery)
        })
        .await?;
    state.posting.ring();
    Ok(HttpResponse::Accepted().json(DeliveryView::of(delivery)))
}

/// Deliver again
///
/// Sends what was given up, or delivered, once more, with the same `webhook-id` and all its attempts.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The delivery's id")),
    responses(
        (status = 202, description = "It is on its way", body = DeliveryView),
        WriteAnswers,
        Absent,
        (status = 409, description = "It is on its way already (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/deliveries/{id}/redeliver")]
pub async fn create_redelivery(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let delivery = state
        .db
        .transaction(move |conn| {
            let Some(delivery) = outbox::redeliver(conn, key.project, id.0)? else {
                return match outbox::delivery(conn, key.project, id.0)? {
                    Some(_) => Err(ApiError::conflict("it is on its way already")),
                    None => Err(ApiError::not_found("delivery")),
                };
            };
            key.note(conn, Action::DeliveryRepeated, id.0, json!({}))?;
            Ok(delivery)
        })
        .await?;
    state.posting.ring();
    Ok(HttpResponse::Accepted().json(DeliveryView::of(delivery)))
}
