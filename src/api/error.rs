//! Errors as the client sees them: RFC 9457 problem+json with a stable code. Every code is in one table.
//!
//! What the client reads and what the log keeps are two things: a failure of ours says `internal` outside and its cause
//! inside, once, here.

use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ingest::commit::CommitError;
use crate::query::QueryError;
use crate::store::StoreError;

/// The stable codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    InvalidJson,
    InvalidBody,
    InvalidParameter,
    UnsupportedEncoding,
    BodyTooLarge,
    TooManyEvents,
    UnknownMetric,
    UnknownDimension,
    AnswerTooLarge,
    NotKept,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    RangeNotSatisfiable,
    TooSlow,
    RateLimited,
    Overloaded,
    Unavailable,
    StorageFull,
    Internal,
}

impl ErrorCode {
    /// Status, name and title of each code.
    fn row(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            ErrorCode::InvalidJson => (StatusCode::BAD_REQUEST, "invalid_json", "The body is not JSON"),
            ErrorCode::InvalidBody => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_body",
                "The body is not what this route takes",
            ),
            ErrorCode::InvalidParameter => (StatusCode::BAD_REQUEST, "invalid_parameter", "A parameter is wrong"),
            ErrorCode::UnsupportedEncoding => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_encoding",
                "The body's encoding is not supported",
            ),
            ErrorCode::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The body is too large"),
            ErrorCode::TooManyEvents => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_many_events",
                "The batch holds too many events",
            ),
            ErrorCode::UnknownMetric => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_metric",
                "There is no such metric",
            ),
            ErrorCode::UnknownDimension => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_dimension",
                "The project has no such dimension",
            ),
            ErrorCode::AnswerTooLarge => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "answer_too_large",
                "The answer would be too large",
            ),
            ErrorCode::NotKept => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "not_kept",
                "What the answer needs is no longer kept",
            ),
            ErrorCode::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "A valid API key is needed"),
            ErrorCode::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The API key may not do this"),
            ErrorCode::NotFound => (StatusCode::NOT_FOUND, "not_found", "There is nothing here"),
            ErrorCode::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "The route does not take this method",
            ),
            ErrorCode::Conflict => (StatusCode::CONFLICT, "conflict", "It conflicts with what is there"),
            ErrorCode::RangeNotSatisfiable => (
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range_not_satisfiable",
                "The file ends before that",
            ),
            ErrorCode::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow", "The body came too slowly"),
            ErrorCode::RateLimited => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "More was sent than is allowed per second",
            ),
            ErrorCode::Overloaded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                "Too much is waiting; come back in a moment",
            ),
            ErrorCode::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The database does not answer; come back in a moment",
            ),
            ErrorCode::StorageFull => (
                StatusCode::SERVICE_UNAVAILABLE,
                "storage_full",
                "The database's disk is full; come back when there is room",
            ),
            ErrorCode::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong on our side",
            ),
        }
    }

    pub fn status(self) -> StatusCode {
        self.row().0
    }

    /// As in the answer's `code` and `type`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    pub fn title(self) -> &'static str {
        self.row().2
    }
}

/// The body of every error answer (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem; the code, as a URN.
    #[schema(example = "urn:calibrant:error:invalid_parameter")]
    pub r#type: String,
    pub title: &'static str,
    pub status: u16,
    pub code: ErrorCode,
    /// What was wrong, where, and what to do.
    pub detail: String,
}

/// An error on its way to the client.
#[derive(Debug)]
pub struct ApiError {
    pub code: ErrorCode,
    pub detail: String,
    /// With `method_not_allowed`: the methods that the route takes.
    pub allow: Option<String>,
    /// What the log says of it, where the client is to come back.
    pub cause: Option<String>,
    /// With the codes that ask to come back: after how many seconds.
    pub retry_after: Option<u64>,
}

impl ApiError {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> ApiError {
        ApiError {
            code,
            detail: detail.into(),
            allow: None,
            cause: None,
            retry_after: match code {
                ErrorCode::Overloaded | ErrorCode::Unavailable => Some(1),
                ErrorCode::StorageFull => Some(10),
                _ => None,
            },
        }
    }

    pub fn parameter(name: &str, detail: impl fmt::Display) -> ApiError {
        ApiError::new(ErrorCode::InvalidParameter, format!("`{name}`: {detail}"))
    }

    /// A body that can be read, and says what it must not.
    pub fn invalid(detail: impl Into<String>) -> ApiError {
        ApiError::new(ErrorCode::InvalidBody, detail)
    }

    pub fn conflict(detail: impl Into<String>) -> ApiError {
        ApiError::new(ErrorCode::Conflict, detail)
    }

    pub fn not_found(what: &str) -> ApiError {
        ApiError::new(ErrorCode::NotFound, format!("the project has no such {what}"))
    }

    pub fn overloaded() -> ApiError {
        ApiError::new(
            ErrorCode::Overloaded,
            "the server has more work than it can take; try again in a second",
        )
    }

    /// Too much was sent; `wait` says when there is room again.
    pub fn rate_limited(wait: Duration, rule: impl fmt::Display) -> ApiError {
        // The time is rounded up, or the client would come back too early.
        let seconds = wait.as_secs() + 1;
        let mut error = ApiError::new(
            ErrorCode::RateLimited,
            format!("{rule}; try again in {seconds} seconds"),
        );
        error.retry_after = Some(seconds);
        error
    }

    /// A failure of ours: logged with its cause, told without it.
    pub fn internal(cause: impl fmt::Display) -> ApiError {
        tracing::error!(%cause, "a request failed");
        ApiError::new(
            ErrorCode::Internal,
            "the failure was logged; the request may be tried again",
        )
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let (status, name, title) = self.code.row();
        let problem = Problem {
            r#type: format!("urn:calibrant:error:{name}"),
            title,
            status: status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
        };
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match self.code {
            // What still comes of the body is not waited for.
            ErrorCode::TooSlow => {
                response.force_close();
            }
            ErrorCode::Unauthenticated => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"calibrant\""));
            }
            _ => {}
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(allow) = &self.allow {
            response.insert_header((header::ALLOW, allow.as_str()));
        }
        response.json(problem)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => ApiError {
                cause: Some(cause),
                ..ApiError::new(
                    ErrorCode::Unavailable,
                    "the database does not answer; try again in a second",
                )
            },
            StoreError::Full(cause) => ApiError {
                cause: Some(cause),
                ..ApiError::new(
                    ErrorCode::StorageFull,
                    "the database's disk is full; try again when the operator has made room",
                )
            },
            StoreError::Query(diesel::result::Error::NotFound) => ApiError::not_found("thing"),
            StoreError::Query(cause) => ApiError::internal(cause),
            StoreError::Ended(cause) => ApiError::internal(cause),
        }
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<CommitError> for ApiError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Overloaded => ApiError::overloaded(),
            CommitError::Store(error) => error.into(),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::UnknownDimension { .. } => ApiError::new(
                ErrorCode::UnknownDimension,
                format!(
                    "{error}; declare attributes as dimensions with PATCH /api/v1/projects/current, or name one as `attributes.<name>`"
                ),
            ),
            QueryError::NoDimension { .. } => ApiError::new(ErrorCode::UnknownDimension, error.to_string()),
            QueryError::OutputsGone { .. } => ApiError::new(ErrorCode::NotKept, error.to_string()),
            QueryError::ArmsOverlap { .. } => ApiError::new(ErrorCode::InvalidParameter, error.to_string()),
            QueryError::TooManyGroups { .. }
            | QueryError::TooManyBuckets
            | QueryError::TooManyRows { .. }
            | QueryError::TooManyOutputs { .. }
            | QueryError::TooManyOpinions { .. }
            | QueryError::TooManyOutcomes { .. } => ApiError::new(ErrorCode::AnswerTooLarge, error.to_string()),
            QueryError::Abandoned | QueryError::TookTooLong => ApiError::new(ErrorCode::Overloaded, error.to_string()),
            QueryError::Store(error) => error.into(),
            QueryError::NotInMemory => ApiError::internal(error),
            QueryError::Frame(cause) => ApiError::internal(cause),
            QueryError::Damaged(cause) => ApiError::internal(cause),
        }
    }
}
