//! Why one event was refused. Codes are stable: clients and reports rely on them. Every code is in one table.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    InvalidJson,
    InvalidField,
    UnknownField,
    MissingField,
    OutOfRange,
    InvalidLength,
    TooMany,
    InvalidCharacter,
    InvalidTime,
    Expired,
    EventTooLarge,
    IdConflict,
    Erased,
}

impl RejectionCode {
    pub const ALL: [RejectionCode; 13] = [
        RejectionCode::InvalidJson,
        RejectionCode::InvalidField,
        RejectionCode::UnknownField,
        RejectionCode::MissingField,
        RejectionCode::OutOfRange,
        RejectionCode::InvalidLength,
        RejectionCode::TooMany,
        RejectionCode::InvalidCharacter,
        RejectionCode::InvalidTime,
        RejectionCode::Expired,
        RejectionCode::EventTooLarge,
        RejectionCode::IdConflict,
        RejectionCode::Erased,
    ];

    /// Name, HTTP status, meaning and advice of each code.
    fn row(self) -> (&'static str, u16, &'static str, &'static str) {
        match self {
            RejectionCode::InvalidJson => (
                "invalid_json",
                400,
                "the event is not JSON",
                "write events with a JSON library, and in NDJSON each on one line",
            ),
            RejectionCode::InvalidField => (
                "invalid_field",
                422,
                "a field has a wrong type, or a word that it does not take",
                "correct the field that `path` names in the answer to the client; its `message` says what it takes",
            ),
            RejectionCode::UnknownField => (
                "unknown_field",
                422,
                "the event has a field that no event has",
                "look for a typo in the field's name; what is your own goes into `attributes`",
            ),
            RejectionCode::MissingField => (
                "missing_field",
                422,
                "a field that this type of event needs is absent",
                "send the field that `message` names in the answer to the client",
            ),
            RejectionCode::OutOfRange => (
                "out_of_range",
                422,
                "a number is outside its range",
                "send shares and confidences from 0 to 1, and ratings with the `rating_min` and `rating_max` of their scale",
            ),
            RejectionCode::InvalidLength => (
                "invalid_length",
                422,
                "a string is longer than allowed, or empty where it must not be",
                "shorten it before it is sent, and leave out what has no value; docs/limits.md has the limits",
            ),
            RejectionCode::TooMany => (
                "too_many",
                422,
                "the event has more attributes or aliases than allowed",
                "send those that you filter and group by; docs/limits.md has the limits",
            ),
            RejectionCode::InvalidCharacter => (
                "invalid_character",
                422,
                "a name holds a control character, or a text the character U+0000",
                "take control characters out of names, and U+0000 out of texts, before they are sent",
            ),
            RejectionCode::InvalidTime => (
                "invalid_time",
                422,
                "`occurred_at` is more than 24 hours ahead, or before the year 2000",
                "check the client's clock, and the unit of what its times are made from",
            ),
            RejectionCode::Expired => (
                "expired",
                422,
                "the event is older than the project keeps events",
                "send events sooner, or raise `retain_events_days` and `retain_outputs_days` of the project",
            ),
            RejectionCode::EventTooLarge => (
                "event_too_large",
                413,
                "the event has more bytes than one may have",
                "shorten its texts; docs/limits.md has the limits",
            ),
            RejectionCode::IdConflict => (
                "id_conflict",
                409,
                "an event of the same id, or of the same Idempotency-Key, is stored with other content, and stays",
                "give a new event a new id and a new request a new key; a retry sends the same content",
            ),
            RejectionCode::Erased => (
                "erased",
                410,
                "the event names a user who was erased, or an output of one",
                "drop it, and do not send it again; with new consent, admit the user with PATCH /api/v1/users/{user_id}",
            ),
        }
    }

    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status that a request with only this event would deserve.
    pub fn status(self) -> u16 {
        self.row().1
    }

    /// What it says of the event.
    pub fn meaning(self) -> &'static str {
        self.row().2
    }

    /// What to do about it, for who looks after the client.
    pub fn advice(self) -> &'static str {
        self.row().3
    }

    pub fn parse(name: &str) -> Option<RejectionCode> {
        Self::ALL.into_iter().find(|code| code.name() == name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_one_name_in_rust_and_in_json() {
        for code in RejectionCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
            assert_eq!(RejectionCode::parse(code.name()), Some(code));
        }
        assert_eq!(RejectionCode::parse("nothing"), None);
    }
}
