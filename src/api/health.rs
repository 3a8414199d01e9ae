//! Health for process managers, and the service's metrics for Prometheus. Neither needs a key; neither tells of a tenant.

use actix_web::{HttpResponse, get, web};
use chrono::Utc;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::Busy;
use super::error::ApiError;
use super::status::COUNTED_BACKLOG;
use crate::state::AppState;
use crate::store::{StoreError, events, fold_state};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HealthResponse {
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Is the process alive?
///
/// Answers as long as the process runs.
#[utoipa::path(tag = "operations", responses((status = 200, description = "It runs", body = HealthResponse)))]
#[get("/live")]
pub async fn get_liveness() -> HttpResponse {
    HttpResponse::Ok().json(HealthResponse { status: "ok" })
}

/// Can it take requests?
///
/// 200 when the database answers.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "It is ready", body = HealthResponse),
        Busy,
    )
)]
#[get("/ready")]
pub async fn get_readiness(state: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    state
        .db
        .look_up(|conn| fold_state::layout(conn).map_err(StoreError::from))
        .await?;
    Ok(HttpResponse::Ok().json(HealthResponse { status: "ok" }))
}

/// Service metrics
///
/// The service's own metrics in Prometheus' text format: requests, events, backlog.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "Metrics", body = String, content_type = "text/plain"),
        Busy,
    )
)]
#[get("/metrics")]
pub async fn get_service_metrics(state: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    let backlog = state
        .db
        .run(|conn| events::backlog(conn, None, COUNTED_BACKLOG).map_err(StoreError::from))
        .await?;
    let age = backlog
        .oldest
        .map_or(0, |oldest| (Utc::now() - oldest).num_seconds().max(0));
    state.metrics.backlog_events.set(backlog.events);
    state.metrics.fold_age_seconds.set(age);
    let text = state.metrics.encode().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}
