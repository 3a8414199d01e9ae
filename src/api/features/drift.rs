//! `GET /features/{feature}/drift`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask::{self, Scope};
use crate::api::auth::{Authorized, Read};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::extract::{Params, Segment};
use crate::api::query::{computed, listed};
use crate::api::respond;
use crate::metrics::index::is_ratio;
use crate::query::Query;
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
    /// Start of the range, RFC 3339 or milliseconds since 1970; the day of the first output without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    /// IANA time zone of days.
    pub timezone: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
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
    params(("feature" = String, Path, description = "The feature"), DriftParams),
    responses(
        (status = 200, description = "What changed", body = DriftResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/drift")]
pub async fn get_feature_drift(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<DriftParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
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
    let mut query = Query::new(key.project, metrics);
    query.filters = ask::filters_parameter(asked.filters.as_deref())?;
    let scope = Scope {
        from: asked.from.as_deref(),
        to: asked.to.as_deref(),
        timezone: asked.timezone.as_deref(),
        level: asked.level,
        ..Scope::default()
    };
    scope.apply(&mut query)?;
    let question = Question {
        query: of_feature(&state, query, &feature.0).await?,
        baseline_days: ask::within("baseline_days", asked.baseline_days, 7, 365)?.unwrap_or(BASELINE_DAYS),
        alpha: ask::within("alpha", asked.alpha, 0.0001, 0.5)?.unwrap_or(ALPHA),
    };
    let level = question.query.level.get();
    let compute = move |conn: &mut _, sources: &_, now| drift::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, |found| {
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
            },
        })
    })
    .await
}
