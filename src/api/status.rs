//! `GET /status`: how far the fold is, and what is missing or was refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::answers::ReadAnswers;
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::respond;
use crate::domain::key::ProjectId;
use crate::query::Sources;
use crate::query::plan;
use crate::state::AppState;
use crate::store::{events, late, outputs, projects, ranges, rejections};

/// Waiting events are counted up to here.
pub const COUNTED_BACKLOG: i64 = 100_000;

/// Events that are stored and not yet in the numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BacklogView {
    pub events: i64,
    /// Whether there are more than were counted.
    pub more: bool,
    /// How long the oldest of them has waited.
    pub lag_seconds: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StatusResponse {
    pub version: &'static str,
    pub project: String,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
    pub backlog: BacklogView,
    pub folded_at: DateTime<Utc>,
    /// Outputs with a feature.
    pub outputs: i64,
    /// Outputs that wait for an event that names their feature.
    pub unlinked: i64,
    /// Stored events that are in no number, since they came after the events of their output were let go of.
    pub late_events: i64,
    /// Events of the log position that are no longer kept.
    pub expired_events: i64,
    /// Refused events by code, of the last 400 days; `/rejected` has them by key and time, with what to do about them.
    pub rejected: BTreeMap<String, i64>,
}

/// Read the status
///
/// How far the fold is behind the log, how many outputs are unlinked, and what was refused.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "The status", body = StatusResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/status")]
pub async fn get_status(
    request: HttpRequest,
    key: Authorized<Read>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let sources = Arc::clone(&state.sources);
    let status = state
        .db
        .run(move |conn| {
            // In one snapshot: the fold moves the numbers and empties the backlog at the same moment.
            let mut snapshot = conn.build_transaction().read_only().repeatable_read();
            snapshot.run(|conn| read(conn, &sources, key.project))
        })
        .await?;
    respond::json(&request, &status)
}

fn read(conn: &mut PgConnection, sources: &Sources, project: ProjectId) -> Result<StatusResponse, ApiError> {
    let project = projects::find(conn, project)?;
    let backlog = events::backlog(conn, Some(project.id), COUNTED_BACKLOG)?;
    let lag = backlog
        .oldest
        .map_or(0.0, |oldest| (Utc::now() - oldest).as_seconds_f64().max(0.0));
    Ok(StatusResponse {
        version: env!("CARGO_PKG_VERSION"),
        log_position: project.folded_events,
        backlog: BacklogView {
            events: backlog.events,
            more: backlog.more,
            lag_seconds: lag,
        },
        folded_at: ranges::folded_at(conn)?,
        outputs: plan::count_outputs(conn, sources, &project)?,
        unlinked: outputs::unlinked(conn, project.id)?,
        late_events: late::count(conn, project.id)?,
        expired_events: project.expired_events,
        rejected: rejections::by_code(conn, project.id)?.into_iter().collect(),
        project: project.name,
    })
}
