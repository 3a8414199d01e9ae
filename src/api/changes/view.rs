//! A logged change, as it is kept and as clients see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::plan::{Aim, ChangeKind, ChangePlan};
use crate::api::error::ApiError;
use crate::store::changes::Change;

/// A change and when it was logged.
#[derive(Clone, Debug)]
pub struct Logged {
    pub id: Uuid,
    pub plan: ChangePlan,
    pub at: DateTime<Utc>,
}

impl Logged {
    pub fn read(change: Change) -> Result<Logged, ApiError> {
        Ok(Logged {
            id: change.id,
            plan: serde_json::from_value(change.plan).map_err(ApiError::internal)?,
            at: change.logged_at,
        })
    }
}

/// A change and when it was logged.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChangeView {
    pub id: Uuid,
    pub title: String,
    pub kind: ChangeKind,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who made it, in any words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When the first users met it.
    pub made_at: DateTime<Utc>,
    pub feature: String,
    /// The versions that came with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    #[schema(required = true)]
    pub aim: Option<Aim>,
    /// Id of the metric that it was to move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// How much better that was to get, in its unit.
    pub expected: f64,
    pub logged_at: DateTime<Utc>,
}

// The plan's own schema allows nothing but what a plan says, so that a view cannot be a plan and more.
impl From<Logged> for ChangeView {
    fn from(Logged { id, plan, at }: Logged) -> ChangeView {
        ChangeView {
            id,
            title: plan.title,
            kind: plan.kind,
            note: plan.note,
            by: plan.by,
            made_at: plan.made_at,
            feature: plan.feature,
            versions: plan.versions,
            aim: plan.aim,
            metric: plan.metric,
            expected: plan.expected,
            logged_at: at,
        }
    }
}
