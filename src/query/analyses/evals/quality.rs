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

use super::agreement::{EvalAgreement, Pair, agreement, outcome};
use super::coverage::{self, EvalCoverage, EvalStaleness, features_of};
use super::scores::{Scored, group, scored};
use super::versions::{EvalVersion, order, versions};
use crate::domain::dimension::Cell;
use crate::domain::key::ProjectId;
use crate::metrics::Estimate;
use crate::query::request::QueryError;
use crate::query::sources::Sources;
use crate::stats::level::Level;
use crate::store::cells::{self, CellId};
use crate::store::evals::cases::{self, Fact};
use crate::store::evals::production;
use crate::store::evals::runs::{self, EvalRun, Score};
use crate::store::projects;

/// Runs that are looked at, the newest.
pub const MOST_RUNS: i64 = 50;
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
