//! `POST /events`: the way in.

mod intake;
mod view;

use actix_web::http::header::CONTENT_ENCODING;
use actix_web::{HttpRequest, HttpResponse, post, web};

use self::intake::Intake;
use self::view::IngestResponse;
use super::answers::WriteAnswers;
use super::auth::{Authorized, Ingest};
use super::body::Body;
use super::error::{ApiError, ErrorCode, Problem};
use crate::domain::event::Event;
use crate::ingest::decode::{self, BodyError};
use crate::ingest::inflate::{InflateError, Inflater};
use crate::ingest::limits;
use crate::state::AppState;

/// Store events
///
/// Takes one event, `{"events": [...]}` with up to 1000, an array of up to 1000, or NDJSON of any length; plain, gzip or
/// zstd, told by the bytes whatever the headers say. A repeated `id` changes nothing, so that a retry is always safe; clients
/// that send no ids use `Idempotency-Key`. 200 means that all events are on disk; 207 that some were refused, or all, also where
/// there is but one: `results` says why.
#[utoipa::path(
    tag = "events",
    request_body(content = Event, description = "One event, a batch, or NDJSON", content_type = "application/json"),
    params(("Idempotency-Key" = Option<String>, Header, description = "Names the events that have no id: the same request sent again is stored once")),
    responses(
        (status = 200, description = "All events are stored", body = IngestResponse),
        (status = 207, description = "Some events were refused, or all; the others are stored", body = IngestResponse),
        WriteAnswers,
        (status = 415, description = "The encoding is not supported (`unsupported_encoding`)", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = ["ingest"]))
)]
#[post("/events")]
pub async fn create_events(
    request: HttpRequest,
    payload: web::Payload,
    key: Authorized<Ingest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    check_encoding(&request)?;
    let idempotency_key = idempotency_key(&request)?;
    let settings = state.projects.intake(&state.db, key.project).await?;
    let mut intake = Intake::new(&state, &key, settings, idempotency_key);

    let mut inflater = Inflater::default();
    let mut buffer = Vec::new();
    let mut body = Body::new(payload.into_inner(), state.patience);
    let mut share = state.held.share();
    while let Some(piece) = body.next().await? {
        buffer.extend(inflater.push(&piece).map_err(inflate_error)?);
        share.set(buffer.len())?;
        if !intake.is_streaming() && buffer.len() > limits::BODY_BYTES {
            if !decode::starts_as_lines(&buffer) {
                return Err(body_too_large());
            }
            intake.stream();
        }
        if intake.is_streaming() {
            let before = intake.seen();
            intake.take_lines(&mut buffer).await?;
            share.set(buffer.len())?;
            // A stream is slowed down to the rate of its key rather than refused half-way.
            tokio::time::sleep(state.limiter.events(key.key_id, intake.seen() - before)).await;
        }
    }
    buffer.extend(inflater.finish().map_err(inflate_error)?);
    if !intake.is_streaming() && buffer.len() > limits::BODY_BYTES && !decode::starts_as_lines(&buffer) {
        return Err(body_too_large());
    }
    if intake.is_streaming() {
        buffer.push(b'\n');
        intake.take_lines(&mut buffer).await?;
    } else {
        let events = decode::body(&buffer).map_err(body_error)?;
        state.limiter.events(key.key_id, events.len());
        intake.take_all(events).await?;
    }
    Ok(intake.answer())
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
