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
use crate::query::analyses::trigger::{self, Question, ThresholdStep, Usefulness};
use crate::state::AppState;

const TRIGGER: [&str; 5] = ["trigger_precision", "trigger_recall", "shown", "missed", "ignore_rate"];

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TriggerParams {
    /// What makes an offer useful; `persistence` without it.
    pub usefulness: Option<Usefulness>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TriggerResponse {
    pub feature: String,
    pub usefulness: Usefulness,
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
/// Does it fire when it should, and from which confidence on would it pay to? Precision, recall, and the net benefit by threshold. A
/// threshold states what a useless offer costs next to a useful one; it is taken at its word, so that confidence should be calibrated.
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
    };
    let query = question.query.clone();
    let compute = move |conn: &mut _, sources: &_, now| trigger::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        let headline = found.headline.as_ref();
        respond::rendered_json(&TriggerResponse {
            feature: feature.0.clone(),
            usefulness,
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
