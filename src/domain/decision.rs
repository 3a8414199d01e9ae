//! How an output was resolved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The resolution of one output. The last decision stands.
///
/// `ignored` and `undecided` are not decisions: they count as shown, never as rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Taken as it was.
    Accepted,
    /// Taken after a change, or in part.
    Edited,
    /// Refused, or dismissed.
    Rejected,
    /// Taken, then taken back.
    Undone,
    /// Seen, left without an answer, and the app said so.
    Ignored,
    /// Nothing was heard.
    Undecided,
}

/// Who brought the last decision about.
///
/// What the app took by itself says nothing about its user's trust: it is no decision in any metric of what users do, only in
/// those of approvals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// The user decided, or no one has yet.
    #[default]
    Asked,
    /// The app took it, asking no one.
    Automatic,
    /// The user refused it and did it in the AI's place.
    TakenOver,
}

impl Manner {
    pub const ALL: [Manner; 3] = [Manner::Asked, Manner::Automatic, Manner::TakenOver];

    /// The number under which it is stored. Never renumber.
    pub const fn code(self) -> i16 {
        match self {
            Manner::Asked => 0,
            Manner::Automatic => 1,
            Manner::TakenOver => 2,
        }
    }

    /// As in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Manner::Asked => "asked",
            Manner::Automatic => "automatic",
            Manner::TakenOver => "taken_over",
        }
    }

    pub fn from_code(code: i16) -> Option<Manner> {
        Self::ALL.into_iter().find(|manner| manner.code() == code)
    }
}

impl Decision {
    pub const ALL: [Decision; 6] = [
        Decision::Accepted,
        Decision::Edited,
        Decision::Rejected,
        Decision::Undone,
        Decision::Ignored,
        Decision::Undecided,
    ];

    /// The number under which it is stored. Never renumber.
    pub const fn code(self) -> i16 {
        match self {
            Decision::Undecided => 0,
            Decision::Accepted => 1,
            Decision::Edited => 2,
            Decision::Rejected => 3,
            Decision::Undone => 4,
            Decision::Ignored => 5,
        }
    }

    pub fn from_code(code: i16) -> Option<Decision> {
        Self::ALL.into_iter().find(|decision| decision.code() == code)
    }

    /// Taken, whatever came later.
    pub const fn is_taken(self) -> bool {
        matches!(self, Decision::Accepted | Decision::Edited | Decision::Undone)
    }

    pub const fn is_decided(self) -> bool {
        self.is_taken() || matches!(self, Decision::Rejected)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Decision::Accepted => "accepted",
            Decision::Edited => "edited",
            Decision::Rejected => "rejected",
            Decision::Undone => "undone",
            Decision::Ignored => "ignored",
            Decision::Undecided => "undecided",
        }
    }
}
