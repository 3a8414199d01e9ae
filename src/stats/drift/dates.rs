//! When changes began and were over, each between its neighbours, and which of them are one.

use std::ops::Range;

use super::Day;
use super::ramp::{self, Ramp};
use super::split::{Sums, sigma};

/// The fewest days of a level at an end of the series, once it is known that there is a change: a weekend alone is no level.
const SHORTEST_AT_ENDS: usize = 3;

/// A change among all days, and the p-value that it was found with.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub ramp: Ramp,
    pub p_value: f64,
}

/// Each change with the days between its neighbours.
pub(super) fn neighbours(found: &[Found], end: usize) -> impl Iterator<Item = (usize, Found, usize)> {
    let from = std::iter::once(0).chain(found.iter().map(|own| own.ramp.end));
    let to = found
        .iter()
        .skip(1)
        .map(|own| own.ramp.start)
        .chain(std::iter::once(end));
    from.zip(found).zip(to).map(|((from, own), to)| (from, *own, to))
}

/// The most likely dates of a change, given that it is the only one of a range of days.
///
/// At an end of the series they are believed to be nearer than a level of `shortest` days allows if a shorter level there tells the days clearly
/// better. That there is a change is settled before, so that nothing more is found by it.
pub(super) fn dated(days: &[Day], range: Range<usize>, own: Found, shortest: usize) -> Option<Found> {
    let stretch = days.get(range.clone())?;
    let sigma = sigma(stretch, own.ramp.start.checked_sub(range.start)?);
    let likely = |least: [usize; 2]| Some(ramp::likely(stretch, least)?.believed(stretch.len(), sigma));
    let (ramp, fit) = likely([shortest; 2])?;
    let is_end = [range.start == 0, range.end == days.len()];
    let nearer = likely(is_end.map(|is_end| if is_end { SHORTEST_AT_ENDS } else { shortest }));
    let nearer = nearer.filter(|nearer| nearer.1.gain > fit.gain + ramp::price(stretch.len(), sigma));
    let ramp = nearer.map_or(ramp, |nearer| nearer.0);
    Some(Found {
        ramp: Ramp {
            start: range.start + ramp.start,
            end: range.start + ramp.end,
        },
        ..own
    })
}

/// Puts neighbours together that are one slow change: a ramp tells their days about as well as two steps in the same direction.
pub(super) fn join(days: &[Day], found: &mut Vec<Found>, shortest: usize) {
    let mut at = 0;
    while let (Some(one), Some(other)) = (found.get(at).copied(), found.get(at + 1).copied()) {
        let from = at
            .checked_sub(1)
            .and_then(|before| found.get(before))
            .map_or(0, |own| own.ramp.end);
        let to = found.get(at + 2).map_or(days.len(), |own| own.ramp.start);
        match joint(days, from..to, [one, other], shortest) {
            Some(joint) => {
                found.splice(at..at + 2, [joint]);
                at = at.saturating_sub(1);
            }
            None => at += 1,
        }
    }
}

fn joint(days: &[Day], range: Range<usize>, [one, other]: [Found; 2], shortest: usize) -> Option<Found> {
    let levels = [
        range.start..one.ramp.start,
        one.ramp.end..other.ramp.start,
        other.ramp.end..range.end,
    ]
    .map(|level| days.get(level).map(Sums::of));
    let [Some(first), Some(middle), Some(last)] = levels else {
        return None;
    };
    let stretch = days.get(range.clone())?;
    let all = Sums::of(stretch);
    let gain = [first, middle, last].map(|level| level.weight * (level.mean() - all.mean()).powi(2));
    let sigma = sigma(stretch, one.ramp.start.checked_sub(range.start)?);
    let (ramp, fit) = ramp::likely(stretch, [shortest; 2])?.ramp?;
    let is_one_way = (middle.mean() - first.mean()) * (last.mean() - middle.mean()) > 0.0;
    // Two steps have a level more, and both of their dates were picked.
    let is_as_good = fit.gain + 3.0 * ramp::price(stretch.len(), sigma) >= gain.iter().sum::<f64>();
    (is_one_way && is_as_good).then(|| Found {
        ramp: Ramp {
            start: range.start + ramp.start,
            end: range.start + ramp.end,
        },
        p_value: one.p_value.min(other.p_value),
    })
}
