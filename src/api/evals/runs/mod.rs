//! `/evals/{set}/runs`: what any runner found.

mod upload;

use actix_web::{HttpRequest, HttpResponse, delete, get, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub use self::upload::create_eval_run;
use super::limits::MOST_RUNS;
use super::view::{EvalResultView, EvalResultsResponse, EvalRunView};
use super::{changing, named};
use crate::api::answers::{Absent, ReadAnswers, WriteAnswers};
use crate::api::ask;
use crate::api::auth::{Admin, Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::outputs::listing::MAX_LIMIT;
use crate::api::paging;
use crate::api::respond;
use crate::domain::action::Action;
use crate::metrics::Estimate;
use crate::query::analyses::evals::scores::{self, EvalRunScores};
use crate::state::AppState;
use crate::store::evals::{cases, runs};

/// Runs that are listed with their scores, and results, where nothing is said.
const LISTED_RUNS: i64 = 20;
const LISTED_RESULTS: i64 = 100;

/// A run in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalListedRun {
    #[serde(flatten)]
    pub run: EvalRunView,
    /// Cases with a result.
    pub cases: u64,
    pub score: Estimate,
    pub pass_rate: Estimate,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRunsResponse {
    /// The newest first.
    pub data: Vec<EvalListedRun>,
    /// How many there are, listed or not.
    pub total: i64,
}

/// A run with all that it came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRunResponse {
    pub run: EvalRunView,
    pub scores: EvalRunScores,
    pub level: f64,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalRunsParams {
    /// The newest so many; 20 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalScoresParams {
    /// Only results of this judge.
    #[param(max_length = 256)]
    pub judge: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalResultsParams {
    /// 100 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// From the answer before: go on where it ended.
    pub cursor: Option<String>,
}

pub fn absent_run() -> ApiError {
    ApiError::not_found("run")
}

/// List runs
///
/// The runs of a set with their scores, the newest first.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalRunsParams),
    responses((status = 200, description = "The runs", body = EvalRunsResponse), ReadAnswers, Absent),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}/runs")]
pub async fn list_eval_runs(
    request: HttpRequest,
    key: Authorized<Read>,
    set: Segment<String>,
    params: Params<EvalRunsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let level = ask::level(params.0.level)?;
    let limit = ask::within("limit", params.0.limit, 1, MOST_RUNS)?.unwrap_or(LISTED_RUNS);
    let project = key.project;
    let found = state
        .db
        .run(move |conn| {
            let set = named(conn, project, &set.0)?;
            let newest = scores::newest(conn, project, &set, limit, level)?;
            let data = newest.into_iter().map(|(run, scores)| EvalListedRun {
                run: run.into(),
                cases: scores.cases,
                score: scores.score,
                pass_rate: scores.pass_rate,
            });
            let data = data.collect();
            let total = runs::count(conn, project, set.id)?;
            Ok::<_, ApiError>(EvalRunsResponse { data, total })
        })
        .await?;
    respond::json(&request, &found)
}

/// Get a run
///
/// Its scores with intervals: of all cases, by tag, and by judge. A case counts once, with the mean of its judges, and passes if more
/// than half of them pass it. Cases that were made from outputs of one user are not independent, and intervals know it.
#[utoipa::path(
    tag = "evals",
    params(
        ("set" = String, Path, description = "The set's name"),
        ("run" = Uuid, Path, description = "The run's id"),
        EvalScoresParams,
    ),
    responses((status = 200, description = "The run", body = EvalRunResponse), ReadAnswers, Absent),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}/runs/{run}")]
pub async fn get_eval_run(
    request: HttpRequest,
    key: Authorized<Read>,
    path: Segment<(String, Uuid)>,
    params: Params<EvalScoresParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, id) = path.0;
    let level = ask::level(params.0.level)?;
    let judge = params.0.judge;
    let found = state
        .db
        .run(move |conn| {
            let set = named(conn, key.project, &set)?;
            let run = runs::find(conn, key.project, set.id, id)?.ok_or_else(absent_run)?;
            let facts = cases::facts(conn, key.project, set.id)?;
            let own = runs::scores(conn, key.project, set.id, id)?;
            let scores = scores::run(&facts, &own, set.pass_from, run.created_at, judge.as_deref(), level);
            Ok::<_, ApiError>(EvalRunResponse {
                run: run.into(),
                scores,
                level: level.get(),
            })
        })
        .await?;
    respond::json(&request, &found)
}

/// List the results of a run
///
/// What was found of each case, with the texts that were sent.
#[utoipa::path(
    tag = "evals",
    params(
        ("set" = String, Path, description = "The set's name"),
        ("run" = Uuid, Path, description = "The run's id"),
        EvalResultsParams,
    ),
    responses((status = 200, description = "A page of results", body = EvalResultsResponse), ReadAnswers, Absent),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}/runs/{run}/results")]
pub async fn list_eval_results(
    request: HttpRequest,
    key: Authorized<Read>,
    path: Segment<(String, Uuid)>,
    params: Params<EvalResultsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, id) = path.0;
    let limit = ask::within("limit", params.0.limit, 1, MAX_LIMIT)?.unwrap_or(LISTED_RESULTS);
    let after: Option<(String, String)> = params
        .0
        .cursor
        .as_deref()
        .map(serde_json::from_str)
        .transpose()
        .map_err(|_| paging::wrong_cursor())?;
    if after
        .as_ref()
        .is_some_and(|(case, judge)| case.contains('\0') || judge.contains('\0'))
    {
        return Err(ApiError::parameter("cursor", "holds the character U+0000"));
    }
    let (mut found, pass_from) = state
        .db
        .run(move |conn| {
            let set = named(conn, key.project, &set)?;
            runs::find(conn, key.project, set.id, id)?.ok_or_else(absent_run)?;
            let found = runs::results(conn, key.project, set.id, id, after, limit + 1)?;
            Ok::<_, ApiError>((found, set.pass_from))
        })
        .await?;
    let next_cursor = paging::cut(&mut found, limit, |last| {
        json!([last.case_name, last.judge]).to_string()
    });
    let data = found
        .into_iter()
        .map(|result| EvalResultView::of(result, pass_from))
        .collect();
    respond::json(&request, &EvalResultsResponse { data, next_cursor })
}

/// Delete a run
///
/// With its results. The cases stay.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), ("run" = Uuid, Path, description = "The run's id")),
    responses((status = 204, description = "The run is gone"), WriteAnswers, Absent),
    security(("api_key" = ["admin"]))
)]
#[delete("/evals/{set}/runs/{run}")]
pub async fn delete_eval_run(
    key: Authorized<Admin>,
    path: Segment<(String, Uuid)>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, id) = path.0;
    state
        .db
        .transaction(move |conn| {
            let found = changing(conn, key.project, &set)?;
            if !runs::delete(conn, key.project, found.id, id)? {
                return Err(absent_run());
            }
            key.note(conn, Action::EvalRunDeleted, id, json!({"set": set}))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
