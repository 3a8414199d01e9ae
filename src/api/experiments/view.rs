//! A declared experiment, as it is kept and as clients see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::plan::{ArmPlan, ExperimentPlan, GuardrailPlan};
use crate::api::error::ApiError;
use crate::store::experiments::Experiment;

/// A declaration and when it was made.
#[derive(Clone, Debug)]
pub struct Declared {
    pub plan: ExperimentPlan,
    pub at: DateTime<Utc>,
}

impl Declared {
    pub fn read(experiment: Experiment) -> Result<Declared, ApiError> {
        Ok(Declared {
            plan: serde_json::from_value(experiment.plan).map_err(ApiError::internal)?,
            at: experiment.declared_at,
        })
    }

    /// Whether it had started by then: who declared it may have seen something.
    pub fn is_late(&self) -> bool {
        self.at > self.plan.starts_at
    }
}

/// An experiment and when it was declared.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExperimentView {
    pub name: String,
    pub feature: String,
    /// The control first.
    pub arms: Vec<ArmPlan>,
    pub primary_metric: String,
    /// The least difference worth having, in the metric's unit.
    pub margin: f64,
    pub guardrails: Vec<GuardrailPlan>,
    pub starts_at: DateTime<Utc>,
    /// Outputs from here on are not part of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// Users at which the sequences are narrowest.
    pub planned_users: f64,
    /// Days before the start whose behaviour is taken off the noise (CUPED).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_before: Option<i64>,
    pub level: f64,
    pub declared_at: DateTime<Utc>,
    /// Whether it had started by then: who declared it may have seen something.
    pub declared_late: bool,
}

// The plan's own schema allows nothing but what a plan says, so that a view cannot be a plan and more.
impl From<Declared> for ExperimentView {
    fn from(declared: Declared) -> ExperimentView {
        let declared_late = declared.is_late();
        let plan = declared.plan;
        ExperimentView {
            name: plan.name,
            feature: plan.feature,
            arms: plan.arms,
            primary_metric: plan.primary_metric,
            margin: plan.margin,
            guardrails: plan.guardrails,
            starts_at: plan.starts_at,
            ends_at: plan.ends_at,
            planned_users: plan.planned_users,
            days_before: plan.days_before,
            level: plan.level,
            declared_at: declared.at,
            declared_late,
        }
    }
}
