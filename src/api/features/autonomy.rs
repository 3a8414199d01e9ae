//! `GET /features/{feature}/autonomy`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask::{self, Scope};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::query::computed;
use crate::api::respond;
use crate::query::Query;
use crate::query::analyses::autonomy::{self, Autonomy, Check, Covered, NoThreshold, Question, Spared};
use crate::query::answer::Source;
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
    /// Start of the range, RFC 3339 or milliseconds since 1970; the day of the first output without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    /// Level of the intervals of error rates.
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
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
    /// Users with judged outputs that would be enough to show half the risk.
    pub users_needed: u64,
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
    pub meta: AnalysisMeta,
}

/// Autonomy of a feature
///
/// Above which confidence may its outputs act without being asked about, so that the error rate stays under a risk with a stated
/// guarantee? How much that covers, how it has held up on later outputs, and what users would be spared. Only judgements say
/// what is an error; acceptance does not.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), AutonomyParams),
    responses(
        (status = 200, description = "The threshold, or why there is none", body = AutonomyResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/autonomy")]
pub async fn get_feature_autonomy(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<AutonomyParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let mut query = Query::new(key.project, Vec::new());
    query.filters = ask::filters_parameter(asked.filters.as_deref())?;
    let scope = Scope {
        from: asked.from.as_deref(),
        to: asked.to.as_deref(),
        level: asked.level,
        ..Scope::default()
    };
    scope.apply(&mut query)?;
    let question = Question {
        risk: ask::within("risk", asked.risk, 0.001, 0.5)?.unwrap_or(RISK),
        delta: ask::within("delta", asked.delta, 0.0001, 0.5)?.unwrap_or(DELTA),
        query: of_feature(&state, query, &feature.0).await?,
    };
    let answered = question.clone();
    let compute = move |conn: &mut _, sources: &_, _| autonomy::run(conn, sources, &question);
    computed(&state, &request, key.project, String::new(), compute, |found| {
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
        users_needed: found.users_needed,
        check: found.check.clone(),
        spared: found.spared,
        curve: found.curve.clone(),
        outputs: found.outputs,
        judged: found.judged,
        meta: AnalysisMeta {
            from: found.window.from,
            to: found.window.to,
            level: question.query.level.get(),
            log_position: found.log_position,
            source: Source::Segments,
        },
    }
}
