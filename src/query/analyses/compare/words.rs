//! The verdict on a metric, and how it is said.

use super::finding::{Between, ComparedMetric, ComparisonVerdict};
use crate::metrics::{Direction, Metric, Unit};
use crate::stats::level::Interval;
use crate::stats::sequence;

/// Which way is better, if one is: 1 for more, −1 for less.
pub fn better(direction: Direction) -> Option<f64> {
    match direction {
        Direction::HigherIsBetter => Some(1.0),
        Direction::LowerIsBetter => Some(-1.0),
        Direction::CloserToZeroIsBetter | Direction::Neutral => None,
    }
}

/// What a confidence sequence says of a difference, given the least that is worth having.
pub fn verdict(direction: Direction, sequence: Interval, margin: f64) -> ComparisonVerdict {
    let sign = better(direction).unwrap_or_default();
    if sequence.lower >= -margin && sequence.upper <= margin {
        ComparisonVerdict::NoDifferenceWorthHaving
    } else if sequence.lower > 0.0 || sequence.upper < 0.0 {
        match sign * sequence.lower.signum() {
            way if way > 0.0 => ComparisonVerdict::Better,
            way if way < 0.0 => ComparisonVerdict::Worse,
            _ => ComparisonVerdict::Different,
        }
    } else {
        ComparisonVerdict::CannotTellYet
    }
}

/// The verdict in words, with its evidence and, where it is open, what it would take.
pub fn sentence(metric: &Metric, compared: &ComparedMetric, users: f64) -> String {
    let (Some(one), Some(two)) = (compared.baseline.value, compared.candidate.value) else {
        return format!(
            "Cannot tell yet: {} has no value on one of the sides.",
            metric.title.to_lowercase()
        );
    };
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
        written(metric.unit, two),
        written(metric.unit, one),
        range(metric.unit, &compared.sequence, compared.difference.value),
    );
    if compared.verdict == ComparisonVerdict::CannotTellYet {
        if users < sequence::ENOUGH as f64 {
            text += &format!("; {users:.0} users are too few, it takes at least {}", sequence::ENOUGH);
        } else if let Some(needed) = compared.users_needed {
            text += &format!("; about {needed} users would show the least difference worth having");
            match compared.more_days_needed {
                Some(0) => {}
                Some(days) => text += &format!(", {days} more days at this pace"),
                None => text += ", and outputs of one day tell no pace",
            }
        }
    }
    text + "."
}

fn range(unit: Unit, sequence: &Between, value: Option<f64>) -> String {
    let signed = |value: Option<f64>| value.map_or_else(|| "?".to_owned(), |value| difference(unit, value));
    match (sequence.lower, sequence.upper) {
        (Some(lower), Some(upper)) => {
            format!(
                "{} [{}, {}] at all looks",
                signed(value),
                signed(Some(lower)),
                signed(Some(upper))
            )
        }
        _ => signed(value),
    }
}

/// A value in its unit.
pub fn written(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share => format!("{:.1} %", value * 100.0),
        Unit::ShareDifference => format!("{:+.1} points", value * 100.0),
        Unit::Milliseconds => format!("{value:.0} ms"),
        Unit::Count | Unit::Characters => format!("{value:.0}"),
        Unit::Outputs => format!("{value:.1}"),
        Unit::Rating | Unit::Nats | Unit::StandardDeviations | Unit::Ratio => format!("{value:.3}"),
    }
}

/// A difference of values, with its sign.
pub fn difference(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Share | Unit::ShareDifference => format!("{:+.1} points", value * 100.0),
        Unit::Milliseconds => format!("{value:+.0} ms"),
        Unit::Count | Unit::Characters => format!("{value:+.0}"),
        Unit::Outputs => format!("{value:+.1}"),
        Unit::Rating | Unit::Nats | Unit::StandardDeviations | Unit::Ratio => format!("{value:+.3}"),
    }
}
