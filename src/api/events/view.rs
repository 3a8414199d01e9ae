//! What became of a request's events, as the client is told.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ingest::rejection::RejectionCode;

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
    /// One per event, in order. For streams of more than 1000 events: only those that were refused.
    pub results: Vec<EventResult>,
    /// Whether there were more results than are listed.
    pub truncated: bool,
}
