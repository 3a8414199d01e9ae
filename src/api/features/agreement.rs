//! `GET /features/{feature}/agreement`.

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
use crate::query::analyses::agreement::{self, Agreement};
use crate::state::AppState;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementResponse {
    pub feature: String,
    pub data: Agreement,
    pub meta: AnalysisMeta,
}

/// Agreement on a feature
///
/// Do people judge its outputs alike, rubric by rubric? May a model or program judge in their place? Do users take what judges call
/// right? Everyone's newest opinion counts.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams),
    responses(
        (status = 200, description = "Who agrees with whom", body = AgreementResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/agreement")]
pub async fn get_feature_agreement(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<RangeParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let query = of_feature(&state, params.0.query(key.project, Vec::new())?, &feature.0).await?;
    let level = query.level.get();
    let compute = move |conn: &mut _, sources: &_, _| agreement::run(conn, sources, &query);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&AgreementResponse {
            feature: feature.0.clone(),
            data: found.found.clone(),
            meta: AnalysisMeta::of_segments(found.window, level, found.log_position),
        })
    })
    .await
}
