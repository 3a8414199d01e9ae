//! `GET /features/{feature}/quality`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::query::computed;
use crate::api::range::RangeParams;
use crate::api::respond;
use crate::metrics::Reason;
use crate::query::analyses::quality::{self, AssistedQuality};
use crate::state::AppState;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QualityResponse {
    pub feature: String,
    /// For each judge that judged outputs with and without labels of people; those with the most labels first.
    pub data: Vec<AssistedQuality>,
    /// Why there are none: no opinions at all, or no output on which both people and a judge have one.
    #[schema(required = true)]
    pub reason: Option<Reason>,
    pub meta: AnalysisMeta,
}

/// Quality of a feature
///
/// The share of outputs that are right by people's word, from few labels of people and many of a judge (prediction-powered
/// inference): not biased by the judge, and hardly ever less certain than people alone.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams),
    responses(
        (status = 200, description = "The quality, with each judge's help", body = QualityResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/quality")]
pub async fn get_feature_quality(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<RangeParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let query = of_feature(&state, params.0.query(key.project, Vec::new())?, &feature.0).await?;
    let level = query.level.get();
    let compute = move |conn: &mut _, sources: &_, _| quality::run(conn, sources, &query);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&QualityResponse {
            feature: feature.0.clone(),
            data: found.found.by_judge.clone(),
            reason: found.found.reason,
            meta: AnalysisMeta::of_segments(found.window, level, found.log_position),
        })
    })
    .await
}
