//! `/experiments`: declared ones. A declaration stays as it is, except for its end: what is decided after looking is none.

pub mod plan;
pub mod results;
mod view;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use self::plan::ExperimentPlan;
use self::view::{Declared, ExperimentView};
use super::answers::{Absent, ReadAnswers, WriteAnswers};
use super::audit::delete_noted;
use super::auth::{Admin, Authorized, Read};
use super::error::{ApiError, Problem};
use super::extract::{JsonBody, Segment};
use super::respond;
use crate::domain::action::Action;
use crate::domain::strict;
use crate::query::dimensions;
use crate::state::AppState;
use crate::store::experiments::{self, Declaration};
use crate::store::projects;

/// Experiments that a project may have.
pub const MOST_EXPERIMENTS: i64 = 200;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExperimentsResponse {
    /// The newest first.
    pub data: Vec<ExperimentView>,
}

/// What may change of an experiment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentChange {
    /// Outputs from here on are not part of it; null for no end.
    #[serde(
        default,
        deserialize_with = "strict::stated",
        skip_serializing_if = "Option::is_none"
    )]
    pub ends_at: Option<Option<DateTime<Utc>>>,
}

/// The experiment of that name.
async fn named(state: &AppState, project: i32, name: &str) -> Result<Declared, ApiError> {
    let wanted = name.to_owned();
    let found = state
        .db
        .run(move |conn| experiments::find(conn, project, &wanted).map_err(ApiError::from))
        .await?;
    Declared::read(found.ok_or_else(absent)?)
}

fn absent() -> ApiError {
    ApiError::not_found("experiment")
}

/// List experiments
///
/// All experiments of the project as they were declared.
#[utoipa::path(
    tag = "experiments",
    responses(
        (status = 200, description = "The experiments", body = ExperimentsResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/experiments")]
pub async fn list_experiments(
    request: HttpRequest,
    key: Authorized<Read>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let found = state
        .db
        .run(move |conn| experiments::of_project(conn, key.project).map_err(ApiError::from))
        .await?;
    let data = found
        .into_iter()
        .map(|experiment| Declared::read(experiment).map(ExperimentView::from))
        .collect::<Result<_, _>>()?;
    respond::json(&request, &ExperimentsResponse { data })
}

/// Declare an experiment
///
/// Say beforehand what is compared, what decides, and what must not get worse. Nothing of it can be changed later but its end.
#[utoipa::path(
    tag = "experiments",
    request_body = ExperimentPlan,
    responses(
        (status = 201, description = "The experiment", body = ExperimentView),
        WriteAnswers,
        (status = 409, description = "The name is taken, or there are too many (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/experiments")]
pub async fn create_experiment(
    key: Authorized<Admin>,
    body: JsonBody<ExperimentPlan>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let plan = body.0;
    let experiment = plan.experiment(key.project)?;
    let stored = serde_json::to_value(&plan).map_err(ApiError::internal)?;
    let declared = state
        .db
        .transaction(move |conn| {
            let mut query = experiment.query;
            let arms = std::iter::once(experiment.control).chain(experiment.candidates);
            query.arms = arms.map(|arm| arm.filters).collect();
            dimensions::check(&query, &projects::find(conn, key.project)?)?;
            match experiments::declare(conn, key.project, &plan.name, &stored, MOST_EXPERIMENTS)? {
                Declaration::Declared(experiment) => {
                    key.note(conn, Action::ExperimentDeclared, &plan.name, stored)?;
                    Ok(experiment)
                }
                Declaration::Known => Err(ApiError::conflict("an experiment of this name exists; choose another")),
                Declaration::TooMany => Err(ApiError::conflict(format!(
                    "a project has at most {MOST_EXPERIMENTS} experiments; delete old ones"
                ))),
            }
        })
        .await?;
    Ok(HttpResponse::Created().json(ExperimentView::from(Declared::read(declared)?)))
}

/// Get an experiment
///
/// One experiment as it was declared.
#[utoipa::path(
    tag = "experiments",
    params(("experiment" = String, Path, description = "The experiment's name")),
    responses(
        (status = 200, description = "The experiment", body = ExperimentView),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/experiments/{experiment}")]
pub async fn get_experiment(
    request: HttpRequest,
    key: Authorized<Read>,
    experiment: Segment<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let view = ExperimentView::from(named(&state, key.project, &experiment.0).await?);
    respond::json(&request, &view)
}

/// Change the end of an experiment
///
/// Ends it, or lets it go on. The sequences hold whenever one stops, so that this does no harm.
#[utoipa::path(
    tag = "experiments",
    params(("experiment" = String, Path, description = "The experiment's name")),
    request_body = ExperimentChange,
    responses(
        (status = 200, description = "The experiment as it is now", body = ExperimentView),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[patch("/experiments/{experiment}")]
pub async fn update_experiment(
    key: Authorized<Admin>,
    experiment: Segment<String>,
    body: JsonBody<ExperimentChange>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = body.0;
    let changed = state
        .db
        .transaction(move |conn| {
            let declared = experiments::hold(conn, key.project, &experiment.0)?.ok_or_else(absent)?;
            let mut plan = Declared::read(declared)?.plan;
            if let Some(ends_at) = change.ends_at {
                plan.ends_at = ends_at;
                plan.check_range()?;
            }
            let stored = serde_json::to_value(&plan).map_err(ApiError::internal)?;
            let changed = experiments::update(conn, key.project, &plan.name, &stored)?.ok_or_else(absent)?;
            key.note(conn, Action::ExperimentChanged, &plan.name, json!(change))?;
            Ok::<_, ApiError>(changed)
        })
        .await?;
    Ok(HttpResponse::Ok().json(ExperimentView::from(Declared::read(changed)?)))
}

/// Delete an experiment
///
/// Forgets the declaration. The outputs stay.
#[utoipa::path(
    tag = "experiments",
    params(("experiment" = String, Path, description = "The experiment's name")),
    responses(
        (status = 204, description = "The experiment is forgotten"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[delete("/experiments/{experiment}")]
pub async fn delete_experiment(
    key: Authorized<Admin>,
    experiment: Segment<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    delete_noted(
        &state,
        key,
        Action::ExperimentDeleted,
        experiment.0,
        absent,
        |conn, project, name| experiments::delete(conn, project, &name),
    )
    .await
}
