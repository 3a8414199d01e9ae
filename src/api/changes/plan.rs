//! What is logged of a change, and what must hold of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::ask::{self, FilterRequest};
use crate::api::error::ApiError;
use crate::api::names;
use crate::domain::key::ProjectId;
use crate::domain::strict;
use crate::ingest::limits::COMMENT_CHARS;
use crate::query::Query;
use crate::query::analyses::effect::{Occasion, Outcome, Question};
use crate::query::filter::Filter;
use crate::stats::level::Level;

/// Versions that may come with a change.
pub const MOST_VERSIONS: usize = 20;
const DEFAULT_METRIC: &str = "acceptance_rate";

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Prompt,
    Model,
    Ui,
    Other,
}

/// What a change is meant to mend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Aim {
    /// A reason that users give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256)]
    pub reason: Option<String>,
    /// A segment: its effect is measured on the outputs that pass all of these.
    #[serde(default, deserialize_with = "strict::objects", skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub filters: Vec<FilterRequest>,
}

/// A change as it is logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Ask for sources", "kind": "prompt", "note": "Answers name where they are from.", "by": "answers team",
    "made_at": "2026-11-02T00:00:00Z", "feature": "chat.answer", "versions": ["2.3"], "aim": {"reason": "made_up"}, "expected": 0.03}))]
pub struct ChangePlan {
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub title: String,
    #[serde(deserialize_with = "strict::word")]
    pub kind: ChangeKind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schema(max_length = 10_000)]
    pub note: String,
    /// Who made it, in any words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub by: Option<String>,
    /// When the first users met it.
    pub made_at: DateTime<Utc>,
    #[schema(min_length = 1, max_length = 256)]
    pub feature: String,
    /// The versions that came with it, if any did: where users move over one by one, each is compared with oneself and with others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub versions: Vec<String>,
    #[serde(default, deserialize_with = "strict::optional_object")]
    pub aim: Option<Aim>,
    /// Id of the metric that it was to move, one with a better direction. Without it, the share of decided outputs that name the reason it
    /// aims at; or acceptance, if it aims at none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// How much better that was to get, in its unit.
    #[schema(exclusive_minimum = 0)]
    pub expected: f64,
}

/// What may be put right of a change. What it was to do stays as it was logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeCorrection {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub title: Option<String>,
    #[serde(
        default,
        deserialize_with = "strict::optional_word",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<ChangeKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10_000)]
    pub note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    pub versions: Option<Vec<String>>,
}

impl ChangePlan {
    /// The reason that it aims at.
    pub fn reason(&self) -> Option<&str> {
        self.aim.as_ref()?.reason.as_deref()
    }

    /// The segment that it aims at; empty for all of the feature.
    pub fn segment(&self) -> Result<Vec<Filter>, ApiError> {
        ask::filters(self.aim.clone().unwrap_or_default().filters)
    }

    pub fn occasion(&self) -> Occasion {
        Occasion {
            feature: self.feature.clone(),
            made_at: self.made_at,
        }
    }

    pub fn outcome(&self) -> Result<Outcome, ApiError> {
        match (&self.metric, self.reason()) {
            (None, Some(reason)) => Ok(Outcome::Complaints(reason.to_owned())),
            (metric, _) => {
                let id = metric.as_deref().unwrap_or(DEFAULT_METRIC);
                Ok(Outcome::Metric(ask::deciding_metric(id)?))
            }
        }
    }

    /// The question after its effect, checked.
    pub fn question(
        &self,
        project: ProjectId,
        others: Vec<Occasion>,
        weeks: usize,
        level: Level,
    ) -> Result<Question, ApiError> {
        self.check()?;
        let mut query = Query::new(project, Vec::new());
        query.filters = self.segment()?;
        query.level = level;
        Ok(Question {
            query,
            change: self.occasion(),
            versions: self.versions.clone(),
            outcome: self.outcome()?,
            expected: self.expected,
            weeks,
            others,
        })
    }

    fn check(&self) -> Result<(), ApiError> {
        let own = [
            ("title", Some(&self.title)),
            ("by", self.by.as_ref()),
            ("feature", Some(&self.feature)),
        ];
        let reason = self.aim.as_ref().map(|aim| ("aim.reason", aim.reason.as_ref()));
        let versions = self.versions.iter().map(|version| ("versions", Some(version)));
        for (field, name) in own.into_iter().chain(reason).chain(versions) {
            if let Some(name) = name {
                names::check(field, name, names::LONG)?;
            }
        }
        if self.note.chars().count() > COMMENT_CHARS {
            return Err(ApiError::invalid(format!("`note`: at most {COMMENT_CHARS} characters")));
        }
        if self.versions.len() > MOST_VERSIONS {
            return Err(ApiError::invalid(format!("`versions`: at most {MOST_VERSIONS}")));
        }
        ask::check_time("made_at", self.made_at)?;
        if !(self.expected > 0.0 && self.expected.is_finite()) {
            return Err(ApiError::invalid("`expected`: must be above 0"));
        }
        Ok(())
    }
}

impl ChangeCorrection {
    pub fn apply(self, plan: &mut ChangePlan) {
        plan.title = self.title.unwrap_or_else(|| std::mem::take(&mut plan.title));
        plan.kind = self.kind.unwrap_or(plan.kind);
        plan.note = self.note.unwrap_or_else(|| std::mem::take(&mut plan.note));
        plan.by = self.by.or(plan.by.take());
        plan.versions = self.versions.unwrap_or_else(|| std::mem::take(&mut plan.versions));
    }
}
