//! What is declared of a rule, and what must hold of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::ask::{self, FilterRequest};
use crate::api::error::ApiError;
use crate::api::names;
use crate::domain::dimension::Dimension;
use crate::domain::key::ProjectId;
use crate::domain::strict;
use crate::metrics::Metric;
use crate::metrics::index::is_ratio;
use crate::query::Query;
use crate::query::analyses::alerts::{AlertSide, Rule, Watch};
use crate::query::filter::Filter;

pub const MOST_WINDOW_DAYS: i32 = 90;
pub const BASELINE_DAYS: std::ops::RangeInclusive<i32> = 7..=90;
pub const MOST_HOURS: i64 = 168;
/// Least units or users that a rule may ask for, at most.
pub const MOST_LEAST: u64 = 1_000_000_000;
pub const MOST_ALPHA: f64 = 0.5;

/// What a rule looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// The whole interval of a metric is past a threshold.
    Threshold,
    /// The level of a metric is another than in the days before.
    Change,
    /// Nothing was shown for some hours, when something was due.
    NoData,
    /// The verdict on trust is another.
    Verdict,
}

/// A rule as it is declared.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Answers are taken less", "kind": "change", "metric": "acceptance_rate", "feature": "chat.answer",
    "side": "below"}))]
pub struct AlertPlan {
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub name: String,
    #[serde(deserialize_with = "strict::word")]
    pub kind: AlertKind,
    /// Of `threshold` and `change`: id of the metric. A change is found in shares and means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Only outputs of this feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256)]
    pub feature: Option<String>,
    /// Only outputs that pass all of these.
    #[serde(default, deserialize_with = "strict::objects", skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    pub filters: Vec<FilterRequest>,
    /// Each look is at what was shown in so many UTC days; 7 without it, and 28 of `verdict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 90)]
    pub window_days: Option<i32>,
    /// Looks that rest on fewer units neither fire nor clear; 100 without it. Of `no_data`: fewer outputs than so many were not due; 10
    /// without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub min_n: Option<u64>,
    /// Nor do looks that rest on fewer users; 20 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub min_users: Option<u64>,
    /// The chance of a false alarm in 30 days of looking every day, at most; 0.05 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0, maximum = 0.5)]
    pub alpha: Option<f64>,
    /// Of `threshold`: `above` or `below` it is wrong. Of `change`: which way it must move; `either` without it.
    #[serde(
        default,
        deserialize_with = "strict::optional_word",
        skip_serializing_if = "Option::is_none"
    )]
    pub side: Option<AlertSide>,
    /// Of `threshold`: the level, in the unit of the metric: of a share from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Of `threshold`: it clears when the interval reaches so far beyond the level again; 0 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub hysteresis: Option<f64>,
    /// Of `change`: the days before that say what is normal; 28 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 7, maximum = 90)]
    pub baseline_days: Option<i32>,
    /// Of `no_data`: for how long nothing must have been shown; 6 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 168)]
    pub hours: Option<i64>,
}

impl AlertPlan {
    /// The same with all that was left out, so that a rule stays as it is when defaults change.
    pub fn completed(mut self) -> AlertPlan {
        let (window, least) = match self.kind {
            AlertKind::Threshold | AlertKind::Change => (Some(7), 100),
            AlertKind::Verdict => (Some(28), 100),
            AlertKind::NoData => (None, 10),
        };
        self.window_days = self.window_days.or(window);
        self.min_n = self.min_n.or(Some(least));
        if self.kind != AlertKind::NoData {
            self.min_users = self.min_users.or(Some(20));
            self.alpha = self.alpha.or(Some(0.05));
        }
        match self.kind {
            AlertKind::Threshold => self.hysteresis = self.hysteresis.or(Some(0.0)),
            AlertKind::Change => {
                self.side = self.side.or(Some(AlertSide::Either));
                self.baseline_days = self.baseline_days.or(Some(28));
            }
            AlertKind::NoData => self.hours = self.hours.or(Some(6)),
            AlertKind::Verdict => {}
        }
        self
    }

    /// The rule, checked for what it is declared with today. One that was declared before may lack of it, and goes on.
    pub fn declared(&self, project: ProjectId) -> Result<Rule, ApiError> {
        let rule = self.rule(project)?;
        if let Watch::Threshold { level, .. } = rule.watch
            && let Some((least, most, words)) = rule.metric.unit.ends()
            && !(least..=most).contains(&level)
        {
            return Err(ApiError::invalid(format!(
                "`threshold`: `{}` is {words}",
                rule.metric.id
            )));
        }
        Ok(rule)
    }

    /// The rule, checked.
    pub fn rule(&self, project: ProjectId) -> Result<Rule, ApiError> {
        names::check("name", &self.name, names::LONG)?;
        if let Some(feature) = &self.feature {
            names::check("feature", feature, names::LONG)?;
        }
        self.refuse_others()?;
        let plan = self.clone().completed();
        let metric = plan.metric()?;
        let mut query = Query::new(project, vec![metric]);
        query.filters = ask::filters(plan.filters.clone())?;
        let of_feature = plan.feature.clone().map(|name| Filter::is(Dimension::Feature, name));
        query.filters.extend(of_feature);
        let alpha = plan.alpha.unwrap_or(MOST_ALPHA);
        if !(alpha > 0.0 && alpha <= MOST_ALPHA) {
            return Err(ApiError::invalid(format!(
                "`alpha`: must be above 0 and at most {MOST_ALPHA}"
            )));
        }
        Ok(Rule {
            query,
            metric,
            watch: plan.watch()?,
            window_days: within("window_days", plan.window_days.unwrap_or(1), 1, MOST_WINDOW_DAYS)?,
            min_n: within("min_n", plan.min_n.unwrap_or_default(), 1, MOST_LEAST)?,
            // `no_data` asks for no users.
            min_users: match plan.min_users {
                Some(users) => within("min_users", users, 1, MOST_LEAST)?,
                None => 0,
            },
            alpha,
        })
    }

    fn metric(&self) -> Result<&'static Metric, ApiError> {
        let metric = ask::metric(match (self.kind, &self.metric) {
            (AlertKind::NoData, _) => "shown",
            (AlertKind::Verdict, _) => "trust_gap",
            (_, Some(id)) => id,
            (_, None) => return Err(ApiError::invalid("`metric`: name one; GET /api/v1/metrics lists them")),
        })?;
        if self.kind == AlertKind::Change && !is_ratio(metric) {
            return Err(ApiError::invalid(format!(
                "`metric`: `{}` is no share and no mean of outputs, in which changes are found; a threshold takes it",
                metric.id
            )));
        }
        Ok(metric)
    }

    fn watch(&self) -> Result<Watch, ApiError> {
        Ok(match self.kind {
            AlertKind::Threshold => {
                let side = self.side.filter(|side| *side != AlertSide::Either);
                let hysteresis = self.hysteresis.unwrap_or_default();
                if !(hysteresis.is_finite() && hysteresis >= 0.0) {
                    return Err(ApiError::invalid("`hysteresis`: must be 0 or more"));
                }
                Watch::Threshold {
                    side: side.ok_or_else(|| ApiError::invalid("`side`: must be `above` or `below`"))?,
                    level: self
                        .threshold
                        .filter(|level| level.is_finite())
                        .ok_or_else(|| ApiError::invalid("`threshold`: must be a number"))?,
                    hysteresis,
                }
            }
            AlertKind::Change => Watch::Change {
                baseline_days: within(
                    "baseline_days",
                    self.baseline_days.unwrap_or(28),
                    *BASELINE_DAYS.start(),
                    *BASELINE_DAYS.end(),
                )?,
                side: self.side.unwrap_or(AlertSide::Either),
            },
            AlertKind::NoData => Watch::NoData {
                hours: within("hours", self.hours.unwrap_or(6), 1, MOST_HOURS)?,
            },
            AlertKind::Verdict => Watch::Verdict,
        })
    }

    /// Fields that belong to other kinds.
    fn refuse_others(&self) -> Result<(), ApiError> {
        use AlertKind::{Change, NoData, Threshold, Verdict};
        let fields: [(&str, bool, &[AlertKind]); 9] = [
            ("metric", self.metric.is_some(), &[Threshold, Change]),
            ("side", self.side.is_some(), &[Threshold, Change]),
            ("threshold", self.threshold.is_some(), &[Threshold]),
            ("hysteresis", self.hysteresis.is_some(), &[Threshold]),
            ("baseline_days", self.baseline_days.is_some(), &[Change]),
            ("hours", self.hours.is_some(), &[NoData]),
            ("window_days", self.window_days.is_some(), &[Threshold, Change, Verdict]),
            ("min_users", self.min_users.is_some(), &[Threshold, Change, Verdict]),
            ("alpha", self.alpha.is_some(), &[Threshold, Change, Verdict]),
        ];
        match fields
            .iter()
            .find(|(_, given, kinds)| *given && !kinds.contains(&self.kind))
        {
            Some((field, ..)) => Err(ApiError::invalid(format!(
                "`{field}`: does not belong to this kind of rule"
            ))),
            None => Ok(()),
        }
    }
}

fn within<T: PartialOrd + std::fmt::Display>(field: &str, value: T, least: T, most: T) -> Result<T, ApiError> {
    if value >= least && value <= most {
        Ok(value)
    } else {
        Err(ApiError::invalid(format!("`{field}`: must be from {least} to {most}")))
    }
}
