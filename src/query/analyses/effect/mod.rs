//! Did a change do what it was made for?
//!
//! Where users moved to the new version one after the other, the versions are compared on the days that both were shown: what else
//! happens on a day happens to both. Otherwise the days after are compared with the days before, less what happened meanwhile to
//! features that did not change (difference in differences), if there are any. Whole weeks on all sides, so that each day of the week
//! counts as much; outputs whose decisions have had time to arrive. Users are on all sides, and what one does counts as one's
//! ([`combination`]).
//!
//! There is a verdict once a week, which may be looked at each week: each look has its share of the chance to err (Bonferroni).

mod controls;
mod days;
mod measured;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use self::days::{Days, Design as Chosen, Refusal};
use self::measured::{Meter, Part};
use super::compare::Between;
use crate::domain::clock;
use crate::domain::dimension::Dimension;
use crate::metrics::{Direction, Estimate, Metric, Reason, Unit};
use crate::query::filter::{Filter, Operator};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::combination::{Combination, Term, slope_weights};
use crate::stats::level::Level;
use crate::stats::power;
use crate::store::projects;

/// How often an effect of the expected size should be found.
const POWER: f64 = 0.8;
/// A p-value below which the sides are said to have moved apart before the change.
const APART: f64 = 0.05;

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
    CannotTellYet,
}

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectDesign {
    /// The versions with each other, on the days on which both were shown.
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
    /// It did: what is measured is in doubt.
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
    let (days, chosen) = match Days::of(&mut meter)? {
        Ok(found) => found,
        Err(refusal) => return Ok(untold(question, refusal)),
    };
    match chosen {
        Chosen::Shared(shared) => same_days(&mut meter, &days, &shared),
        Chosen::Apart { before, after } => before_and_after(&mut meter, &days, before, after),
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

/// The versions on the days that both were shown: differences of days, weighted as a regression with an effect for each day would.
fn same_days(meter: &mut Meter, days: &Days, shared: &[i32]) -> Result<Effect, QueryError> {
    let question = meter.question;
    let arms = [Operator::NotIn, Operator::In].map(|operator| vec![own(question), version(question, operator)]);
    let window = span(shared);
    let daily = meter.daily(&arms, &window)?;
    let pairs: Vec<(f64, &Part, &Part)> = shared
        .iter()
        .filter_map(|day| {
            let [old, new] = daily.get(day)?.as_slice() else {
                return None;
            };
            let (old, new) = (old.as_ref()?, new.as_ref()?);
            let both = old.size + new.size;
            (both > 0.0).then(|| (old.size * new.size / both, old, new))
        })
        .collect();
    let weights: f64 = pairs.iter().map(|(weight, ..)| weight).sum();
    let of_old = over_days(pairs.iter().map(|(weight, old, _)| (weight / weights, *old)));
    let of_new = over_days(pairs.iter().map(|(weight, _, new)| (weight / weights, *new)));
    let combination = difference(&of_old, &of_new);
    let [old, new] = <[Option<Part>; 2]>::try_from(meter.parts(&arms, &window)?).unwrap_or_default();
    let mut effect = Effect {
        design: Some(EffectDesign::SameDays),
        before: estimate(old.as_ref()),
        after: estimate(new.as_ref()),
        before_days: Some(range(&window)),
        after_days: Some(range(&window)),
        warnings: days.warnings.clone(),
        ..untold(question, Refusal::default())
    };
    effect.warnings.push(
        "Who got the new version first was not drawn by lot here: if those users differ from the others, that is in the effect."
            .to_owned(),
    );
    conclude(
        question,
        &mut effect,
        (weights > 0.0).then_some(combination),
        shared.len(),
    );
    Ok(effect)
}

/// A value, and how far each cluster moves it.
type Side = (f64, Vec<(i64, f64)>);

/// Parts of some days put together with their weights: on a single day, a side may have a single user.
fn over_days<'a>(parts: impl Iterator<Item = (f64, &'a Part)>) -> Side {
    let mut value = 0.0;
    let mut influences: BTreeMap<i64, f64> = BTreeMap::new();
    for (weight, part) in parts {
        value += weight * part.value;
        for (cluster, influence) in &part.influences {
            *influences.entry(*cluster).or_default() += weight * influence;
        }
    }
    (value, influences.into_iter().collect())
}

/// The second side less the first.
fn difference(first: &Side, second: &Side) -> Combination {
    let [first, second] = [(-1.0, first), (1.0, second)].map(|(weight, (value, influences))| Term {
        weight,
        value: *value,
        influences,
    });
    Combination::new(&[first, second])
}

/// After with before, less what happened to controls meanwhile.
fn before_and_after(
    meter: &mut Meter,
    days: &Days,
    before: Range<i32>,
    after: Range<i32>,
) -> Result<Effect, QueryError> {
    let question = meter.question;
    let (before, features) = controls::find(meter, &before, &after)?;
    let arms: Vec<Vec<Filter>> = std::iter::once(own(question))
        .chain(features.iter().map(|feature| Filter::is(Dimension::Feature, feature)))
        .map(|feature| vec![feature])
        .collect();
    let (was, is) = (meter.parts(&arms, &before)?, meter.parts(&arms, &after)?);
    let mut sides = was.iter().zip(&is);
    let own = sides.next().and_then(|(was, is)| was.as_ref().zip(is.as_ref()));
    let moves = features.into_iter().zip(sides);
    let moves = moves.filter_map(|(feature, (was, is))| controls::Move::new(feature, was.as_ref()?, is.as_ref()?));
    let moves = controls::weighted(moves.collect(), &question.outcome);

    let combination = own.map(|(was, is)| {
        let mut terms = vec![was.term(-1.0), is.term(1.0)];
        terms.extend(moves.iter().flat_map(controls::Move::terms));
        Combination::new(&terms)
    });
    let mut effect = Effect {
        design: Some(if moves.is_empty() {
            EffectDesign::BeforeAfter
        } else {
            EffectDesign::DifferenceInDifferences
        }),
        before: estimate(was.first().and_then(Option::as_ref)),
        after: estimate(is.first().and_then(Option::as_ref)),
        before_days: Some(range(&before)),
        after_days: Some(range(&after)),
        controls: moves.iter().map(|own| own.control(question.query.level)).collect(),
        warnings: days.warnings.clone(),
        ..untold(question, Refusal::default())
    };
    let weights: Vec<f64> = moves.iter().map(|own| own.weight).collect();
    let chosen = effect.controls.iter().map(|control| control.feature.clone());
    let arms: Vec<Vec<Filter>> = std::iter::once(question.change.feature.clone())
        .chain(chosen)
        .map(|feature| vec![Filter::is(Dimension::Feature, feature)])
        .collect();
    effect.trend = trend(meter, &arms, &weights, &before)?;
    effect.warnings.extend(words::doubts(&effect, &question.outcome));
    conclude(question, &mut effect, combination, after.len());
    Ok(effect)
}

/// The slope over the weeks before, of the feature less its controls.
fn trend(
    meter: &mut Meter,
    arms: &[Vec<Filter>],
    weights: &[f64],
    before: &Range<i32>,
) -> Result<Option<EffectTrend>, QueryError> {
    let weeks = before.len() / 7;
    let Some(slope) = slope_weights(weeks) else {
        return Ok(None);
    };
    let mut parts = Vec::with_capacity(weeks);
    for week in 0..weeks {
        let start = before.start + 7 * week as i32;
        parts.push(meter.parts(arms, &(start..start + 7))?);
    }
    let mut terms = Vec::new();
    for (slope, week) in slope.iter().zip(&parts) {
        let shares = std::iter::once(1.0).chain(weights.iter().map(|weight| -weight));
        for (part, share) in week.iter().zip(shares) {
            let Some(part) = part else { return Ok(None) };
            terms.push(part.term(slope * share));
        }
    }
    let found = Combination::new(&terms);
    let p_value = found.p_value();
    Ok(Some(EffectTrend {
        slope: Between::interval(found.value, found.interval(meter.question.query.level)),
        p_value,
        weeks,
        differs: p_value.is_some_and(|p| p < APART),
    }))
}

/// The verdict on what was measured over so many days after the change.
fn conclude(question: &Question, effect: &mut Effect, measured: Option<Combination>, days: usize) {
    let level = question.query.level;
    if let Some(measured) = measured {
        let looks = shared(level, question.weeks);
        effect.effect = Between::interval(measured.value, measured.interval(level));
        effect.at_all_looks = Between::interval(measured.value, measured.interval(looks));
        effect.standard_error = measured.standard_error;
        effect.p_value = measured.p_value();
        effect.users = measured.clusters;
        if let Some(interval) = measured.interval(looks) {
            effect.verdict = words::verdict(question, interval);
        }
        if let Some(error) = measured
            .standard_error
            .filter(|_| effect.verdict == EffectVerdict::CannotTellYet)
        {
            let more = power::clusters_needed(question.expected, error, days as f64, looks, POWER) - days as f64;
            effect.more_days_needed = Some(more.max(1.0).ceil() as u64);
        }
    }
    effect.sentence = words::sentence(question, effect, days);
}

/// One look's share of the error.
fn shared(level: Level, looks: usize) -> Level {
    Level::new(1.0 - (1.0 - level.get()) / looks.max(1) as f64).unwrap_or(level)
}

fn own(question: &Question) -> Filter {
    Filter::is(Dimension::Feature, question.change.feature.clone())
}

/// The versions that came with the change, or all others.
fn version(question: &Question, operator: Operator) -> Filter {
    Filter {
        dimension: Dimension::Version,
        operator,
        values: question.versions.iter().cloned().map(Some).collect(),
    }
}

fn estimate(part: Option<&Part>) -> Estimate {
    part.map_or_else(|| Estimate::none(Reason::NoData), |part| part.estimate.clone())
}

/// From the first to the last of some days.
fn span(days: &[i32]) -> Range<i32> {
    let first = days.first().copied().unwrap_or_default();
    first..days.last().map_or(first, |last| last + 1)
}

fn range(days: &Range<i32>) -> DayRange {
    DayRange {
        from: clock::midnight(days.start),
        to: clock::midnight(days.end),
    }
}

impl Part {
    fn term(&self, weight: f64) -> Term<'_> {
        Term {
            weight,
            value: self.value,
            influences: &self.influences,
        }
    }
}
