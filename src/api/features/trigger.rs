//! `GET /features/{feature}/trigger`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{computed, estimates};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::metrics::Estimate;
use crate::query::analyses::trigger::{self, Question, ThresholdStep, Usefulness, Weights};
use crate::state::AppState;

const TRIGGER: [&str; 5] = ["trigger_precision", "trigger_recall", "shown", "missed", "ignore_rate"];

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TriggerParams {
    /// What makes an offer useful; `persistence` without it.
    pub usefulness: Option<Usefulness>,
    /// How much more recall counts than precision in `f_beta`; 1 without it.
    #[param(minimum = 0.01, maximum = 100)]
    pub beta: Option<f64>,
    /// What a useless offer costs, in useful ones; without it, what each threshold says of it: t / (1 − t).
    #[param(minimum = 0, maximum = 1000)]
    pub cost: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TriggerResponse {
    pub feature: String,
    pub usefulness: Usefulness,
    pub beta: f64,
    /// Null where each threshold has its own.
    #[schema(required = true)]
    pub cost: Option<f64>,
    /// Precision and recall as the feature fires now. Recall is `not_identified` without `missed` events.
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
    /// Outputs with a confidence of which the usefulness is known: what the thresholds are about.
    pub outputs: u64,
    /// Share of useful ones among them.
    pub base_rate: Estimate,
    /// Mean precision over the recall of what was shown: the base rate when confidence says nothing.
    #[schema(required = true)]
    pub average_precision: Option<f64>,
    pub thresholds: Vec<ThresholdStep>,
    pub meta: AnalysisMeta,
}

/// Trigger quality of a feature
///
/// Does it fire when it should, and from which confidence on would it pay to? Precision, recall, F-score, and the net benefit by
/// threshold. A threshold states what a useless offer costs next to a useful one; it is taken at its word, so that confidence should be
/// calibrated. With a `cost` the net benefit is the expected utility of each threshold at that cost, and the best one has most of it.
/// An output without a user is a cluster of its own, and counted as no user.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, TriggerParams),
    responses(
        (status = 200, description = "How well it is triggered", body = TriggerResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/trigger")]
pub async fn get_feature_trigger(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, TriggerParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let mut query = range.query(key.project, ask::metrics_by_id(&TRIGGER.map(str::to_owned))?)?;
    query.fill = true;
    let usefulness = asked.usefulness.unwrap_or_default();
    let question = Question {
        query: of_feature(&state, query, &feature.0).await?,
        usefulness,
        weights: Weights {
            beta: ask::within("beta", asked.beta, 0.01, 100.0)?.unwrap_or(1.0),
            cost: ask::within("cost", asked.cost, 0.0, 1_000.0)?,
        },
    };
    let weights = question.weights;
    let query = question.query.clone();
    let compute = move |conn: &mut _, sources: &_, now| trigger::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        let headline = found.headline.as_ref();
        respond::rendered_json(&TriggerResponse {
            feature: feature.0.clone(),
            usefulness,
            beta: weights.beta,
            cost: weights.cost,
            metrics: headline.map_or(Ordered(Vec::new()), |row| estimates(&query, row)),
            outputs: found.outputs,
            base_rate: found.base_rate.clone(),
            average_precision: found.average_precision,
            thresholds: found.steps.clone(),
            meta: AnalysisMeta::of_segments(found.window, query.level.get(), found.log_position),
        })
    })
    .await
}
