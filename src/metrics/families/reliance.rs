//! Do users rely on the AI when it is right, and not when it is wrong?
//!
//! Of outputs that were both decided and judged; relying means taking the output. Where the user's own answer from before
//! is known, the relative measures say who changed whose mind. For tasks with two answers, not relying means answering the
//! opposite, so that appropriate reliance is the accuracy of person and AI together. Who declines an output that the own answer
//! disagreed with is taken to stay with the own answer.

use polars::prelude::{Expr, col, lit};

use super::PROPORTION;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, count, decision};
use crate::metrics::statistics::Moves;
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};
use crate::stats::detection::Counts;
use crate::stats::normal;

fn right() -> Expr {
    col(facts::CORRECT).eq(lit(true))
}

fn wrong() -> Expr {
    col(facts::CORRECT).eq(lit(false))
}

fn judged() -> Expr {
    col(facts::CORRECT).is_not_null()
}

/// Whether the user answered before, of what was decided.
fn asked_before() -> Expr {
    decision::decided().and(col(facts::INITIAL_AGREES).is_not_null())
}

pub static FAMILY: Family = Family {
    id: "reliance",
    question: "Do users rely on the AI when it is right, and not when it is wrong?",
    sums: || {
        let relied = decision::taken();
        let declined = decision::rejected();
        let was_right = col(facts::INITIAL_CORRECT).eq(lit(true));
        let was_wrong = col(facts::INITIAL_CORRECT).eq(lit(false));
        let disagreed = col(facts::INITIAL_AGREES).eq(lit(false)).and(decision::decided());
        let helpable = was_wrong.and(right()).and(decision::decided());
        let resistible = was_right.clone().and(wrong()).and(decision::decided());
        let appropriate = right().and(relied.clone()).or(wrong().and(declined.clone()));
        let own_known = col(facts::INITIAL_CORRECT).is_not_null();
        let opposed = disagreed.clone().and(judged()).and(own_known);
        let opposed_right = right().and(relied.clone()).or(was_right.clone().and(declined.clone()));
        vec![
            Sum::new("right_decided", count(right().and(decision::decided()))),
            Sum::new("right_relied", count(right().and(relied.clone()))),
            Sum::new("right_declined", count(right().and(declined.clone()))),
            Sum::new("wrong_decided", count(wrong().and(decision::decided()))),
            Sum::new("wrong_relied", count(wrong().and(relied.clone()))),
            Sum::new(
                "judged_decided",
                count(decision::decided().and(col(facts::CORRECT).is_not_null())),
            ),
            Sum::new("appropriately_decided", count(appropriate)),
            Sum::new("disagreed", count(disagreed.clone())),
            Sum::new("agreement_known", count(asked_before())),
            Sum::new("agreed_before", count(asked_before().and(col(facts::INITIAL_AGREES)))),
            Sum::new("agreed_after", count(asked_before().and(relied.clone()))),
            Sum::new("wrong_opposed", count(disagreed.clone().and(wrong()))),
            Sum::new(
                "wrong_followed",
                count(disagreed.clone().and(wrong()).and(relied.clone())),
            ),
            Sum::new("right_opposed", count(disagreed.clone().and(right()))),
            Sum::new(
                "right_refused",
                count(disagreed.clone().and(right()).and(declined.clone())),
            ),
            Sum::new("opposed", count(opposed.clone())),
            Sum::new("opposed_right", count(opposed.and(opposed_right))),
            Sum::new("switched", count(disagreed.and(relied.clone()))),
            Sum::new("helpable", count(helpable.clone())),
            Sum::new("helped", count(helpable.and(relied))),
            Sum::new("resistible", count(resistible.clone())),
            Sum::new("resisted", count(resistible.and(declined))),
            Sum::new("initial_known", count(col(facts::INITIAL_CORRECT).is_not_null())),
            Sum::new("initial_correct", count(was_right)),
        ]
    },
    histograms: no_histograms,
    metrics: &[
        share(
            "over_reliance",
            "Over-reliance",
            "Share of the wrong outputs that users took.",
            "taken and wrong / decided and wrong",
            Direction::LowerIsBetter,
            "Buçinca, Malaya & Gajos 2021; Vasconcelos et al. 2023",
            |s| s.proportion("wrong_relied", "wrong_decided", Reason::NoCases),
        ),
        share(
            "under_reliance",
            "Under-reliance",
            "Share of the right outputs that users declined.",
            "declined and right / decided and right",
            Direction::LowerIsBetter,
            "Buçinca, Malaya & Gajos 2021; Vasconcelos et al. 2023",
            |s| s.proportion("right_declined", "right_decided", Reason::NoCases),
        ),
        share(
            "appropriate_reliance",
            "Appropriate reliance",
            "Share of the outputs where users took what was right or declined what was wrong.",
            "(taken and right + declined and wrong) / decided and judged",
            Direction::HigherIsBetter,
            "Schemmer et al. 2023",
            |s| s.proportion("appropriately_decided", "judged_decided", Reason::NoJudgements),
        ),
        share(
            "switch_rate",
            "Switch rate",
            "Share of the outputs that users took although they had answered otherwise before.",
            "taken / decided, where the user's own answer disagreed",
            Direction::Neutral,
            "Lu & Yin 2021; Zhang, Liao & Bellamy 2020",
            |s| s.proportion("switched", "disagreed", Reason::NoInitialAnswers),
        ),
        share(
            "initial_agreement",
            "Agreement before",
            "Share of the outputs with which the user's own answer from before agreed.",
            "own answer agreed / decided, own answer known",
            Direction::Neutral,
            "Zhang, Liao & Bellamy 2020",
            |s| s.proportion("agreed_before", "agreement_known", Reason::NoInitialAnswers),
        ),
        share(
            "agreement_fraction",
            "Agreement after",
            "Share of the outputs that users took, of those with an own answer: to be read beside the agreement before.",
            "taken / decided, own answer known",
            Direction::Neutral,
            "Zhang, Liao & Bellamy 2020; Lu & Yin 2021",
            |s| s.proportion("agreed_after", "agreement_known", Reason::NoInitialAnswers),
        ),
        share(
            "over_reliance_opposed",
            "Over-reliance against the own answer",
            "Share of the wrong outputs that users took although they had answered otherwise before.",
            "taken / decided and wrong, where the user's own answer disagreed",
            Direction::LowerIsBetter,
            "Vasconcelos et al. 2023",
            |s| s.proportion("wrong_followed", "wrong_opposed", Reason::NoCases),
        ),
        share(
            "under_reliance_opposed",
            "Under-reliance with the own answer",
            "Share of the right outputs that users declined, having answered otherwise before.",
            "declined / decided and right, where the user's own answer disagreed",
            Direction::LowerIsBetter,
            "Vasconcelos et al. 2023",
            |s| s.proportion("right_refused", "right_opposed", Reason::NoCases),
        ),
        share(
            "accuracy_wid",
            "Accuracy where answers differ",
            "Where the user's own answer disagreed with the output: how often the user ended up right.",
            "(taken and right + declined, own answer right) / decided and judged, own answer disagreed",
            Direction::HigherIsBetter,
            "He, Kuiper & Gadiraju 2023",
            |s| s.proportion("opposed_right", "opposed", Reason::NoInitialAnswers),
        ),
        share(
            "rair",
            "Relative AI reliance",
            "When the user was wrong and the AI right: how often the user followed the AI.",
            "P(taken | own answer wrong, output right)",
            Direction::HigherIsBetter,
            "Schemmer et al. 2023, Appropriate reliance on AI advice",
            |s| s.proportion("helped", "helpable", Reason::NoInitialAnswers),
        ),
        share(
            "rsr",
            "Relative self-reliance",
            "When the user was right and the AI wrong: how often the user stayed with the own answer.",
            "P(declined | own answer right, output wrong)",
            Direction::HigherIsBetter,
            "Schemmer et al. 2023, Appropriate reliance on AI advice",
            |s| s.proportion("resisted", "resistible", Reason::NoInitialAnswers),
        ),
        share(
            "initial_accuracy",
            "Accuracy without the AI",
            "Share of the users' own answers from before that were right.",
            "own answer right / own answer known",
            Direction::Neutral,
            "definition",
            |s| s.proportion("initial_correct", "initial_known", Reason::NoInitialAnswers),
        ),
        signal(
            "d_prime",
            "Discernment (d′)",
            "How well users tell right outputs from wrong ones, whatever they tend to do: 0 is not at all.",
            "z(taken | right) − z(taken | wrong), log-linear correction",
            Direction::HigherIsBetter,
            |s| detect(s, Counts::d_prime, |z_hit, z_false| z_hit - z_false),
        ),
        signal(
            "criterion",
            "Response bias (c)",
            "How willing users are to take outputs, right or wrong: below zero is trusting.",
            "−½ (z(taken | right) + z(taken | wrong)), log-linear correction",
            Direction::Neutral,
            |s| detect(s, Counts::criterion, |z_hit, z_false| -0.5 * (z_hit + z_false)),
        ),
    ],
};

const fn share(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    formula: &'static str,
    direction: Direction,
    source: &'static str,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula,
        unit: Unit::Share,
        direction,
        interval: PROPORTION,
        source,
        estimate,
    }
}

const fn signal(
    id: &'static str,
    title: &'static str,
    summary: &'static str,
    formula: &'static str,
    direction: Direction,
    estimate: fn(&Statistics) -> Estimate,
) -> Metric {
    Metric {
        id,
        title,
        summary,
        formula,
        unit: Unit::StandardDeviations,
        direction,
        interval: "linearised by the delta method, clustered by user",
        source: "Green & Swets 1966; Macmillan & Creelman 2005; Hautus 1995",
        estimate,
    }
}

/// A signal-detection measure; `combine` makes it of the two normal deviates, and is linear in them.
fn detect(s: &Statistics, measure: fn(&Counts) -> Option<f64>, combine: fn(f64, f64) -> f64) -> Estimate {
    let counts = Counts {
        hits: s.total("right_relied"),
        signal: s.total("right_decided"),
        false_alarms: s.total("wrong_relied"),
        noise: s.total("wrong_decided"),
    };
    let Some(value) = measure(&counts) else {
        return s.nothing(Reason::NoCases);
    };
    let hits = Deviate::new(s, "right_relied", "right_decided");
    let alarms = Deviate::new(s, "wrong_relied", "wrong_decided");
    let both = |one: &[f64], other: &[f64], of: fn(f64, f64) -> f64| -> Vec<f64> {
        one.iter().zip(other).map(|(one, other)| of(*one, *other)).collect()
    };
    let moves = Moves {
        sizes: both(&hits.sizes, &alarms.sizes, |right, wrong| right + wrong),
        influence: both(&hits.influence, &alarms.influence, combine),
        unseen: combine(1.0, 0.0).powi(2) * hits.unseen + combine(0.0, 1.0).powi(2) * alarms.unseen,
    };
    let range = (f64::NEG_INFINITY, f64::INFINITY);
    s.linearised(value, counts.signal + counts.noise, &moves, range)
}

/// A normal deviate of a share: how many outputs each cluster has, how far it moves the deviate, and the variance that clusters do not
/// show.
struct Deviate {
    sizes: Vec<f64>,
    influence: Vec<f64>,
    unseen: f64,
}

impl Deviate {
    /// One cluster moves a deviate by its excess of cases, divided by the density where the deviate lies. Clusters that cover
    /// more time than the slice count as if they had as many cases as it has. Where all are cases, or none, clusters do not vary: it is
    /// then as unsure as the corrected share of so many independent outputs as they are worth (Gourevitch and Galanter 1967; Kish).
    fn new(s: &Statistics, cases: &str, all: &str) -> Deviate {
        let (total, size) = (s.total(cases), s.total(all));
        let (own, sizes) = (s.by_cluster(cases), s.by_cluster(all));
        let covered: f64 = sizes.iter().sum();
        let covered_rate = (own.iter().sum::<f64>() + 0.5) / (covered + 1.0);
        let rate = (total + 0.5) / (size + 1.0);
        let density = normal::density(normal::quantile(rate));
        let slope = (size / covered).sqrt() / (density * (size + 1.0));
        let squares: f64 = sizes.iter().map(|n| n * n).sum();
        let worth = (size * covered / squares).min(size);
        Deviate {
            influence: own
                .into_iter()
                .zip(&sizes)
                .map(|(k, n)| (k - covered_rate * n) * slope)
                .collect(),
            sizes,
            unseen: if total > 0.0 && total < size {
                0.0
            } else {
                rate * (1.0 - rate) / (worth * density * density)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::metrics::index::Index;
    use crate::metrics::statistics::{Clustering, IntervalKind};

    const SUMS: [&str; 4] = ["right_relied", "right_decided", "wrong_relied", "wrong_decided"];

    /// Discernment of users with these sums.
    fn d_prime(users: &[[i64; 4]]) -> Estimate {
        let names = SUMS.map(str::to_owned);
        let columns: Vec<Vec<i64>> = (0..SUMS.len())
            .map(|sum| users.iter().map(|user| user[sum]).collect())
            .collect();
        let totals: Vec<i64> = columns.iter().map(|column| column.iter().sum()).collect();
        let clusters: Vec<&[i64]> = columns.iter().map(Vec::as_slice).collect();
        let statistics = Statistics {
            level: Default::default(),
            interval: IntervalKind::Clustered,
            edit_thresholds: Default::default(),
            outputs: 1_000,
            users: Some(users.len() as u64),
            clustering: Clustering::Exact,
            index: &Index::new(&names),
            totals: &totals,
            clusters: &clusters,
            is_user: &vec![true; users.len()],
            histograms: &HashMap::new(),
            trace: None,
        };
        detect(&statistics, Counts::d_prime, |hit, alarm| hit - alarm)
    }

    #[test]
    fn users_of_whom_nothing_was_judged_make_nothing_surer() {
        let few = [[8, 10, 3, 10], [6, 10, 5, 10], [9, 10, 2, 10], [7, 10, 6, 10]];
        let alone = d_prime(&few);
        let silent: Vec<[i64; 4]> = few.into_iter().chain([[0; 4]; 400]).collect();
        let among = d_prime(&silent);
        assert_eq!((among.value, among.users), (alone.value, Some(4)));
        assert_eq!((among.lower, among.upper), (alone.lower, alone.upper));
    }

    #[test]
    fn a_few_who_make_no_mistake_are_not_certain() {
        let right_or_wrong: Vec<[i64; 4]> = [[1, 1, 0, 0], [0, 0, 0, 1]].repeat(10);
        let found = d_prime(&right_or_wrong);
        let (lower, upper) = (found.lower.unwrap(), found.upper.unwrap());
        assert!(lower < 2.0 && upper > 5.0, "{found:?}");
        let of_many = d_prime(&[[1, 1, 0, 0], [0, 0, 0, 1]].repeat(1_000));
        assert!(
            of_many.upper.unwrap() - of_many.lower.unwrap() < upper - lower,
            "{of_many:?}"
        );
    }
}
