//! What a rule saw, and what it made of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Rule;
use crate::domain::clock;
use crate::metrics::Estimate;
use crate::metrics::estimate::plain_number;
use crate::metrics::families::trust::Verdict;

/// Where a rule stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// There was not enough to say yet.
    #[default]
    Waiting,
    Ok,
    Firing,
}

impl AlertState {
    pub const fn name(self) -> &'static str {
        match self {
            AlertState::Waiting => "waiting",
            AlertState::Ok => "ok",
            AlertState::Firing => "firing",
        }
    }
}

/// Why a rule fired or cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertCause {
    /// The whole interval is past the threshold.
    Crossed,
    /// The level is another than in the baseline.
    Changed,
    /// Nothing was shown although something was due.
    Silent,
    /// The verdict on trust is another.
    VerdictChanged,
    /// It is over.
    Recovered,
    /// It has lasted, and is what later days are compared with.
    Settled,
}

/// What a look came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LookStanding {
    /// There was enough to go by.
    Told,
    /// Fewer units than the rule asks for.
    TooFew,
    TooFewUsers,
    /// No value, or one without an interval.
    NoInterval,
    /// The days before have too little to compare with.
    NoBaseline,
    /// It moved to the side that is not looked for: the level is learned anew.
    Settling,
}

/// What a change is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertBaseline {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub value: f64,
}

/// One look of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlertLook {
    /// Of what was shown from here on,
    pub from: DateTime<Utc>,
    /// and before this.
    pub to: DateTime<Utc>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub value: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub lower: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub upper: Option<f64>,
    /// Of the interval: of thresholds and verdicts such that all looks of 30 days share the error.
    pub level: f64,
    pub n: u64,
    #[schema(required = true)]
    pub users: Option<u64>,
    pub standing: LookStanding,
    /// Of `verdict`: what the look says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Of `change`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<AlertBaseline>,
    /// Of `change`: the natural logarithm of the evidence, and what it must reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_needed: Option<f64>,
    /// Of `no_data`: outputs in the same hours of the four weeks before, those of the week that had least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<u64>,
}

/// A rule that fired or cleared.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    pub to: AlertState,
    pub cause: AlertCause,
    pub sentence: String,
}

/// A look with what it did.
#[derive(Clone, Debug, PartialEq)]
pub struct Looked {
    pub look: AlertLook,
    /// After it.
    pub state: AlertState,
    pub transition: Option<Transition>,
}

impl AlertLook {
    /// At the last days of a rule, up to one and with it.
    pub fn at(rule: &Rule, day: i32, level: f64, estimate: &Estimate) -> AlertLook {
        // A count is exact: it is its own interval.
        let exact = estimate.value.filter(|_| estimate.reason.is_none());
        AlertLook {
            from: clock::midnight(day + 1 - rule.window_days),
            to: clock::midnight(day + 1),
            value: estimate.value,
            lower: estimate.lower.or(exact),
            upper: estimate.upper.or(exact),
            level,
            n: estimate.n,
            users: estimate.users,
            standing: LookStanding::Told,
            verdict: None,
            baseline: None,
            evidence: None,
            evidence_needed: None,
            due: None,
        }
        .judged(rule)
    }

    fn judged(mut self, rule: &Rule) -> AlertLook {
        self.standing = if self.n < rule.min_n {
            LookStanding::TooFew
        } else if self.users.is_some_and(|users| users < rule.min_users) {
            LookStanding::TooFewUsers
        } else if self.lower.is_none() || self.upper.is_none() {
            LookStanding::NoInterval
        } else {
            LookStanding::Told
        };
        self
    }

    pub fn is_told(&self) -> bool {
        self.standing == LookStanding::Told
    }
}
