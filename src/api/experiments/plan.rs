//! The declaration of an experiment, and what must hold of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::ask::{self, FilterRequest};
use crate::api::error::ApiError;
use crate::api::names;
use crate::domain::dimension::Dimension;
use crate::domain::key::ProjectId;
use crate::domain::strict;
use crate::query::Query;
use crate::query::analyses::experiment::{Arm, Experiment};
use crate::query::filter::Filter;

/// Arms of an experiment, the control included.
pub const MOST_ARMS: usize = 5;
pub const MOST_GUARDRAILS: usize = 10;
const PLANNED_USERS: f64 = 1_000.0;
const MOST_PLANNED_USERS: f64 = 1e9;
const MOST_DAYS_BEFORE: i64 = 365;

/// An arm: the outputs that pass all of its filters.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmPlan {
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub name: String,
    #[schema(min_items = 1)]
    #[serde(deserialize_with = "strict::objects")]
    pub filters: Vec<FilterRequest>,
    /// Users that are to be in it, in proportion to the shares of the other arms; 1 without it.
    #[serde(default = "one")]
    #[schema(minimum = 0.001, maximum = 1000)]
    pub share: f64,
}

/// A metric that must not get worse by more than a margin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardrailPlan {
    /// Id from the catalogue, of a metric with a better direction.
    pub metric: String,
    /// How much worse it may be, in the metric's unit.
    #[schema(exclusive_minimum = 0)]
    pub margin: f64,
}

/// An experiment as it is declared, before it starts.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "shorter-drafts", "feature": "email.draft", "primary_metric": "acceptance_rate", "margin": 0.01,
    "arms": [{"name": "control", "filters": [{"dimension": "variant", "op": "eq", "value": "a"}]},
             {"name": "shorter", "filters": [{"dimension": "variant", "op": "eq", "value": "b"}]}],
    "guardrails": [{"metric": "undo_rate", "margin": 0.02}], "starts_at": "2026-12-01T00:00:00Z", "planned_users": 2000}))]
pub struct ExperimentPlan {
    /// Names the experiment in addresses.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^/?#%]*$")]
    pub name: String,
    #[schema(min_length = 1, max_length = 256)]
    pub feature: String,
    /// The control first. Every output is in at most one.
    #[schema(min_items = 2, max_items = 5)]
    #[serde(deserialize_with = "strict::objects")]
    pub arms: Vec<ArmPlan>,
    /// Id from the catalogue, of a metric with a better direction: the one that decides.
    pub primary_metric: String,
    /// The least difference worth having, in the metric's unit.
    #[schema(minimum = 0)]
    pub margin: f64,
    #[serde(default, deserialize_with = "strict::objects")]
    #[schema(max_items = 10)]
    pub guardrails: Vec<GuardrailPlan>,
    pub starts_at: DateTime<Utc>,
    /// Outputs from here on are not part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// Users at which the sequences are narrowest; 1000 without it.
    #[serde(default = "planned_users")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub planned_users: f64,
    /// Take what users did in so many days before the start off the noise (CUPED).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 365)]
    pub days_before: Option<i64>,
    #[serde(default = "level")]
    #[schema(minimum = 0.5, maximum = 0.9999)]
    pub level: f64,
}

fn one() -> f64 {
    1.0
}

fn planned_users() -> f64 {
    PLANNED_USERS
}

fn level() -> f64 {
    0.95
}

impl ExperimentPlan {
    /// The question that it asks, checked.
    pub fn experiment(&self, project: ProjectId) -> Result<Experiment, ApiError> {
        names::check_in_addresses(&self.name)?;
        self.check_numbers()?;
        let mut arms = self.arms.iter().map(arm).collect::<Result<Vec<Arm>, _>>()?;
        let mut names: Vec<&str> = self.arms.iter().map(|arm| arm.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if !(2..=MOST_ARMS).contains(&arms.len()) || names.len() < arms.len() {
            return Err(ApiError::invalid(format!(
                "`arms`: name 2 to {MOST_ARMS} different ones, the control first"
            )));
        }
        let candidates = arms.split_off(1);
        let control = arms
            .pop()
            .ok_or_else(|| ApiError::invalid("`arms`: the control is missing"))?;
        let ids: Vec<String> = std::iter::once(&self.primary_metric)
            .chain(self.guardrails.iter().map(|guardrail| &guardrail.metric))
            .cloned()
            .collect();
        let mut query = Query::new(project, ask::deciding_metrics(&ids)?);
        query.filters = vec![Filter::is(Dimension::Feature, self.feature.clone())];
        (query.from, query.to) = (Some(self.starts_at), self.ends_at);
        query.level = ask::level(Some(self.level))?;
        Ok(Experiment {
            query,
            margins: std::iter::once(self.margin)
                .chain(self.guardrails.iter().map(|guardrail| guardrail.margin))
                .collect(),
            control,
            candidates,
            planned_users: self.planned_users,
            days_before: self.days_before,
        })
    }

    fn check_numbers(&self) -> Result<(), ApiError> {
        if self.guardrails.len() > MOST_GUARDRAILS {
            return Err(ApiError::invalid(format!("`guardrails`: at most {MOST_GUARDRAILS}")));
        }
        if self
            .guardrails
            .iter()
            .any(|guardrail| !(guardrail.margin > 0.0 && guardrail.margin.is_finite()))
        {
            return Err(ApiError::invalid("`guardrails`: a margin must be above 0"));
        }
        if !(self.margin >= 0.0 && self.margin.is_finite()) {
            return Err(ApiError::invalid("`margin`: must not be negative"));
        }
        if !(1.0..=MOST_PLANNED_USERS).contains(&self.planned_users) {
            return Err(ApiError::invalid(format!(
                "`planned_users`: must be from 1 to {MOST_PLANNED_USERS}"
            )));
        }
        if self
            .days_before
            .is_some_and(|days| !(1..=MOST_DAYS_BEFORE).contains(&days))
        {
            return Err(ApiError::invalid(format!(
                "`days_before`: must be from 1 to {MOST_DAYS_BEFORE}"
            )));
        }
        self.check_range()
    }

    /// That it starts before it ends, both at times that can be reckoned with.
    pub fn check_range(&self) -> Result<(), ApiError> {
        ask::check_time("starts_at", self.starts_at)?;
        self.ends_at.map_or(Ok(()), |end| ask::check_time("ends_at", end))?;
        if self.ends_at.is_some_and(|end| end <= self.starts_at) {
            return Err(ApiError::invalid("`ends_at`: must be after `starts_at`"));
        }
        Ok(())
    }
}

fn arm(plan: &ArmPlan) -> Result<Arm, ApiError> {
    names::check("name", &plan.name, names::SHORT)?;
    if plan.filters.is_empty() || !(0.001..=1_000.0).contains(&plan.share) {
        return Err(ApiError::invalid(
            "`arms`: each needs a filter, and a share from 0.001 to 1000",
        ));
    }
    Ok(Arm {
        name: plan.name.clone(),
        filters: ask::filters(plan.filters.clone())?,
        share: plan.share,
    })
}
