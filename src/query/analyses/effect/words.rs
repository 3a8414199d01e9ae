//! The verdict on a change, and how it is said.

use super::{Effect, EffectDesign, EffectTrend, EffectVerdict, Outcome, Question};
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
    let is_same_days = effect.design == Some(EffectDesign::SameDays);
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
    let (verdict, title) = (verdict_words(effect.verdict), outcome.title());
    let [after, before] = [&effect.after, &effect.before].map(|side| Spread::from(side).alone(unit));
    let moved = range(outcome, &effect.at_all_looks, value);
    let mut text = if is_same_days {
        format!("{verdict}: an effect of {moved} on {title}, {compared}")
    } else {
        format!("{verdict}: {title} is {after} against {before}, an effect of {moved}, {compared}")
    };
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
        EffectVerdict::CannotTellYet => text += &open(question, effect, &expected),
        _ => {}
    }
    if is_same_days {
        // Their difference is no effect: who moves first may differ from who moves last.
        text += &format!(
            ". Not compared like that it is {after} with it and {before} without it, of other users and on other days"
        );
    }
    text + "."
}

/// Why it cannot be told yet, and what it would take where waiting helps.
fn open(question: &Question, effect: &Effect, expected: &str) -> String {
    if let Some(trend) = moving(effect) {
        let moved = Spread::from(&trend.slope).difference(question.outcome.unit());
        return if effect.controls.is_empty() {
            format!(", but it was moving before the change already, by {moved} a week")
        } else {
            format!(", but it was moving apart from its controls before the change already, by {moved} a week")
        };
    }
    match effect.more_days_needed {
        Some(more) => {
            let more = counted(more, "more day");
            format!("; about {more} at this pace would show {expected}")
        }
        None if effect.standard_error.is_some() => {
            let weeks = counted(question.weeks as u64, "week");
            format!("; it would take more than {weeks} to show {expected}")
        }
        None => "; nothing varies that could tell".to_owned(),
    }
}

/// The trend before the change, if there was one: what it goes on to do by itself looks like an effect.
pub fn moving(effect: &Effect) -> Option<EffectTrend> {
    effect.trend.filter(|trend| trend.differs)
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
    if effect.controls.is_empty() {
        doubts.push(match outcome {
            Outcome::Complaints(reason) => format!(
                "No feature that did not change has `{reason}` often enough to compare with: whatever else happened meanwhile is in the effect."
            ),
            Outcome::Metric(_) => {
                "No other feature stayed as it was over these weeks: whatever else happened meanwhile is in the effect.".to_owned()
            }
        });
    }
    doubts
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::super::days::Refusal;
    use super::super::designs::conclude;
    use super::super::{EffectControl, Occasion, untold};
    use super::*;
    use crate::metrics::{self, Estimate};
    use crate::query::Query;
    use crate::stats::cluster::Sizes;
    use crate::stats::combination::Combination;

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

    /// Before and after, with a trend before the change or without.
    fn effect(question: &Question, trend: Option<EffectTrend>) -> Effect {
        let measured = Combination {
            value: 0.1,
            standard_error: Some(0.01),
            clusters: 400,
            fewest: Sizes::equal(400),
        };
        let mut effect = Effect {
            design: Some(EffectDesign::BeforeAfter),
            before: Estimate::point(0.5, 900),
            after: Estimate::point(0.6, 900),
            trend,
            ..untold(question, Refusal::default())
        };
        conclude(question, &mut effect, Some(measured), (28, 0.5));
        effect
    }

    #[test]
    fn what_moved_before_the_change_already_has_no_verdict() {
        let question = question("acceptance_rate");
        let trend = |differs| EffectTrend {
            slope: Between::interval(0.02, None),
            p_value: Some(0.001),
            weeks: 4,
            differs,
        };
        let calm = effect(&question, Some(trend(false)));
        assert_eq!(calm.verdict, EffectVerdict::Worked, "{}", calm.sentence);
        let mut moving = effect(&question, Some(trend(true)));
        assert_eq!(moving.verdict, EffectVerdict::CannotTellYet);
        assert_eq!(moving.more_days_needed, None, "waiting does not help");
        let why = ", but it was moving before the change already, by +2.0 points a week.";
        assert!(moving.sentence.starts_with("Cannot tell yet: "), "{}", moving.sentence);
        assert!(moving.sentence.ends_with(why), "{}", moving.sentence);
        // What was measured is still there to be read.
        assert_eq!(moving.at_all_looks.lower, calm.at_all_looks.lower);

        moving.controls.push(EffectControl {
            feature: "calm".to_owned(),
            weight: 1.0,
            before: Estimate::point(0.5, 900),
            after: Estimate::point(0.5, 900),
            moved: Between::interval(0.0, None),
        });
        let sentence = sentence(&question, &moving, 28);
        assert!(
            sentence.contains(
                ", but it was moving apart from its controls before the change already, by +2.0 points a week."
            ),
            "{sentence}"
        );
    }

    /// Who reads two rates before the effect takes their difference for it.
    #[test]
    fn an_effect_on_each_user_comes_before_the_rates_of_other_users() {
        let question = question("acceptance_rate");
        let mut found = effect(&question, None);
        assert_eq!(
            found.sentence,
            "It worked: acceptance rate is 60.0 % against 50.0 %, an effect of +10.0 points [+7.5, +12.5] (wide enough to be looked at \
             every week), with whatever else happened meanwhile."
        );
        found.design = Some(EffectDesign::SameDays);
        assert_eq!(
            sentence(&question, &found, 14),
            "It worked: an effect of +10.0 points [+7.5, +12.5] (wide enough to be looked at every week) on acceptance rate, each user \
             compared with what they did before and with others on the same day, over the 14 days of moving over. Not compared like that \
             it is 60.0 % with it and 50.0 % without it, of other users and on other days."
        );
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
