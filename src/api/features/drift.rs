//! `GET /features/{feature}/drift`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{computed, listed};
use crate::api::range::RangeParams;
use crate::api::respond;
use crate::metrics::index::is_ratio;
use crate::query::analyses::drift::{self, ConfidenceShift, DriftedMetric, Question};
use crate::state::AppState;

/// What is watched unless the request says otherwise.
const METRICS: [&str; 3] = ["acceptance_rate", "correctness_rate", "calibration_gap_correctness"];
const MOST_METRICS: usize = 10;
const BASELINE_DAYS: usize = 14;
const ALPHA: f64 = 0.05;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DriftParams {
    /// Ids of up to ten rates and means, separated by commas.
    pub metrics: Option<String>,
    /// IANA time zone of days.
    pub timezone: Option<String>,
    /// Days at the start that say what is normal; 14 without it.
    #[param(minimum = 7, maximum = 365)]
    pub baseline_days: Option<usize>,
    /// The chance of a false finding over all metrics, and of a false alarm in thirty days of watching; 0.05 without it.
    #[param(minimum = 0.0001, maximum = 0.5)]
    pub alpha: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DriftResponse {
    pub feature: String,
    pub data: Vec<DriftedMetric>,
    /// How confidence is spread over its range in the last days against the first; null with too few days or outputs.
    #[schema(required = true)]
    pub confidence: Option<ConfidenceShift>,
    pub meta: AnalysisMeta,
}

/// Drift of a feature
///
/// What changed, when, by how much, and in which segment: dated changes of each metric, the day on which watching would have raised
/// an alarm, and whether confidences are spread as they used to be. False findings are kept rare however often one looks.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, DriftParams),
    responses(
        (status = 200, description = "What changed", body = DriftResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/drift")]
pub async fn get_feature_drift(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, DriftParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let ids = match &asked.metrics {
        Some(ids) => listed(Some(ids)),
        None => METRICS.map(str::to_owned).to_vec(),
    };
    if ids.len() > MOST_METRICS {
        return Err(ApiError::parameter(
            "metrics",
            format!("takes at most {MOST_METRICS} here"),
        ));
    }
    let metrics = ask::metrics_by_id(&ids)?;
    if let Some(other) = metrics.iter().find(|metric| !is_ratio(metric)) {
        return Err(ApiError::new(
            ErrorCode::InvalidParameter,
            format!(
                "`{}` is no rate and no mean, so that its days cannot be compared",
                other.id
            ),
        ));
    }
    let mut query = range.query(key.project, metrics)?;
    query.timezone = ask::timezone(asked.timezone.as_deref())?;
    let question = Question {
        query: of_feature(&state, query, &feature.0).await?,
        baseline_days: ask::within("baseline_days", asked.baseline_days, 7, 365)?.unwrap_or(BASELINE_DAYS),
        alpha: ask::within("alpha", asked.alpha, 0.0001, 0.5)?.unwrap_or(ALPHA),
    };
    let level = question.query.level.get();
    let compute = move |conn: &mut _, sources: &_, now| drift::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&DriftResponse {
            feature: feature.0.clone(),
            data: found.metrics.clone(),
            confidence: found.confidence.clone(),
            meta: AnalysisMeta {
                from: found.window.from,
                to: found.window.to,
                level,
                log_position: found.log_position,
                source: found.source,
                edit_thresholds: found.edit_thresholds,
            },
        })
    })
    .await
}
