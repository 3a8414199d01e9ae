//! What to fix next, and how well does fixing go?
//!
//! Reasons and segments are ranked by what they cost: outputs lost. Of a reason, those that name it, each with how much of it was lost
//! and with how severe the asker says the reason is; who names none is not counted. Of a segment, those it loses beyond what the rest of
//! its feature loses, if it surely does. What users accept though it is wrong costs as well, and nobody complains about it: outputs that were judged
//! wrong, each with how much of it was kept; what nobody judged is not counted. Who complains is chance too, so that each total has its
//! interval, clustered by user, and each entry a range of [ranks](crate::stats::ranks).

mod cost;
mod progress;

use std::collections::BTreeMap;
use std::iter::Sum;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::cost::Cost;
pub use self::progress::Progress;
use super::compare::Between;
use super::effect::{self, Effect, EffectVerdict};
use crate::domain::window::Window;
use crate::query::filter::{Filter, Operator};
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::stats::cluster::Sizes;
use crate::stats::combination::{Combination, Term};
use crate::stats::ranks;
use crate::store::projects::{self, Project};

/// A change with what it aims at.
#[derive(Clone)]
pub struct AimedChange {
    pub id: Uuid,
    pub title: String,
    pub reason: Option<String>,
    /// The question after its effect; its filters are the segment that it aims at.
    pub effect: effect::Question,
}

#[derive(Clone)]
pub struct Question {
    /// Project, level, filters, and the end of the window: the end of the last day with outputs without it.
    pub query: Query,
    /// How long the window is.
    pub days: i64,
    pub severity: Severity,
    /// Those made before the end of the window count.
    pub changes: Vec<AimedChange>,
}

/// How severe it is to lose an output for a reason, 1 where nothing is said, and to accept one that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Severity {
    pub of_reasons: BTreeMap<String, f64>,
    pub of_wrong: f64,
}

impl Default for Severity {
    fn default() -> Self {
        Severity {
            of_reasons: BTreeMap::new(),
            of_wrong: 1.0,
        }
    }
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Subject {
    Reason {
        reason: String,
    },
    Segment {
        dimension: String,
        #[schema(required = true)]
        value: Option<String>,
    },
    /// Users accept outputs that are wrong.
    AcceptedWrong,
}

/// Where fixing it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixStanding {
    /// No change aims at it, or none that did worked.
    Open,
    /// A change aims at it, and cannot be told yet.
    Underway,
    /// A change that aims at it worked.
    Mended,
}

/// A change that aims at it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attempt {
    pub id: Uuid,
    pub title: String,
    pub verdict: EffectVerdict,
}

/// Something to fix.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Priority {
    pub feature: String,
    #[serde(flatten)]
    pub subject: Subject,
    pub standing: FixStanding,
    /// Outputs lost in the window, or wrong ones kept, times severity.
    pub cost: Between,
    /// Decided outputs that name the reason, that are in the segment, or that were accepted and judged wrong.
    pub outputs: u64,
    pub users: u64,
    /// Of a reason: what its feature lost, and how much of that says why. Where few say why, more may be behind each reason. Null of
    /// segments.
    #[schema(required = true)]
    pub told: Option<Told>,
    /// Of what was accepted though it was wrong: what of its feature was accepted, and how much of that was judged. Where little is, more may be
    /// wrong. Null of others.
    #[schema(required = true)]
    pub judged: Option<Judged>,
    /// What one of them costs on average.
    pub severity: f64,
    /// The least and the greatest place by cost that it may have.
    pub rank_from: usize,
    pub rank_to: usize,
    pub attempts: Vec<Attempt>,
}

/// How many outputs were lost, and of how many is known why.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Told {
    /// Refused or undone.
    pub lost: u64,
    /// Of these, with a reason.
    pub with_reason: u64,
}

/// How many outputs were accepted, and of how many is known whether they were right.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Judged {
    /// Accepted, with edits or without, and not undone, nor rewritten as a whole.
    pub kept: u64,
    /// Of these, judged right or wrong.
    pub judged: u64,
}

impl Sum for Told {
    fn sum<I: Iterator<Item = Told>>(parts: I) -> Told {
        parts.fold(Told::default(), |all, part| Told {
            lost: all.lost + part.lost,
            with_reason: all.with_reason + part.with_reason,
        })
    }
}

pub struct Priorities {
    /// Open ones first, then by cost.
    pub priorities: Vec<Priority>,
    pub told: Told,
    pub progress: Progress,
    pub window: Window,
    pub log_position: i64,
}

/// Ranks from one state of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Priorities, QueryError> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let project = projects::find(conn, question.query.project)?;
        let window = window(conn, sources, question, &project)?;
        let query = Query {
            from: Some(window.from),
            to: Some(window.to),
            ..question.query.clone()
        };
        let (mut costs, told) = cost::of_outputs(conn, sources, &query, &project, &question.severity)?;
        costs.extend(cost::of_segments(conn, sources, &query, &project, now)?);

        // As of the end of the window: what was changed or decided later is not known yet.
        let until = question.query.to.map_or(now, |to| now.min(to));
        let made = question
            .changes
            .iter()
            .filter(|change| change.effect.change.made_at < window.to);
        let mut effects = Vec::new();
        for change in made {
            effects.push((change, effect::answer(conn, sources, &change.effect, until)?));
        }
        let progress = progress::of(conn, sources, &project, &effects, &query)?;
        Ok(Priorities {
            priorities: ranked(costs, &effects, &query),
            told,
            progress,
            window,
            log_position: project.folded_events,
        })
    })
}

fn window(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    project: &Project,
) -> Result<Window, QueryError> {
    let mut snapshot = Snapshot::new(conn, sources, project)?;
    let to = plan::window(&mut snapshot, &question.query)?.to;
    Ok(Window {
        from: to - TimeDelta::days(question.days),
        to,
    })
}

fn ranked(costs: Vec<Cost>, effects: &[(&AimedChange, Effect)], query: &Query) -> Vec<Priority> {
    let entries: Vec<(f64, Vec<(i64, f64)>)> = costs.iter().map(|cost| (cost.value, cost.influences.clone())).collect();
    let bounds = ranks::bounds(&entries, query.level);
    let mut found: Vec<Priority> = costs
        .into_iter()
        .zip(bounds)
        .map(|(cost, (rank_from, rank_to))| {
            let aimed = effects.iter().filter(|(change, _)| aims_at(change, &cost));
            let attempts: Vec<Attempt> = aimed
                .map(|(change, effect)| Attempt {
                    id: change.id,
                    title: change.title.clone(),
                    verdict: effect.verdict,
                })
                .collect();
            let total = Combination::new(&[Term {
                weight: 1.0,
                value: cost.value,
                influences: &cost.influences,
                sizes: Sizes::equal(cost.influences.len() as u64),
            }]);
            let mut interval = total.interval(query.level);
            // Nothing costs less than nothing.
            if let Some(interval) = &mut interval {
                interval.lower = interval.lower.max(0.0);
            }
            Priority {
                standing: standing(&attempts),
                cost: Between::interval(cost.value, interval),
                outputs: cost.outputs,
                users: cost.users,
                told: cost.told,
                judged: cost.judged,
                severity: cost.value / (cost.outputs as f64).max(1.0),
                feature: cost.feature,
                subject: cost.subject,
                rank_from,
                rank_to,
                attempts,
            }
        })
        .collect();
    let key = |priority: &Priority| {
        (
            priority.standing == FixStanding::Mended,
            priority.cost.value.unwrap_or_default(),
        )
    };
    found.sort_by(|one, other| {
        let ((mended, cost), (other_mended, other_cost)) = (key(one), key(other));
        mended.cmp(&other_mended).then(other_cost.total_cmp(&cost))
    });
    found
}

fn aims_at(change: &AimedChange, cost: &Cost) -> bool {
    let is_segment = |filter: &Filter, dimension: &str, value: &Option<String>| {
        filter.dimension.name() == dimension
            && filter.operator == Operator::In
            && filter.values.as_slice() == std::slice::from_ref(value)
    };
    change.effect.change.feature == cost.feature
        && match &cost.subject {
            Subject::Reason { reason } => change.reason.as_ref() == Some(reason),
            Subject::Segment { dimension, value } => match change.effect.query.filters.as_slice() {
                [filter] => is_segment(filter, dimension, value),
                _ => false,
            },
            Subject::AcceptedWrong => {
                let filters = &change.effect.query.filters;
                change.reason.is_none() && filters.is_empty() && is_about_wrong(&change.effect.outcome)
            }
        }
}

/// Whether an outcome is better the less that is wrong is accepted.
fn is_about_wrong(outcome: &effect::Outcome) -> bool {
    const METRICS: [&str; 5] = [
        "correctness_rate",
        "over_reliance",
        "appropriate_reliance",
        "trustworthiness",
        "trust_gap",
    ];
    matches!(outcome, effect::Outcome::Metric(metric) if METRICS.contains(&metric.id))
}

/// The last attempt says where it stands: they are in the order in which they were made.
fn standing(attempts: &[Attempt]) -> FixStanding {
    match attempts.last().map(|attempt| attempt.verdict) {
        Some(EffectVerdict::Worked) => FixStanding::Mended,
        Some(EffectVerdict::CannotTellYet) => FixStanding::Underway,
        Some(EffectVerdict::DidNotWork | EffectVerdict::MadeItWorse) | None => FixStanding::Open,
    }
}
