//! One run against another, case by case.
//!
//! Only cases that both have results of are compared, and of those only by judges that judged both: another judge is another yardstick.
//! Differences are candidate minus baseline, means over cases of what changed in each, so that how hard a case is falls out; their
//! intervals are clustered like those of the scores. McNemar's test takes the cases as independent.

use std::collections::HashSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::scores::{Scored, by_tag, group, scored};
use crate::metrics::Estimate;
use crate::query::analyses::clusters::{Clusters, Member};
use crate::stats::level::Level;
use crate::stats::mcnemar::mcnemar;
use crate::store::evals::cases::Fact;
use crate::store::evals::runs::Score;

/// Flips, and missing cases, that one answer lists of each kind.
pub const MOST_LISTED: usize = 200;

/// A case that passes on one side only.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalFlip {
    pub case: String,
    pub tags: Vec<String>,
    pub baseline: f64,
    pub candidate: f64,
}

/// Pairs by whether they pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvalPairs {
    pub both_pass: u64,
    pub both_fail: u64,
    /// Failed on the baseline, pass on the candidate.
    pub fixed: u64,
    /// Passed on the baseline, fail on the candidate.
    pub broken: u64,
}

/// A difference of some cases.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalTagDifference {
    /// Null of cases without a tag.
    #[schema(required = true)]
    pub tag: Option<String>,
    pub cases: u64,
    pub score_difference: Estimate,
    pub pass_difference: Estimate,
    pub fixed: u64,
    pub broken: u64,
}

/// What the candidate changed.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalComparison {
    /// Cases that both have results of.
    pub cases: u64,
    /// By judges that judged both, as all that follows.
    pub baseline_score: Estimate,
    pub candidate_score: Estimate,
    pub baseline_pass_rate: Estimate,
    pub candidate_pass_rate: Estimate,
    /// Candidate minus baseline, paired by case.
    pub score_difference: Estimate,
    pub pass_difference: Estimate,
    pub pairs: EvalPairs,
    /// Of the hypothesis that as many cases get fixed as broken; null when no case changed.
    #[schema(required = true)]
    pub mcnemar_exact: Option<f64>,
    #[schema(required = true)]
    pub mcnemar_mid: Option<f64>,
    /// Cases that fail on the baseline and pass on the candidate, the largest gains first.
    pub fixed: Vec<EvalFlip>,
    /// Cases that pass on the baseline and fail on the candidate, the largest losses first.
    pub broken: Vec<EvalFlip>,
    /// Cases without a result of the baseline that has its like on the candidate: how many, and the first of them.
    pub missing_in_baseline: u64,
    pub missing_in_candidate: u64,
    pub only_in_candidate: Vec<String>,
    pub only_in_baseline: Vec<String>,
    /// A case counts under each of its tags; those of most cases first.
    pub tags: Vec<EvalTagDifference>,
}

/// A case on both sides.
#[derive(Clone, Copy)]
struct Pair<'a> {
    case: &'a Fact,
    before: Scored<'a>,
    after: Scored<'a>,
}

impl From<&Pair<'_>> for Member {
    fn from(pair: &Pair) -> Member {
        (&pair.before).into()
    }
}

impl Pair<'_> {
    fn gain(&self) -> f64 {
        self.after.score - self.before.score
    }

    fn passed_more(&self) -> f64 {
        f64::from(u8::from(self.after.passes)) - f64::from(u8::from(self.before.passes))
    }
}

fn difference(tag: Option<String>, pairs: &[Pair], level: Level) -> EvalTagDifference {
    let clusters = Clusters::new(pairs.iter());
    let changed = |by: f64| pairs.iter().filter(|pair| pair.passed_more() == by).count() as u64;
    EvalTagDifference {
        tag,
        cases: pairs.len() as u64,
        score_difference: clusters.mean_difference(pairs.iter().map(Pair::gain), level),
        pass_difference: clusters.mean_difference(pairs.iter().map(Pair::passed_more), level),
        fixed: changed(1.0),
        broken: changed(-1.0),
    }
}

fn flips(pairs: &[Pair], by: f64) -> Vec<EvalFlip> {
    let mut flipped: Vec<&Pair> = pairs.iter().filter(|pair| pair.passed_more() == by).collect();
    flipped.sort_by(|one, other| (other.gain() * by).total_cmp(&(one.gain() * by)));
    let flipped = flipped.into_iter().take(MOST_LISTED);
    flipped
        .map(|pair| EvalFlip {
            case: pair.case.name.clone(),
            tags: pair.case.tags.clone(),
            baseline: pair.before.score,
            candidate: pair.after.score,
        })
        .collect()
}

/// Compares two runs of the same cases, by all judges they have in common or by one.
pub fn compare(
    cases: &[Fact],
    baseline: &[Score],
    candidate: &[Score],
    pass_from: f64,
    judge: Option<&str>,
    level: Level,
) -> EvalComparison {
    let named = |scores: &[Score]| -> HashSet<(String, String)> {
        let names = scores
            .iter()
            .map(|score| (score.case_name.clone(), score.judge.clone()));
        names.collect()
    };
    let (in_baseline, in_candidate) = (named(baseline), named(candidate));
    let counts = |score: &Score| {
        let name = (score.case_name.clone(), score.judge.clone());
        judge.is_none_or(|judge| score.judge == judge) && in_baseline.contains(&name) && in_candidate.contains(&name)
    };
    let wanted = |score: &Score| judge.is_none_or(|judge| score.judge == judge);
    let before = scored(cases, baseline, pass_from, counts);
    let after = scored(cases, candidate, pass_from, counts);
    // The same cases on both sides, in the same order.
    let pairs: Vec<Pair> = before
        .iter()
        .zip(&after)
        .map(|(before, after)| Pair {
            case: before.case,
            before: *before,
            after: *after,
        })
        .collect();
    let compared: HashSet<&str> = pairs.iter().map(|pair| pair.case.name.as_str()).collect();
    let alone = |scores: &[Score]| -> Vec<String> {
        let own = scored(cases, scores, pass_from, wanted);
        let own = own.iter().map(|scored| scored.case.name.clone());
        own.filter(|name| !compared.contains(name.as_str())).collect()
    };
    let (mut only_before, mut only_after) = (alone(baseline), alone(candidate));
    let (missing_in_candidate, missing_in_baseline) = (only_before.len() as u64, only_after.len() as u64);
    only_before.truncate(MOST_LISTED);
    only_after.truncate(MOST_LISTED);
    let (first, second) = (group(None, &before, level), group(None, &after, level));
    let whole = difference(None, &pairs, level);
    let both = |passes: bool| {
        let both = pairs
            .iter()
            .filter(|pair| pair.before.passes == passes && pair.after.passes == passes);
        both.count() as u64
    };
    let test = mcnemar(whole.fixed, whole.broken);
    EvalComparison {
        cases: whole.cases,
        baseline_score: first.score,
        candidate_score: second.score,
        baseline_pass_rate: first.pass_rate,
        candidate_pass_rate: second.pass_rate,
        score_difference: whole.score_difference,
        pass_difference: whole.pass_difference,
        pairs: EvalPairs {
            both_pass: both(true),
            both_fail: both(false),
            fixed: whole.fixed,
            broken: whole.broken,
        },
        mcnemar_exact: test.map(|test| test.exact),
        mcnemar_mid: test.map(|test| test.mid),
        fixed: flips(&pairs, 1.0),
        broken: flips(&pairs, -1.0),
        missing_in_baseline,
        missing_in_candidate,
        only_in_candidate: only_after,
        only_in_baseline: only_before,
        tags: by_tag(&pairs, |pair| pair.case.tags.as_slice())
            .into_iter()
            .map(|(tag, pairs)| difference(tag, &pairs, level))
            .collect(),
    }
}
