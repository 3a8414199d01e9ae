//! Are user and AI together better than either alone?
//!
//! Of outputs that were decided and judged and before which the user had answered. Together they are right where the user took a right
//! output, or declined and stayed with a right answer of their own; who declined an output that the own answer agreed with left
//! for the other of two answers.

use polars::prelude::{col, lit, when};

use super::LINEAR;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};

pub static FAMILY: Family = Family {
    id: "team",
    question: "Are user and AI together better than either alone?",
    sums: || {
        let ai_right = col(facts::CORRECT);
        let own_right = col(facts::INITIAL_CORRECT);
        let paired = decision::decided()
            .and(ai_right.clone().is_not_null())
            .and(own_right.clone().is_not_null());
        let disagreed = col(facts::INITIAL_AGREES).eq(lit(false)).fill_null(lit(false));
        let declined_right = when(disagreed)
            .then(own_right.clone())
            .otherwise(ai_right.clone().not());
        let team_right = when(decision::taken()).then(ai_right.clone()).otherwise(declined_right);
        vec![
            Sum::new("paired", count(paired.clone())),
            Sum::new("paired_team_right", count(paired.clone().and(team_right))),
            Sum::new("paired_own_right", count(paired.clone().and(own_right))),
            Sum::new("paired_ai_right", count(paired.and(ai_right))),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        gain(
            "gain_over_own",
            "Gain over the user alone",
            "Accuracy of user and AI together minus the accuracy of the users' own answers.",
            "(right together − own answer right) / decided and judged, own answer known",
            |s| team_gain(s, |own, _| own),
        ),
        gain(
            "gain_over_ai",
            "Gain over the AI alone",
            "Accuracy of user and AI together minus the accuracy of the AI.",
            "(right together − output right) / decided and judged, own answer known",
            |s| team_gain(s, |_, ai| ai),
        ),
        gain(
            "complementary_performance",
            "Complementary performance",
            "Accuracy of user and AI together minus that of the better of the two: above zero, they are better than either. The better one is chosen by the same data, which is unkind to the team; to decide before looking, use the two gains.",
            "(right together − max(own answer right, output right)) / decided and judged, own answer known",
            |s| team_gain(s, |own, ai| if own.0 > ai.0 { own } else { ai }),
        ),
    ],
};

const fn gain(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    formula: &'static str,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula,
        unit: Unit::ShareDifference,
        direction: Direction::HigherIsBetter,
        interval: LINEAR,
        source: "Bansal et al. 2021; Vaccaro, Almaatouq & Malone 2024",
        estimate,
    }
}

/// How many were right, and in which sum that is.
type Right = (f64, &'static str);

/// How much more often the team is right than whom `alone` chooses of the user and the AI.
fn team_gain(s: &Statistics, alone: fn(Right, Right) -> Right) -> Estimate {
    let right = |sum: &'static str| (s.total(sum), sum);
    let (best, chosen) = alone(right("paired_own_right"), right("paired_ai_right"));
    let together = s.by_cluster("paired_team_right").into_iter();
    let gains = together.zip(s.by_cluster(chosen)).map(|(team, alone)| team - alone);
    let totals = gains.zip(s.by_cluster("paired")).collect();
    let sums = (s.total("paired_team_right") - best, s.total("paired"));
    s.ratio(sums, totals, (-1.0, 1.0), Reason::NoInitialAnswers)
}
