//! What an event says happened, and who says that an output was right.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The output was shown; carries its context.
    Shown,
    /// The output was seen and left without an answer.
    Ignore,
    /// The output, or a part of it, was copied.
    Copy,
    /// Another output was asked for in its place.
    Regenerate,
    /// Taken as it is. Agents' `approve` means the same.
    #[serde(alias = "approve")]
    Accept,
    /// A part was taken.
    PartialAccept,
    /// Taken after a change; `final` holds the user's text.
    Edit,
    /// Refused.
    Reject,
    /// Closed without use: a rejection.
    Dismiss,
    /// The person answered in the agent's place: a rejection with `takeover`.
    Respond,
    /// Taken back after it was taken.
    Undo,
    /// How much of it is still in place some seconds later.
    Retained,
    /// The user did by hand, or asked for, what the feature should have offered.
    Missed,
    /// A rating on a scale.
    Rate,
    /// Words about the output.
    Comment,
    /// A statement whether the output was right.
    Judge,
    /// Takes back one earlier event by its id.
    Retract,
}

impl EventKind {
    pub const ALL: [EventKind; 17] = [
        EventKind::Shown,
        EventKind::Ignore,
        EventKind::Copy,
        EventKind::Regenerate,
        EventKind::Accept,
        EventKind::PartialAccept,
        EventKind::Edit,
        EventKind::Reject,
        EventKind::Dismiss,
        EventKind::Respond,
        EventKind::Undo,
        EventKind::Retained,
        EventKind::Missed,
        EventKind::Rate,
        EventKind::Comment,
        EventKind::Judge,
        EventKind::Retract,
    ];

    /// The number under which it is stored, and the order of two events of one output at the same instant: what can only
    /// follow something else has the higher number. Never renumber.
    pub const fn code(self) -> i16 {
        match self {
            EventKind::Shown => 1,
            EventKind::Ignore => 2,
            EventKind::Copy => 3,
            EventKind::Regenerate => 4,
            EventKind::Accept => 5,
            EventKind::PartialAccept => 6,
            EventKind::Edit => 7,
            EventKind::Reject => 8,
            EventKind::Dismiss => 9,
            EventKind::Respond => 10,
            EventKind::Undo => 11,
            EventKind::Retained => 12,
            EventKind::Missed => 13,
            EventKind::Rate => 14,
            EventKind::Comment => 15,
            EventKind::Judge => 16,
            EventKind::Retract => 17,
        }
    }

    pub fn from_code(code: i16) -> Option<EventKind> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Who or what states that an output was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JudgementSource {
    /// A person who was asked to judge.
    Human,
    /// What came of it: the test passed, the ticket stayed closed.
    Outcome,
    /// A program.
    Code,
    /// A language model.
    Llm,
}

impl JudgementSource {
    /// Lower counts first: a person's judgement outranks a model's.
    pub const fn rank(self) -> i16 {
        match self {
            JudgementSource::Human => 0,
            JudgementSource::Outcome => 1,
            JudgementSource::Code => 2,
            JudgementSource::Llm => 3,
        }
    }

    /// As in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            JudgementSource::Human => "human",
            JudgementSource::Outcome => "outcome",
            JudgementSource::Code => "code",
            JudgementSource::Llm => "llm",
        }
    }
}
