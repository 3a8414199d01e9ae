//! `GET /features/{feature}/stated-trust`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::names;
use crate::api::query::computed;
use crate::api::range::RangeParams;
use crate::api::respond;
use crate::query::analyses::stated_trust::{self, RUBRIC, StatedTrust};
use crate::state::AppState;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatedTrustParams {
    /// On which users say how far they trust it; `trust` without it.
    #[param(min_length = 1, max_length = 256)]
    pub rubric: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatedTrustResponse {
    pub feature: String,
    pub data: StatedTrust,
    pub meta: AnalysisMeta,
}

/// Stated trust in a feature
///
/// Do users do as they say? How far they say that they trust it, as the place of their ratings on a rubric from 0 to 1, beside what the
/// same users take. Each user's newest answer on each output counts, and each user once.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, StatedTrustParams),
    responses(
        (status = 200, description = "What users say, and what they do", body = StatedTrustResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/stated-trust")]
pub async fn get_feature_stated_trust(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, StatedTrustParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let rubric = asked.rubric.unwrap_or_else(|| RUBRIC.to_owned());
    if !(1..=names::LONG).contains(&rubric.chars().count()) || rubric.contains('\0') {
        let detail = format!("must have 1 to {} characters, none of them U+0000", names::LONG);
        return Err(ApiError::parameter("rubric", detail));
    }
    let query = of_feature(&state, range.query(key.project, Vec::new())?, &feature.0).await?;
    let level = query.level.get();
    let compute = move |conn: &mut _, sources: &_, _| stated_trust::run(conn, sources, &query, &rubric);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&StatedTrustResponse {
            feature: feature.0.clone(),
            data: found.found.clone(),
            meta: AnalysisMeta::of_segments(found.window, level, found.log_position),
        })
    })
    .await
}
