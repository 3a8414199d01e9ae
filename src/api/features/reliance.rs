//! `GET /features/{feature}/reliance`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{SplitParams, about, group, question};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{QueryMeta, estimates, meta};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::metrics::Estimate;
use crate::state::AppState;

const RELIANCE: [&str; 23] = [
    "over_reliance",
    "under_reliance",
    "appropriate_reliance",
    "switch_rate",
    "rair",
    "rsr",
    "initial_accuracy",
    "initial_agreement",
    "agreement_fraction",
    "over_reliance_opposed",
    "under_reliance_opposed",
    "accuracy_wid",
    "gain_over_own",
    "gain_over_ai",
    "complementary_performance",
    "d_prime",
    "criterion",
    "rubber_stamp_rate",
    "fast_acceptance_error",
    "slow_acceptance_error",
    "fast_acceptance_excess_error",
    "response_rate",
    "judgement_coverage",
];

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelianceSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelianceResponse {
    pub feature: String,
    pub data: Vec<RelianceSlice>,
    pub meta: QueryMeta,
}

/// Reliance on a feature
///
/// Do users rely on it when it is right, and not when it is wrong?
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, SplitParams),
    responses(
        (status = 200, description = "Reliance, in one slice or split", body = RelianceResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/reliance")]
pub async fn get_feature_reliance(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, SplitParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, split) = params;
    let query = question(key.project, &RELIANCE, &range, split.group_by.as_deref(), split.exact)?;
    about(&state, &request, query, feature.0, |feature, query, answer| {
        let data = answer.rows.iter().map(|row| RelianceSlice {
            group: group(query, row),
            metrics: estimates(query, row),
        });
        respond::rendered_json(&RelianceResponse {
            feature,
            data: data.collect(),
            meta: meta(query, answer),
        })
    })
    .await
}
