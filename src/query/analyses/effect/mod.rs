//! Did a change do what it was made for?
//!
//! Where users moved to the new version one after the other, each is compared with oneself before and with the others on the same day:
//! what else happens on a day happens to both, and who moves first may differ. Otherwise the days after are compared with the days before, less what happened meanwhile to
//! features that did not change (difference in differences), if there are any. Whole weeks on all sides, so that each day of the week
//! counts as much; outputs whose decisions have had time to arrive. Users are on all sides, and what one does counts as one's
//! ([`combination`]).
//!
//! What moved before the change already, apart from its controls if there are any, would have gone on moving without it: then it cannot
//! be told what the change did, and waiting does not help.
//!
//! There is a verdict once a week, which may be looked at each week: each look has its share of the chance to err (Bonferroni).

mod controls;
mod days;
mod designs;
mod measured;
mod same_days;
mod words;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use self::days::{Days, Refusal};
use self::measured::Meter;
use super::compare::Between;
use crate::metrics::{Direction, Estimate, Metric, Reason, Unit};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::store::projects;

/// What a change was to move.
#[derive(Clone)]
pub enum Outcome {
    Metric(&'static Metric),
    /// The share of decided outputs that name a reason.
    Complaints(String),
}

impl Outcome {
    pub fn title(&self) -> String {
        match self {
            Outcome::Metric(metric) => metric.title.to_lowercase(),
            Outcome::Complaints(reason) => format!("the share of decided outputs that name `{reason}`"),
        }
    }

    pub fn unit(&self) -> Unit {
        match self {
            Outcome::Metric(metric) => metric.unit,
            Outcome::Complaints(_) => Unit::Share,
        }
    }

    pub fn direction(&self) -> Direction {
        match self {
            Outcome::Metric(metric) => metric.direction,
            Outcome::Complaints(_) => Direction::LowerIsBetter,
        }
    }
}

/// A feature and when it was changed.
#[derive(Clone, Debug)]
pub struct Occasion {
    pub feature: String,
    pub made_at: DateTime<Utc>,
}

#[derive(Clone)]
pub struct Question {
    /// The project, the level, and the segment that the change aims at.
    pub query: Query,
    pub change: Occasion,
    /// The versions that came with it; none if it came without.
    pub versions: Vec<String>,
    pub outcome: Outcome,
    /// How much better it should get, in the outcome's unit.
    pub expected: f64,
    /// Whole weeks before and after, at most.
    pub weeks: usize,
    /// All other changes that were logged.
    pub others: Vec<Occasion>,
}

/// What a change came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectVerdict {
    /// Surely better than without it.
    Worked,
    /// Surely not as much better as was expected, and not surely better at all.
    DidNotWork,
    /// Surely worse than without it.
    MadeItWorse,
    /// Too little is known, or it was moving before the change already.
    CannotTellYet,
}

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectDesign {
    /// While users moved over: each with oneself before, and with the others on the same day.
    SameDays,
    /// After with before, less what happened meanwhile to features that did not change.
    DifferenceInDifferences,
    /// After with before: what else happened meanwhile is in it.
    BeforeAfter,
}

/// A range of whole UTC days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DayRange {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// A feature that did not change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EffectControl {
    pub feature: String,
    /// Its weight in what is taken off: the more, the surer its own move is known.
    pub weight: f64,
    pub before: Estimate,
    pub after: Estimate,
    /// What happened to it meanwhile.
    pub moved: Between,
}

/// Whether the feature moved apart from its controls before the change already, or, without controls, moved at all.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct EffectTrend {
    /// By how much in a week.
    pub slope: Between,
    #[schema(required = true)]
    pub p_value: Option<f64>,
    pub weeks: usize,
    /// It did: whatever is measured, it cannot be told whether the change brought it about.
    pub differs: bool,
}

/// The effect of a change.
#[derive(Clone, Serialize, ToSchema)]
pub struct Effect {
    #[serde(skip)]
    pub outcome: Outcome,
    pub verdict: EffectVerdict,
    /// The verdict in words, with its evidence or with what it would take.
    pub sentence: String,
    /// Null where nothing can be compared yet.
    #[schema(required = true)]
    pub design: Option<EffectDesign>,
    /// Before it; of the versions that it replaced where versions are compared.
    pub before: Estimate,
    /// After it; of the versions that came with it where versions are compared.
    pub after: Estimate,
    /// By how much it moved the outcome, with the interval of a single look.
    pub effect: Between,
    #[schema(required = true)]
    pub standard_error: Option<f64>,
    #[schema(required = true)]
    pub p_value: Option<f64>,
    /// The same, wide enough to be looked at each week. The verdict rests on it.
    pub at_all_looks: Between,
    /// Users behind all that is compared.
    pub users: usize,
    #[schema(required = true)]
    pub before_days: Option<DayRange>,
    #[schema(required = true)]
    pub after_days: Option<DayRange>,
    pub controls: Vec<EffectControl>,
    /// Null with less than two weeks before, and where versions are compared.
    #[schema(required = true)]
    pub trend: Option<EffectTrend>,
    /// Days at the present pace until an effect of the expected size is found four times in five, or until there is a first look.
    /// Null where the weeks that are looked at are too few for that, and where it was moving before the change already.
    #[schema(required = true)]
    pub more_days_needed: Option<u64>,
    /// What one must know before believing it.
    pub warnings: Vec<String>,
}

/// Measures from one state of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Effect, QueryError> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(|conn| answer(conn, sources, question, now))
}

/// The effects of several changes, from one state of the database.
pub fn run_each(
    conn: &mut PgConnection,
    sources: &Sources,
    questions: &[Question],
    now: DateTime<Utc>,
) -> Result<Vec<Effect>, QueryError> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        questions
            .iter()
            .map(|question| answer(conn, sources, question, now))
            .collect()
    })
}

/// Measures in the caller's transaction, which sees one state of the database. What cannot be measured cannot be told, and why.
pub fn answer(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Effect, QueryError> {
    match measure(conn, sources, question, now) {
        Err(error @ (QueryError::Store(_) | QueryError::Damaged(_) | QueryError::Frame(_))) => Err(error),
        Err(unanswerable) => Ok(untold(question, Refusal::new(unanswerable.to_string()))),
        measured => measured,
    }
}

fn measure(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Effect, QueryError> {
    let project = projects::find(conn, question.query.project)?;
    let mut meter = Meter::new(conn, sources, question, project, now);
    let days = Days::of(&mut meter)?;
    if let Some(shared) = &days.shared
        && let Some(effect) = same_days::measure(&mut meter, &days, shared)?
    {
        return Ok(effect);
    }
    match &days.apart {
        Ok(apart) => designs::before_and_after(&mut meter, &days, apart),
        Err(refusal) => Ok(untold(question, refusal.clone())),
    }
}

/// Nothing can be compared yet.
fn untold(question: &Question, refusal: Refusal) -> Effect {
    let Refusal { why, more_days } = refusal;
    Effect {
        outcome: question.outcome.clone(),
        verdict: EffectVerdict::CannotTellYet,
        sentence: words::untold(question, &why, more_days),
        design: None,
        before: Estimate::none(Reason::NoData),
        after: Estimate::none(Reason::NoData),
        effect: Between::none(Reason::NoData),
        standard_error: None,
        p_value: None,
        at_all_looks: Between::none(Reason::NoData),
        users: 0,
        before_days: None,
        after_days: None,
        controls: Vec::new(),
        trend: None,
        more_days_needed: more_days,
        warnings: Vec::new(),
    }
}
