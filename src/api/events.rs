//! `POST /events`: the way in.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, SubsecRound, Utc};
use futures_util::StreamExt;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::WriteAnswers;
use super::auth::{Authorized, Ingest};
use super::error::{ApiError, ErrorCode, Problem};
use crate::domain::clock;
use crate::domain::event::Event;
use crate::domain::key::ProjectId;
use crate::ingest::commit::Stored;
use crate::ingest::decode::{self, BodyError, Decoded};
use crate::ingest::inflate::{InflateError, Inflater};
use crate::ingest::limits;
use crate::ingest::prepare::{Context, prepare};
use crate::ingest::rejection::{Rejection, RejectionCode};
use crate::ingest::validate::validate;
use crate::state::AppState;
use crate::store::rejections;

/// Results that one answer lists. A longer stream lists what was not created, up to as many.
const LISTED_RESULTS: usize = 1_000;

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// It is on disk.
    Created,
    /// It was on disk already; nothing changed.
    Duplicate,
    /// It was refused and is not stored.
    Rejected,
}

/// What became of one event of the request.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventResult {
    /// The event's place in the request, from 0.
    pub index: usize,
    /// The event's id, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub status: EventStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<RejectionCode>,
    /// The status that a request with only this event would deserve, for example 409 for an id that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// Where in the request the fault is, for example `events[3].confidence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of a request's events. With a 2xx status all that is created is on disk.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct IngestResponse {
    pub created: u64,
    pub duplicates: u64,
    pub rejected: u64,
    /// One per event, in order. For streams of more than 1000 events: only those that were not created.
    pub results: Vec<EventResult>,
    /// Whether there were more results than are listed.
    pub truncated: bool,
}

/// Store events
///
/// Takes one event, `{"events": [...]}` with up to 1000, an array of up to 1000, or NDJSON of any length; plain, gzip or
/// zstd, told by the bytes whatever the headers say. A repeated `id` changes nothing, so that a retry is always safe; clients
/// that send no ids use `Idempotency-Key`. 200 means that all events are on disk; 207 that some were refused.
#[utoipa::path(
    tag = "events",
    request_body(content = Event, description = "One event, a batch, or NDJSON", content_type = "application/json"),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the events that have no id: the same request sent again is stored once")),
    responses(
        (status = 200, description = "All events are stored", body = IngestResponse),
        (status = 207, description = "Some events were refused; the others are stored", body = IngestResponse),
        WriteAnswers,
        (status = 415, description = "The encoding is not supported (`unsupported_encoding`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = []))
)]
#[post("/events")]
pub async fn create_events(
    request: HttpRequest,
    mut payload: web::Payload,
    key: Authorized<Ingest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    check_encoding(&request)?;
    let idempotency_key = idempotency_key(&request)?;
    let stores_text = state.projects.stores_text(&state.db, key.project).await?;
    let mut intake = Intake {
        state: &state,
        project: key.project,
        key_id: key.key_id,
        stores_text,
        idempotency_key,
        received_at: Utc::now().trunc_subsecs(6),
        seen: 0,
        streaming: false,
        response: IngestResponse::default(),
    };

    let mut inflater = Inflater::default();
    let mut buffer = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece =
            piece.map_err(|error| ApiError::new(ErrorCode::InvalidJson, format!("the body broke off: {error}")))?;
        buffer.extend(inflater.push(&piece).map_err(inflate_error)?);
        if !intake.streaming && buffer.len() > limits::BODY_BYTES {
            intake.streaming = decode::starts_as_lines(&buffer);
            if !intake.streaming {
                return Err(body_too_large());
            }
        }
        if intake.streaming {
            intake.take_lines(&mut buffer).await?;
        }
    }
    buffer.extend(inflater.finish().map_err(inflate_error)?);
    if !intake.streaming && buffer.len() > limits::BODY_BYTES && !decode::starts_as_lines(&buffer) {
        return Err(body_too_large());
    }
    if intake.streaming {
        buffer.push(b'\n');
        intake.take_lines(&mut buffer).await?;
    } else {
        let events = decode::body(&buffer).map_err(body_error)?;
        intake.streaming = events.len() > LISTED_RESULTS;
        intake.take(events).await?;
    }
    Ok(intake.answer())
}

/// The events of one request on their way to the log.
struct Intake<'a> {
    state: &'a AppState,
    project: ProjectId,
    key_id: Uuid,
    stores_text: bool,
    idempotency_key: Option<String>,
    received_at: DateTime<Utc>,
    seen: usize,
    /// Whether the request is too long to list every result.
    streaming: bool,
    response: IngestResponse,
}

impl Intake<'_> {
    /// Takes the complete lines of a buffer and leaves the rest.
    async fn take_lines(&mut self, buffer: &mut Vec<u8>) -> Result<(), ApiError> {
        let Some(end) = buffer.iter().rposition(|byte| *byte == b'\n') else {
            return if buffer.len() > limits::BODY_BYTES {
                Err(body_too_large())
            } else {
                Ok(())
            };
        };
        let rest = buffer.split_off(end + 1);
        let lines = std::mem::replace(buffer, rest);
        self.take(decode::lines(&lines).collect()).await
    }

    async fn take(&mut self, events: Vec<Decoded>) -> Result<(), ApiError> {
        let mut events = events.into_iter();
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
            stores_text: self.stores_text,
            received_at: self.received_at,
            idempotency_key: self.idempotency_key.as_deref(),
        };
        let first = self.seen;
        self.seen += batch.len();
        let mut names = Vec::with_capacity(batch.len());
        let mut rows = Vec::with_capacity(batch.len());
        for (index, decoded) in (first..).zip(batch) {
            let checked = decoded.and_then(|event| validate(&event, self.received_at).map(|()| event));
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
        let stored = self.state.committer.store(rows, refused).await?;
        let mut conflicts = Vec::new();
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
                        conflicts.push(Rejection::id_conflict());
                        self.refuse(index, id, Rejection::id_conflict());
                    }
                },
            }
        }
        if !conflicts.is_empty() {
            let counted = self.counted(conflicts.iter());
            self.state.committer.store(Vec::new(), counted).await?;
        }
        Ok(())
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
        if self.streaming && status == EventStatus::Created {
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

    fn answer(self) -> HttpResponse {
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

/// Bodies are told by their bytes, but an encoding that is announced and unknown is refused rather than misread.
fn check_encoding(request: &HttpRequest) -> Result<(), ApiError> {
    let Some(encoding) = request.headers().get(CONTENT_ENCODING) else {
        return Ok(());
    };
    let known = ["gzip", "x-gzip", "zstd", "identity", ""];
    let named = encoding.to_str().unwrap_or("?").trim().to_ascii_lowercase();
    if known.contains(&named.as_str()) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::UnsupportedEncoding,
        format!("the Content-Encoding `{named}` is not supported; send gzip, zstd or none"),
    ))
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.chars().count() > limits::IDEMPOTENCY_KEY_CHARS || key.chars().any(char::is_control) {
        return Err(ApiError::parameter(
            "Idempotency-Key",
            format!(
                "must have 1 to {} printable ASCII characters",
                limits::IDEMPOTENCY_KEY_CHARS
            ),
        ));
    }
    Ok(Some(key.to_owned()))
}

fn body_too_large() -> ApiError {
    ApiError::new(
        ErrorCode::BodyTooLarge,
        format!(
            "a JSON body may have {} bytes; send smaller batches, or NDJSON",
            limits::BODY_BYTES
        ),
    )
}

fn inflate_error(error: InflateError) -> ApiError {
    let code = match error {
        InflateError::Damaged => ErrorCode::InvalidJson,
        InflateError::Bomb => ErrorCode::BodyTooLarge,
    };
    ApiError::new(code, error.to_string())
}

fn body_error(error: BodyError) -> ApiError {
    let code = match error {
        BodyError::Empty | BodyError::InvalidJson(_) => ErrorCode::InvalidJson,
        BodyError::WrongShape | BodyError::NoEvents => ErrorCode::InvalidBody,
        BodyError::TooManyEvents(_) => ErrorCode::TooManyEvents,
    };
    ApiError::new(code, error.to_string())
}
