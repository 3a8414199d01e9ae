//! Whether scores go with what users did.

use serde::Serialize;
use utoipa::ToSchema;

use super::scores::Scored;
use crate::domain::decision::{Decision, Manner};
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters::{Clusters, Member};
use crate::stats::agreement::pair::{Table, Weights};
use crate::stats::level::Level;
use crate::stats::spearman;
use crate::store::evals::cases::Fact;

/// Pairs, and of those taken and not taken each, below which nothing is said.
const LEAST_PAIRS: usize = 10;
const LEAST_OF_EACH: usize = 3;

/// Whether scores go with what users do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalVerdict {
    /// What scores higher is taken more often: all of the AUROC's interval is above one half.
    Agrees,
    /// What scores higher is taken less often.
    Contradicts,
    /// There is too little, or it could be chance.
    CannotTell,
}

/// Scores against what users did, of one feature or of all.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalAgreement {
    /// Null of all features together.
    #[schema(required = true)]
    pub feature: Option<String>,
    pub verdict: EvalVerdict,
    /// Cases with a score and a decision.
    pub cases: u64,
    /// Those by whether users took the output (rows: no, yes) and whether the case passes (columns: no, yes).
    pub confusion: [[u64; 2]; 2],
    /// The chance that something taken scores higher than something not taken.
    pub auroc: Estimate,
    /// Of passing and being taken.
    pub kappa: Estimate,
    /// Rank correlation of the score and the share that users kept: 1 of what was taken as it was, 0 of what was refused or undone.
    pub spearman: Estimate,
}

/// A case with a score and a decision.
#[derive(Clone, Copy)]
pub struct Pair<'a> {
    pub scored: Scored<'a>,
    pub taken: bool,
    pub kept: f64,
    pub feature: &'a str,
}

impl From<&Pair<'_>> for Member {
    fn from(pair: &Pair) -> Member {
        (&pair.scored).into()
    }
}

/// Whether the output was taken, and how much of it was kept; `None` if no user decided.
pub fn outcome(case: &Fact) -> Option<(bool, f64)> {
    let decision = case.decision.and_then(Decision::from_code)?;
    let manner = case.manner.and_then(Manner::from_code).unwrap_or_default();
    if !decision.is_decided() || manner == Manner::Automatic {
        return None;
    }
    let kept = match decision {
        Decision::Accepted => 1.0,
        // Something was kept, and something was changed.
        Decision::Edited => case.retained_share.unwrap_or(0.5),
        _ => 0.0,
    };
    Some((decision.is_taken(), kept))
}

pub fn agreement(feature: Option<String>, pairs: &[Pair], level: Level) -> EvalAgreement {
    let count = |taken: bool, passes: bool| {
        let such = pairs
            .iter()
            .filter(|pair| pair.taken == taken && pair.scored.passes == passes);
        such.count() as u64
    };
    let taken = pairs.iter().filter(|pair| pair.taken).count();
    let clusters = Clusters::new(pairs.iter());
    let enough = pairs.len() >= LEAST_PAIRS;
    let of_each = taken.min(pairs.len() - taken) >= LEAST_OF_EACH;
    let reason = match (pairs.len(), taken) {
        (0, _) => Some(Reason::NoCases),
        (n, taken) if taken == 0 || taken == n => Some(Reason::OneClass),
        _ if !enough || !of_each => Some(Reason::TooFew),
        _ => None,
    };
    let unless = |reason: Option<Reason>, found: Option<Estimate>| match (reason, found) {
        (Some(reason), _) => none(reason, pairs.len()),
        (None, Some(estimate)) => estimate,
        // All scores are the same.
        (None, None) => none(Reason::OneClass, pairs.len()),
    };
    let rows: Vec<(f64, bool)> = pairs.iter().map(|pair| (pair.scored.score, pair.taken)).collect();
    let area = unless(reason, clusters.area(&rows, level));
    let place = |is: bool| usize::from(is);
    let mut table = Table::new(2);
    for pair in pairs {
        table.add(place(pair.taken), place(pair.scored.passes), 1.0);
    }
    let kappa = table.kappa(Weights::Nominal, &[0.0, 1.0]).map(|kappa| {
        let influence = pairs
            .iter()
            .map(|pair| kappa.influence(place(pair.taken), place(pair.scored.passes)));
        clusters.within(kappa.value, influence, (kappa.least, 1.0), level)
    });
    let ranks: Vec<(f64, f64)> = pairs.iter().map(|pair| (pair.scored.score, pair.kept)).collect();
    let correlation = spearman::correlation(&ranks).map(|found| {
        let estimate = clusters.linear(found.value, found.influence.into_iter(), level);
        clipped(estimate, -1.0)
    });
    let few = (!enough).then_some(if pairs.is_empty() {
        Reason::NoCases
    } else {
        Reason::TooFew
    });
    EvalAgreement {
        feature,
        verdict: match (area.lower, area.upper) {
            (Some(lower), _) if lower > 0.5 => EvalVerdict::Agrees,
            (_, Some(upper)) if upper < 0.5 => EvalVerdict::Contradicts,
            _ => EvalVerdict::CannotTell,
        },
        cases: pairs.len() as u64,
        confusion: [false, true].map(|taken| [false, true].map(|passes| count(taken, passes))),
        auroc: area,
        kappa: unless(reason, kappa),
        spearman: unless(few, correlation),
    }
}

/// What cannot be beyond 1, nor below `least`.
pub fn clipped(mut estimate: Estimate, least: f64) -> Estimate {
    estimate.lower = estimate.lower.map(|end| end.max(least));
    estimate.upper = estimate.upper.map(|end| end.min(1.0));
    estimate
}

pub fn none(reason: Reason, n: usize) -> Estimate {
    Estimate {
        n: n as u64,
        ..Estimate::none(reason)
    }
}
