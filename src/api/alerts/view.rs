//! Rules and what they did, as clients see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::plan::AlertPlan;
use crate::api::error::ApiError;
use crate::query::analyses::alerts::{AlertCause, AlertLook, AlertState};
use crate::store::alerts::{AlertRule, AlertTransition};

/// What a rule did, and what it saw then.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TransitionView {
    pub id: Uuid,
    pub noticed_at: DateTime<Utc>,
    pub state: AlertState,
    pub cause: AlertCause,
    pub sentence: String,
    pub look: AlertLook,
    /// Nobody was told.
    pub muted: bool,
}

impl TransitionView {
    pub fn read(found: AlertTransition) -> Result<TransitionView, ApiError> {
        Ok(TransitionView {
            id: found.id,
            noticed_at: found.noticed_at,
            state: read(found.state.into())?,
            cause: read(found.cause.into())?,
            sentence: found.sentence,
            look: read(found.look)?,
            muted: found.muted,
        })
    }
}

/// A rule and where it stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AlertView {
    pub id: Uuid,
    pub rule: AlertPlan,
    pub enabled: bool,
    #[schema(required = true)]
    pub muted_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub state: AlertState,
    /// When it came to this state; null before the first look that told anything.
    #[schema(required = true)]
    pub since: Option<DateTime<Utc>>,
    /// When it looked last.
    #[schema(required = true)]
    pub looked_at: Option<DateTime<Utc>>,
    /// What it saw then.
    #[schema(required = true)]
    pub look: Option<AlertLook>,
    /// Why it could not look.
    #[schema(required = true)]
    pub failure: Option<String>,
    /// What it did last.
    #[schema(required = true)]
    pub last: Option<TransitionView>,
}

impl AlertView {
    pub fn read(rule: AlertRule, last: Option<AlertTransition>) -> Result<AlertView, ApiError> {
        Ok(AlertView {
            id: rule.id,
            rule: read(rule.plan)?,
            enabled: rule.enabled,
            muted_until: rule.muted_until,
            created_at: rule.created_at,
            state: read(rule.state.into())?,
            since: rule.since,
            looked_at: rule.looked_at,
            look: rule.look.map(read).transpose()?,
            failure: rule.failure,
            last: last.map(TransitionView::read).transpose()?,
        })
    }
}

/// What this program has written.
fn read<T: serde::de::DeserializeOwned>(stored: serde_json::Value) -> Result<T, ApiError> {
    serde_json::from_value(stored).map_err(ApiError::internal)
}
