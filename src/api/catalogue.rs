//! `GET /metrics`: what each metric means, and what each analysis answers, from their registries.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadAnswers;
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::rendered::as_of_now;
use super::respond;
use crate::domain::edits::EditThresholds;
use crate::metrics::index::is_ratio;
use crate::metrics::{self, Direction, Unit};
use crate::query::analyses::catalogue::ANALYSES;
use crate::state::AppState;

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
    /// Whether it is a share or a mean of outputs: of these alone alerts of kind `change`, drift and `explain` can say what moved.
    pub is_ratio: bool,
    /// How the interval is made.
    pub interval: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
}

/// What an analysis answers, and how.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnalysisDefinition {
    pub id: &'static str,
    pub question: &'static str,
    /// Where it is answered.
    pub route: String,
    pub method: &'static str,
    /// How its intervals are made, and what it guarantees.
    pub interval: &'static str,
    /// Where the method comes from.
    pub source: &'static str,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CatalogueResponse {
    pub data: Vec<MetricDefinition>,
    /// Up to which edit distance an edit is light, medium or heavy in this project.
    pub edit_thresholds: EditThresholds,
    /// Questions that take more than a metric.
    pub analyses: Vec<AnalysisDefinition>,
}

/// List metrics
///
/// Every metric with its definition, unit, direction, interval and source, and every analysis with its method and its source.
#[utoipa::path(
    tag = "metrics",
    responses(
        (status = 200, description = "The catalogue", body = CatalogueResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/metrics")]
pub async fn list_metrics(
    request: HttpRequest,
    key: Authorized<Read>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let project = as_of_now(&state, key.project).await?;
    let data = metrics::all()
        .map(|(family, metric)| MetricDefinition {
            id: metric.id,
            family: family.id,
            title: metric.title,
            summary: metric.summary,
            formula: metric.formula,
            unit: metric.unit,
            direction: metric.direction,
            is_ratio: is_ratio(metric),
            interval: metric.interval,
            source: metric.source,
        })
        .collect();
    let analyses = ANALYSES
        .iter()
        .map(|analysis| AnalysisDefinition {
            id: analysis.id,
            question: analysis.question,
            route: format!("/api/v1{}", analysis.route),
            method: analysis.method,
            interval: analysis.interval,
            source: analysis.source,
        })
        .collect();
    let catalogue = CatalogueResponse {
        data,
        edit_thresholds: project.edit_thresholds,
        analyses,
    };
    respond::json(&request, &catalogue)
}
