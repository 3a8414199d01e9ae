//! `/keys`: API keys of the project.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{Absent, ReadAnswers, WriteAnswers};
use super::auth::{self, Admin, Authorized};
use super::error::{ApiError, Problem};
use super::extract::{JsonBody, Segment};
use super::{names, respond};
use crate::domain::action::Action;
use crate::domain::scope::Scope;
use crate::domain::strict;
use crate::state::AppState;
use crate::store::keys::{self, ApiKey, Revocation};

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKeyRequest {
    /// What the key is for.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub name: String,
    /// A key with `ingest` alone begins with `cal_pk_` and may be put in a browser.
    #[schema(min_items = 1)]
    #[serde(deserialize_with = "strict::words")]
    pub scopes: Vec<Scope>,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeyView {
    pub id: Uuid,
    pub name: String,
    /// The first characters of the key.
    pub prefix: String,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// The last UTC day on which it was used.
    #[schema(required = true)]
    pub used_on: Option<NaiveDate>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        KeyView {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            created_at: key.created_at,
            revoked_at: key.revoked_at,
            used_on: key.used_on,
        }
    }
}

/// A new key. This is the only time its secret is told.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NewKeyResponse {
    pub key: String,
    #[serde(flatten)]
    pub view: KeyView,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeysResponse {
    pub data: Vec<KeyView>,
}

/// List keys
///
/// The project's keys, without their secrets.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "The keys", body = KeysResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["admin"]))
)]
#[get("/keys")]
pub async fn list_keys(
    request: HttpRequest,
    key: Authorized<Admin>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let found = state
        .db
        .run(move |conn| keys::of_project(conn, key.project).map_err(ApiError::from))
        .await?;
    respond::json(
        &request,
        &KeysResponse {
            data: found.into_iter().map(KeyView::from).collect(),
        },
    )
}

/// Create a key
///
/// Makes a key for this project. Its secret is in the answer and nowhere else.
#[utoipa::path(
    tag = "operations",
    request_body = NewKeyRequest,
    responses(
        (status = 201, description = "The key", body = NewKeyResponse),
        WriteAnswers,
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/keys")]
pub async fn create_key(
    key: Authorized<Admin>,
    body: JsonBody<NewKeyRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut asked = body.0;
    names::check("name", &asked.name, names::SHORT)?;
    asked.scopes.sort_unstable();
    asked.scopes.dedup();
    if asked.scopes.is_empty() {
        return Err(ApiError::invalid("`scopes`: name at least one of ingest, read, admin"));
    }
    let (text, row) = auth::new_key(key.project, &asked.name, &asked.scopes);
    let inserted = row.clone();
    state
        .db
        .transaction(move |conn| {
            keys::insert(conn, &inserted)?;
            let detail = json!({"name": inserted.name, "scopes": inserted.scopes});
            key.note(conn, Action::KeyCreated, inserted.id, detail)
        })
        .await?;
    Ok(HttpResponse::Created().json(NewKeyResponse {
        key: text,
        view: row.into(),
    }))
}

/// Revoke a key
///
/// The key stops working at once here, and within five seconds on other servers of the same database. The last admin key of
/// a project stays, since no one could make another.
#[utoipa::path(
    tag = "operations",
    params(("id" = Uuid, Path, description = "The key's id")),
    responses(
        (status = 204, description = "The key is revoked"),
        WriteAnswers,
        Absent,
        (status = 409, description = "It is the project's last admin key (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[delete("/keys/{id}")]
pub async fn revoke_key(
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    state
        .db
        .transaction(move |conn| match keys::revoke(conn, key.project, id.0)? {
            Revocation::Revoked => key.note(conn, Action::KeyRevoked, id.0, json!({})),
            Revocation::Absent => Err(ApiError::not_found("live key")),
            Revocation::LastAdmin => Err(ApiError::conflict(
                "this is the project's last admin key; make another before you revoke it",
            )),
        })
        .await?;
    state.keys.clear();
    Ok(HttpResponse::NoContent().finish())
}
