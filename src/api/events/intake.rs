//! The way of one request's events to the log.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use chrono::{DateTime, SubsecRound, Utc};
use uuid::Uuid;

use super::body_too_large;
use super::view::{EventResult, EventStatus, IngestResponse};
use crate::api::auth::{Authorized, Ingest};
use crate::api::error::ApiError;
use crate::api::settings::IntakeSettings;
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::ingest::append::Stored;
use crate::ingest::decode::{self, Decoded};
use crate::ingest::limits;
use crate::ingest::prepare::{Context, prepare};
use crate::ingest::rejection::Rejection;
use crate::ingest::validate::{is_kept, validate};
use crate::state::AppState;
use crate::store::append::NewEvent;
use crate::store::{StoreError, rejections};

/// Results that one answer lists. A longer stream lists what was refused, up to as many.
const LISTED_RESULTS: usize = 1_000;
/// How long a request waits for its commit.
const COMMIT_TIME: Duration = Duration::from_secs(10);

/// The events of one request on their way to the log.
pub struct Intake<'a> {
    state: &'a AppState,
    project: ProjectId,
    key_id: Uuid,
    settings: IntakeSettings,
    idempotency_key: Option<String>,
    received_at: DateTime<Utc>,
    seen: usize,
    /// Whether the request is too long to list every result.
    streaming: bool,
    response: IngestResponse,
}

impl<'a> Intake<'a> {
    /// Prepares to take the events of a request that comes now.
    pub fn new(
        state: &'a AppState,
        key: &Authorized<Ingest>,
        settings: IntakeSettings,
        idempotency_key: Option<String>,
    ) -> Intake<'a> {
        Intake {
            state,
            project: key.project,
            key_id: key.key_id,
            settings,
            idempotency_key,
            received_at: Utc::now().trunc_subsecs(6),
            seen: 0,
            streaming: false,
            response: IngestResponse::default(),
        }
    }

    pub fn is_streaming(&self) -> bool {
        self.streaming
    }

    /// Events taken so far, whatever became of them.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// From now on events come line by line, and only what was refused is listed.
    pub fn stream(&mut self) {
        self.streaming = true;
    }

    /// Takes all events of a body.
    pub async fn take_all(&mut self, events: impl ExactSizeIterator<Item = Decoded>) -> Result<(), ApiError> {
        self.streaming = events.len() > LISTED_RESULTS;
        self.take(events).await
    }

    /// Takes the complete lines of a buffer and leaves the rest.
    pub async fn take_lines(&mut self, buffer: &mut Vec<u8>) -> Result<(), ApiError> {
        let Some(end) = buffer.iter().rposition(|byte| *byte == b'\n') else {
            return if buffer.len() > limits::BODY_BYTES {
                Err(body_too_large())
            } else {
                Ok(())
            };
        };
        let rest = buffer.split_off(end + 1);
        let lines = std::mem::replace(buffer, rest);
        self.take(decode::lines(&lines)).await
    }

    async fn take(&mut self, mut events: impl Iterator<Item = Decoded>) -> Result<(), ApiError> {
        loop {
            let batch: Vec<Decoded> = events.by_ref().take(limits::BATCH_EVENTS).collect();
            if batch.is_empty() {
                return Ok(());
            }
            self.store(batch).await?;
        }
    }

    async fn store(&mut self, batch: Vec<Decoded>) -> Result<(), ApiError> {
        let context = Context {
            project: self.project,
            stores_text: self.settings.stores_text,
            erasure_salt: self.settings.erasure_salt,
            received_at: self.received_at,
            idempotency_key: self.idempotency_key.as_deref(),
        };
        let first = self.seen;
        self.seen += batch.len();
        let mut names = Vec::with_capacity(batch.len());
        let mut rows = Vec::with_capacity(batch.len());
        for (index, decoded) in (first..).zip(batch) {
            let checked = decoded.and_then(|event| {
                validate(&event, self.received_at)?;
                is_kept(&event, self.settings.retention, self.received_at)?;
                Ok(event)
            });
            names.push(match checked {
                Ok(event) => {
                    let id = event.id.clone();
                    rows.push(prepare(event, index, &context));
                    Ok(id)
                }
                Err(rejection) => Err(rejection),
            });
        }
        let refused = self.counted(names.iter().filter_map(|name| name.as_ref().err()));
        let stored = self.commit(rows, refused).await?;
        let mut refused = Vec::new();
        let mut stored = stored.into_iter();
        for (index, name) in (first..).zip(names) {
            match name {
                Err(rejection) => self.refuse(index, None, rejection),
                Ok(id) => match stored.next().unwrap_or(Stored::Conflict) {
                    Stored::Created => {
                        self.response.created += 1;
                        self.list(index, id, EventStatus::Created);
                    }
                    Stored::Duplicate => {
                        self.response.duplicates += 1;
                        self.list(index, id, EventStatus::Duplicate);
                    }
                    Stored::Conflict => {
                        refused.push(Rejection::id_conflict());
                        self.refuse(index, id, Rejection::id_conflict());
                    }
                    Stored::Erased => {
                        refused.push(Rejection::erased());
                        self.refuse(index, id, Rejection::erased());
                    }
                },
            }
        }
        if !refused.is_empty() {
            let counted = self.counted(refused.iter());
            self.commit(Vec::new(), counted).await?;
        }
        Ok(())
    }

    /// Waits until the log has the events. When that takes too long nobody knows whether it will; the client may ask again.
    async fn commit(
        &self,
        events: Vec<NewEvent>,
        refused: Vec<rejections::Rejection>,
    ) -> Result<Vec<Stored>, ApiError> {
        let stored = self.state.committer.store(events, refused);
        match tokio::time::timeout(COMMIT_TIME, stored).await {
            Ok(stored) => Ok(stored?),
            Err(_) => Err(StoreError::Unavailable("the log takes too long".to_owned()).into()),
        }
    }

    /// Refusals as rows to count, one per code.
    fn counted<'r>(&self, refused: impl Iterator<Item = &'r Rejection>) -> Vec<rejections::Rejection> {
        let mut by_code = std::collections::BTreeMap::new();
        for rejection in refused {
            *by_code.entry(rejection.code).or_insert(0) += 1;
        }
        by_code
            .into_iter()
            .map(|(code, events)| rejections::Rejection {
                project_id: self.project,
                key_id: self.key_id,
                hour: clock::hour_of(self.received_at),
                code: code.name().to_owned(),
                events,
            })
            .collect()
    }

    fn refuse(&mut self, index: usize, id: Option<String>, rejection: Rejection) {
        self.response.rejected += 1;
        let path = match rejection.path.as_str() {
            "" => format!("events[{index}]"),
            field => format!("events[{index}].{field}"),
        };
        self.push(EventResult {
            index,
            id,
            status: EventStatus::Rejected,
            code: Some(rejection.code),
            http_status: Some(rejection.code.status()),
            path: Some(path),
            message: Some(rejection.message),
        });
    }

    fn list(&mut self, index: usize, id: Option<String>, status: EventStatus) {
        if self.streaming {
            return;
        }
        self.push(EventResult {
            index,
            id,
            status,
            code: None,
            http_status: None,
            path: None,
            message: None,
        });
    }

    fn push(&mut self, result: EventResult) {
        if self.response.results.len() < LISTED_RESULTS {
            self.response.results.push(result);
        } else {
            self.response.truncated = true;
        }
    }

    /// The answer, when all is taken.
    pub fn answer(self) -> HttpResponse {
        let metrics = &self.state.metrics.events;
        metrics.with_label_values(&["created"]).inc_by(self.response.created);
        metrics
            .with_label_values(&["duplicate"])
            .inc_by(self.response.duplicates);
        metrics.with_label_values(&["rejected"]).inc_by(self.response.rejected);
        let status = if self.response.rejected == 0 {
            StatusCode::OK
        } else {
            StatusCode::MULTI_STATUS
        };
        HttpResponse::build(status).json(self.response)
    }
}
