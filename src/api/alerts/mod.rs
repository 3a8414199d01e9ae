//! `/alerts`: rules that look at the numbers every day, so that nobody has to.

pub mod dry_run;
pub mod plan;
pub mod view;

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use self::plan::AlertPlan;
use self::view::{AlertView, TransitionView};
use super::answers::{Absent, ReadAnswers, WriteAnswers};
use super::ask;
use super::audit::delete_noted;
use super::auth::{Admin, Authorized, Read};
use super::error::{ApiError, Problem};
use super::extract::{JsonBody, Params, Segment};
use super::respond;
use crate::domain::action::Action;
use crate::domain::strict;
use crate::query::analyses::alerts::AlertState;
use crate::query::dimensions;
use crate::state::AppState;
use crate::store::alerts::{self as store, AlertRule, AlertSettings, AlertTransition};
use crate::store::projects;

/// Rules that a project may have.
pub const MOST_ALERTS: i64 = 100;
/// Entries of a history in one answer.
pub const MOST_LISTED: usize = 500;
const LISTED: usize = 50;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertsResponse {
    /// In the order in which they were made.
    pub data: Vec<AlertView>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AlertsParams {
    /// Only rules in this state.
    pub state: Option<AlertState>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// The latest so many; 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HistoryResponse {
    /// The newest first.
    pub data: Vec<TransitionView>,
}

/// What may be changed of a rule. What it looks for stays: another question is another rule.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub name: Option<String>,
    /// A rule that is not enabled does not look. Enabled again, it begins anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Until then it looks and tells nobody, and it does not tell later what happened meanwhile. Null ends that.
    #[serde(
        default,
        deserialize_with = "strict::stated",
        skip_serializing_if = "Option::is_none"
    )]
    pub muted_until: Option<Option<DateTime<Utc>>>,
}

fn absent() -> ApiError {
    ApiError::not_found("alert")
}

fn too_many() -> ApiError {
    ApiError::conflict(format!("a project has at most {MOST_ALERTS} alerts; delete some"))
}

/// The plan of a rule under another name, checked.
fn renamed(rule: AlertRule, name: String) -> Result<Value, ApiError> {
    let mut plan: AlertPlan = serde_json::from_value(rule.plan).map_err(ApiError::internal)?;
    plan.name = name;
    plan.rule(rule.project_id)?;
    serde_json::to_value(plan).map_err(ApiError::internal)
}

/// List alerts
///
/// The rules, where each of them stands, what it saw last and what it did last.
#[utoipa::path(
    tag = "alerts",
    params(AlertsParams),
    responses(
        (status = 200, description = "The rules", body = AlertsResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/alerts")]
pub async fn list_alerts(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<AlertsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (rules, last) = state
        .db
        .run(move |conn| {
            let rules = store::of_project(conn, key.project)?;
            Ok::<_, ApiError>((rules, store::last_of_each(conn, key.project)?))
        })
        .await?;
    let mut last: HashMap<Uuid, AlertTransition> = last.into_iter().map(|last| (last.alert_id, last)).collect();
    let views = rules.into_iter().map(|rule| {
        let last = last.remove(&rule.id);
        AlertView::read(rule, last)
    });
    let views: Vec<AlertView> = views.collect::<Result<_, _>>()?;
    let is_asked = |view: &AlertView| params.0.state.is_none_or(|state| view.state == state);
    respond::json(
        &request,
        &AlertsResponse {
            data: views.into_iter().filter(is_asked).collect(),
        },
    )
}

/// Create an alert
///
/// Makes a rule. It looks at once, and from then on whenever a day is mature.
#[utoipa::path(
    tag = "alerts",
    request_body = AlertPlan,
    responses(
        (status = 201, description = "The rule", body = AlertView),
        WriteAnswers,
        (status = 409, description = "There are too many (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/alerts")]
pub async fn create_alert(
    key: Authorized<Admin>,
    body: JsonBody<AlertPlan>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let rule = body.0.declared(key.project)?;
    let plan = serde_json::to_value(body.0.completed()).map_err(ApiError::internal)?;
    let made = state
        .db
        .transaction(move |conn| {
            dimensions::check(&rule.query, &projects::find(conn, key.project)?)?;
            let made = store::add(conn, key.project, &plan, MOST_ALERTS)?.ok_or_else(too_many)?;
            key.note(conn, Action::AlertCreated, made.id, plan)?;
            Ok::<_, ApiError>(made)
        })
        .await?;
    Ok(HttpResponse::Created().json(AlertView::read(made, None)?))
}

/// Get an alert
///
/// One rule and where it stands.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The alert's id")),
    responses(
        (status = 200, description = "The rule", body = AlertView),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/alerts/{id}")]
pub async fn get_alert(
    request: HttpRequest,
    key: Authorized<Read>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (rule, last) = state
        .db
        .run(move |conn| {
            let rule = store::find(conn, key.project, id.0)?.ok_or_else(absent)?;
            Ok::<_, ApiError>((rule, store::history(conn, key.project, id.0, 1)?.pop()))
        })
        .await?;
    respond::json(&request, &AlertView::read(rule, last)?)
}

/// List what an alert did
///
/// When it fired and when it cleared, each time with what it saw.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The alert's id"), HistoryParams),
    responses(
        (status = 200, description = "What it did", body = HistoryResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/alerts/{id}/history")]
pub async fn list_alert_history(
    request: HttpRequest,
    key: Authorized<Read>,
    id: Segment<Uuid>,
    params: Params<HistoryParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let limit = ask::within("limit", params.0.limit, 1, MOST_LISTED)?.unwrap_or(LISTED);
    let found = state
        .db
        .run(move |conn| {
            store::find(conn, key.project, id.0)?.ok_or_else(absent)?;
            store::history(conn, key.project, id.0, limit as i64).map_err(ApiError::from)
        })
        .await?;
    let data = found.into_iter().map(TransitionView::read).collect::<Result<_, _>>()?;
    respond::json(&request, &HistoryResponse { data })
}

/// Change an alert
///
/// Mutes it, names it, or switches it off and on.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The alert's id")),
    request_body = AlertChange,
    responses(
        (status = 200, description = "The rule as it is now", body = AlertView),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[patch("/alerts/{id}")]
pub async fn update_alert(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    body: JsonBody<AlertChange>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let change = body.0;
    let asked = serde_json::to_value(&change).map_err(ApiError::internal)?;
    if let Some(Some(until)) = change.muted_until {
        ask::check_time("muted_until", until)?;
    }
    let (rule, last) = state
        .db
        .transaction(move |conn| {
            let known = store::find(conn, key.project, id.0)?.ok_or_else(absent)?;
            let settings = AlertSettings {
                plan: change.name.map(|name| renamed(known, name)).transpose()?,
                enabled: change.enabled,
                muted_until: change.muted_until,
            };
            let changed = store::update(conn, key.project, id.0, &settings)?.ok_or_else(absent)?;
            key.note(conn, Action::AlertChanged, id.0, asked)?;
            Ok::<_, ApiError>((changed, store::history(conn, key.project, id.0, 1)?.pop()))
        })
        .await?;
    Ok(HttpResponse::Ok().json(AlertView::read(rule, last)?))
}

/// Delete an alert
///
/// Deletes the rule and its history.
#[utoipa::path(
    tag = "alerts",
    params(("id" = Uuid, Path, description = "The alert's id")),
    responses(
        (status = 204, description = "The rule is gone"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[delete("/alerts/{id}")]
pub async fn delete_alert(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    delete_noted(&state, key, Action::AlertDeleted, id.0, absent, store::delete).await
}
