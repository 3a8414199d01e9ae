//! `GET /evals/{set}/compare`: one run against another.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::named;
use super::runs::absent_run;
use super::view::EvalRunView;
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::respond;
use crate::query::analyses::evals::compare::{EvalComparison, compare};
use crate::state::AppState;
use crate::store::evals::{cases, runs};

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalComparisonParams {
    /// The id of the run to compare with.
    pub baseline: Uuid,
    /// The id of the run that may be better.
    pub candidate: Uuid,
    /// Only results of this judge.
    #[param(max_length = 256)]
    pub judge: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalComparisonResponse {
    pub baseline: EvalRunView,
    pub candidate: EvalRunView,
    pub data: EvalComparison,
    pub level: f64,
}

/// Compare two runs
///
/// Case by case: the difference with an interval that knows the cases are the same, whether more were fixed than broken (McNemar), and
/// which. By judges that judged both; cases that either run lacks are counted and listed.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalComparisonParams),
    responses((status = 200, description = "What the candidate changes", body = EvalComparisonResponse), ReadAnswers, Absent),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}/compare")]
pub async fn get_eval_comparison(
    request: HttpRequest,
    key: Authorized<Read>,
    set: Segment<String>,
    params: Params<EvalComparisonParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (project, asked) = (key.project, params.0);
    let level = ask::level(asked.level)?;
    let found = state
        .db
        .run(move |conn| {
            let set = named(conn, project, &set.0)?;
            let facts = cases::facts(conn, project, set.id)?;
            let mut one = |id: Uuid| -> Result<_, ApiError> {
                let run = runs::find(conn, project, set.id, id)?.ok_or_else(absent_run)?;
                Ok((run, runs::scores(conn, project, set.id, id)?))
            };
            let ((baseline, before), (candidate, after)) = (one(asked.baseline)?, one(asked.candidate)?);
            let data = compare(&facts, &before, &after, set.pass_from, asked.judge.as_deref(), level);
            Ok::<_, ApiError>(EvalComparisonResponse {
                baseline: baseline.into(),
                candidate: candidate.into(),
                data,
                level: level.get(),
            })
        })
        .await?;
    respond::json(&request, &found)
}
