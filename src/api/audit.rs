//! `GET /audit`: what admins did to the project. And how the other routes note it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::ReadAnswers;
use super::auth::{Admin, Authorized};
use super::error::ApiError;
use super::extract::Params;
use super::{ask, paging, respond};
use crate::domain::action::Action;
use crate::domain::key::ProjectId;
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
    pub detail: Value,
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
    let limit = ask::within("limit", asked.limit, 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let before: Option<i64> = asked
        .cursor
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| paging::wrong_cursor())?;
    let mut found = state
        .db
        .run(move |conn| {
            actions::of_project(conn, key.project, asked.action, before, limit + 1).map_err(ApiError::from)
        })
        .await?;
    let next_cursor = paging::cut(&mut found, limit, |last| last.id.to_string());
    let data = found.into_iter().map(ActionView::from).collect();
    respond::json(&request, &AuditResponse { data, next_cursor })
}

impl Authorized<Admin> {
    /// Notes what was done with this key, and to what, in the transaction that does it.
    pub fn note(
        &self,
        conn: &mut PgConnection,
        action: Action,
        subject: impl ToString,
        detail: Value,
    ) -> Result<(), ApiError> {
        let subject = Some(subject.to_string());
        Ok(actions::note(
            conn,
            self.project,
            Some(self.key_id),
            action,
            subject,
            detail,
        )?)
    }
}

/// Deletes one thing of a project and notes that it was done, in one transaction; `absent` where there is no such thing.
pub async fn delete_noted<I: ToString + Send + 'static>(
    state: &AppState,
    key: Authorized<Admin>,
    action: Action,
    id: I,
    absent: fn() -> ApiError,
    delete: impl FnOnce(&mut PgConnection, ProjectId, I) -> QueryResult<bool> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    state
        .db
        .transaction(move |conn| {
            let subject = id.to_string();
            if !delete(conn, key.project, id)? {
                return Err(absent());
            }
            key.note(conn, action, subject, json!({}))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
