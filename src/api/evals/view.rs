//! Sets, cases and runs as clients see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::evals::cases::EvalCase;
use crate::store::evals::runs::{EvalResult, EvalRun};
use crate::store::evals::{Counted, EvalSet};

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalSetView {
    pub name: String,
    #[schema(required = true)]
    pub description: Option<String>,
    /// The score from which a result passes, where its runner does not say.
    pub pass_from: f64,
    pub cases: i64,
    pub runs: i64,
    pub created_at: DateTime<Utc>,
}

impl From<Counted> for EvalSetView {
    fn from(counted: Counted) -> Self {
        EvalSetView {
            cases: counted.cases,
            runs: counted.runs,
            ..EvalSetView::empty(counted.set)
        }
    }
}

impl EvalSetView {
    pub fn empty(set: EvalSet) -> EvalSetView {
        EvalSetView {
            name: set.name,
            description: set.description,
            pass_from: set.pass_from,
            cases: 0,
            runs: 0,
            created_at: set.created_at,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalSetsResponse {
    /// In the order of their names.
    pub data: Vec<EvalSetView>,
}

/// A case: what goes in, and what should come out.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalCaseView {
    /// Names the case within its set, whatever becomes of its texts.
    pub case: String,
    #[schema(required = true)]
    pub input: Option<String>,
    /// Null where it is still to be filled in, or where the rubric says it all.
    #[schema(required = true)]
    pub expected: Option<String>,
    /// How to judge what comes out.
    #[schema(required = true)]
    pub rubric: Option<String>,
    pub tags: Vec<String>,
    /// The output that the case was made from.
    #[schema(required = true)]
    pub output_id: Option<String>,
    pub added_at: DateTime<Utc>,
    /// When one of its texts changed last.
    pub changed_at: DateTime<Utc>,
}

impl From<EvalCase> for EvalCaseView {
    fn from(case: EvalCase) -> Self {
        EvalCaseView {
            case: case.name,
            input: case.input,
            expected: case.expected,
            rubric: case.rubric,
            tags: case.tags,
            output_id: case.output_id,
            added_at: case.added_at,
            changed_at: case.changed_at,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalCasesResponse {
    /// In the order of their names, byte by byte.
    pub data: Vec<EvalCaseView>,
    /// For the next page, if there is one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// What was run, and when it was uploaded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRunView {
    pub id: Uuid,
    pub name: String,
    /// The version that was run, as outputs name it.
    #[schema(required = true)]
    pub version: Option<String>,
    #[schema(required = true)]
    pub model: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl From<EvalRun> for EvalRunView {
    fn from(run: EvalRun) -> Self {
        EvalRunView {
            id: run.id,
            name: run.name,
            version: run.version,
            model: run.model,
            created_at: run.created_at,
        }
    }
}

/// A result of a run on a case.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalResultView {
    pub case: String,
    /// Who judged; null where nobody is named.
    #[schema(required = true)]
    pub judge: Option<String>,
    /// From 0 to 1; null where only pass or fail was said.
    #[schema(required = true)]
    pub score: Option<f64>,
    /// As the runner said, or else whether the score reaches the set's bar.
    pub pass: bool,
    #[schema(required = true)]
    pub output: Option<String>,
    #[schema(required = true)]
    pub comment: Option<String>,
}

impl EvalResultView {
    pub fn of(result: EvalResult, pass_from: f64) -> EvalResultView {
        EvalResultView {
            pass: result
                .pass
                .unwrap_or(result.score.is_some_and(|score| score >= pass_from)),
            case: result.case_name,
            judge: Some(result.judge).filter(|judge| !judge.is_empty()),
            score: result.score,
            output: result.output,
            comment: result.comment,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalResultsResponse {
    /// In the order of cases and judges.
    pub data: Vec<EvalResultView>,
    /// For the next page, if there is one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalRowStatus {
    Created,
    Updated,
    Unchanged,
    /// A case of the set that the upload, which replaces all, does not have.
    Deleted,
    Rejected,
}

/// Why a row was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalRowCode {
    /// It cannot be read: its JSON, its quotes, or more cells than the header has.
    InvalidRow,
    /// A field has another type than it should.
    InvalidType,
    InvalidLength,
    InvalidCharacter,
    TooMany,
    OutOfRange,
    /// A field that it takes is not there.
    Missing,
    /// The upload has a row of the same name before it.
    Repeated,
    /// The project has no such output.
    UnknownOutput,
    /// The case was made from another output.
    OtherOutput,
    /// The set has no such case.
    UnknownCase,
    /// The output was of a user who was erased.
    Erased,
    /// The project stores no texts, or not for as long.
    TextsNotKept,
    /// The set, or the run, holds as many as it may.
    Full,
}

/// What became of one row of an upload.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRowResult {
    /// Its number: in a spreadsheet as there, the header being 1; else from 1. Null of deleted cases, which have none.
    #[schema(required = true)]
    pub row: Option<usize>,
    #[schema(required = true)]
    pub case: Option<String>,
    pub status: EvalRowStatus,
    /// Of an update: the fields that change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<EvalRowCode>,
    /// What was wrong, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What became of an upload of cases.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct EvalUploadResponse {
    /// Whether nothing was done but to say what would be.
    pub dry_run: bool,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub deleted: u64,
    pub rejected: u64,
    /// Columns that are not of a case. Nothing of them was kept.
    pub ignored_columns: Vec<String>,
    /// What was rejected first, then what changed, then the rest, as many as are listed.
    pub results: Vec<EvalRowResult>,
    /// Whether there are more.
    pub truncated: bool,
}
