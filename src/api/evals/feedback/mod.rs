//! Cases made from what users did: what they changed says what was expected, what they refused waits to be said.
//!
//! Outputs are drawn by a digest of their name and the seed, within strata: the same question of the same outputs draws the same ones,
//! and one output more or less changes hardly any of the others. Of outputs whose inputs are the same but for how they are typed, only
//! the newest can be drawn, and none whose input the set has a case of.

mod drawing;

use std::collections::{HashMap, HashSet};

use actix_web::{HttpResponse, post, web};
use chrono::{SubsecRound, Utc};
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::drawing::{Candidate, Drawing, Stratum};
use super::limits::{MOST_CANDIDATES, MOST_CASES, MOST_SAMPLED, SAMPLED, TEXT_CHARS};
use super::{changing, named, rows};
use crate::api::answers::{Absent, WriteAnswers};
use crate::api::ask::{FilterRequest, Instant};
use crate::api::auth::{Admin, Authorized};
use crate::api::error::{ApiError, Problem};
use crate::api::extract::{JsonBody, Segment};
use crate::domain::decision::Decision;
use crate::domain::key::ProjectId;
use crate::domain::strict;
use crate::state::AppState;
use crate::store::evals::EvalSet;
use crate::store::evals::cases::{self, EvalCase};
use crate::store::texts::{self, Texts};
use crate::store::tombstones;

/// How the sample is shared among strata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalAllocation {
    /// As many from each, while they last: small strata are heard.
    #[default]
    Equal,
    /// From each its share of the outputs.
    Proportional,
}

/// Which outputs to make cases from, and how many.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"feature": "email.draft", "decisions": ["edited", "rejected"], "sample": 60,
    "strata": ["decision", "confidence", "version"], "seed": 7, "tags": ["from-users"], "dry_run": true}))]
pub struct EvalFeedbackRequest {
    /// What became of them; edited and rejected without it. Of what was edited, the expected is the user's text; of what was accepted,
    /// the text that was taken; of others it is empty, to be filled in.
    #[serde(default = "edited_and_rejected", deserialize_with = "strict::words")]
    #[schema(min_items = 1)]
    pub decisions: Vec<Decision>,
    pub feature: Option<String>,
    pub version: Option<String>,
    /// As `POST /query` takes them.
    #[serde(default, deserialize_with = "strict::objects")]
    pub filters: Vec<FilterRequest>,
    #[schema(max_length = 256)]
    pub reason: Option<String>,
    /// Only outputs judged right, or wrong.
    pub correct: Option<bool>,
    /// Only outputs that were judged, or that wait for it.
    pub judged: Option<bool>,
    #[schema(minimum = 0, maximum = 1)]
    pub confidence_from: Option<f64>,
    #[schema(minimum = 0, maximum = 1)]
    pub confidence_to: Option<f64>,
    /// The least edit distance between what was shown and what the user made of it: heavy edits are above 0.3.
    #[schema(minimum = 0, maximum = 1)]
    pub edit_distance_from: Option<f64>,
    #[schema(minimum = 0, maximum = 1)]
    pub edit_distance_to: Option<f64>,
    /// A piece of text, in any letter case, of input, output, final text or comment.
    #[schema(max_length = 200)]
    pub text: Option<String>,
    /// Only these.
    #[schema(max_items = 100)]
    pub output_ids: Option<Vec<String>>,
    /// Shown at or after this, RFC 3339 or milliseconds since 1970.
    pub from: Option<Instant>,
    /// Shown before this.
    pub to: Option<Instant>,
    /// Cases to make, at most; 100 without it.
    #[schema(minimum = 1, maximum = 1000)]
    pub sample: Option<u64>,
    /// What strata are made of: `decision`, `confidence` (tenths), and dimensions. One stratum without it.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub strata: Vec<String>,
    #[serde(default)]
    #[schema(inline)]
    pub allocation: EvalAllocation,
    /// Another seed draws others; 0 without it.
    #[serde(default)]
    #[schema(value_type = i64, minimum = 0, maximum = 4_294_967_295_u64)]
    pub seed: u32,
    /// Tags that the cases get.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub tags: Vec<String>,
    #[schema(max_length = 100_000)]
    pub rubric: Option<String>,
    /// Say what would be made, and make nothing.
    #[serde(default)]
    pub dry_run: bool,
}

fn edited_and_rejected() -> Vec<Decision> {
    vec![Decision::Edited, Decision::Rejected]
}

/// Outputs that are alike in what was asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalStratum {
    /// In the order of `strata`; null of outputs without a value.
    pub values: Vec<Option<String>>,
    /// Outputs that could be drawn.
    pub candidates: u64,
    pub drawn: u64,
}

/// What cases were made, or would be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalFeedbackResponse {
    pub dry_run: bool,
    pub created: u64,
    /// Of those, cases whose expected text is to be filled in.
    pub to_be_filled: u64,
    /// The names of the cases, which are the ids of their outputs.
    pub cases: Vec<String>,
    /// Outputs that were looked at: the newest that pass the filters and have an input.
    pub looked_at: u64,
    /// Whether those are all.
    pub all_looked_at: bool,
    /// Outputs that were passed over: their input is that of a newer one, or the set has a case of it.
    pub duplicates: u64,
    /// By their values.
    pub strata: Vec<EvalStratum>,
}

/// Make cases from feedback
///
/// From outputs whose texts are kept, drawn at random within strata. Each case remembers its output: scores are held against what its
/// user did, and when the user is erased, so is the case. A project that stores no texts has nothing to make cases from.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name")),
    request_body = EvalFeedbackRequest,
    responses(
        (status = 200, description = "The cases that were made, or would be", body = EvalFeedbackResponse),
        (status = 409, description = "The set has no room (`conflict`)", body = Problem, content_type = "application/problem+json"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/evals/{set}/cases/from-feedback")]
pub async fn create_eval_cases_from_feedback(
    key: Authorized<Admin>,
    set: Segment<String>,
    body: JsonBody<EvalFeedbackRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = body.0;
    let made = state
        .db
        .transaction(move |conn| make(conn, key.project, &set.0, asked))
        .await?;
    Ok(HttpResponse::Ok().json(made))
}

fn make(
    conn: &mut PgConnection,
    project_id: ProjectId,
    set: &str,
    asked: EvalFeedbackRequest,
) -> Result<EvalFeedbackResponse, ApiError> {
    let sample = asked.sample.unwrap_or(SAMPLED);
    if !(1..=MOST_SAMPLED).contains(&sample) {
        return Err(ApiError::invalid(format!("`sample`: must be from 1 to {MOST_SAMPLED}")));
    }
    if asked.decisions.is_empty() {
        return Err(ApiError::invalid("`decisions`: name one at least"));
    }
    let tags = rows::tags(&asked.tags.clone().into())
        .map_err(|refused| ApiError::invalid(format!("`tags`: {}", refused.message)))?;
    let too_long = |text: &String| text.chars().count() > TEXT_CHARS || text.contains('\0');
    if asked.rubric.as_ref().is_some_and(too_long) {
        return Err(ApiError::invalid(format!(
            "`rubric`: must have at most {TEXT_CHARS} characters, none of them U+0000"
        )));
    }
    // Whoever erases a user waits for this, and finds what it adds.
    tombstones::hold(conn)?;
    // Nothing is written while outputs are read: the fold does not pass a transaction that has written.
    let found = named(conn, project_id, set)?;
    let mut drawing = Drawing::prepare(conn, project_id, &found, &asked)?;
    drawing.look(conn)?;
    let drawn = drawing.draw(sample, asked.allocation);
    let mut made = cases_of(conn, &found, project_id, &drawn, (&tags, asked.rubric.as_ref()))?;
    if !asked.dry_run {
        changing(conn, project_id, set)?;
    }
    // Who else did the same meanwhile may have gone on with it.
    let names: Vec<String> = made.iter().map(|case| case.name.clone()).collect();
    let taken = cases::of_names(conn, project_id, found.id, &names)?;
    let taken: HashSet<String> = taken.into_iter().map(|case| case.name).collect();
    made.retain(|case| case.input.is_some() && !taken.contains(&case.name));
    let known = cases::count(conn, project_id, found.id)?.unsigned_abs() as usize;
    if known + made.len() > MOST_CASES {
        return Err(ApiError::conflict(format!(
            "a set has at most {MOST_CASES} cases, and this one has {known}; make another set"
        )));
    }
    if !asked.dry_run {
        cases::put(conn, &made)?;
    }
    Ok(EvalFeedbackResponse {
        dry_run: asked.dry_run,
        created: made.len() as u64,
        to_be_filled: made.iter().filter(|case| case.expected.is_none()).count() as u64,
        cases: made.into_iter().map(|case| case.name).collect(),
        looked_at: drawing.looked_at as u64,
        all_looked_at: drawing.looked_at < MOST_CANDIDATES,
        duplicates: drawing.duplicates,
        strata: drawing.told(&drawn),
    })
}

/// The cases of what was drawn, in the order of their names.
fn cases_of(
    conn: &mut PgConnection,
    set: &EvalSet,
    project: ProjectId,
    drawn: &[(Stratum, Vec<Candidate>)],
    (tags, rubric): (&[String], Option<&String>),
) -> Result<Vec<EvalCase>, ApiError> {
    let drawn: Vec<&Candidate> = drawn.iter().flat_map(|(_, drawn)| drawn).collect();
    let keys: Vec<Uuid> = drawn.iter().map(|candidate| candidate.output_key).collect();
    let found = texts::of_keys(conn, project, &keys)?;
    let mut found: HashMap<Uuid, Texts> = found.into_iter().map(|texts| (texts.output_key, texts)).collect();
    let now = Utc::now().trunc_subsecs(6);
    let cases = drawn.into_iter().map(|candidate| {
        let texts = found.remove(&candidate.output_key).unwrap_or_default();
        EvalCase {
            project_id: project,
            set_id: set.id,
            name: candidate.output_id.clone(),
            input: texts.input,
            expected: match candidate.decision {
                Some(Decision::Edited) => texts.final_,
                Some(Decision::Accepted) => texts.final_.or(texts.output),
                _ => None,
            },
            rubric: rubric.cloned(),
            tags: tags.to_vec(),
            output_key: Some(candidate.output_key),
            output_id: Some(candidate.output_id.clone()),
            user_key: candidate.user_key,
            added_at: now,
            changed_at: now,
        }
    });
    let mut cases: Vec<EvalCase> = cases.collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(cases)
}
