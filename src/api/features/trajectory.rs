//! `GET /features/{feature}/trajectory`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask::{self, Scope};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::query::{computed, listed};
use crate::api::respond::{self, Ordered};
use crate::metrics::Estimate;
use crate::query::Query;
use crate::query::analyses::recovery::Lag;
use crate::query::analyses::trajectory::{self, REGULAR, Step, Trajectory};
use crate::query::answer::Source;
use crate::state::AppState;

const METRICS: [&str; 2] = ["acceptance_rate", "correctness_rate"];

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrajectoryParams {
    /// Ids from the catalogue, separated by commas; `acceptance_rate,correctness_rate` without it.
    pub metrics: Option<String>,
    /// Start of the range, RFC 3339 or milliseconds since 1970; the day of the first output without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

/// Metrics of the outputs that were some users' n-th of the feature.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExposureStep {
    /// First exposure of the step.
    pub from: u32,
    /// Last exposure of the step; null for the last one.
    #[schema(required = true)]
    pub to: Option<u32>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrajectoryResponse {
    pub feature: String,
    pub by_exposure: Vec<ExposureStep>,
    /// The same over users who met the feature at least `regular_exposures` times: who leaves early is in none of its steps.
    pub by_exposure_of_regulars: Vec<ExposureStep>,
    pub regular_exposures: u32,
    /// Users who met the feature for the first time in the range.
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub newcomers: Ordered<Estimate>,
    /// Users who had met it before the range.
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub returning: Ordered<Estimate>,
    /// Acceptance of a user's next outputs after a bad one (rejected, taken back, or judged wrong) against after a good one.
    pub recovery: Vec<Lag>,
    pub meta: AnalysisMeta,
}

/// Trajectory of a feature
///
/// How trust grows with use: metrics by the users' n-th exposure, of newcomers and returning users, and what a bad output
/// does to the acceptance of the next ones. Outputs without a user are left out.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), TrajectoryParams),
    responses(
        (status = 200, description = "The trajectory", body = TrajectoryResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/trajectory")]
pub async fn get_feature_trajectory(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<TrajectoryParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let ids = match &asked.metrics {
        Some(ids) => listed(Some(ids)),
        None => METRICS.map(str::to_owned).to_vec(),
    };
    let mut query = Query::new(key.project, ask::metrics_by_id(&ids)?);
    query.filters = ask::filters_parameter(asked.filters.as_deref())?;
    let scope = Scope {
        from: asked.from.as_deref(),
        to: asked.to.as_deref(),
        level: asked.level,
        ..Scope::default()
    };
    scope.apply(&mut query)?;
    let query = of_feature(&state, query, &feature.0).await?;
    let question = query.clone();
    let compute = move |conn: &mut _, sources: &_, _| trajectory::run(conn, sources, &query);
    computed(&state, &request, key.project, String::new(), compute, |found| {
        respond::rendered_json(&response(feature.0.clone(), &question, found))
    })
    .await
}

fn response(feature: String, query: &Query, found: &Trajectory) -> TrajectoryResponse {
    let named = |estimates: &[Estimate]| {
        let ids = query.metrics.iter().map(|metric| metric.id.to_owned());
        Ordered(ids.zip(estimates.iter().cloned()).collect())
    };
    let steps = |steps: &[Step]| {
        let step = |step: &Step| ExposureStep {
            from: step.from,
            to: step.to,
            metrics: named(&step.estimates),
        };
        steps.iter().map(step).collect()
    };
    TrajectoryResponse {
        feature,
        by_exposure: steps(&found.all),
        by_exposure_of_regulars: steps(&found.regulars),
        regular_exposures: REGULAR,
        newcomers: named(&found.newcomers),
        returning: named(&found.returning),
        recovery: found.recovery.clone(),
        meta: AnalysisMeta {
            from: found.window.from,
            to: found.window.to,
            level: query.level.get(),
            log_position: found.log_position,
            source: Source::Segments,
        },
    }
}
