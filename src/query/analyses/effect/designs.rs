//! After with before, and the verdict on what was measured.

use std::ops::Range;

use super::days::{Apart, Days, Refusal};
use super::measured::{Meter, Part};
use super::{DayRange, Effect, EffectDesign, EffectTrend, EffectVerdict, Question, controls, untold, words};
use crate::domain::clock;
use crate::domain::dimension::Dimension;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::compare::Between;
use crate::query::filter::{Filter, Operator};
use crate::query::request::QueryError;
use crate::stats::combination::{Combination, Term, slope_weights};
use crate::stats::level::Level;
use crate::stats::power;

/// How often an effect of the expected size should be found.
const POWER: f64 = 0.8;
/// A p-value below which the sides are said to have moved apart before the change.
const APART: f64 = 0.05;

/// After with before, less what happened to controls meanwhile.
pub fn before_and_after(meter: &mut Meter, days: &Days, apart: &Apart) -> Result<Effect, QueryError> {
    let question = meter.question;
    let Apart { before, after, .. } = apart;
    let (before, features) = controls::find(meter, before, after)?;
    let arms: Vec<Vec<Filter>> = std::iter::once(own(question))
        .chain(features.iter().map(|feature| Filter::is(Dimension::Feature, feature)))
        .map(|feature| vec![feature])
        .collect();
    let (was, is) = (meter.parts(&arms, &before)?, meter.parts(&arms, after)?);
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
    let side = |after: usize| {
        let own = own.map(|(was, is)| [was.term(-1.0), is.term(1.0)]);
        let terms = own.into_iter().chain(moves.iter().map(controls::Move::terms));
        let terms: Vec<Term> = terms.filter_map(|sides| sides.get(after).copied()).collect();
        Combination::new(&terms).standard_error.unwrap_or_default().powi(2)
    };
    // Days to come are all after the change: they make only that side surer.
    let (fixed, shrinking) = (side(0), side(1));
    let shrinking = if fixed > 0.0 {
        shrinking / (fixed + shrinking)
    } else {
        1.0
    };
    let mut effect = Effect {
        design: Some(if moves.is_empty() {
            EffectDesign::BeforeAfter
        } else {
            EffectDesign::DifferenceInDifferences
        }),
        before: estimate(was.first().and_then(Option::as_ref)),
        after: estimate(is.first().and_then(Option::as_ref)),
        before_days: Some(range(&before)),
        after_days: Some(range(after)),
        controls: moves.iter().map(|own| own.control(question.query.level)).collect(),
        warnings: [&days.warnings[..], &apart.warnings].concat(),
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
    conclude(question, &mut effect, combination, (after.len(), shrinking));
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

/// The verdict on what was measured over so many days after the change, with more of which so much of the variance shrinks.
pub fn conclude(
    question: &Question,
    effect: &mut Effect,
    measured: Option<Combination>,
    (days, shrinking): (usize, f64),
) {
    let level = question.query.level;
    if let Some(measured) = measured {
        let looks = shared(level, question.weeks);
        effect.effect = Between::interval(measured.value, measured.interval(level));
        effect.at_all_looks = Between::interval(measured.value, measured.interval(looks));
        effect.standard_error = measured.standard_error;
        effect.p_value = measured.p_value();
        effect.users = measured.clusters;
        let moving = words::moving(effect).is_some();
        if let Some(interval) = measured.interval(looks).filter(|_| !moving) {
            effect.verdict = words::verdict(question, interval);
        }
        if let Some(error) = measured
            .standard_error
            .filter(|_| effect.verdict == EffectVerdict::CannotTellYet && !moving)
        {
            let grows = (days as f64, shrinking);
            let needed = power::clusters_needed_of_one_side(question.expected, error, grows, looks, POWER);
            // More weeks than are looked at will never be.
            let needed = needed.filter(|needed| *needed <= 7.0 * question.weeks as f64);
            effect.more_days_needed = needed.map(|needed| (needed - days as f64).max(1.0).ceil() as u64);
        }
    }
    effect.sentence = words::sentence(question, effect, days);
}

/// One look's share of the error.
fn shared(level: Level, looks: usize) -> Level {
    Level::new(1.0 - (1.0 - level.get()) / looks.max(1) as f64).unwrap_or(level)
}

pub fn own(question: &Question) -> Filter {
    Filter::is(Dimension::Feature, question.change.feature.clone())
}

/// The versions that came with the change, or all others.
pub fn version(question: &Question, operator: Operator) -> Filter {
    Filter {
        dimension: Dimension::Version,
        operator,
        values: question.versions.iter().cloned().map(Some).collect(),
    }
}

pub fn estimate(part: Option<&Part>) -> Estimate {
    part.map_or_else(|| Estimate::none(Reason::NoData), |part| part.estimate.clone())
}

pub fn range(days: &Range<i32>) -> DayRange {
    DayRange {
        from: clock::midnight(days.start),
        to: clock::midnight(days.end),
    }
}
