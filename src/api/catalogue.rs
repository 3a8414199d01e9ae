//! `GET /metrics`: what each metric means, from the registry.

use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Authorized, Read};
use super::error::{ApiError, Problem};
use super::respond;
use crate::metrics::{self, Direction, Unit};

/// The definition of one metric.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MetricDefinition {
    pub id: &'static str,
    pub family: &'static str,
    pub title: &'static str,
    pub summary: &'static str,
    pub formula: &'static str,
    pub unit: Unit,
    pub direction: Direction,
    /// How the interval is made.
    pub interval: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CatalogueResponse {
    pub data: Vec<MetricDefinition>,
}

/// List metrics
///
/// Every metric with its definition, unit, direction, interval and source.
#[utoipa::path(
    tag = "metrics",
    responses(
        (status = 200, description = "The catalogue", body = CatalogueResponse),
        (status = 304, description = "The client has this answer"),
        (status = 401, description = "No valid key", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = []))
)]
#[get("/metrics")]
pub async fn list_metrics(request: HttpRequest, _key: Authorized<Read>) -> Result<HttpResponse, ApiError> {
    let data = metrics::all()
        .map(|(family, metric)| MetricDefinition {
            id: metric.id,
            family: family.id,
            title: metric.title,
            summary: metric.summary,
            formula: metric.formula,
            unit: metric.unit,
            direction: metric.direction,
            interval: metric.interval,
            source: metric.source,
        })
        .collect();
    respond::json(&request, &CatalogueResponse { data })
}
