//! What a run came to: of all cases, by tag, and by judge.
//!
//! A case counts once, however many judged it: its score is the mean of theirs, and it passes if more than half of them pass it. A
//! result without a score scores 1 if it passes and 0 if not; one without a verdict passes from the set's bar on. Intervals are
//! clustered by the users whose outputs the cases were made from; a case of nobody known is a cluster of its own.

use std::collections::{BTreeMap, HashMap};

use diesel::QueryResult;
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::clusters::{Clusters, Member};
use crate::stats::level::Level;
use crate::store::evals::EvalSet;
use crate::store::evals::cases::{self, Fact};
use crate::store::evals::runs::{self, EvalRun, Outcomes, Score};

/// Tags that are answered, those of most cases.
const MOST_TAGS: usize = 100;

/// A case that has results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored<'a> {
    pub case: &'a Fact,
    /// Of all that were asked for.
    pub score: f64,
    pub passes: bool,
}

impl From<&Scored<'_>> for Member {
    fn from(scored: &Scored) -> Member {
        member(&scored.case.name, scored.case.user_key)
    }
}

impl Score {
    /// From 0 to 1.
    pub fn value(&self) -> f64 {
        self.score.unwrap_or(f64::from(u8::from(self.pass == Some(true))))
    }

    pub fn passes(&self, pass_from: f64) -> bool {
        self.pass.unwrap_or(self.value() >= pass_from)
    }
}

/// The cases that have results which are to count. Both are in the order of the cases' names.
pub fn scored<'a>(
    cases: &'a [Fact],
    scores: &[Score],
    pass_from: f64,
    counts: impl Fn(&Score) -> bool,
) -> Vec<Scored<'a>> {
    let mut by_case = scores
        .chunk_by(|one, other| one.case_name == other.case_name)
        .peekable();
    let mut found = Vec::new();
    for case in cases {
        let own = loop {
            match by_case.peek().and_then(|own| own.first()) {
                Some(first) if first.case_name < case.name => by_case.next(),
                Some(first) if first.case_name == case.name => break by_case.next(),
                _ => break None,
            };
        };
        let own: Vec<&Score> = own.unwrap_or_default().iter().filter(|score| counts(score)).collect();
        let n = own.len();
        if n == 0 {
            continue;
        }
        let passing = own.iter().filter(|score| score.passes(pass_from)).count();
        found.push(Scored {
            case,
            score: own.iter().map(|score| score.value()).sum::<f64>() / n as f64,
            passes: 2 * passing > n,
        });
    }
    found
}

/// The scores of some cases.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalGroupScores {
    /// The tag or the judge; null of cases without one.
    #[schema(required = true)]
    pub name: Option<String>,
    /// Cases with a result.
    pub cases: u64,
    pub score: Estimate,
    pub pass_rate: Estimate,
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalRunScores {
    /// Cases with a result.
    pub cases: u64,
    /// Cases of the set that have none.
    pub missing: u64,
    /// Cases whose texts were changed after the run.
    pub changed_since: u64,
    /// The mean of the cases' scores.
    pub score: Estimate,
    /// The share of cases that pass.
    pub pass_rate: Estimate,
    /// A case counts under each of its tags; those of most cases first.
    pub tags: Vec<EvalGroupScores>,
    /// In the order of their names.
    pub judges: Vec<EvalGroupScores>,
}

pub fn group(name: Option<String>, cases: &[Scored], level: Level) -> EvalGroupScores {
    let (scores, passes) = (
        cases.iter().map(|case| case.score),
        cases.iter().map(|case| case.passes),
    );
    of(name, &Clusters::new(cases.iter()), scores, passes, level)
}

/// From the score of each case, and whether it passes.
fn of(
    name: Option<String>,
    cases: &Clusters,
    scores: impl Iterator<Item = f64>,
    passes: impl Iterator<Item = bool>,
    level: Level,
) -> EvalGroupScores {
    EvalGroupScores {
        name,
        cases: cases.outputs(),
        score: cases.mean(scores, level, Reason::NoCases),
        pass_rate: cases.share(passes.map(Some), level, Reason::NoCases),
    }
}

/// The newest runs of a set with the scores of all their cases, as of one state of the database.
pub fn newest(
    conn: &mut PgConnection,
    project: ProjectId,
    set: &EvalSet,
    limit: i64,
    level: Level,
) -> QueryResult<Vec<(EvalRun, EvalGroupScores)>> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let found = runs::list(conn, project, set.id, limit)?;
        let cases = cases::users(conn, project, set.id)?;
        let members: Vec<Member> = cases.iter().map(|(name, user)| member(name, *user)).collect();
        let ids: Vec<Uuid> = found.iter().map(|run| run.id).collect();
        let outcomes = runs::outcomes(conn, project, set.id, &ids, set.pass_from)?;
        let mut outcomes: HashMap<Uuid, Outcomes> = outcomes.into_iter().map(|own| (own.run_id, own)).collect();
        let scored = found.into_iter().map(|run| {
            let own = outcomes.remove(&run.id).unwrap_or_default();
            let places = own
                .places
                .iter()
                .filter_map(|place| members.get(usize::try_from(*place).ok()?));
            let scores = of(
                None,
                &Clusters::new(places.copied()),
                own.scores.into_iter(),
                own.passes.into_iter(),
                level,
            );
            (run, scores)
        });
        Ok(scored.collect())
    })
}

fn member(name: &str, user_key: Option<i64>) -> Member {
    Member {
        cluster: cases::cluster(name, user_key),
        has_user: user_key.is_some(),
    }
}

/// Cases by tag, those of most cases first.
pub fn by_tag<T: Clone>(cases: &[T], tags: impl Fn(&T) -> &[String]) -> Vec<(Option<String>, Vec<T>)> {
    let mut groups: BTreeMap<Option<&str>, Vec<T>> = BTreeMap::new();
    for case in cases {
        let own = tags(case);
        for tag in own {
            groups.entry(Some(tag)).or_default().push(case.clone());
        }
        if own.is_empty() {
            groups.entry(None).or_default().push(case.clone());
        }
    }
    let mut groups: Vec<_> = groups
        .into_iter()
        .map(|(tag, cases)| (tag.map(str::to_owned), cases))
        .collect();
    // Of nothing but the whole there is nothing to say.
    if groups.len() == 1 && groups.first().is_some_and(|(tag, _)| tag.is_none()) {
        return Vec::new();
    }
    groups.sort_by_key(|(_, cases)| std::cmp::Reverse(cases.len()));
    groups.truncate(MOST_TAGS);
    groups
}

/// What a run came to, by all judges or one.
pub fn run(
    cases: &[Fact],
    scores: &[Score],
    pass_from: f64,
    run_at: chrono::DateTime<chrono::Utc>,
    judge: Option<&str>,
    level: Level,
) -> EvalRunScores {
    let wanted = |score: &Score| judge.is_none_or(|judge| score.judge == judge);
    let all = scored(cases, scores, pass_from, wanted);
    let whole = group(None, &all, level);
    let tags = by_tag(&all, |scored| scored.case.tags.as_slice());
    let judges: std::collections::BTreeSet<&str> = scores.iter().map(|score| score.judge.as_str()).collect();
    EvalRunScores {
        cases: whole.cases,
        missing: cases.len() as u64 - whole.cases,
        changed_since: all.iter().filter(|scored| scored.case.changed_at > run_at).count() as u64,
        score: whole.score,
        pass_rate: whole.pass_rate,
        tags: tags.into_iter().map(|(tag, cases)| group(tag, &cases, level)).collect(),
        judges: judges
            .into_iter()
            .map(|judge| {
                let own = scored(cases, scores, pass_from, |score| score.judge == judge);
                group(Some(judge.to_owned()).filter(|judge| !judge.is_empty()), &own, level)
            })
            .collect(),
    }
}
