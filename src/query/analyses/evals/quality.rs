//! Does the eval say what users say?
//!
//! A case that was made from an output has that output's decision. It is held against results of runs of the version that made the
//! output, the newest of each case: what was scored is then what the same version says to the same input. Results of other versions
//! are about other outputs, and count only when asked for. What cannot be compared is counted by why.
//!
//! Versions are also compared as a whole: whether those that score higher are those that users take more of.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::coverage::{self, EvalCoverage, EvalStaleness};
use super::scores::{Scored, group, scored};
use crate::domain::decision::{Decision, Manner};
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::key::ProjectId;
use crate::metrics::{self, Estimate, Reason};
use crate::query::analyses::clusters::{Clusters, Member};
use crate::query::filter::{Filter, Operator};
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::agreement::pair::{Table, Weights};
use crate::stats::level::Level;
use crate::stats::{auroc, spearman};
use crate::store::cells::{self, CellId};
use crate::store::evals::cases::{self, Fact};
use crate::store::evals::production;
use crate::store::evals::runs::{self, EvalRun, Score};
use crate::store::projects;

/// Runs that are looked at, the newest.
pub const MOST_RUNS: i64 = 50;
/// Pairs, and of those taken and not taken each, below which nothing is said.
const LEAST_PAIRS: usize = 10;
const LEAST_OF_EACH: usize = 3;
/// Versions below which their order says nothing.
const LEAST_VERSIONS: usize = 4;

/// What to ask of a set.
#[derive(Clone, Debug)]
pub struct Question {
    pub project: ProjectId,
    pub set: Uuid,
    pub pass_from: f64,
    /// Only results of this run.
    pub run: Option<Uuid>,
    /// Only results of this judge.
    pub judge: Option<String>,
    /// Whether results of versions other than the output's count.
    pub any_version: bool,
    /// Of production.
    pub days: i64,
    pub level: Level,
}

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

/// Cases that are not compared with what users did, by the first reason that applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvalLeftOut {
    /// Made from no output.
    pub no_provenance: u64,
    /// Retention has taken the output.
    pub output_gone: u64,
    /// No user decided on the output.
    pub undecided: u64,
    /// No run has a result.
    pub no_result: u64,
    /// There are results, of other versions than the output's.
    pub other_version: u64,
}

/// A version by its newest run, and by its users.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalVersion {
    pub version: String,
    pub run: Uuid,
    pub score: Estimate,
    /// Of what it showed in the time that is looked at, on the features that the set has cases of.
    pub acceptance_rate: Estimate,
}

/// Whether a set is any good.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalQuality {
    /// Of all features together.
    pub agreement: EvalAgreement,
    /// By feature of the output, those of most cases first.
    pub features: Vec<EvalAgreement>,
    pub left_out: EvalLeftOut,
    /// Versions that have runs, the one that was run last first.
    pub versions: Vec<EvalVersion>,
    /// Rank correlation of versions' scores and acceptance rates.
    pub version_order: Estimate,
    pub coverage: EvalCoverage,
    pub staleness: EvalStaleness,
    /// The range of production.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// A case with a score and a decision.
#[derive(Clone, Copy)]
struct Pair<'a> {
    scored: Scored<'a>,
    taken: bool,
    kept: f64,
    feature: &'a str,
}

impl From<&Pair<'_>> for Member {
    fn from(pair: &Pair) -> Member {
        (&pair.scored).into()
    }
}

/// Whether the output was taken, and how much of it was kept; `None` if no user decided.
fn outcome(case: &Fact) -> Option<(bool, f64)> {
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

fn agreement(feature: Option<String>, pairs: &[Pair], level: Level) -> EvalAgreement {
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
    let area = auroc::influence(&rows).map(|(area, influence)| clusters.linear(area, influence.into_iter(), level));
    let area = unless(reason, area.map(|area| clipped(area, 0.0)));
    let place = |is: bool| usize::from(is);
    let mut table = Table::new(2);
    for pair in pairs {
        table.add(place(pair.taken), place(pair.scored.passes), 1.0);
    }
    let kappa = table.kappa(Weights::Nominal, &[0.0, 1.0]).map(|kappa| {
        let influence = pairs
            .iter()
            .map(|pair| kappa.influence(place(pair.taken), place(pair.scored.passes)));
        clipped(clusters.linear(kappa.value, influence, level), -1.0)
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
fn clipped(mut estimate: Estimate, least: f64) -> Estimate {
    estimate.lower = estimate.lower.map(|end| end.max(least));
    estimate.upper = estimate.upper.map(|end| end.min(1.0));
    estimate
}

fn none(reason: Reason, n: usize) -> Estimate {
    Estimate {
        n: n as u64,
        ..Estimate::none(reason)
    }
}

/// What the newest runs say of each case, read one run at a time.
#[derive(Default)]
struct Heard<'a> {
    /// Cases that have any result.
    any: HashSet<&'a str>,
    /// The newest result of each case that may be held against what users did.
    newest: HashMap<&'a str, Scored<'a>>,
    /// The newest run of each version, and its score.
    versions: Vec<(String, Uuid, Estimate)>,
}

impl<'a> Heard<'a> {
    fn hear(
        &mut self,
        run: &EvalRun,
        scores: &[Score],
        cases: &'a [Fact],
        cells: &HashMap<CellId, Cell>,
        question: &Question,
    ) {
        let wanted = |score: &Score| question.judge.as_ref().is_none_or(|judge| score.judge == *judge);
        let found = scored(cases, scores, question.pass_from, wanted);
        if let Some(version) = &run.version
            && self.versions.iter().all(|(known, ..)| known != version)
        {
            let score = group(None, &found, question.level).score;
            self.versions.push((version.clone(), run.id, score));
        }
        for own in found {
            let cell = own.case.cell_id.and_then(|cell| cells.get(&cell));
            let version = cell.and_then(|cell| cell.version.as_ref());
            self.any.insert(&own.case.name);
            if question.any_version || (run.version.is_some() && run.version.as_ref() == version) {
                self.newest.entry(&own.case.name).or_insert(own);
            }
        }
    }

    /// Pairs scores with what users did, and counts the cases that have not both.
    fn paired(&self, cases: &'a [Fact], cells: &'a HashMap<CellId, Cell>) -> (Vec<Pair<'a>>, EvalLeftOut) {
        let (mut pairs, mut left) = (Vec::new(), EvalLeftOut::default());
        for case in cases {
            let cell = case.cell_id.and_then(|cell| cells.get(&cell));
            let scored = self.newest.get(case.name.as_str()).copied();
            match (case.output_key, cell, outcome(case), scored) {
                (None, ..) => left.no_provenance += 1,
                (Some(_), None, ..) => left.output_gone += 1,
                (_, _, None, _) => left.undecided += 1,
                (_, Some(cell), Some((taken, kept)), Some(scored)) => pairs.push(Pair {
                    scored,
                    taken,
                    kept,
                    feature: &cell.feature,
                }),
                _ if self.any.contains(case.name.as_str()) => left.other_version += 1,
                _ => left.no_result += 1,
            }
        }
        (pairs, left)
    }
}

pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<EvalQuality, QueryError> {
    let (project, set) = (question.project, question.set);
    let cases = cases::facts(conn, project, set)?;
    let cells: HashMap<CellId, Cell> = cells::of_project(conn, project)?.into_iter().collect();
    let runs = match question.run {
        Some(run) => runs::find(conn, project, set, run)?.into_iter().collect(),
        None => runs::list(conn, project, set, MOST_RUNS)?,
    };
    let mut heard = Heard::default();
    for run in &runs {
        sources.check()?;
        let scores = runs::scores(conn, project, set, run.id)?;
        heard.hear(run, &scores, &cases, &cells, question);
    }
    let (pairs, left_out) = heard.paired(&cases, &cells);
    let mut by_feature: BTreeMap<&str, Vec<Pair>> = BTreeMap::new();
    for pair in &pairs {
        by_feature.entry(pair.feature).or_default().push(*pair);
    }
    let mut features: Vec<EvalAgreement> = by_feature
        .into_iter()
        .map(|(feature, pairs)| agreement(Some(feature.to_owned()), &pairs, question.level))
        .collect();
    features.sort_by_key(|feature| std::cmp::Reverse(feature.cases));
    let (from, to) = (now - TimeDelta::days(question.days), now);
    let versions = versions(
        conn,
        sources,
        question,
        heard.versions,
        &features_of(&cases, &cells),
        (from, to),
    )?;
    let volume = production::volume(conn, project, from, to)?;
    let dimensions = projects::find(conn, project)?.dimensions;
    Ok(EvalQuality {
        agreement: agreement(None, &pairs, question.level),
        features,
        left_out,
        version_order: order(&versions, question.level),
        versions,
        coverage: coverage::covered(&volume, &cases, &cells, &dimensions),
        staleness: coverage::stale(conn, (project, set), &volume, (&cases, &cells), (from, to))?,
        from,
        to,
    })
}

/// The features that a set has cases of, in order.
pub fn features_of<'a>(cases: &'a [Fact], cells: &'a HashMap<CellId, Cell>) -> Vec<&'a str> {
    let own = cases.iter().filter_map(|case| cells.get(&case.cell_id?));
    let mut features: Vec<&str> = own.map(|cell| cell.feature.as_str()).collect();
    features.sort_unstable();
    features.dedup();
    features
}

/// What users did with versions that were run, on some features.
fn versions(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    scored: Vec<(String, Uuid, Estimate)>,
    features: &[&str],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<EvalVersion>, QueryError> {
    if scored.is_empty() || features.is_empty() {
        return Ok(Vec::new());
    }
    let metrics = metrics::find("acceptance_rate").map(|(_, metric)| metric);
    let mut query = Query::new(question.project, metrics.into_iter().collect());
    query.group_by = vec![Dimension::Version];
    let one_of = |dimension: Dimension, names: Vec<&str>| Filter {
        dimension,
        operator: Operator::In,
        values: names.into_iter().map(|name| Some(name.to_owned())).collect(),
    };
    query.filters = vec![
        one_of(Dimension::Feature, features.to_vec()),
        one_of(
            Dimension::Version,
            scored.iter().map(|(version, ..)| version.as_str()).collect(),
        ),
    ];
    (query.from, query.to, query.level) = (Some(from), Some(to), question.level);
    let answer = plan::run(conn, sources, &query, to)?;
    let found = scored.into_iter().map(|(version, run, score)| {
        let mut rows = answer.rows.iter();
        let row = rows.find(|row| row.group.first().and_then(Option::as_ref) == Some(&version));
        let rate = row.and_then(|row| row.estimates.first().cloned());
        EvalVersion {
            version,
            run,
            score,
            acceptance_rate: rate.unwrap_or_else(|| Estimate::none(Reason::NoData)),
        }
    });
    Ok(found.collect())
}

fn order(versions: &[EvalVersion], level: Level) -> Estimate {
    let pairs: Vec<(f64, f64)> = versions
        .iter()
        .filter_map(|version| Some((version.score.value?, version.acceptance_rate.value?)))
        .collect();
    if pairs.len() < LEAST_VERSIONS {
        return none(Reason::TooFew, pairs.len());
    }
    let Some(found) = spearman::correlation(&pairs) else {
        return none(Reason::OneClass, pairs.len());
    };
    let each = (0..).take(pairs.len()).map(|cluster| Member {
        cluster,
        has_user: false,
    });
    let estimate = Clusters::new(each).linear(found.value, found.influence.into_iter(), level);
    clipped(estimate, -1.0)
}
