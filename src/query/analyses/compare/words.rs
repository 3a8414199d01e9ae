//! The verdict on a metric, and how it is said.

use super::finding::{Between, ComparedMetric, ComparisonVerdict};
use crate::metrics::number::{Spread, counted};
use crate::metrics::{Direction, Metric, Unit};
use crate::stats::level::Interval;

/// Which way is better, if one is: 1 for more, −1 for less.
pub fn better(direction: Direction) -> Option<f64> {
    match direction {
        Direction::HigherIsBetter => Some(1.0),
        Direction::LowerIsBetter => Some(-1.0),
        Direction::CloserToZeroIsBetter | Direction::Neutral => None,
    }
}

/// [`better`], also where closer to zero is: `|b| < |a|` if and only if `b − a` and `b + a` have opposite signs, so that less is better where the sum
/// of both sides is surely positive, and more where it is surely negative.
///
/// A verdict that takes both signs from confidence sequences errs no more often than one of them does: it names the wrong side only if one
/// sequence misses at its upper end or the other at its lower one, each of which has half of the chance.
pub fn better_of_sides(direction: Direction, sum: Option<Interval>) -> Option<f64> {
    match (direction, sum) {
        (Direction::CloserToZeroIsBetter, Some(sum)) if sum.lower > 0.0 => Some(-1.0),
        (Direction::CloserToZeroIsBetter, Some(sum)) if sum.upper < 0.0 => Some(1.0),
        _ => better(direction),
    }
}

/// What a confidence sequence says of a difference, given which way is better, and the least that is worth having.
pub fn verdict(better: Option<f64>, sequence: Interval, margin: f64) -> ComparisonVerdict {
    if sequence.lower >= -margin && sequence.upper <= margin {
        ComparisonVerdict::NoDifferenceWorthHaving
    } else if sequence.lower > 0.0 || sequence.upper < 0.0 {
        match better.unwrap_or_default() * sequence.lower.signum() {
            way if way > 0.0 => ComparisonVerdict::Better,
            way if way < 0.0 => ComparisonVerdict::Worse,
            _ => ComparisonVerdict::Different,
        }
    } else {
        ComparisonVerdict::CannotTellYet
    }
}

/// The verdict in words, with its evidence and, where it is open, what it would take to show the least difference worth having.
/// A metric of which it is not known how far each user moves it `is_comparable` not: no number of users would do.
pub fn sentence(metric: &Metric, compared: &ComparedMetric, margin: f64, is_comparable: bool) -> String {
    if compared.baseline.value.is_none() || compared.candidate.value.is_none() {
        return format!(
            "Cannot tell yet: {} has no value on one of the sides.",
            metric.title.to_lowercase()
        );
    }
    if !is_comparable {
        return format!(
            "Not compared: {} is {} against {}; how far each user moves it is not known, on which a comparison rests.",
            metric.title.to_lowercase(),
            Spread::from(&compared.candidate).alone(metric.unit),
            Spread::from(&compared.baseline).alone(metric.unit),
        );
    }
    let verdict = match compared.verdict {
        ComparisonVerdict::Better => "Better",
        ComparisonVerdict::Worse => "Worse",
        ComparisonVerdict::Different => "Different",
        ComparisonVerdict::NoDifferenceWorthHaving => "No difference worth having",
        ComparisonVerdict::CannotTellYet => "Cannot tell yet",
    };
    let mut text = format!(
        "{verdict}: {} is {} against {}, a difference of {}",
        metric.title.to_lowercase(),
        Spread::from(&compared.candidate).alone(metric.unit),
        Spread::from(&compared.baseline).alone(metric.unit),
        range(metric.unit, &compared.sequence, compared.difference.value),
    );
    if metric.direction == Direction::CloserToZeroIsBetter {
        text += match compared.verdict {
            ComparisonVerdict::Better => ", closer to zero",
            ComparisonVerdict::Worse => ", further from zero",
            ComparisonVerdict::Different => "; it is not clear which of them is closer to zero",
            _ => "",
        };
    }
    if compared.verdict == ComparisonVerdict::CannotTellYet {
        if !compared.enough_users {
            text += &format!(
                "; {} so far, and it takes at least {}",
                counted(compared.users, "user"),
                compared.least_users
            );
        } else if let Some(needed) = compared.users_needed {
            let least = Spread::point(margin).alone(metric.unit.of_differences());
            text += &format!(
                "; about {} would show the least difference worth having, {}",
                counted(needed, "user"),
                least.trim_start_matches('+')
            );
            match compared.more_days_needed {
                Some(0) => {}
                Some(days) => text += &format!(": {} at this pace", counted(days, "more day")),
                None => text += "; outputs of one day tell no pace",
            }
        }
    }
    text + "."
}

fn range(unit: Unit, sequence: &Between, value: Option<f64>) -> String {
    let spread = Spread {
        value,
        ..sequence.into()
    };
    let text = spread.difference(unit);
    match sequence.lower {
        Some(_) => text + " (wide enough to be looked at every day)",
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_gaps_that_which_is_closer_to_zero_is_better() {
        let around = |value: f64| Interval::around(value, 0.05);
        let told = |baseline: f64, candidate: f64| {
            let sum = Some(around(baseline + candidate));
            let better = better_of_sides(Direction::CloserToZeroIsBetter, sum);
            verdict(better, around(candidate - baseline), 0.0)
        };
        assert_eq!(told(0.2, 0.1), ComparisonVerdict::Better);
        assert_eq!(told(0.1, 0.2), ComparisonVerdict::Worse);
        assert_eq!(told(-0.2, -0.1), ComparisonVerdict::Better);
        assert_eq!(told(-0.1, -0.2), ComparisonVerdict::Worse);
        // Past zero, and surely less far from it.
        assert_eq!(told(-0.2, 0.1), ComparisonVerdict::Better);
        assert_eq!(told(0.1, -0.2), ComparisonVerdict::Worse);
        // As far on the other side.
        assert_eq!(told(0.1, -0.1), ComparisonVerdict::Different);
        assert_eq!(told(0.1, 0.12), ComparisonVerdict::CannotTellYet);
    }

    #[test]
    fn elsewhere_the_sum_says_nothing() {
        let sum = Some(Interval::around(1.0, 0.1));
        assert_eq!(better_of_sides(Direction::HigherIsBetter, sum), Some(1.0));
        assert_eq!(better_of_sides(Direction::LowerIsBetter, sum), Some(-1.0));
        assert_eq!(better_of_sides(Direction::Neutral, sum), None);
        assert_eq!(better_of_sides(Direction::CloserToZeroIsBetter, None), None);
    }
}
