//! `GET /evals/{set}/quality`: is the eval any good?

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::limits::{DAYS, MOST_DAYS};
use super::named;
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::names;
use crate::api::query::computed;
use crate::api::respond;
use crate::query::analyses::evals::quality::{self, EvalQuality, Question};
use crate::state::AppState;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalQualityParams {
    /// Only results of this run; without it the newest of each case, of the last 50 runs.
    pub run: Option<Uuid>,
    /// Only results of this judge.
    #[param(max_length = 256)]
    pub judge: Option<String>,
    /// Whether results of other versions than that of the case's output count as well.
    #[serde(default)]
    pub any_version: bool,
    /// Days of production, up to now; 30 without it.
    #[param(minimum = 1, maximum = 365)]
    pub days: Option<i64>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalQualityResponse {
    pub set: String,
    pub data: EvalQuality,
    pub level: f64,
}

/// Is the eval any good?
///
/// Whether its scores go with what users did, feature by feature; how much of what users meet it has cases of, and the largest segments
/// that it misses; whether its cases are still like what is asked. Where it cannot say, it says why.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalQualityParams),
    responses((status = 200, description = "How good the set is", body = EvalQualityResponse), ReadAnswers, Absent),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}/quality")]
pub async fn get_eval_quality(
    request: HttpRequest,
    key: Authorized<Read>,
    set: Segment<String>,
    params: Params<EvalQualityParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (project, asked) = (key.project, params.0);
    let level = ask::level(asked.level)?;
    let days = ask::within("days", asked.days, 1, MOST_DAYS)?.unwrap_or(DAYS);
    let longest = |judge: &String| judge.chars().count() > names::LONG;
    if asked.judge.as_ref().is_some_and(longest) {
        let detail = format!("must have at most {} characters", names::LONG);
        return Err(ApiError::parameter("judge", detail));
    }
    let found = state.db.run(move |conn| named(conn, project, &set.0)).await?;
    let question = Question {
        project,
        set: found.id,
        pass_from: found.pass_from,
        run: asked.run,
        judge: asked.judge,
        any_version: asked.any_version,
        days,
        level,
    };
    // The same address asks something else once the set, its cases or its runs have changed.
    let named = format!("{} {}", found.id, found.revision);
    let compute = move |conn: &mut _, sources: &_, now| quality::run(conn, sources, &question, now);
    computed(&state, &request, project, named, compute, move |data| {
        respond::rendered_json(&EvalQualityResponse {
            set: found.name.clone(),
            data: data.clone(),
            level: level.get(),
        })
    })
    .await
}
