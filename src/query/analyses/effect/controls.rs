//! Features that did not change: what happened to them meanwhile would have happened to the one that did.

use std::collections::BTreeMap;
use std::ops::Range;

use super::measured::{Meter, Part};
use super::{EffectControl, Outcome};
use crate::domain::clock;
use crate::domain::dimension::Dimension;
use crate::domain::window::Granularity;
use crate::metrics;
use crate::query::analyses::compare::Between;
use crate::query::request::{EXACT_OUTPUTS, QueryError};
use crate::stats::combination::{Combination, Term};
use crate::stats::level::Level;

/// Controls of a change, those with most outputs.
pub const MOST_CONTROLS: usize = 5;
/// Outputs that a control needs on either side.
const LEAST_OUTPUTS: f64 = 100.0;
/// How much the share of any of its versions may move.
const MOST_MOVED: f64 = 0.05;
/// Outputs that name the reason, if that is what the change is about: who never names it tells nothing.
const LEAST_COMPLAINTS: f64 = 20.0;

/// Outputs by version and day.
type Versions = BTreeMap<Option<String>, BTreeMap<i32, f64>>;

/// The controls, and the days before: as many weeks as have any controls, or all of them without.
pub fn find(
    meter: &mut Meter,
    before: &Range<i32>,
    after: &Range<i32>,
) -> Result<(Range<i32>, Vec<String>), QueryError> {
    let question = meter.question;
    let features = match shown(meter, &(before.start..after.end)) {
        Ok(features) => features,
        // So many versions that nothing can be said of each.
        Err(QueryError::TooManyGroups { .. } | QueryError::TooManyRows { .. }) => BTreeMap::new(),
        Err(error) => return Err(error),
    };
    for weeks in (1..=before.len() / 7).rev() {
        let before = before.end - 7 * weeks as i32..before.end;
        let changed = |feature: &str| {
            question.others.iter().any(|other| {
                other.feature == feature && (before.start..after.end).contains(&clock::day_of(other.made_at))
            })
        };
        let mut steady: Vec<(f64, &String)> = features
            .iter()
            .filter(|(feature, _)| **feature != question.change.feature && !changed(feature))
            .filter_map(|(feature, versions)| Some((steady(versions, &before, after)?, feature)))
            .collect();
        steady.sort_by(|one, other| other.0.total_cmp(&one.0));
        steady.truncate(MOST_CONTROLS);
        if !steady.is_empty() {
            let outputs = features.values().flat_map(BTreeMap::values).flat_map(BTreeMap::values);
            meter.settle(outputs.sum(), before.start)?;
            let chosen = steady.into_iter().map(|(_, feature)| feature.clone());
            return Ok((before, chosen.collect()));
        }
    }
    Ok((before.clone(), Vec::new()))
}

/// What was shown of all features.
fn shown(meter: &mut Meter, days: &Range<i32>) -> Result<BTreeMap<String, Versions>, QueryError> {
    let shown = metrics::find("shown").map(|(_, metric)| metric);
    let mut query = meter.about(shown.into_iter().collect(), days);
    query.group_by = vec![Dimension::Feature, Dimension::Version];
    query.granularity = Some(Granularity::Day);
    query.exact_outputs = EXACT_OUTPUTS;
    let mut features: BTreeMap<String, Versions> = BTreeMap::new();
    for row in meter.answer(&query)? {
        let shown = row.estimates.first().and_then(|shown| shown.value).unwrap_or_default();
        if let ([Some(feature), version], Some(bucket)) = (row.group.as_slice(), row.bucket) {
            let versions = features.entry(feature.clone()).or_default();
            let days = versions.entry(version.clone()).or_default();
            *days.entry(clock::day_of(bucket.to_utc())).or_default() += shown;
        }
    }
    Ok(features)
}

/// The outputs on the side that has fewer, if both have enough and of the same versions.
fn steady(versions: &Versions, before: &Range<i32>, after: &Range<i32>) -> Option<f64> {
    let of = |days: &BTreeMap<i32, f64>, range: &Range<i32>| days.range(range.clone()).map(|(_, n)| n).sum::<f64>();
    let all = |range: &Range<i32>| versions.values().map(|days| of(days, range)).sum::<f64>();
    let (was, is) = (all(before), all(after));
    let fewer = was.min(is);
    let moved = versions
        .values()
        .map(|days| (of(days, before) / was - of(days, after) / is).abs());
    (fewer >= LEAST_OUTPUTS && moved.fold(0.0, f64::max) <= MOST_MOVED).then_some(fewer)
}

/// What happened to a control.
pub struct Move<'a> {
    pub feature: String,
    pub weight: f64,
    was: &'a Part,
    is: &'a Part,
    moved: Combination,
}

impl<'a> Move<'a> {
    pub fn new(feature: String, was: &'a Part, is: &'a Part) -> Option<Move<'a>> {
        let moved = Combination::new(&[was.term(-1.0), is.term(1.0)]);
        // The surer it is known, the more it counts: the sum then errs least.
        let weight = moved.standard_error?.powi(-2);
        Some(Move {
            feature,
            weight,
            was,
            is,
            moved,
        })
    }

    /// It is taken off.
    pub fn terms(&self) -> [Term<'a>; 2] {
        [self.was.term(self.weight), self.is.term(-self.weight)]
    }

    pub fn control(&self, level: Level) -> EffectControl {
        EffectControl {
            feature: self.feature.clone(),
            weight: self.weight,
            before: self.was.estimate.clone(),
            after: self.is.estimate.clone(),
            moved: Between::interval(self.moved.value, self.moved.interval(level)),
        }
    }
}

/// Those that tell something, with weights that add up to 1.
pub fn weighted<'a>(mut moves: Vec<Move<'a>>, outcome: &Outcome) -> Vec<Move<'a>> {
    if matches!(outcome, Outcome::Complaints(_)) {
        moves.retain(|own| own.was.estimate.numerator.unwrap_or_default() >= LEAST_COMPLAINTS);
    }
    let all: f64 = moves.iter().map(|own| own.weight).sum();
    moves.iter_mut().for_each(|own| own.weight /= all);
    moves
}
