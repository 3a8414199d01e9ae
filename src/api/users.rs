//! `/users`: erasing a user, and the receipts.

use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, web};
use chrono::{DateTime, SubsecRound, Utc};
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{Absent, ReadAnswers, WriteAnswers};
use super::ask;
use super::auth::{Admin, Authorized};
use super::error::{ApiError, Problem};
use super::extract::{JsonBody, Segment};
use super::respond;
use crate::domain::action::Action;
use crate::domain::key;
use crate::ingest::limits;
use crate::state::AppState;
use crate::store::erasures::{self, Erasure};
use crate::store::{projects, tombstones};

/// How long a request waits for the erasure to end before it is told to look again.
const WAITS: Duration = Duration::from_secs(10);
const LOOKS: Duration = Duration::from_millis(50);

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// New events of the user are refused; what is there goes.
    Running,
    /// Nothing of the user is in any table.
    Done,
}

/// The receipt of an erasure. It holds no personal data.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ErasureView {
    pub id: Uuid,
    pub state: ErasureState,
    pub requested_at: DateTime<Utc>,
    #[schema(required = true)]
    pub finished_at: Option<DateTime<Utc>>,
    /// When the database gave up the space of what was deleted. Until then it is on disk, though in no answer; the documentation on
    /// privacy says what is left for how long.
    #[schema(required = true)]
    pub vacuumed_at: Option<DateTime<Utc>>,
    /// Events that were deleted: the user's own, and those of others on the user's outputs.
    pub events: i64,
    pub outputs: i64,
    /// Outputs whose texts were deleted.
    pub texts: i64,
    /// Ratings and judgements of the user on outputs of others.
    pub opinions: i64,
    /// Cases of evals that were made from the user's outputs.
    pub eval_cases: i64,
    /// The project's log position when it was done.
    #[schema(required = true)]
    pub log_position: Option<i64>,
}

impl From<Erasure> for ErasureView {
    fn from(erasure: Erasure) -> Self {
        ErasureView {
            id: erasure.id,
            state: match erasure.finished_at {
                None => ErasureState::Running,
                Some(_) => ErasureState::Done,
            },
            requested_at: erasure.requested_at,
            finished_at: erasure.finished_at,
            vacuumed_at: erasure.vacuumed_at,
            events: erasure.events,
            outputs: erasure.outputs,
            texts: erasure.texts,
            opinions: erasure.opinions,
            eval_cases: erasure.eval_cases,
            log_position: erasure.log_position,
        }
    }
}

/// Erase a user
///
/// Deletes the user's outputs with all that anybody said of them, what the user said of outputs of others, all texts of both, and the
/// cases of evals that were made from them, and corrects the numbers, which are then those of a project in which the user never was. From the answer on, events that name the user
/// or those outputs are refused with `erased`. Doing it again gives the same receipt. Large erasures go on after the answer, and after a
/// restart; the receipt says how far they are.
#[utoipa::path(
    tag = "operations",
    params(("user_id" = String, Path, description = "The client's name for the user", max_length = 256)),
    responses(
        (status = 200, description = "The user is erased", body = ErasureView),
        (status = 202, description = "The user is being erased; ask for the receipt at `Location`", body = ErasureView),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[delete("/users/{user_id}")]
pub async fn delete_user(
    key: Authorized<Admin>,
    user_id: Segment<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let user_id = named(user_id)?;
    let project = key.project;
    let mut erasure = state.db.transaction(move |conn| request(conn, &key, user_id)).await?;
    state.erasing.ring();
    let started = Instant::now();
    while erasure.finished_at.is_none() && started.elapsed() < WAITS {
        tokio::time::sleep(LOOKS).await;
        let id = erasure.id;
        let found = state
            .db
            .look_up(move |conn| erasures::find(conn, project, id).map_err(ApiError::from))
            .await?;
        erasure = found.ok_or_else(|| ApiError::not_found("erasure"))?;
    }
    let mut response = match erasure.finished_at {
        Some(_) => HttpResponse::Ok(),
        None => HttpResponse::Accepted(),
    };
    response.insert_header((header::LOCATION, format!("/api/v1/erasures/{}", erasure.id)));
    Ok(response.json(ErasureView::from(erasure)))
}

/// Has a user erased, unless that is so or on its way. From the commit on, events of the user are refused.
fn request(conn: &mut PgConnection, key: &Authorized<Admin>, user_id: String) -> Result<Erasure, ApiError> {
    tombstones::stop_writers(conn)?;
    let project = projects::find(conn, key.project)?;
    let digest = key::tombstone(project.erasure_salt, &user_id);
    let admits_from = tombstones::admits_from(conn, project.id, digest)?;
    if let (Some(None), Some(erasure)) = (admits_from, erasures::last_of(conn, project.id, digest)?) {
        return Ok(erasure);
    }
    tombstones::add(conn, project.id, &[digest])?;
    let erasure = Erasure {
        id: Uuid::now_v7(),
        project_id: project.id,
        digest,
        user_id: Some(user_id),
        requested_at: Utc::now().trunc_subsecs(6),
        finished_at: None,
        vacuumed_at: None,
        events: 0,
        outputs: 0,
        texts: 0,
        opinions: 0,
        log_position: None,
        eval_cases: 0,
    };
    erasures::add(conn, &erasure)?;
    key.note(conn, Action::UserErased, erasure.id, json!({}))?;
    Ok(erasure)
}

/// What to change about a user.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Events of an erased user are taken again if they happened at or after this.
    pub admits_from: DateTime<Utc>,
}

/// Since when events of an erased user are taken again.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserView {
    pub admits_from: DateTime<Utc>,
}

/// Take events of an erased user again
///
/// For a user who came back and agreed anew. Events that happened before the time given stay refused, and so do those of the outputs
/// that were erased. Nothing comes back.
#[utoipa::path(
    tag = "operations",
    params(("user_id" = String, Path, description = "The client's name for the user", max_length = 256)),
    request_body = UserChange,
    responses(
        (status = 200, description = "Events of the user are taken from then on", body = UserView),
        WriteAnswers,
        Absent,
        (status = 409, description = "The user is still being erased (`conflict`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["admin"]))
)]
#[patch("/users/{user_id}")]
pub async fn update_user(
    key: Authorized<Admin>,
    user_id: Segment<String>,
    body: JsonBody<UserChange>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let user_id = named(user_id)?;
    let from = body.0.admits_from;
    ask::check_time("admits_from", from)?;
    let admit = move |conn: &mut PgConnection| {
        tombstones::stop_writers(conn)?;
        let project = projects::find(conn, key.project)?;
        let digest = key::tombstone(project.erasure_salt, &user_id);
        let last = erasures::last_of(conn, project.id, digest)?.ok_or_else(|| ApiError::not_found("erased user"))?;
        if last.finished_at.is_none() {
            return Err(ApiError::conflict(
                "the user is still being erased; wait for the receipt",
            ));
        }
        tombstones::admit(conn, project.id, digest, from)?;
        key.note(conn, Action::UserAdmitted, last.id, json!({"admits_from": from}))
    };
    state.db.transaction(admit).await?;
    Ok(HttpResponse::Ok().json(UserView { admits_from: from }))
}

/// Get the receipt of an erasure
///
/// What was erased, how much, and when. It says nothing of whom.
#[utoipa::path(
    tag = "operations",
    params(("id" = Uuid, Path, description = "The erasure's id")),
    responses(
        (status = 200, description = "The receipt", body = ErasureView),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[get("/erasures/{id}")]
pub async fn get_erasure(
    request: HttpRequest,
    key: Authorized<Admin>,
    id: Segment<Uuid>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let found = state
        .db
        .run(move |conn| erasures::find(conn, key.project, id.0).map_err(ApiError::from))
        .await?;
    let erasure = found.ok_or_else(|| ApiError::not_found("erasure"))?;
    respond::json(&request, &ErasureView::from(erasure))
}

/// A name that a user can have.
fn named(user_id: Segment<String>) -> Result<String, ApiError> {
    let name = user_id.0;
    if name.trim().is_empty() || name.chars().count() > limits::NAME_CHARS {
        return Err(ApiError::parameter(
            "user_id",
            format!("must have 1 to {} characters, not only spaces", limits::NAME_CHARS),
        ));
    }
    Ok(name)
}
