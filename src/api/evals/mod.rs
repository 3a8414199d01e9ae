//! `/evals`: sets of cases, runs of them, and whether they say what users say.

mod case;
pub mod cases;
mod compare;
mod feedback;
mod file;
pub mod limits;
mod quality;
mod ranking;
pub mod rows;
pub mod runs;
pub mod sheet;
mod told;
mod upsert;
pub mod view;

pub use self::case::{delete_eval_case, update_eval_case};
pub use self::cases::{create_eval_cases, list_eval_cases, update_eval_cases};
pub use self::compare::get_eval_comparison;
pub use self::feedback::create_eval_cases_from_feedback;
pub use self::quality::get_eval_quality;
pub use self::ranking::get_eval_ranking;
pub use self::runs::{create_eval_run, delete_eval_run, get_eval_run, list_eval_results, list_eval_runs};

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use diesel::pg::PgConnection;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use self::limits::{DESCRIPTION_CHARS, MOST_SETS, PASS_FROM};
use self::view::{EvalSetView, EvalSetsResponse};
use super::answers::{Absent, ReadAnswers, WriteAnswers};
use super::auth::{Admin, Authorized, Read};
use super::error::{ApiError, Problem};
use super::extract::{JsonBody, Segment};
use super::{names, respond};
use crate::domain::action::Action;
use crate::domain::key::ProjectId;
use crate::domain::strict;
use crate::state::AppState;
use crate::store::evals::{self, Creation, EvalSet, SetChange};

/// A set to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "refunds", "description": "What customers ask about refunds", "pass_from": 0.7}))]
pub struct EvalSetPlan {
    /// Names the set in addresses.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^/?#%]*$")]
    pub name: String,
    #[schema(max_length = 10_000)]
    pub description: Option<String>,
    /// The score from which a result passes, where its runner does not say; 0.5 without it.
    #[schema(minimum = 0, maximum = 1)]
    pub pass_from: Option<f64>,
}

/// What may change of a set.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvalSetChange {
    /// Null takes it away.
    #[serde(default, deserialize_with = "strict::stated")]
    #[schema(max_length = 10_000)]
    pub description: Option<Option<String>>,
    #[schema(minimum = 0, maximum = 1)]
    pub pass_from: Option<f64>,
}

fn absent() -> ApiError {
    ApiError::not_found("eval set")
}

/// The set of that name.
fn named(conn: &mut PgConnection, project: ProjectId, name: &str) -> Result<EvalSet, ApiError> {
    evals::find(conn, project, name)?.ok_or_else(absent)
}

/// The set of that name, to be changed in this transaction.
fn changing(conn: &mut PgConnection, project: ProjectId, name: &str) -> Result<EvalSet, ApiError> {
    evals::change(conn, project, name)?.ok_or_else(absent)
}

fn check_settings(description: Option<&str>, pass_from: Option<f64>) -> Result<(), ApiError> {
    if description.is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS || text.contains('\0')) {
        return Err(ApiError::invalid(format!(
            "`description`: must have at most {DESCRIPTION_CHARS} characters, none of them U+0000"
        )));
    }
    if pass_from.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
        return Err(ApiError::invalid("`pass_from`: must be from 0 to 1"));
    }
    Ok(())
}

/// List eval sets
///
/// All sets of cases of the project, in the order of their names.
#[utoipa::path(
    tag = "evals",
    responses((status = 200, description = "The sets", body = EvalSetsResponse), ReadAnswers),
    security(("api_key" = ["read"]))
)]
#[get("/evals")]
pub async fn list_eval_sets(
    request: HttpRequest,
    key: Authorized<Read>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let found = state
        .db
        .run(move |conn| evals::of_project(conn, key.project).map_err(ApiError::from))
        .await?;
    let data = found.into_iter().map(EvalSetView::from).collect();
    respond::json(&request, &EvalSetsResponse { data })
}

/// Make an eval set
///
/// A set of cases that versions are tried on before users meet them. It begins empty.
#[utoipa::path(
    tag = "evals",
    request_body = EvalSetPlan,
    responses(
        (status = 201, description = "The set", body = EvalSetView),
        WriteAnswers,
        (status = 409, description = "The name is taken, or there are too many (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/evals")]
pub async fn create_eval_set(
    key: Authorized<Admin>,
    body: JsonBody<EvalSetPlan>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let plan = body.0;
    names::check_in_addresses(&plan.name)?;
    check_settings(plan.description.as_deref(), plan.pass_from)?;
    let created = state
        .db
        .run(move |conn| {
            let (description, pass_from) = (plan.description.as_deref(), plan.pass_from.unwrap_or(PASS_FROM));
            evals::create(conn, key.project, &plan.name, description, pass_from, MOST_SETS).map_err(ApiError::from)
        })
        .await?;
    match created {
        Creation::Created(set) => Ok(HttpResponse::Created().json(EvalSetView::empty(set))),
        Creation::Known => Err(ApiError::conflict("an eval set of this name exists; choose another")),
        Creation::TooMany => Err(ApiError::conflict(format!(
            "a project has at most {MOST_SETS} eval sets; delete old ones"
        ))),
    }
}

/// Get an eval set
///
/// One set, with how many cases and runs it has.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name")),
    responses((status = 200, description = "The set", body = EvalSetView), ReadAnswers, Absent),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}")]
pub async fn get_eval_set(
    request: HttpRequest,
    key: Authorized<Read>,
    set: Segment<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let found = state
        .db
        .run(move |conn| {
            let found = named(conn, key.project, &set.0)?;
            evals::counted(conn, key.project, found).map_err(ApiError::from)
        })
        .await?;
    respond::json(&request, &EvalSetView::from(found))
}

/// Change an eval set
///
/// Its description, and the score from which results pass where their runner does not say. What passes is looked up when it is asked
/// for, so that another bar holds for old runs too.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name")),
    request_body = EvalSetChange,
    responses((status = 200, description = "The set as it is now", body = EvalSetView), WriteAnswers, Absent),
    security(("api_key" = ["admin"]))
)]
#[patch("/evals/{set}")]
pub async fn update_eval_set(
    key: Authorized<Admin>,
    set: Segment<String>,
    body: JsonBody<EvalSetChange>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let EvalSetChange { description, pass_from } = body.0;
    check_settings(description.as_ref().and_then(|text| text.as_deref()), pass_from)?;
    let change = SetChange { description, pass_from };
    let changed = state
        .db
        .transaction(move |conn| {
            let set = changing(conn, key.project, &set.0)?;
            let set = evals::update(conn, key.project, &set, &change)?;
            evals::counted(conn, key.project, set).map_err(ApiError::from)
        })
        .await?;
    Ok(HttpResponse::Ok().json(EvalSetView::from(changed)))
}

/// Delete an eval set
///
/// With its cases, runs and results. The outputs that cases were made from stay.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name")),
    responses((status = 204, description = "The set is gone"), WriteAnswers, Absent),
    security(("api_key" = ["admin"]))
)]
#[delete("/evals/{set}")]
pub async fn delete_eval_set(
    key: Authorized<Admin>,
    set: Segment<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    state
        .db
        .transaction(move |conn| {
            let found = changing(conn, key.project, &set.0)?;
            let cases = evals::delete(conn, key.project, found.id)?;
            key.note(conn, Action::EvalSetDeleted, set.0, json!({"cases": cases}))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
