//! Does a guardrail hold, and what is to be done about an arm?

use serde::Serialize;
use utoipa::ToSchema;

use crate::metrics::{Direction, Metric};
use crate::query::analyses::compare::{ComparedMetric, ComparisonVerdict};
use crate::stats::level::Interval;

/// Whether a guardrail holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GuardrailVerdict {
    /// Surely not worse than the margin allows.
    Holds,
    /// Surely worse than the margin allows.
    Broken,
    CannotTellYet,
}

/// A guardrail of one arm.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Guardrail {
    pub verdict: GuardrailVerdict,
    /// The verdict in words.
    pub sentence: String,
    /// How much worse it may be.
    pub margin: f64,
    pub compared: ComparedMetric,
}

/// What to do about an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// Better, and all guardrails hold.
    Adopt,
    /// Worse, or a guardrail is broken.
    Reject,
    /// No difference worth having, whatever the guardrails.
    NoDifference,
    /// It is not over yet.
    Wait,
    /// Users are not spread over the arms as planned, or those who came on some day are not: find out why before believing anything.
    Investigate,
}

pub fn guardrail(metric: &Metric, margin: f64, compared: ComparedMetric) -> Guardrail {
    let verdict = match compared.sequence.lower.zip(compared.sequence.upper) {
        Some((lower, upper)) => holds(metric.direction, Interval { lower, upper }, margin),
        None => GuardrailVerdict::CannotTellYet,
    };
    let name = metric.title.to_lowercase();
    let sentence = match verdict {
        GuardrailVerdict::Holds => format!("{name} holds: it is not worse by more than {margin}."),
        GuardrailVerdict::Broken => format!("{name} is broken: it is worse by more than {margin}."),
        GuardrailVerdict::CannotTellYet => {
            format!("{name}: cannot tell yet whether it is worse by more than {margin}.")
        }
    };
    Guardrail {
        verdict,
        sentence,
        margin,
        compared,
    }
}

/// Non-inferiority by a confidence sequence of candidate minus control.
fn holds(direction: Direction, sequence: Interval, margin: f64) -> GuardrailVerdict {
    // From here on, more is better.
    let (worst, best) = match direction {
        Direction::LowerIsBetter => (-sequence.upper, -sequence.lower),
        _ => (sequence.lower, sequence.upper),
    };
    if worst > -margin {
        GuardrailVerdict::Holds
    } else if best < -margin {
        GuardrailVerdict::Broken
    } else {
        GuardrailVerdict::CannotTellYet
    }
}

pub fn conclusion(primary: ComparisonVerdict, guardrails: &[Guardrail], is_broken: bool) -> Conclusion {
    let any = |verdict| guardrails.iter().any(|guardrail| guardrail.verdict == verdict);
    if is_broken {
        return Conclusion::Investigate;
    }
    match primary {
        _ if any(GuardrailVerdict::Broken) => Conclusion::Reject,
        ComparisonVerdict::Worse => Conclusion::Reject,
        ComparisonVerdict::Better if any(GuardrailVerdict::CannotTellYet) => Conclusion::Wait,
        ComparisonVerdict::Better => Conclusion::Adopt,
        ComparisonVerdict::NoDifferenceWorthHaving => Conclusion::NoDifference,
        ComparisonVerdict::Different | ComparisonVerdict::CannotTellYet => Conclusion::Wait,
    }
}

pub fn sentence(
    arm: &str,
    conclusion: Conclusion,
    primary: &ComparedMetric,
    guardrails: &[Guardrail],
    broken: &str,
) -> String {
    let verdict = match conclusion {
        Conclusion::Adopt => format!("Adopt `{arm}`."),
        Conclusion::Reject => format!("Do not adopt `{arm}`."),
        Conclusion::NoDifference => format!("`{arm}` makes no difference worth having."),
        Conclusion::Wait => format!("Cannot tell yet about `{arm}`."),
        Conclusion::Investigate => format!("Believe nothing about `{arm}` yet: {broken}."),
    };
    let mut text = format!("{verdict} {}", primary.sentence);
    for guardrail in guardrails {
        text += " Guardrail ";
        text += &guardrail.sentence;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(lower: f64, upper: f64) -> Interval {
        Interval { lower, upper }
    }

    #[test]
    fn a_guardrail_holds_in_the_direction_that_is_better() {
        let holds = |direction, lower, upper| holds(direction, sequence(lower, upper), 0.02);
        let (more, less) = (Direction::HigherIsBetter, Direction::LowerIsBetter);
        assert_eq!(holds(more, -0.01, 0.05), GuardrailVerdict::Holds);
        assert_eq!(holds(more, -0.09, -0.03), GuardrailVerdict::Broken);
        assert_eq!(holds(more, -0.03, 0.05), GuardrailVerdict::CannotTellYet);
        assert_eq!(holds(less, -0.05, 0.01), GuardrailVerdict::Holds);
        assert_eq!(holds(less, 0.03, 0.09), GuardrailVerdict::Broken);
        assert_eq!(holds(less, -0.05, 0.03), GuardrailVerdict::CannotTellYet);
    }

    #[test]
    fn nothing_is_adopted_while_assignment_is_broken() {
        assert_eq!(conclusion(ComparisonVerdict::Better, &[], false), Conclusion::Adopt);
        assert_eq!(
            conclusion(ComparisonVerdict::Better, &[], true),
            Conclusion::Investigate
        );
    }
}
