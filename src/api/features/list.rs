//! `GET /features`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{FeatureParams, question, verdict};
use crate::api::answers::ReadAnswers;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::Params;
use crate::api::query::{QueryMeta, answer, estimates, meta};
use crate::api::respond::{self, Ordered};
use crate::domain::dimension::Dimension;
use crate::metrics::Estimate;
use crate::metrics::families::trust::Verdict;
use crate::state::AppState;

const HEADLINE: [&str; 8] = [
    "shown",
    "users",
    "response_rate",
    "acceptance_rate",
    "correctness_rate",
    "trust",
    "trustworthiness",
    "trust_gap",
];

/// A feature and its headline numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureSummary {
    pub feature: String,
    pub verdict: Verdict,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeaturesResponse {
    pub data: Vec<FeatureSummary>,
    pub meta: QueryMeta,
}

/// List features
///
/// Every feature with its headline numbers and what they say of its trust.
#[utoipa::path(
    tag = "features",
    params(FeatureParams),
    responses(
        (status = 200, description = "The features", body = FeaturesResponse),
        ReadAnswers,
    ),
    security(("api_key" = []))
)]
#[get("/features")]
pub async fn list_features(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<FeatureParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut query = question(key.project, &HEADLINE, &params.0)?;
    if !query.group_by.is_empty() {
        return Err(ApiError::parameter(
            "group_by",
            "this route groups by feature; use POST /api/v1/query for more",
        ));
    }
    query.group_by = vec![Dimension::Feature];
    answer(&state, &request, query, String::new(), |query, answer| {
        let data = answer.rows.iter().map(|row| FeatureSummary {
            feature: row.group.first().cloned().flatten().unwrap_or_default(),
            verdict: verdict(query, row),
            metrics: estimates(query, row),
        });
        respond::rendered_json(&FeaturesResponse {
            data: data.collect(),
            meta: meta(query, answer),
        })
    })
    .await
}
