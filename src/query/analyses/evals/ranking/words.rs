//! Which run is best, in words.

use std::collections::HashSet;

use uuid::Uuid;

use super::{EvalRankedPair, EvalRankedRun, EvalStanding};
use crate::store::evals::runs::EvalRun;

/// Of runs in their order, every pair of them, and those that none is ahead of.
pub fn sentence(runs: &[EvalRankedRun], pairs: &[EvalRankedPair], best: &[Uuid]) -> String {
    if runs.len() < 2 {
        return "It takes two runs to say which is better.".to_owned();
    }
    let standing = |wanted: EvalStanding| listed(runs, |run| run.standing == wanted);
    let mut text = match best.first() {
        Some(first) => verdict(runs, pairs, *first),
        None if pairs.iter().all(|pair| pair.cases == 0) => {
            return "Nothing to rank: no case has results of two of the runs by the same judge.".to_owned();
        }
        None => "It cannot be told which is best.".to_owned(),
    };
    if let Some(lone) = standing(EvalStanding::NotCompared) {
        text += &format!(" Not compared, for want of a case in common by the same judge: {lone}.");
    }
    if let Some(apart) = standing(EvalStanding::Apart) {
        text += &format!(" Without a strength, for want of wins and losses that tie them to the others: {apart}.");
    }
    text
}

/// What is known of the first of those that none is ahead of.
fn verdict(runs: &[EvalRankedRun], pairs: &[EvalRankedPair], first: Uuid) -> String {
    let with_first = |run: &EvalRankedRun| {
        let is_both = |pair: &&EvalRankedPair| {
            let both = [pair.first, pair.second];
            run.run != first && both.contains(&first) && both.contains(&run.run)
        };
        pairs.iter().find(is_both)
    };
    let is_behind = |run: &EvalRankedRun| with_first(run).is_some_and(|pair| pair.ahead.is_some());
    let is_open = |run: &EvalRankedRun| {
        let is_compared = |pair: &EvalRankedPair| pair.cases > 0 || pair.p_value.is_some();
        with_first(run).is_some_and(|pair| pair.ahead.is_none() && is_compared(pair))
    };
    let name = listed(runs, |run| run.run == first).unwrap_or_default();
    let is_best = runs.len() > 2 && runs.iter().all(|run| run.run == first || is_behind(run));
    match (listed(runs, is_behind), listed(runs, is_open)) {
        (Some(behind), None) if is_best => format!("{name} is best: it is ahead of {behind}."),
        (Some(behind), None) => format!("{name} is ahead of {behind}."),
        (Some(behind), Some(open)) => format!("{name} comes first and is ahead of {behind}; {open} may be as good."),
        (None, Some(open)) => {
            format!("It cannot be told which is best: {name} comes first, and {open} may be as good.")
        }
        (None, None) => "It cannot be told which is best.".to_owned(),
    }
}

/// What runs are called, in their order: by version if that tells them apart, else by name, else with the time as well.
pub fn labels(runs: &[EvalRun]) -> Vec<String> {
    let distinct = |names: Vec<Option<String>>| -> Option<Vec<String>> {
        let names: Vec<String> = names.into_iter().collect::<Option<_>>()?;
        let known: HashSet<&String> = names.iter().collect();
        (known.len() == names.len()).then_some(names)
    };
    let by_version = || distinct(runs.iter().map(|run| run.version.clone()).collect());
    let by_name = || distinct(runs.iter().map(|run| Some(run.name.clone())).collect());
    let with_time = |run: &EvalRun| format!("{} of {}", run.name, run.created_at.format("%Y-%m-%d %H:%M"));
    by_version()
        .or_else(by_name)
        .unwrap_or_else(|| runs.iter().map(with_time).collect())
}

/// Some of the runs, as `a, b and c`; `None` without any.
fn listed(runs: &[EvalRankedRun], which: impl Fn(&EvalRankedRun) -> bool) -> Option<String> {
    let names: Vec<&str> = runs
        .iter()
        .filter(|run| which(run))
        .map(|run| run.label.as_str())
        .collect();
    let (last, first) = names.split_last()?;
    Some(match first {
        [] => (*last).to_owned(),
        first => format!("{} and {last}", first.join(", ")),
    })
}
