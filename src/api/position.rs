//! `GET /position`: how far a project's numbers are, told when they move. Open pages wait here rather than ask again and again.
//!
//! Whoever folds may be another process, so that it is the database that is looked at: once for all that wait, however many they are.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Semaphore};
use utoipa::{IntoParams, ToSchema};

use super::answers::ReadAnswers;
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::Params;
use crate::domain::key::ProjectId;
use crate::state::AppState;
use crate::store::{Db, StoreError, projects};

/// How long a request waits for the numbers to move; less than proxies wait for an answer.
pub const LONGEST: Duration = Duration::from_secs(20);
/// Of the connections of a server, one in so many may wait. Further requests are answered at once.
pub const WAITING_ONE_IN: usize = 4;
/// How often it is looked whether numbers have moved, while someone waits.
const ROUND: Duration = Duration::from_millis(100);

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PositionParams {
    /// The position that the client knows: the answer comes when it is another one, at the latest after 20 seconds. At once
    /// without it, or when too many wait already.
    pub after: Option<i64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PositionResponse {
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
}

/// Wait for new numbers
///
/// How many events the numbers contain. With `after`, the answer waits until that has changed: ask again with what it says to follow
/// the numbers as they move.
#[utoipa::path(
    tag = "operations",
    params(PositionParams),
    responses(
        (status = 200, description = "How far the numbers are", body = PositionResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/position")]
pub async fn get_position(
    key: Authorized<Read>,
    params: Params<PositionParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let log_position = state.positions.after(&state.db, key.project, params.0.after).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(PositionResponse { log_position }))
}

/// How far the projects are, for those who wait.
pub struct Positions {
    places: Semaphore,
    seen: Mutex<Seen>,
    is_closed: AtomicBool,
}

/// What was seen last, and when that look began; never before the first.
#[derive(Default)]
struct Seen {
    since: Option<Instant>,
    positions: HashMap<ProjectId, i64>,
}

impl Positions {
    /// For a server of so many connections.
    pub fn new(connections: usize) -> Positions {
        Positions {
            places: Semaphore::new(connections / WAITING_ONE_IN),
            seen: Mutex::default(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Lets all that wait go, and no one wait any more: the server is about to stop.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    async fn after(&self, db: &Db, project: ProjectId, known: Option<i64>) -> Result<i64, ApiError> {
        let started = Instant::now();
        let place = self.places.try_acquire().ok();
        // The first look is a fresh one: what others saw may be older than what the client knows.
        let mut position = self.look(db, project, started).await?;
        while Some(position) == known
            && place.is_some()
            && started.elapsed() < LONGEST
            && !self.is_closed.load(Ordering::Relaxed)
        {
            let rested = Instant::now();
            tokio::time::sleep(ROUND).await;
            position = self.look(db, project, rested).await?;
        }
        Ok(position)
    }

    /// How far a project is, or was after `then`: those who come while another looks share the next look.
    async fn look(&self, db: &Db, project: ProjectId, then: Instant) -> Result<i64, ApiError> {
        let mut seen = self.seen.lock().await;
        if seen.since.is_none_or(|since| since < then) {
            let since = Some(Instant::now());
            let positions = db
                .look_up(|conn| projects::positions(conn).map_err(StoreError::from))
                .await?;
            *seen = Seen {
                since,
                positions: positions.into_iter().collect(),
            };
        }
        seen.positions
            .get(&project)
            .copied()
            .ok_or_else(|| ApiError::not_found("project"))
    }
}
