//! `GET /features/{feature}/reliance`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{SplitParams, group, of_feature, question};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{QueryMeta, computed, estimates, meta};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::metrics::Estimate;
use crate::query::Sources;
use crate::query::analyses::advice::{self, Advice};
use crate::state::AppState;

const RELIANCE: [&str; 24] = [
    "over_reliance",
    "under_reliance",
    "appropriate_reliance",
    "switch_rate",
    "rair",
    "rsr",
    advice::MEAN,
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
    pub advice: Advice,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelianceResponse {
    pub feature: String,
    pub data: Vec<RelianceSlice>,
    pub meta: QueryMeta,
}

/// Reliance on a feature
///
/// Do users rely on it when it is right, and not when it is wrong? Where its answers are numbers, and users had one of their own before:
/// how far do they move to the AI's? Beyond the mean, that is computed from the outputs of the range: of up to 2,000,000, of more
/// with `exact`, and not where some of them are kept no longer.
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
    let mut query = of_feature(&state, query, &feature.0).await?;
    query.fill = true;
    let asked = query.clone();
    let compute = move |conn: &mut PgConnection, sources: &Sources, now| advice::run(conn, sources, &asked, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        let rows = found.answer.rows.iter().zip(&found.advice);
        let data = rows.map(|(row, advice)| RelianceSlice {
            group: group(&query, row),
            metrics: estimates(&query, row),
            advice: advice.clone(),
        });
        respond::rendered_json(&RelianceResponse {
            feature: feature.0.clone(),
            data: data.collect(),
            meta: meta(&query, &found.answer),
        })
    })
    .await
}
