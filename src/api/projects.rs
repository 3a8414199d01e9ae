//! `/projects`: the tenant behind the key, and new ones.

use actix_web::{HttpRequest, HttpResponse, get, patch, post, web};
use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::answers::{ReadAnswers, WriteAnswers};
use super::auth::{self, Admin, Authorized, Read};
use super::error::{ApiError, ErrorCode, Problem};
use super::extract::JsonBody;
use super::{names, respond};
use crate::domain::action::Action;
use crate::domain::dimension::Dimension;
use crate::domain::edits::EditThresholds;
use crate::domain::scope::Scope;
use crate::domain::strict;
use crate::fold::step;
use crate::query::request::declarable;
use crate::state::AppState;
use crate::store::projects::{self, Project, Settings};
use crate::store::{StoreError, actions, keys};

/// Attributes that one project may declare as dimensions.
pub const DIMENSIONS: usize = 10;
/// A hundred years: more is for ever.
pub const MAX_RETENTION_DAYS: i32 = 36_500;
/// A year.
pub const MAX_HORIZON_SECONDS: i32 = 31_536_000;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProjectView {
    pub name: String,
    /// Attributes that metrics can be grouped and filtered by; one that is called as a built-in dimension is by its full name,
    /// `attributes.version`.
    pub dimensions: Vec<String>,
    /// Whether texts are kept; without it only the numbers taken from them are.
    pub stores_text: bool,
    /// How long decisions usually need to arrive.
    pub horizon_seconds: i32,
    /// For how many days after their receipt texts are kept; null for ever. Not longer than events in any case.
    #[schema(required = true)]
    pub retain_texts_days: Option<i32>,
    /// For how many days after an output was shown its events are kept; null for ever. Not longer than outputs in any case.
    #[schema(required = true)]
    pub retain_events_days: Option<i32>,
    /// For how many days after they were shown outputs are kept; null for ever. Numbers are kept for ever.
    #[schema(required = true)]
    pub retain_outputs_days: Option<i32>,
    /// Up to which edit distance an edit is light, medium or heavy. It holds for all outputs, those of the past too.
    pub edit_thresholds: EditThresholds,
    pub created_at: DateTime<Utc>,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        ProjectView {
            name: project.name,
            dimensions: project
                .dimensions
                .iter()
                .map(|name| Dimension::of_attribute(name))
                .collect(),
            stores_text: project.stores_text,
            horizon_seconds: project.horizon_seconds,
            retain_texts_days: project.retain_texts_days,
            retain_events_days: project.retain_events_days,
            retain_outputs_days: project.retain_outputs_days,
            edit_thresholds: project.edit_thresholds,
            created_at: project.created_at,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProjectsResponse {
    pub data: Vec<ProjectView>,
}

/// Settings to change; what is absent stays.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectSettings {
    /// Names of attributes, with or without `attributes.` before them. Outputs are cut anew, so that past ones have the new dimensions too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 10)]
    pub dimensions: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stores_text: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 31_536_000)]
    pub horizon_seconds: Option<i32>,
    /// Days after their receipt; null keeps texts for as long as their events.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::stated"
    )]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 36_500)]
    pub retain_texts_days: Option<Option<i32>>,
    /// Days after an output was shown; null keeps events for as long as their outputs. Older events are refused.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::stated"
    )]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 36_500)]
    pub retain_events_days: Option<Option<i32>>,
    /// Days after an output was shown; null keeps outputs for ever.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::stated"
    )]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 36_500)]
    pub retain_outputs_days: Option<Option<i32>>,
    /// Up to which edit distance an edit is light, medium or heavy: multiples of 0.05, each larger than the one before. Rates of the past
    /// follow. Null for those of a new project: 0.1, 0.3 and 0.5.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::stated_object"
    )]
    #[schema(value_type = Option<EditThresholds>)]
    pub edit_thresholds: Option<Option<EditThresholds>>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProjectRequest {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub name: String,
}

/// A new project and its first key. This is the only time the key is told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewProjectResponse {
    pub project: ProjectView,
    pub admin_key: String,
}

/// List projects
///
/// The projects this key reaches: its own.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "The projects", body = ProjectsResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/projects")]
pub async fn list_projects(
    request: HttpRequest,
    key: Authorized<Read>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let project = state
        .db
        .run(move |conn| projects::find(conn, key.project).map_err(ApiError::from))
        .await?;
    respond::json(
        &request,
        &ProjectsResponse {
            data: vec![project.into()],
        },
    )
}

/// Create a project
///
/// Makes a tenant and its first admin key. Only admin keys of the first project may.
#[utoipa::path(
    tag = "operations",
    request_body = NewProjectRequest,
    responses(
        (status = 201, description = "The project and its key", body = NewProjectResponse),
        WriteAnswers,
        (status = 409, description = "The name is taken (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/projects")]
pub async fn create_project(
    key: Authorized<Admin>,
    body: JsonBody<NewProjectRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let name = body.0.name;
    names::check("name", &name, names::SHORT)?;
    let (project, admin_key) = state
        .db
        .transaction(move |conn| {
            if projects::find(conn, key.project)?.name != projects::DEFAULT {
                let detail = "only admin keys of the first project create projects";
                return Err(ApiError::new(ErrorCode::Forbidden, detail));
            }
            let (project, created) = projects::find_or_create(conn, &name)?;
            if !created {
                return Err(ApiError::conflict("a project of this name exists; choose another"));
            }
            let (text, row) = auth::new_key(project.id, "first admin key", &Scope::ALL);
            keys::insert(conn, &row)?;
            // In both logs: who may make tenants made one, and so the new one began.
            for of in [key.project, project.id] {
                let subject = Some(project.name.clone());
                actions::note(conn, of, Some(key.key_id), Action::ProjectCreated, subject, json!({}))?;
            }
            Ok((project, text))
        })
        .await?;
    Ok(HttpResponse::Created().json(NewProjectResponse {
        project: project.into(),
        admin_key,
    }))
}

/// Change the project's settings
///
/// Declares dimensions, turns text storage on or off for what comes, sets the horizon and the classes of edits, and says for how long
/// texts, events and outputs are kept. Outputs are recomputed before the answer if dimensions or the horizon are given. What is kept no longer goes
/// within an hour, and does not come back.
#[utoipa::path(
    tag = "operations",
    request_body = ProjectSettings,
    responses(
        (status = 200, description = "The project as it is now", body = ProjectView),
        WriteAnswers,
    ),
    security(("api_key" = ["admin"]))
)]
#[patch("/projects/current")]
pub async fn update_project(
    key: Authorized<Admin>,
    body: JsonBody<ProjectSettings>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let note = noted(&body.0)?;
    let settings = check_settings(body.0)?;
    let db = state.db.clone();
    let note = move |conn: &mut PgConnection| {
        actions::note(conn, key.project, Some(key.key_id), Action::ProjectChanged, None, note)
    };
    if !settings.recuts() {
        let change = move |conn: &mut PgConnection| {
            note(conn)?;
            Ok::<_, ApiError>(projects::update(conn, key.project, &settings)?)
        };
        let project = db.transaction(change).await?;
        state.projects.clear();
        return Ok(HttpResponse::Ok().json(ProjectView::from(project)));
    }
    // Recomputing may take longer than a pooled connection's statements may.
    let changed = tokio::task::spawn_blocking(move || {
        let mut conn = db
            .dedicated()
            .map_err(|error| StoreError::Unavailable(format!("{error:#}")))?;
        let changed = conn.transaction(|conn| {
            note(conn)?;
            step::resettle(conn, key.project, &settings)
        });
        changed.map_err(|error: anyhow::Error| match error.downcast::<diesel::result::Error>() {
            Ok(error) => ApiError::from(StoreError::from(error)),
            Err(other) => ApiError::internal(other),
        })
    });
    let project = changed.await.map_err(ApiError::internal)??;
    state.projects.clear();
    Ok(HttpResponse::Ok().json(ProjectView::from(project)))
}

/// The settings as they were asked for: what is absent was not.
fn noted(asked: &ProjectSettings) -> Result<serde_json::Value, ApiError> {
    serde_json::to_value(asked).map_err(ApiError::internal)
}

fn check_settings(asked: ProjectSettings) -> Result<Settings, ApiError> {
    let dimensions = match asked.dimensions {
        None => None,
        Some(names) => {
            let declared = names.iter().map(|name| declarable(name)).collect::<Result<Vec<_>, _>>();
            let mut names = declared.map_err(|reason| ApiError::invalid(format!("`dimensions`: {reason}")))?;
            names.sort_unstable();
            names.dedup();
            if names.iter().any(|name| name.trim().is_empty()) {
                return Err(ApiError::invalid("`dimensions`: a name must not be blank"));
            }
            if names.len() > DIMENSIONS {
                return Err(ApiError::invalid(format!(
                    "`dimensions`: at most {DIMENSIONS} attributes can be declared"
                )));
            }
            Some(names)
        }
    };
    if asked
        .horizon_seconds
        .is_some_and(|seconds| !(1..=MAX_HORIZON_SECONDS).contains(&seconds))
    {
        return Err(ApiError::invalid("`horizon_seconds`: must be from 1 second to a year"));
    }
    let edit_thresholds = asked.edit_thresholds.map(Option::unwrap_or_default);
    if edit_thresholds.is_some_and(|thresholds| !thresholds.increase()) {
        return Err(ApiError::invalid(
            "`edit_thresholds`: each must be larger than the one before",
        ));
    }
    let retained = [
        ("retain_texts_days", asked.retain_texts_days),
        ("retain_events_days", asked.retain_events_days),
        ("retain_outputs_days", asked.retain_outputs_days),
    ];
    for (name, days) in retained {
        if days
            .flatten()
            .is_some_and(|days| !(1..=MAX_RETENTION_DAYS).contains(&days))
        {
            return Err(ApiError::invalid(format!(
                "`{name}`: must be from 1 to {MAX_RETENTION_DAYS} days, or null for ever"
            )));
        }
    }
    Ok(Settings {
        dimensions,
        stores_text: asked.stores_text,
        horizon_seconds: asked.horizon_seconds,
        retain_texts_days: asked.retain_texts_days,
        retain_events_days: asked.retain_events_days,
        retain_outputs_days: asked.retain_outputs_days,
        edit_thresholds: edit_thresholds.map(|thresholds| thresholds.hundredths().to_vec()),
    })
}
