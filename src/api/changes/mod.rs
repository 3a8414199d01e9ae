//! `/changes`: the iteration log. What a change was to do stays as it was logged; the words around it may be put right.

pub mod effect;
pub mod plan;
pub mod view;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use self::effect::EffectSummary;
use self::plan::{ChangeCorrection, ChangePlan};
use self::view::{ChangeView, Logged};
use super::answers::{Absent, ReadAnswers, WriteAnswers};
use super::ask;
use super::audit::delete_noted;
use super::auth::{Admin, Authorized, Read};
use super::error::{ApiError, Problem};
use super::extract::{JsonBody, Params, Segment};
use super::query::computed;
use super::respond;
use crate::domain::action::Action;
use crate::domain::key::ProjectId;
use crate::query::analyses::effect::{self as measured, Occasion, Question};
use crate::query::dimensions;
use crate::state::AppState;
use crate::stats::level::Level;
use crate::store::{changes, projects};

/// Changes that a project may have logged.
pub const MOST_CHANGES: i64 = 500;
/// Changes in one answer, each with its effect.
pub const MOST_LISTED: usize = 100;
const LISTED: usize = 50;

/// A change with what it came to, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ListedChange {
    #[serde(flatten)]
    pub change: ChangeView,
    pub effect: EffectSummary,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangesResponse {
    /// Those made last come first.
    pub data: Vec<ListedChange>,
    /// How many there are, listed or not.
    pub total: usize,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangesParams {
    /// Only changes of this feature.
    pub feature: Option<String>,
    /// The latest so many; 50 without it.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
    /// Whole weeks before and after each change, at most; 4 without it.
    #[param(minimum = 1, maximum = 8)]
    pub weeks: Option<usize>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

/// All changes of a project, in the order in which they were made.
pub async fn logged(state: &AppState, project: ProjectId) -> Result<Vec<Logged>, ApiError> {
    let found = state
        .db
        .run(move |conn| changes::of_project(conn, project).map_err(ApiError::from))
        .await?;
    let mut views: Vec<Logged> = found.into_iter().map(Logged::read).collect::<Result<_, _>>()?;
    views.sort_by_key(|change| (change.plan.made_at, change.id));
    Ok(views)
}

/// The change of that id among all.
fn one(all: &[Logged], id: Uuid) -> Result<&Logged, ApiError> {
    all.iter().find(|change| change.id == id).ok_or_else(absent)
}

/// The question after the effect of one of all changes.
pub fn question(
    all: &[Logged],
    change: &Logged,
    project: ProjectId,
    weeks: usize,
    level: Level,
) -> Result<Question, ApiError> {
    let others = all.iter().filter(|other| other.id != change.id);
    let others: Vec<Occasion> = others.map(|other| other.plan.occasion()).collect();
    change.plan.question(project, others, weeks, level)
}

fn absent() -> ApiError {
    ApiError::not_found("change")
}

fn too_many() -> ApiError {
    ApiError::conflict(format!("a project has at most {MOST_CHANGES} changes; delete old ones"))
}

/// What was asked, for the audit log. That is kept for ever, and a change's note may say anything of anyone: it stays out.
fn without_note(mut asked: Value) -> Value {
    if let Some(asked) = asked.as_object_mut() {
        asked.remove("note");
    }
    asked
}

/// List changes
///
/// What was changed, to fix what, and whether it worked. Those made last come first.
#[utoipa::path(
    tag = "changes",
    params(ChangesParams),
    responses(
        (status = 200, description = "The changes", body = ChangesResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/changes")]
pub async fn list_changes(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<ChangesParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let (weeks, level) = (effect::weeks(asked.weeks)?, ask::level(asked.level)?);
    let limit = ask::within("limit", asked.limit, 1, MOST_LISTED)?.unwrap_or(LISTED);
    let all = logged(&state, key.project).await?;
    let is_asked = |change: &&Logged| {
        asked
            .feature
            .as_ref()
            .is_none_or(|feature| *feature == change.plan.feature)
    };
    let wanted: Vec<&Logged> = all.iter().rev().filter(is_asked).collect();
    let total = wanted.len();
    let wanted: Vec<Logged> = wanted.into_iter().take(limit).cloned().collect();
    let questions = wanted
        .iter()
        .map(|change| question(&all, change, key.project, weeks, level));
    let questions: Vec<Question> = questions.collect::<Result<_, _>>()?;
    // The same address asks something else once a change was logged or put right.
    let named = format!("{all:?}");
    let compute = move |conn: &mut _, sources: &_, now| measured::run_each(conn, sources, &questions, now);
    computed(&state, &request, key.project, named, compute, move |effects| {
        respond::rendered_json(&ChangesResponse {
            data: wanted
                .iter()
                .zip(effects)
                .map(|(change, effect)| ListedChange {
                    change: change.clone().into(),
                    effect: EffectSummary::of(effect),
                })
                .collect(),
            total,
        })
    })
    .await
}

/// Log a change
///
/// Say what was changed, when, to fix what, and by how much it should get better. Its effect is measured from then on.
#[utoipa::path(
    tag = "changes",
    request_body = ChangePlan,
    responses(
        (status = 201, description = "The change", body = ChangeView),
        WriteAnswers,
        (status = 409, description = "There are too many (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/changes")]
pub async fn create_change(
    key: Authorized<Admin>,
    body: JsonBody<ChangePlan>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let plan = body.0;
    let question = plan.question(key.project, Vec::new(), effect::WEEKS, Level::default())?;
    let stored = serde_json::to_value(&plan).map_err(ApiError::internal)?;
    let logged = state
        .db
        .transaction(move |conn| {
            dimensions::check(&question.query, &projects::find(conn, key.project)?)?;
            let logged = changes::log(conn, key.project, &stored, MOST_CHANGES)?.ok_or_else(too_many)?;
            key.note(conn, Action::ChangeLogged, logged.id, without_note(stored))?;
            Ok::<_, ApiError>(logged)
        })
        .await?;
    Ok(HttpResponse::Created().json(ChangeView::from(Logged::read(logged)?)))
}

/// Get a change
///
/// One change as it was logged.
#[utoipa::path(
    tag = "changes",
    params(("change" = Uuid, Path, description = "The change's id")),
    responses(
        (status = 200, description = "The change", body = ChangeView),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/changes/{change}")]
pub async fn get_change(
    request: HttpRequest,
    key: Authorized<Read>,
    change: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let found = state
        .db
        .run(move |conn| changes::find(conn, key.project, change.0).map_err(ApiError::from))
        .await?;
    respond::json(&request, &ChangeView::from(Logged::read(found.ok_or_else(absent)?)?))
}

/// Put a change right
///
/// Its title, kind, note, who made it, and the versions that came with it. What it was to do cannot be changed: that was said before
/// anyone looked.
#[utoipa::path(
    tag = "changes",
    params(("change" = Uuid, Path, description = "The change's id")),
    request_body = ChangeCorrection,
    responses(
        (status = 200, description = "The change as it is now", body = ChangeView),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[patch("/changes/{change}")]
pub async fn update_change(
    key: Authorized<Admin>,
    change: Segment<Uuid>,
    body: JsonBody<ChangeCorrection>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let correction = body.0;
    let asked = serde_json::to_value(&correction).map_err(ApiError::internal)?;
    let changed = state
        .db
        .transaction(move |conn| {
            let mut plan = Logged::read(changes::hold(conn, key.project, change.0)?.ok_or_else(absent)?)?.plan;
            correction.apply(&mut plan);
            plan.question(key.project, Vec::new(), effect::WEEKS, Level::default())?;
            let stored = serde_json::to_value(&plan).map_err(ApiError::internal)?;
            let changed = changes::update(conn, key.project, change.0, &stored)?.ok_or_else(absent)?;
            key.note(conn, Action::ChangeCorrected, change.0, without_note(asked))?;
            Ok::<_, ApiError>(changed)
        })
        .await?;
    Ok(HttpResponse::Ok().json(ChangeView::from(Logged::read(changed)?)))
}

/// Delete a change
///
/// Takes it out of the log. The outputs stay.
#[utoipa::path(
    tag = "changes",
    params(("change" = Uuid, Path, description = "The change's id")),
    responses(
        (status = 204, description = "The change is forgotten"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[delete("/changes/{change}")]
pub async fn delete_change(
    key: Authorized<Admin>,
    change: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    delete_noted(&state, key, Action::ChangeDeleted, change.0, absent, changes::delete).await
}
