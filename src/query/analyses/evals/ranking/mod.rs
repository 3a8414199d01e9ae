//! Which of several runs is best, case by case.
//!
//! Every two runs meet on the cases that both have results of ([`contest`]): who scores higher wins. Win rates say how often, strengths
//! ([`bradley_terry`]) what that comes to where not all have the same cases. One case enters many pairs, and cases of one user are alike,
//! so that all intervals are clustered by user or else by case. Which run is ahead of which is told for all pairs together, by
//! Holm's adjustment: by strengths, or by who wins more where these are not finite.

mod contest;
mod finding;
mod strengths;
mod words;

use std::cmp::Reverse;
use std::collections::BTreeMap;

use diesel::pg::PgConnection;
use uuid::Uuid;

pub use self::contest::Contest;
use self::contest::{Pairing, Round};
pub use self::finding::{EvalRankedPair, EvalRankedRun, EvalRanking, EvalRecord, EvalStanding};
use self::strengths::Strengths;
use crate::domain::key::ProjectId;
use crate::metrics::{Estimate, Reason};
use crate::query::request::QueryError;
use crate::query::sources::Sources;
use crate::stats::bradley_terry::Wins;
use crate::stats::level::Level;
use crate::stats::mcnemar::mcnemar;
use crate::stats::multiple;
use crate::store::evals::cases;
use crate::store::evals::runs::{self, EvalRun};

/// What to ask of a set.
#[derive(Clone, Debug)]
pub struct Question {
    pub project: ProjectId,
    pub set: Uuid,
    pub runs: Vec<EvalRun>,
    pub judge: Option<String>,
    pub tag: Option<String>,
    pub level: Level,
}

pub fn run(conn: &mut PgConnection, sources: &Sources, question: &Question) -> Result<EvalRanking, QueryError> {
    let cases = cases::facts(conn, question.project, question.set)?;
    let mut contest = Contest::new(&cases, question.tag.as_deref(), question.judge.as_deref());
    for run in &question.runs {
        sources.check()?;
        let scores = runs::scores(conn, question.project, question.set, run.id)?;
        contest.enter(run.clone(), &scores);
    }
    Ok(rank(&contest, question.level))
}

/// Ranks the runs of a contest.
pub fn rank(contest: &Contest, level: Level) -> EvalRanking {
    let pairings = contest.pairings();
    let mut wins = Wins::new(contest.runs.len());
    for pairing in &pairings {
        let rounds = pairing.rounds.iter();
        rounds.for_each(|round| wins.add(pairing.first, pairing.second, round.won));
    }
    let strengths = Strengths::new(contest, &pairings, &wins, level);
    let labels = words::labels(&contest.runs).into_iter().enumerate();
    let ranked = |(at, label)| Some((at, ranked(contest, (at, label), &pairings, strengths.as_ref(), level)?));
    let mut placed: Vec<(usize, EvalRankedRun)> = labels.filter_map(ranked).collect();
    // The strongest first: by win rates where not all have a strength. What differs by rounding only is the same on every machine.
    let order = |value: Option<f64>| Reverse(value.map(|value| (value * 1e9).round() as i64));
    let is_compared = |run: &EvalRankedRun| run.standing != EvalStanding::NotCompared;
    let all_strong = placed
        .iter()
        .all(|(_, run)| run.strength.value.is_some() || !is_compared(run));
    placed.sort_by_key(|(_, run)| {
        let (strength, rate) = (order(run.strength.value), order(run.win_rate.value));
        (
            !is_compared(run),
            if all_strong { [strength, rate] } else { [rate, strength] },
        )
    });
    let places: BTreeMap<usize, usize> = placed.iter().map(|(at, _)| *at).zip(0..).collect();
    let in_order = in_order(pairings, |run| places.get(&run).copied());
    let pairs = in_order
        .iter()
        .filter_map(|pairing| pair(contest, pairing, strengths.as_ref(), level));
    let mut pairs: Vec<EvalRankedPair> = pairs.collect();
    judge(&mut pairs, level);
    let runs: Vec<EvalRankedRun> = placed.into_iter().map(|(_, run)| run).collect();
    let best = unbeaten(&runs, &pairs);
    EvalRanking {
        cases: cases_of(in_order.iter().flat_map(|pairing| &pairing.rounds)),
        sentence: words::sentence(&runs, &pairs, &best),
        best,
        runs,
        pairs,
    }
}

/// Pairings by the places of their runs, of which the first comes before the second.
fn in_order(pairings: Vec<Pairing>, place: impl Fn(usize) -> Option<usize>) -> Vec<Pairing> {
    let turned = pairings.into_iter().map(|pairing| {
        if place(pairing.first) > place(pairing.second) {
            pairing.turned()
        } else {
            pairing
        }
    });
    let mut pairings: Vec<Pairing> = turned.collect();
    pairings.sort_by_key(|pairing| [pairing.first, pairing.second].map(&place));
    pairings
}

/// Runs that were compared and that none is ahead of.
fn unbeaten(runs: &[EvalRankedRun], pairs: &[EvalRankedPair]) -> Vec<Uuid> {
    let beats = |pair: &EvalRankedPair, run: Uuid| {
        let is_other = pair.ahead.is_some_and(|ahead| ahead != run);
        is_other && [pair.first, pair.second].contains(&run)
    };
    let compared = runs.iter().filter(|run| run.standing != EvalStanding::NotCompared);
    let ids = compared.map(|run| run.run);
    ids.filter(|run| !pairs.iter().any(|pair| beats(pair, *run))).collect()
}

fn cases_of<'a>(rounds: impl Iterator<Item = &'a Round>) -> u64 {
    let cases: std::collections::HashSet<usize> = rounds.map(|round| round.case).collect();
    cases.len() as u64
}

fn record<'a>(rounds: impl Iterator<Item = &'a Round>) -> EvalRecord {
    let mut record = EvalRecord::default();
    for round in rounds {
        match round.won {
            won if won > 0.5 => record.wins += 1,
            won if won < 0.5 => record.losses += 1,
            _ => record.ties += 1,
        }
    }
    record
}

fn ranked(
    contest: &Contest,
    (at, label): (usize, String),
    pairings: &[Pairing],
    strengths: Option<&Strengths>,
    level: Level,
) -> Option<EvalRankedRun> {
    let run = contest.runs.get(at)?;
    let met: Vec<Vec<Round>> = pairings
        .iter()
        .filter_map(|pairing| pairing.seen_by(at))
        .filter(|rounds| !rounds.is_empty())
        .collect();
    let record = record(met.iter().flatten());
    let strength = strengths.and_then(|strengths| strengths.of(at));
    let standing = match (&strength, record) {
        _ if met.is_empty() => EvalStanding::NotCompared,
        (Some(_), _) => EvalStanding::Ranked,
        (None, EvalRecord { ties: 0, losses: 0, .. }) => EvalStanding::WinsAll,
        (None, EvalRecord { wins: 0, ties: 0, .. }) => EvalStanding::LosesAll,
        _ => EvalStanding::Apart,
    };
    let reason = if met.is_empty() {
        Reason::NoCases
    } else {
        Reason::NotIdentified
    };
    Some(EvalRankedRun {
        run: run.id,
        name: run.name.clone(),
        version: run.version.clone(),
        label,
        standing,
        strength: strength.unwrap_or_else(|| Estimate::none(reason)),
        win_rate: win_rate(contest, &met, level),
        cases: cases_of(met.iter().flatten()),
        record,
    })
}

/// The mean over opponents of the share of rounds that were won.
fn win_rate(contest: &Contest, met: &[Vec<Round>], level: Level) -> Estimate {
    let opponents = met.len() as f64;
    let mut influence: BTreeMap<usize, f64> = BTreeMap::new();
    let mut value = 0.0;
    for rounds in met {
        let n = rounds.len() as f64;
        let share = rounds.iter().map(|round| round.won).sum::<f64>() / n;
        value += share / opponents;
        for round in rounds {
            *influence.entry(round.case).or_default() += (round.won - share) / n / opponents;
        }
    }
    if met.is_empty() {
        return Estimate::none(Reason::NoCases);
    }
    let clusters = contest.clusters(influence.keys().copied());
    clusters.within(value, influence.into_values(), (0.0, 1.0), level)
}

/// Two runs, yet without what is only known of all pairs together.
fn pair(contest: &Contest, pairing: &Pairing, strengths: Option<&Strengths>, level: Level) -> Option<EvalRankedPair> {
    let run = |at: usize| contest.runs.get(at).map(|run| run.id);
    let clusters = contest.clusters(pairing.rounds.iter().map(|round| round.case));
    let (difference, by_strength) = strengths
        .and_then(|strengths| strengths.difference(pairing.first, pairing.second))
        .unwrap_or((Estimate::none(Reason::NotIdentified), None));
    // One verdict of each user, or else of each case: whether it won more than it lost.
    let by_wins = || {
        let sums = clusters.totals(pairing.rounds.iter().map(|round| round.won - 0.5));
        let count = |sign: f64| sums.iter().filter(|sum| **sum * sign > 0.0).count() as u64;
        mcnemar(count(1.0), count(-1.0)).map(|test| test.exact)
    };
    Some(EvalRankedPair {
        first: run(pairing.first)?,
        second: run(pairing.second)?,
        cases: clusters.outputs(),
        record: record(pairing.rounds.iter()),
        win_rate: clusters.mean(pairing.rounds.iter().map(|round| round.won), level, Reason::NoCases),
        strength_difference: difference,
        p_value: by_strength.or_else(by_wins),
        adjusted_p_value: None,
        ahead: None,
    })
}

/// Which of each two is ahead, with at most the level's share of a chance that any of that is wrong.
fn judge(pairs: &mut [EvalRankedPair], level: Level) {
    let tested = pairs.iter_mut().filter(|pair| pair.p_value.is_some());
    let mut tested: Vec<&mut EvalRankedPair> = tested.collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|pair| pair.p_value).collect();
    for (pair, adjusted) in tested.iter_mut().zip(multiple::holm(&p_values)) {
        pair.adjusted_p_value = Some(adjusted);
        let EvalRecord { wins, losses, .. } = pair.record;
        let ahead = pair.strength_difference.value.unwrap_or(wins as f64 - losses as f64);
        let leader = if ahead > 0.0 { pair.first } else { pair.second };
        pair.ahead = (adjusted < 1.0 - level.get()).then_some(leader);
    }
}
