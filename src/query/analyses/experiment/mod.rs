//! What has a declared experiment shown so far?
//!
//! Each candidate arm is [compared](super::compare) with the control: the primary metric for a difference worth having, each guardrail
//! for not being worse than its margin allows (non-inferiority: the whole confidence sequence of the difference is above `−margin`
//! in the direction that is better). Sequences hold at every look; with several candidates each has its share of the error (Bonferroni),
//! and guardrails need none to adopt, since all of them must hold (an intersection-union test, Berger 1982). One that is broken is enough
//! to reject: with `k` guardrails, a candidate that keeps all of them is rejected by chance up to `k` times as often as one of them errs.

mod conclusion;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

pub use self::conclusion::{Conclusion, Guardrail, GuardrailVerdict};
use self::conclusion::{conclusion, guardrail, sentence};
use super::arrivals::{self, Arriving, PlacesBalance};
use super::compare::{self, ComparedMetric, Comparison, Look};
use crate::domain::window::Window;
use crate::query::filter::Filter;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::balance;
use crate::stats::level::Level;

/// An experiment, checked.
#[derive(Clone)]
pub struct Experiment {
    /// The primary metric and the guardrails, the range, the filters that all arms share.
    pub query: Query,
    /// Of each metric: the least difference worth having, or the loss that is tolerated.
    pub margins: Vec<f64>,
    pub control: Arm,
    pub candidates: Vec<Arm>,
    pub planned_users: f64,
    pub days_before: Option<i64>,
}

#[derive(Clone)]
pub struct Arm {
    pub name: String,
    pub filters: Vec<Filter>,
    /// Users that were to be in it, in proportion to the shares of the others.
    pub share: f64,
}

impl Arm {
    fn arriving(&self) -> Arriving<'_> {
        Arriving {
            name: &self.name,
            filters: &self.filters,
            share: self.share,
        }
    }
}

/// One candidate against the control.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArmResult {
    pub arm: String,
    pub conclusion: Conclusion,
    /// The conclusion in words.
    pub sentence: String,
    pub primary: ComparedMetric,
    pub guardrails: Vec<Guardrail>,
    /// Users who are in this arm and in the control.
    #[schema(required = true)]
    pub users_on_both: Option<u64>,
    /// The primary metric as it was known at the end of each of some days.
    pub looks: Vec<Look>,
}

/// Users of an arm.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArmUsers {
    pub arm: String,
    #[schema(required = true)]
    pub users: Option<u64>,
    /// The share that was planned.
    pub planned_share: f64,
}

/// How users are spread over the arms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ArmBalance {
    pub arms: Vec<ArmUsers>,
    /// That chance alone made the shares so different from those planned.
    #[schema(required = true)]
    pub p_value: Option<f64>,
    pub mismatch: bool,
    /// On which days and in which segments; null where users cannot be counted there. On a day that stands out assignment broke, and the
    /// conclusion is to investigate; what segments show may be what the arms do, and does not change the conclusions.
    #[schema(required = true)]
    pub places: Option<PlacesBalance>,
}

pub struct Results {
    pub candidates: Vec<ArmResult>,
    pub balance: ArmBalance,
    /// The level of each candidate's sequences.
    pub level: Level,
    /// The range that was looked at, and the log position; `None` without candidates.
    pub seen: Option<(Window, i64)>,
}

/// Compares every candidate with the control, from one state of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    experiment: &Experiment,
    now: DateTime<Utc>,
) -> Result<Results, QueryError> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let mut query = experiment.query.clone();
        let (control, candidates) = (&experiment.control, &experiment.candidates);
        query.level = shared(query.level, candidates.len());
        let (mut users_of_control, mut arms) = (None, Vec::new());
        let mut found = Vec::new();
        for candidate in candidates {
            let comparison = Comparison {
                query: query.clone(),
                baseline: control.filters.clone(),
                candidate: candidate.filters.clone(),
                margins: experiment.margins.clone(),
                planned_users: experiment.planned_users,
                candidate_share: None,
                days_before: experiment.days_before,
            };
            let compared = compare::answer(conn, sources, &comparison, now)?;
            users_of_control = compared.sample_ratio.baseline_users;
            arms.push((candidate, compared.sample_ratio.candidate_users));
            found.push((candidate, compared));
        }
        arms.insert(0, (control, users_of_control));
        let mut balance = balance(&arms);
        let seen = found
            .last()
            .map(|(_, compared)| (compared.answer.window, compared.answer.log_position));
        if let Some((window, _)) = &seen
            && balance.p_value.is_some()
        {
            let arms: Vec<Arriving> = arms.iter().map(|(arm, _)| arm.arriving()).collect();
            balance.places = arrivals::find(conn, sources, &query, window, &arms)?;
        }
        let broken = broken(&balance);
        let candidates = found
            .into_iter()
            .filter_map(|(arm, compared)| result(experiment, arm, compared, broken.as_deref()))
            .collect();
        Ok(Results {
            candidates,
            balance,
            level: query.level,
            seen,
        })
    })
}

/// A candidate's share of the error.
fn shared(level: Level, candidates: usize) -> Level {
    Level::new(1.0 - (1.0 - level.get()) / candidates.max(1) as f64).unwrap_or(level)
}

fn balance(arms: &[(&Arm, Option<u64>)]) -> ArmBalance {
    let observed: Option<Vec<u64>> = arms.iter().map(|(_, users)| *users).collect();
    let shares: Vec<f64> = arms.iter().map(|(arm, _)| arm.share).collect();
    let all: f64 = shares.iter().sum();
    let p_value = observed.and_then(|observed| balance::p_value(&observed, &shares));
    ArmBalance {
        arms: arms
            .iter()
            .map(|(arm, users)| ArmUsers {
                arm: arm.name.clone(),
                users: *users,
                planned_share: arm.share / all,
            })
            .collect(),
        p_value,
        mismatch: p_value.is_some_and(|p| p < balance::MISMATCH),
        places: None,
    }
}

/// Why nothing may be believed: users are not spread as planned, or those who came on some day are not. An arm decides which users are
/// seen in a segment, perhaps, but not on which day they came first.
fn broken(balance: &ArmBalance) -> Option<String> {
    if balance.mismatch {
        return Some("users are not spread over the arms as planned".to_owned());
    }
    let places = balance.places.as_ref()?;
    let when = places.when(places.worst_period()?);
    Some(format!(
        "users who came {when} are not spread over the arms as planned, which no arm can bring about"
    ))
}

fn result(experiment: &Experiment, arm: &Arm, compared: compare::Compared, broken: Option<&str>) -> Option<ArmResult> {
    let mut metrics = compared.metrics.into_iter();
    let primary = metrics.next()?;
    let asked = experiment.query.metrics.iter().zip(&experiment.margins).skip(1);
    let guardrails: Vec<Guardrail> = metrics
        .zip(asked)
        .map(|(compared, (metric, margin))| guardrail(metric, *margin, compared))
        .collect();
    let conclusion = conclusion(primary.verdict, &guardrails, broken.is_some());
    Some(ArmResult {
        arm: arm.name.clone(),
        conclusion,
        sentence: sentence(&arm.name, conclusion, &primary, &guardrails, broken.unwrap_or_default()),
        primary,
        guardrails,
        users_on_both: compared.sample_ratio.users_on_both,
        looks: compared.looks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_share_the_error() {
        assert!((shared(Level::default(), 2).get() - 0.975).abs() < 1e-12);
        assert_eq!(shared(Level::default(), 1), Level::default());
    }
}
