//! Why one event was refused. Codes are stable: clients and reports rely on them.

use serde::Serialize;
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// Not JSON.
    InvalidJson,
    /// JSON, but a field has a wrong type or an unknown word.
    InvalidField,
    /// A field that no event has.
    UnknownField,
    /// A field that this type of event needs is absent.
    MissingField,
    /// A number outside its range.
    OutOfRange,
    /// A string longer than allowed, or empty where it must not be.
    InvalidLength,
    /// More items than allowed.
    TooMany,
    /// A character that cannot be stored.
    InvalidCharacter,
    /// More than 24 hours ahead, or before the year 2000.
    InvalidTime,
    /// Older than the project keeps events.
    Expired,
    /// More bytes than one event may have.
    EventTooLarge,
    /// The id belongs to an event with other content; that one stays.
    IdConflict,
    /// It names a user, or an output of one, who was erased.
    Erased,
}

impl RejectionCode {
    pub fn name(self) -> &'static str {
        match self {
            RejectionCode::InvalidJson => "invalid_json",
            RejectionCode::InvalidField => "invalid_field",
            RejectionCode::UnknownField => "unknown_field",
            RejectionCode::MissingField => "missing_field",
            RejectionCode::OutOfRange => "out_of_range",
            RejectionCode::InvalidLength => "invalid_length",
            RejectionCode::TooMany => "too_many",
            RejectionCode::InvalidCharacter => "invalid_character",
            RejectionCode::InvalidTime => "invalid_time",
            RejectionCode::Expired => "expired",
            RejectionCode::EventTooLarge => "event_too_large",
            RejectionCode::IdConflict => "id_conflict",
            RejectionCode::Erased => "erased",
        }
    }

    /// The HTTP status that a request with only this event would deserve.
    pub fn status(self) -> u16 {
        match self {
            RejectionCode::InvalidJson => 400,
            RejectionCode::IdConflict => 409,
            RejectionCode::Erased => 410,
            RejectionCode::EventTooLarge => 413,
            _ => 422,
        }
    }
}

/// A refused event: what was wrong, where in it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    pub code: RejectionCode,
    /// The field, as a path within the event; empty for the event as a whole.
    pub path: String,
    pub message: String,
}

impl Rejection {
    pub fn new(code: RejectionCode, path: impl Into<String>, message: impl Into<String>) -> Rejection {
        Rejection {
            code,
            path: path.into(),
            message: message.into(),
        }
    }

    pub fn erased() -> Rejection {
        Rejection::new(
            RejectionCode::Erased,
            "",
            "it names a user who was erased, or an output of one; drop it, and do not send it again",
        )
    }

    pub fn id_conflict() -> Rejection {
        Rejection::new(
            RejectionCode::IdConflict,
            "id",
            "an event with this id, or from a request with this Idempotency-Key, is stored with other content; give a new event a new id, or a new request a new key",
        )
    }
}
