//! `GET /features/{feature}`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::{FeatureSummary, headline, summaries};
use super::of_feature;
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{QueryMeta, computed, meta};
use crate::api::range::RangeParams;
use crate::api::respond;
use crate::query::{self, Answer, Query};
use crate::state::AppState;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeatureParams {
    #[serde(default)]
    pub exact: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureResponse {
    pub data: FeatureSummary,
    pub meta: QueryMeta,
}

/// Read a feature
///
/// One feature as the list has it: its headline numbers, and what they say of its trust.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, FeatureParams),
    responses(
        (status = 200, description = "The feature", body = FeatureResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}")]
pub async fn get_feature(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, FeatureParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    // With all features, since its shrunk numbers know of the others.
    let all = headline(key.project, &range, asked.exact)?;
    let alone = Query {
        fill: true,
        ..of_feature(&state, all.clone(), &feature.0).await?
    };
    let found = move |query: &Query, answer: &Answer| {
        let mut listed = summaries(query, answer).into_iter();
        let data = listed.find(|summary| summary.feature == feature.0)?;
        let meta = meta(query, answer);
        Some(FeatureResponse { data, meta })
    };
    let compute = move |conn: &mut _, sources: &_, now| {
        let answer = query::run(conn, sources, &all, now)?;
        match found(&all, &answer) {
            Some(found) => Ok(Some(found)),
            // Without outputs in the range, it is not among the others.
            None => Ok(found(&alone, &query::run(conn, sources, &alone, now)?)),
        }
    };
    computed(
        &state,
        &request,
        key.project,
        String::new(),
        compute,
        |found| match found {
            Some(found) => respond::rendered_json(found),
            None => Err(ApiError::not_found("feature")),
        },
    )
    .await
}
