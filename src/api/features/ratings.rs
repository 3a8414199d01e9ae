//! `GET /features/{feature}/ratings`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use diesel::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AnalysisMeta, SplitParams, group, of_feature, question};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{computed, estimates};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::metrics::Estimate;
use crate::query::analyses::ratings::{self, GroupRatings, METRICS, RatedScale};
use crate::query::{Query, Sources};
use crate::state::AppState;

/// The ratings in one group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RatingsSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    /// How many outputs were rated, and what the ratings come to: by the ids of the catalogue. A mean over several scales means little.
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
    /// The ratings on each scale that was used, that with the most of them first. Empty without ratings.
    pub scales: Vec<RatedScale>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RatingsResponse {
    pub feature: String,
    pub data: Vec<RatingsSlice>,
    pub meta: AnalysisMeta,
}

/// Ratings of a feature
///
/// What do raters say, step by step of their scale, and of how many outputs? Each rater's newest rating of each output counts; ratings on a
/// rubric do not. Thumbs are the scale from 0 to 1. A scale of whole numbers is told step by step, any other in ten bands.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, SplitParams),
    responses(
        (status = 200, description = "The ratings", body = RatingsResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/ratings")]
pub async fn get_feature_ratings(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, SplitParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, split) = params;
    let query = question(key.project, &METRICS, &range, split.group_by.as_deref(), split.exact)?;
    let mut query = of_feature(&state, query, &feature.0).await?;
    query.fill = true;
    let asked = query.clone();
    let compute = move |conn: &mut PgConnection, sources: &Sources, now| ratings::run(conn, sources, &asked, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&RatingsResponse {
            feature: feature.0.clone(),
            data: found.groups.iter().map(|own| slice(&query, own)).collect(),
            meta: AnalysisMeta::of(&found.answer, query.level.get()),
        })
    })
    .await
}

fn slice(query: &Query, found: &GroupRatings) -> RatingsSlice {
    RatingsSlice {
        group: group(query, &found.row),
        metrics: estimates(query, &found.row),
        scales: found.scales.clone(),
    }
}
