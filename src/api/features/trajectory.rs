//! `GET /features/{feature}/trajectory`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{computed, listed};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::domain::window::Granularity;
use crate::metrics::Estimate;
use crate::query::analyses::compare::Between;
use crate::query::analyses::growth::FIRST;
use crate::query::analyses::recovery::Lag;
use crate::query::analyses::staying::Staying;
use crate::query::analyses::trajectory::{self, Question, REGULAR, Step, Trajectory};
use crate::state::AppState;

const HALF_LIFE_DAYS: f64 = 14.0;
const QUIET_DAYS: u32 = 28;
const METRICS: [&str; 2] = ["acceptance_rate", "correctness_rate"];

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrajectoryParams {
    /// Ids from the catalogue, separated by commas; `acceptance_rate,correctness_rate` without it.
    pub metrics: Option<String>,
    /// Length of the buckets of calendar time; `auto` without it.
    pub granularity: Option<Granularity>,
    /// IANA time zone of days, weeks and months.
    pub timezone: Option<String>,
    /// Days after which a decision counts half for trust over calendar time; 14 without it.
    #[param(minimum = 0.1, maximum = 3650)]
    pub half_life_days: Option<f64>,
    /// Days of silence after which a user counts as having stopped; 28 without it.
    #[param(minimum = 1, maximum = 365)]
    pub quiet_days: Option<u32>,
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

/// One bucket of calendar time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TimeStep {
    /// The start of the bucket.
    pub bucket: String,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
    /// Acceptance as it is remembered at the end of the bucket: each decision counts half after the half-life.
    pub trust: Estimate,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrajectoryResponse {
    pub feature: String,
    pub by_exposure: Vec<ExposureStep>,
    /// The same over users who met the feature at least `regular_exposures` times: who leaves early is in none of its steps.
    pub by_exposure_of_regulars: Vec<ExposureStep>,
    pub regular_exposures: u32,
    /// Acceptance of users at exposure `regular_exposures` and later minus that of the same users at their first
    /// `first_exposures`: learning, free of who leaves.
    pub growth: Estimate,
    pub first_exposures: u32,
    /// Users who met the feature for the first time in the range.
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub newcomers: Ordered<Estimate>,
    /// Users who had met it before the range.
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub returning: Ordered<Estimate>,
    /// Newcomers minus returning users.
    #[schema(value_type = std::collections::BTreeMap<String, Between>)]
    pub newcomers_difference: Ordered<Between>,
    /// Acceptance of a user's next outputs after a bad one (rejected, taken back, or judged wrong) against after a good one.
    pub recovery: Vec<Lag>,
    /// After how many decided outputs half of the drop is gone. No value where there is no drop to speak of (`no_cases`), nor where it does not
    /// fade: it lasts, or is surely made up for at once (`not_identified`).
    pub recovery_half_life: Estimate,
    /// How long users who met the feature for the first time in the range keep using it, by weeks since then.
    pub staying: Staying,
    /// How often it interrupts: outputs for each hour (of the clock, UTC) in which a user was shown one, but for those the app took by itself.
    pub exposures_per_active_hour: Estimate,
    pub granularity: Granularity,
    pub half_life_days: f64,
    /// Outputs without a user are counted here, each as a user of its own.
    pub by_time: Vec<TimeStep>,
    pub meta: AnalysisMeta,
}

/// Trajectory of a feature
///
/// How trust grows with use: metrics by the users' n-th exposure, of newcomers and returning users, and over calendar time; what
/// a bad output does to the acceptance of the next ones; how long newcomers stay, and how often they are interrupted. Outputs without a user are left out where users are followed.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, TrajectoryParams),
    responses(
        (status = 200, description = "The trajectory", body = TrajectoryResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/trajectory")]
pub async fn get_feature_trajectory(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, TrajectoryParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let ids = match &asked.metrics {
        Some(ids) => listed(Some(ids)),
        None => METRICS.map(str::to_owned).to_vec(),
    };
    let mut query = range.query(key.project, ask::metrics_by_id(&ids)?)?;
    query.granularity = asked.granularity;
    query.timezone = ask::timezone(asked.timezone.as_deref())?;
    let half_life_days = ask::within("half_life_days", asked.half_life_days, 0.1, 3_650.0)?.unwrap_or(HALF_LIFE_DAYS);
    let question = Question {
        query: of_feature(&state, query, &feature.0).await?,
        half_life_days,
        quiet_days: ask::within("quiet_days", asked.quiet_days, 1, 365)?.unwrap_or(QUIET_DAYS),
    };
    let asked = question.clone();
    let compute = move |conn: &mut _, sources: &_, now| trajectory::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&response(feature.0.clone(), &asked, found))
    })
    .await
}

fn response(feature: String, question: &Question, found: &Trajectory) -> TrajectoryResponse {
    let query = &question.query;
    let ids = || query.metrics.iter().map(|metric| metric.id.to_owned());
    let named = |estimates: &[Estimate]| Ordered(ids().zip(estimates.iter().cloned()).collect());
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
        newcomers_difference: Ordered(ids().zip(found.newcomers_difference.iter().copied()).collect()),
        growth: found.growth.clone(),
        first_exposures: FIRST,
        recovery: found.recovery.clone(),
        recovery_half_life: found.half_life.clone(),
        staying: found.staying.clone(),
        exposures_per_active_hour: found.load.clone(),
        granularity: found.granularity,
        half_life_days: question.half_life_days,
        by_time: found
            .by_time
            .iter()
            .map(|moment| TimeStep {
                bucket: moment.start.to_rfc3339(),
                metrics: named(&moment.estimates),
                trust: moment.trust.clone(),
            })
            .collect(),
        meta: AnalysisMeta {
            edit_thresholds: found.edit_thresholds,
            ..AnalysisMeta::of_segments(found.window, query.level.get(), found.log_position)
        },
    }
}
