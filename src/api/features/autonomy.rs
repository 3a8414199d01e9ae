//! `GET /features/{feature}/autonomy`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::computed;
use crate::api::range::RangeParams;
use crate::api::respond;
use crate::query::analyses::autonomy::{self, Autonomy, Check, Covered, NoThreshold, Question, Spared, Start};
use crate::state::AppState;

const RISK: f64 = 0.05;
const DELTA: f64 = 0.05;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AutonomyParams {
    /// The error rate that is acceptable among outputs that act unasked; 0.05 without it.
    #[param(minimum = 0.001, maximum = 0.5)]
    pub risk: Option<f64>,
    /// The chance that the guarantee does not hold; 0.05 without it.
    #[param(minimum = 0.0001, maximum = 0.5)]
    pub delta: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AutonomyResponse {
    pub feature: String,
    pub risk: f64,
    pub delta: f64,
    /// What may act unasked, guaranteed for independent users, each counting once; null if no threshold meets the risk.
    #[schema(required = true)]
    pub threshold: Option<Covered>,
    /// Why there is none.
    #[schema(required = true)]
    pub reason: Option<NoThreshold>,
    /// The guarantee, or why there is none, in words.
    pub sentence: String,
    /// What could act unasked if outputs were independent, which those of one user are not: the exact binomial test.
    #[schema(required = true)]
    pub threshold_if_independent: Option<Covered>,
    /// The fewest users with judged outputs that can show the risk, if there is no error.
    pub least_users: u64,
    /// How many can show it if errors are half as many, and users differ as much as if each saw one output; where errors are shared more evenly
    /// fewer would do.
    pub users_needed: u64,
    /// Where tests begin, to go down from each to the first that fails: where users are enough to show the risk without an error, with a
    /// quarter of it, and with half of it, or at the lowest threshold where they never are. Each place once, with an equal part of `delta`.
    pub starts: Vec<Start>,
    /// How a threshold from the first seven tenths of the judged outputs did on the others; null without judged outputs.
    #[schema(required = true)]
    pub check: Option<Check>,
    /// What users would not have been asked; null without a threshold.
    #[schema(required = true)]
    pub spared: Option<Spared>,
    /// Error rate by coverage, from the most confident outputs down.
    pub curve: Vec<Covered>,
    /// Outputs with a confidence, and those of them that were judged. Which are judged is seldom random.
    pub outputs: u64,
    pub judged: u64,
    /// Judged outputs of which no user is known: they count for error rates, and not for the guarantee, which is about users.
    pub judged_of_nobody: u64,
    pub meta: AnalysisMeta,
}

/// Autonomy of a feature
///
/// Above which confidence may its outputs act without being asked about, so that the error rate stays under a risk with a stated
/// guarantee? How much that covers, how it has held up on later outputs, and what users would be spared. Only judgements say
/// what is an error; acceptance does not.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, AutonomyParams),
    responses(
        (status = 200, description = "The threshold, or why there is none", body = AutonomyResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/autonomy")]
pub async fn get_feature_autonomy(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, AutonomyParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let query = range.query(key.project, Vec::new())?;
    let question = Question {
        risk: ask::within("risk", asked.risk, 0.001, 0.5)?.unwrap_or(RISK),
        delta: ask::within("delta", asked.delta, 0.0001, 0.5)?.unwrap_or(DELTA),
        query: of_feature(&state, query, &feature.0).await?,
    };
    let answered = question.clone();
    let compute = move |conn: &mut _, sources: &_, _| autonomy::run(conn, sources, &question);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&response(feature.0.clone(), &answered, found))
    })
    .await
}

fn response(feature: String, question: &Question, found: &Autonomy) -> AutonomyResponse {
    AutonomyResponse {
        feature,
        risk: question.risk,
        delta: question.delta,
        sentence: autonomy::sentence(found, question),
        threshold: found.threshold.clone(),
        reason: found.reason,
        threshold_if_independent: found.if_independent.clone(),
        least_users: found.least_users,
        users_needed: found.users_needed,
        starts: found.starts.clone(),
        check: found.check.clone(),
        spared: found.spared,
        curve: found.curve.clone(),
        outputs: found.outputs,
        judged: found.judged,
        judged_of_nobody: found.judged_of_nobody,
        meta: AnalysisMeta::of_segments(found.window, question.query.level.get(), found.log_position),
    }
}
