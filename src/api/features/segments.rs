//! `GET /features/{feature}/segments`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::explain::metric;
use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::computed;
use crate::api::range::RangeParams;
use crate::api::respond;
use crate::metrics::Estimate;
use crate::query::analyses::ranking::{self, LargestGap, Question, RankedSegment};
use crate::state::AppState;

/// Five points, as for the verdict on trust.
const MARGIN: f64 = crate::metrics::families::trust::MARGIN;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SegmentsParams {
    /// The dimension whose values are compared.
    pub dimension: String,
    /// The id of a metric that is a rate or a mean; `acceptance_rate` without it.
    pub metric: Option<String>,
    /// Shares that differ from the rest by less than this are alike; 0.05 without it.
    #[param(minimum = 0, maximum = 1)]
    pub margin: Option<f64>,
    #[serde(default)]
    pub exact: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SegmentsResponse {
    pub feature: String,
    pub metric: &'static str,
    pub dimension: String,
    pub whole: Estimate,
    /// Those that want attention first: the worst where one way is better, else the highest; by the shrunk value where there is one.
    pub data: Vec<RankedSegment>,
    /// Null with fewer than two segments.
    #[schema(required = true)]
    pub largest_gap: Option<LargestGap>,
    pub meta: AnalysisMeta,
}

/// Segments of a feature
///
/// Which values of a dimension stand out in a metric? Each with its own estimate, one that is pulled towards the others by how little
/// is known of it, and its gap to the rest, adjusted for how many were looked at. With fewer than eight values nothing is pulled.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, SegmentsParams),
    responses(
        (status = 200, description = "The segments", body = SegmentsResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/segments")]
pub async fn get_feature_segments(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, SegmentsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let metric = metric(asked.metric.as_deref())?;
    let dimension = ask::dimension(&asked.dimension)?;
    let mut query = range.query(key.project, vec![metric])?;
    query.exact = asked.exact;
    let question = Question {
        query: of_feature(&state, query, &feature.0).await?,
        dimension: dimension.clone(),
        margin: Some(ask::within("margin", asked.margin, 0.0, 1.0)?.unwrap_or(MARGIN)),
    };
    let level = question.query.level.get();
    let compute = move |conn: &mut _, sources: &_, now| ranking::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&SegmentsResponse {
            feature: feature.0.clone(),
            metric: metric.id,
            dimension: dimension.name().to_owned(),
            whole: found.whole.clone(),
            data: found.segments.clone(),
            largest_gap: found.largest_gap.clone(),
            meta: AnalysisMeta::of(&found.answer, level),
        })
    })
    .await
}
