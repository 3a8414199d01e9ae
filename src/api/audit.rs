//! `GET /audit`: what admins did to the project. And what they delete of it, which is noted.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::{Connection, QueryResult};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::ReadAnswers;
use super::auth::{Admin, Authorized};
use super::error::ApiError;
use super::extract::Params;
use super::respond;
use crate::domain::action::Action;
use crate::state::AppState;
use crate::store::actions::{self, Done};

pub const DEFAULT_LIMIT: i64 = 50;
pub const MAX_LIMIT: i64 = 500;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditParams {
    /// Only actions of this kind.
    pub action: Option<Action>,
    /// 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// From the answer before: go on where it ended.
    pub cursor: Option<String>,
}

/// One thing that was done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ActionView {
    pub done_at: DateTime<Utc>,
    /// The key that did it; null at the command line.
    #[schema(required = true)]
    pub key_id: Option<Uuid>,
    #[schema(value_type = Action)]
    pub action: String,
    /// The id of the key, the erasure or the change, or the name of the project or the experiment, that it was done to.
    #[schema(required = true)]
    pub subject: Option<String>,
    /// What was asked for.
    pub detail: serde_json::Value,
}

impl From<Done> for ActionView {
    fn from(done: Done) -> Self {
        ActionView {
            done_at: done.done_at,
            key_id: done.key_id,
            action: done.action,
            subject: done.subject,
            detail: done.detail,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditResponse {
    /// Newest first.
    pub data: Vec<ActionView>,
    /// For the next page, if there is one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// List what admins did
///
/// Keys made and revoked, settings changed, users erased, experiments declared, changes logged: when, by which key, and what was asked for. Names no
/// user of the product.
#[utoipa::path(
    tag = "operations",
    params(AuditParams),
    responses(
        (status = 200, description = "A page of actions", body = AuditResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["admin"]))
)]
#[get("/audit")]
pub async fn list_actions(
    request: HttpRequest,
    key: Authorized<Admin>,
    params: Params<AuditParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    let before: Option<i64> = match asked.cursor {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| ApiError::parameter("cursor", "must be taken from `next_cursor` of the answer before"))?,
        ),
    };
    let mut found = state
        .db
        .run(move |conn| {
            actions::of_project(conn, key.project, asked.action, before, limit + 1).map_err(ApiError::from)
        })
        .await?;
    let has_more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = found.last().filter(|_| has_more).map(|last| last.id.to_string());
    let data = found.into_iter().map(ActionView::from).collect();
    respond::json(&request, &AuditResponse { data, next_cursor })
}

/// Deletes one thing of a project and notes that it was done, in one transaction; `absent` where there is no such thing.
pub async fn delete_noted(
    state: &AppState,
    key: Authorized<Admin>,
    action: Action,
    subject: String,
    absent: fn() -> ApiError,
    delete: impl FnOnce(&mut PgConnection) -> QueryResult<bool> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    state
        .db
        .run(move |conn| {
            conn.transaction(|conn| {
                if !delete(conn)? {
                    return Err(absent());
                }
                let by = Some(key.key_id);
                actions::note(conn, key.project, by, action, Some(subject), json!({}))?;
                Ok(())
            })
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
