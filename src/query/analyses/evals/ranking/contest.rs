//! Which of two runs did better on a case.
//!
//! As in a comparison of two, a case counts where a judge judged both, by the means of those who did; another judge is another yardstick.

use std::collections::HashMap;

use crate::query::analyses::clusters::{Clusters, Member};
use crate::store::evals::cases::Fact;
use crate::store::evals::runs::{EvalRun, Score};

/// Means closer than this differ by rounding only: a tie.
const ROUNDING: f64 = 1e-9;

/// Runs on the same cases.
pub struct Contest<'a> {
    cases: Vec<&'a Fact>,
    places: HashMap<&'a str, usize>,
    /// Only results of this judge.
    judge: Option<&'a str>,
    judges: HashMap<String, usize>,
    pub runs: Vec<EvalRun>,
    /// Of each run, what was said of each case: numbers of judges in ascending order, and their scores.
    results: Vec<Vec<Vec<(usize, f64)>>>,
}

/// Two runs on one case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// Its place among the cases.
    pub case: usize,
    /// 1 if the first of the two scored higher, 0 if the second did, ½ if they are equal.
    pub won: f64,
}

/// Two runs on all cases that both have results of.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairing {
    pub first: usize,
    pub second: usize,
    pub rounds: Vec<Round>,
}

impl<'a> Contest<'a> {
    /// On the cases that have the tag, if there is one, as one judge saw them or all.
    pub fn new(cases: &'a [Fact], tag: Option<&str>, judge: Option<&'a str>) -> Contest<'a> {
        let has_tag = |case: &&Fact| tag.is_none_or(|tag| case.tags.iter().any(|own| own == tag));
        let cases: Vec<&Fact> = cases.iter().filter(has_tag).collect();
        Contest {
            places: cases.iter().map(|case| case.name.as_str()).zip(0..).collect(),
            cases,
            judge,
            judges: HashMap::new(),
            runs: Vec::new(),
            results: Vec::new(),
        }
    }

    pub fn enter(&mut self, run: EvalRun, scores: &[Score]) {
        let mut results = vec![Vec::new(); self.cases.len()];
        for score in scores
            .iter()
            .filter(|score| self.judge.is_none_or(|judge| score.judge == judge))
        {
            let place = self.places.get(score.case_name.as_str());
            let Some(own) = place.and_then(|place| results.get_mut(*place)) else {
                continue;
            };
            let known = self.judges.len();
            let judge = match self.judges.get(&score.judge) {
                Some(judge) => *judge,
                None => *self.judges.entry(score.judge.clone()).or_insert(known),
            };
            own.push((judge, score.value()));
        }
        results.iter_mut().for_each(|own| own.sort_by_key(|(judge, _)| *judge));
        self.runs.push(run);
        self.results.push(results);
    }

    /// Every two runs, the earlier first, also those that have no case in common.
    pub fn pairings(&self) -> Vec<Pairing> {
        let numbered = || self.results.iter().enumerate();
        let two = numbered().flat_map(|one| numbered().skip(one.0 + 1).map(move |other| (one, other)));
        two.map(|((first, one), (second, other))| {
            let rounds = one.iter().zip(other).enumerate();
            let rounds = rounds.filter_map(|(case, (one, other))| {
                Some(Round {
                    case,
                    won: won(one, other)?,
                })
            });
            Pairing {
                first,
                second,
                rounds: rounds.collect(),
            }
        })
        .collect()
    }

    /// How many cases there are.
    pub fn size(&self) -> usize {
        self.cases.len()
    }

    /// Some cases, by their places, as estimates see them.
    pub fn clusters(&self, places: impl Iterator<Item = usize>) -> Clusters {
        let members: Vec<Member> = places
            .filter_map(|place| self.cases.get(place))
            .map(|case| Member {
                cluster: case.cluster(),
                has_user: case.user_key.is_some(),
            })
            .collect();
        Clusters::new(members.into_iter())
    }
}

impl Pairing {
    /// The same with the second as the first.
    pub fn turned(&self) -> Pairing {
        let rounds = self.rounds.iter().map(|round| Round {
            won: 1.0 - round.won,
            ..*round
        });
        Pairing {
            first: self.second,
            second: self.first,
            rounds: rounds.collect(),
        }
    }

    /// The rounds as one of the two sees them; `None` if it is neither.
    pub fn seen_by(&self, run: usize) -> Option<Vec<Round>> {
        match run {
            _ if run == self.first => Some(self.rounds.clone()),
            _ if run == self.second => Some(self.turned().rounds),
            _ => None,
        }
    }
}

/// Who scored higher by the judges in common; `None` without any.
fn won(one: &[(usize, f64)], other: &[(usize, f64)]) -> Option<f64> {
    let common = one.iter().filter_map(|(judge, score)| {
        let at = other.binary_search_by_key(judge, |(judge, _)| *judge).ok()?;
        Some(score - other.get(at)?.1)
    });
    let (n, sum) = common.fold((0.0, 0.0), |(n, sum), ahead| (n + 1.0, sum + ahead));
    match sum / n {
        _ if n == 0.0 => None,
        ahead if ahead > ROUNDING => Some(1.0),
        ahead if ahead < -ROUNDING => Some(0.0),
        _ => Some(0.5),
    }
}

#[cfg(test)]
mod tests {
    use super::won;

    #[test]
    fn a_case_is_won_by_the_judges_in_common() {
        assert_eq!(won(&[(0, 0.5)], &[(1, 0.9)]), None);
        assert_eq!(won(&[(0, 0.5), (2, 1.0)], &[(0, 0.9), (1, 0.0)]), Some(0.0));
        assert_eq!(won(&[(0, 0.5), (2, 1.0)], &[(0, 0.9), (2, 0.1)]), Some(1.0));
        // The sums differ in the last digit, the means do not.
        assert_eq!(
            won(&[(0, 0.1), (1, 0.2), (2, 0.3)], &[(0, 0.3), (1, 0.2), (2, 0.1)]),
            Some(0.5)
        );
    }
}
