//! The verdict on a change, and how it is said.

use super::{Effect, EffectDesign, EffectVerdict, Outcome, Question};
use crate::metrics::number::{Spread, counted};
use crate::query::analyses::compare::Between;
use crate::query::analyses::compare::words::better;
use crate::stats::level::Interval;

/// What an interval of the effect says, given how much better it was to get.
pub fn verdict(question: &Question, interval: Interval) -> EffectVerdict {
    let sign = better(question.outcome.direction()).unwrap_or(1.0);
    // From here on, more is better.
    let (worst, best) = if sign > 0.0 {
        (interval.lower, interval.upper)
    } else {
        (-interval.upper, -interval.lower)
    };
    if worst > 0.0 {
        EffectVerdict::Worked
    } else if best < 0.0 {
        EffectVerdict::MadeItWorse
    } else if best < question.expected {
        EffectVerdict::DidNotWork
    } else {
        EffectVerdict::CannotTellYet
    }
}

fn verdict_words(verdict: EffectVerdict) -> &'static str {
    match verdict {
        EffectVerdict::Worked => "It worked",
        EffectVerdict::DidNotWork => "It did not work",
        EffectVerdict::MadeItWorse => "It made it worse",
        EffectVerdict::CannotTellYet => "Cannot tell yet",
    }
}

/// The verdict in words, with its evidence and, where it is open, what it would take.
pub fn sentence(question: &Question, effect: &Effect, days: usize) -> String {
    let outcome = &question.outcome;
    let (Some(_), Some(_), Some(value)) = (effect.before.value, effect.after.value, effect.effect.value) else {
        return format!("Cannot tell yet: {} has no value on one of the sides.", outcome.title());
    };
    let (unit, sign) = (outcome.unit(), better(outcome.direction()).unwrap_or(1.0));
    let compared = match (effect.design, effect.controls.len()) {
        (Some(EffectDesign::SameDays), _) => format!(
            "each user compared with what they did before and with others on the same day, over the {days} days of moving over"
        ),
        (Some(EffectDesign::DifferenceInDifferences), 1) => {
            "less what happened meanwhile to a feature that did not change".to_owned()
        }
        (Some(EffectDesign::DifferenceInDifferences), controls) => {
            format!("less what happened meanwhile to {controls} features that did not change")
        }
        _ => "with whatever else happened meanwhile".to_owned(),
    };
    let mut text = format!(
        "{}: {} is {} against {}, an effect of {}, {compared}",
        verdict_words(effect.verdict),
        outcome.title(),
        Spread::from(&effect.after).alone(unit),
        Spread::from(&effect.before).alone(unit),
        range(outcome, &effect.at_all_looks, value),
    );
    let expected = Spread::point(sign * question.expected).difference(unit);
    let reached = |end: Option<f64>| end.is_some_and(|end| sign * end >= question.expected);
    let best = if sign > 0.0 {
        effect.at_all_looks.upper
    } else {
        effect.at_all_looks.lower
    };
    match effect.verdict {
        EffectVerdict::Worked if !reached(best) => text += &format!(", less than the {expected} that were expected"),
        EffectVerdict::DidNotWork => text += &format!(", where {expected} were expected"),
        EffectVerdict::CannotTellYet => match effect.more_days_needed {
            Some(more) => {
                text += &format!(
                    "; about {} at this pace would show {expected}",
                    counted(more, "more day")
                );
            }
            None if effect.standard_error.is_some() => {
                let weeks = counted(question.weeks as u64, "week");
                text += &format!("; it would take more than {weeks} to show {expected}");
            }
            None => text += "; nothing varies that could tell",
        },
        _ => {}
    }
    text + "."
}

fn range(outcome: &Outcome, looks: &Between, value: f64) -> String {
    let spread = Spread {
        value: Some(value),
        ..looks.into()
    };
    let text = spread.difference(outcome.unit());
    match looks.lower {
        Some(_) => text + " (wide enough to be looked at every week)",
        None => text,
    }
}

/// Why there is nothing to compare yet.
pub fn untold(question: &Question, why: &str, more_days: Option<u64>) -> String {
    let more = more_days.map_or_else(String::new, |days| format!(", {}", counted(days, "more day")));
    format!("Cannot tell yet about {}: {why}{more}.", question.outcome.title())
}

/// What speaks against comparing before and after.
pub fn doubts(effect: &Effect, outcome: &Outcome) -> Vec<String> {
    let mut doubts = Vec::new();
    let has_controls = !effect.controls.is_empty();
    if !has_controls {
        doubts.push(match outcome {
            Outcome::Complaints(reason) => format!(
                "No feature that did not change has `{reason}` often enough to compare with: whatever else happened meanwhile is in the effect."
            ),
            Outcome::Metric(_) => {
                "No other feature stayed as it was over these weeks: whatever else happened meanwhile is in the effect.".to_owned()
            }
        });
    }
    if let Some(trend) = effect.trend.filter(|trend| trend.differs) {
        let moved = Spread::from(&trend.slope).difference(outcome.unit());
        doubts.push(if has_controls {
            format!("It was moving apart from its controls before the change already, by {moved} a week: the effect is in doubt.")
        } else {
            format!("It was moving before the change already, by {moved} a week: the effect is in doubt.")
        });
    }
    doubts
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::super::Occasion;
    use super::*;
    use crate::metrics;
    use crate::query::Query;

    fn question(metric: &str) -> Question {
        let (_, metric) = metrics::find(metric).unwrap();
        Question {
            query: Query::new(1, Vec::new()),
            change: Occasion {
                feature: "f".to_owned(),
                made_at: DateTime::UNIX_EPOCH,
            },
            versions: Vec::new(),
            outcome: Outcome::Metric(metric),
            expected: 0.05,
            weeks: 4,
            others: Vec::new(),
        }
    }

    #[test]
    fn verdicts_follow_the_direction_that_is_better() {
        use EffectVerdict::{CannotTellYet, DidNotWork, MadeItWorse, Worked};
        let cases = [
            ((0.01, 0.03), Worked),
            ((-0.02, 0.04), DidNotWork),
            ((-0.02, 0.06), CannotTellYet),
            ((-0.04, -0.01), MadeItWorse),
        ];
        for ((lower, upper), expected) in cases {
            let found = verdict(&question("acceptance_rate"), Interval { lower, upper });
            assert_eq!(found, expected, "[{lower}, {upper}]");
            let mirrored = Interval {
                lower: -upper,
                upper: -lower,
            };
            assert_eq!(verdict(&question("undo_rate"), mirrored), expected);
        }
    }
}
