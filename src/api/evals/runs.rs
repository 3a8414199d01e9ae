//! `/evals/{set}/runs`: what any runner found, uploaded and read.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use chrono::Utc;
use diesel::Connection;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::limits::{LISTED_ROWS, MOST_RESULTS, MOST_RUNS};
use super::rows::{RESULTS, ResultRow};
use super::sheet::{self, Fields, Refused, Sheet, refused};
use super::upsert::rejection;
use super::view::{EvalResultView, EvalResultsResponse, EvalRowCode, EvalRowResult, EvalRunView};
use super::{changing, invalid, named};
use crate::api::answers::{Absent, ReadAnswers, WriteAnswers};
use crate::api::ask;
use crate::api::auth::{Admin, Authorized, Read};
use crate::api::error::{ApiError, ErrorCode, Problem};
use crate::api::extract::{Params, Segment};
use crate::api::outputs::listing::MAX_LIMIT;
use crate::api::respond;
use crate::domain::action::Action;
use crate::domain::key::ProjectId;
use crate::ingest::limits::NAME_CHARS;
use crate::metrics::Estimate;
use crate::query::analyses::evals::scores::{self, EvalRunScores};
use crate::state::AppState;
use crate::store::evals::cases;
use crate::store::evals::runs::{self, EvalResult, EvalRun};
use crate::store::{actions, projects, tombstones};

/// Runs that are listed with their scores where nothing is said.
const LISTED_RUNS: i64 = 20;
const RESULTS_LIMIT: i64 = 100;

/// What was run; with JSON it may stand in the body instead.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalRunParams {
    /// What to call the run.
    #[param(max_length = 256)]
    pub name: Option<String>,
    /// The version that was run, as outputs name it: by it, scores are held against what users did.
    #[param(max_length = 256)]
    pub version: Option<String>,
    #[param(max_length = 256)]
    pub model: Option<String>,
    /// Who judged, where rows do not say.
    #[param(max_length = 256)]
    pub judge: Option<String>,
}

/// A run as JSON. CSV and lines of JSON are taken as well, with what was run as parameters.
#[derive(Clone, Debug, ToSchema)]
#[expect(dead_code, reason = "for the documentation")]
#[schema(example = json!({"name": "nightly", "version": "v12", "judge": "exact-match", "results": [
    {"case": "late-refund", "output": "Five days.", "score": 0.9}, {"case": "no-receipt", "pass": false}]}))]
pub struct EvalRunUpload {
    #[schema(max_length = 256)]
    name: String,
    #[schema(max_length = 256)]
    version: Option<String>,
    #[schema(max_length = 256)]
    model: Option<String>,
    #[schema(max_length = 256)]
    judge: Option<String>,
    results: Vec<EvalResultUpload>,
}

/// One result: a score, a verdict, or both.
#[derive(Clone, Debug, ToSchema)]
#[expect(dead_code, reason = "for the documentation")]
pub struct EvalResultUpload {
    /// Of the set.
    #[schema(max_length = 256)]
    case: String,
    #[schema(minimum = 0, maximum = 1)]
    score: Option<f64>,
    pass: Option<bool>,
    /// Each judge may judge a case once.
    #[schema(max_length = 256)]
    judge: Option<String>,
    #[schema(max_length = 100_000)]
    output: Option<String>,
    #[schema(max_length = 10_000)]
    comment: Option<String>,
}

/// A run that was taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRunUploaded {
    pub run: EvalRunView,
    /// Results that were taken.
    pub taken: u64,
    pub rejected: u64,
    pub ignored_columns: Vec<String>,
    /// What was not taken.
    pub results: Vec<EvalRowResult>,
    /// Whether there are more.
    pub truncated: bool,
}

/// A run in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalListedRun {
    #[serde(flatten)]
    pub run: EvalRunView,
    /// Cases with a result.
    pub cases: u64,
    pub score: Estimate,
    pub pass_rate: Estimate,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRunsResponse {
    /// The newest first.
    pub data: Vec<EvalListedRun>,
    /// How many there are, listed or not.
    pub total: i64,
}

/// A run with all that it came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRunResponse {
    pub run: EvalRunView,
    pub scores: EvalRunScores,
    pub level: f64,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalRunsParams {
    /// The newest so many; 20 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalScoresParams {
    /// Only results of this judge.
    #[param(max_length = 256)]
    pub judge: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalResultsParams {
    /// 100 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// From the answer before: go on where it ended.
    pub cursor: Option<String>,
}

pub fn absent_run() -> ApiError {
    ApiError::not_found("run")
}

/// List runs
///
/// The runs of a set with their scores, the newest first.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalRunsParams),
    responses((status = 200, description = "The runs", body = EvalRunsResponse), ReadAnswers, Absent),
    security(("api_key" = []))
)]
#[get("/evals/{set}/runs")]
pub async fn list_eval_runs(
    request: HttpRequest,
    key: Authorized<Read>,
    set: Segment<String>,
    params: Params<EvalRunsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let level = ask::level(params.0.level)?;
    let limit = ask::within("limit", params.0.limit, 1, MOST_RUNS)?.unwrap_or(LISTED_RUNS);
    let project = key.project;
    let found = state
        .db
        .run(move |conn| {
            let set = named(conn, project, &set.0)?;
            let facts = cases::facts(conn, project, set.id)?;
            let mut data = Vec::new();
            for run in runs::list(conn, project, set.id, limit)? {
                let own = runs::scores(conn, project, set.id, run.id)?;
                let all = scores::scored(&facts, &own, set.pass_from, |_| true);
                let group = scores::group(None, &all, level);
                data.push(EvalListedRun {
                    run: run.into(),
                    cases: group.cases,
                    score: group.score,
                    pass_rate: group.pass_rate,
                });
            }
            let total = runs::count(conn, project, set.id)?;
            Ok::<_, ApiError>(EvalRunsResponse { data, total })
        })
        .await?;
    respond::json(&request, &found)
}

/// Upload a run
///
/// The results of any runner, by case: CSV, lines of JSON, or JSON. A score is from 0 to 1; several judges may judge a case. Each row
/// is answered for; if none can be taken, there is no run.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalRunParams),
    request_body(content(
        (EvalRunUpload = "application/json"),
        (String = "text/csv"),
        (EvalResultUpload = "application/jsonl"),
    )),
    responses(
        (status = 201, description = "The run", body = EvalRunUploaded),
        (status = 207, description = "The run, without results that were not taken", body = EvalRunUploaded),
        (status = 409, description = "There are too many (`conflict`)", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "The body is compressed (`unsupported_encoding`)", body = Problem, content_type = "application/problem+json"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[post("/evals/{set}/runs")]
pub async fn create_eval_run(
    request: HttpRequest,
    key: Authorized<Admin>,
    set: Segment<String>,
    params: Params<EvalRunParams>,
    payload: web::Payload,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let sheet = RESULTS.receive(&request, payload, &state).await?;
    let about = about(params.0, &sheet.envelope)?;
    let uploaded = state
        .db
        .run(move |conn| conn.transaction(|conn| upload(conn, key.project, &set.0, about, sheet)))
        .await?;
    let status = match uploaded.rejected {
        0 => StatusCode::CREATED,
        _ => StatusCode::MULTI_STATUS,
    };
    Ok(HttpResponse::build(status).json(uploaded))
}

/// What was run, from the parameters or from beside the results.
fn about(params: EvalRunParams, envelope: &Fields) -> Result<EvalRunParams, ApiError> {
    let known = ["name", "version", "model", "judge"];
    if let Some(field) = envelope.keys().find(|field| !known.contains(&field.as_str())) {
        return Err(invalid(format!("`{field}`: a run has no such field")));
    }
    let mut fields = envelope.clone();
    let given = [params.name, params.version, params.model, params.judge];
    for (name, given) in known.into_iter().zip(given) {
        if let Some(given) = given {
            fields.insert(name.to_owned(), Value::String(given));
        }
    }
    let read = |name: &str| sheet::name(&fields, name, NAME_CHARS).map_err(|refused| invalid(refused.message));
    Ok(EvalRunParams {
        name: read("name")?,
        version: read("version")?,
        model: read("model")?,
        judge: read("judge")?,
    })
}

fn upload(
    conn: &mut PgConnection,
    project: ProjectId,
    set: &str,
    about: EvalRunParams,
    sheet: Sheet,
) -> Result<EvalRunUploaded, ApiError> {
    let Some(name) = about.name else {
        return Err(invalid(
            "`name`: say what to call the run, as a parameter or in the body",
        ));
    };
    // Whoever erases a user waits for this, and finds what it adds.
    tombstones::hold(conn)?;
    let set = changing(conn, project, set)?;
    if runs::count(conn, project, set.id)? >= MOST_RUNS {
        return Err(ApiError::new(
            ErrorCode::Conflict,
            format!("a set has at most {MOST_RUNS} runs; delete old ones"),
        ));
    }
    let run = EvalRun {
        project_id: project,
        set_id: set.id,
        id: Uuid::now_v7(),
        name,
        version: about.version,
        model: about.model,
        created_at: Utc::now(),
    };
    let mut taking = Taking {
        stores_text: projects::find(conn, project)?.stores_text,
        cases: cases::names(conn, project, set.id)?.into_iter().collect(),
        seen: HashSet::new(),
        judge: about.judge.unwrap_or_default(),
    };
    let (mut taken, mut rejected, mut results) = (Vec::new(), 0, Vec::new());
    for row in sheet.rows {
        let read = row.fields.and_then(|fields| ResultRow::read(&fields, sheet.is_text));
        let case = read.as_ref().ok().map(|row| row.case.clone());
        match read.and_then(|row| taking.take(&run, row)) {
            Ok(result) => taken.push(result),
            Err(refused) => {
                rejected += 1;
                if results.len() < LISTED_ROWS {
                    results.push(rejection(row.number, case, refused));
                }
            }
        }
    }
    if taken.is_empty() {
        let first = results
            .into_iter()
            .next()
            .and_then(|first| Some((first.row?, first.message?)));
        return Err(invalid(match first {
            Some((row, message)) => format!("no result can be taken; row {row}: {message}"),
            None => "the upload has no results".to_owned(),
        }));
    }
    runs::add(conn, &run)?;
    runs::add_results(conn, &taken)?;
    Ok(EvalRunUploaded {
        run: run.into(),
        taken: taken.len() as u64,
        rejected,
        ignored_columns: sheet.ignored,
        truncated: rejected > results.len() as u64,
        results,
    })
}

/// What results are held against.
struct Taking {
    stores_text: bool,
    cases: HashSet<String>,
    seen: HashSet<(String, String)>,
    judge: String,
}

impl Taking {
    fn take(&mut self, run: &EvalRun, row: ResultRow) -> Result<EvalResult, Refused> {
        if !self.cases.contains(&row.case) {
            return refused(EvalRowCode::UnknownCase, "the set has no such case");
        }
        if !self.stores_text && (row.output.is_some() || row.comment.is_some()) {
            return refused(
                EvalRowCode::TextsNotKept,
                "the project stores no texts; send results without `output` and `comment`",
            );
        }
        let judge = row.judge.unwrap_or_else(|| self.judge.clone());
        if !self.seen.insert((row.case.clone(), judge.clone())) {
            return refused(EvalRowCode::Repeated, "a row before it has the same case and judge");
        }
        if self.seen.len() > MOST_RESULTS {
            return refused(EvalRowCode::Full, format!("a run has at most {MOST_RESULTS} results"));
        }
        Ok(EvalResult {
            project_id: run.project_id,
            set_id: run.set_id,
            run_id: run.id,
            case_name: row.case,
            judge,
            score: row.score,
            pass: row.pass,
            output: row.output,
            comment: row.comment,
        })
    }
}

/// Get a run
///
/// Its scores with intervals: of all cases, by tag, and by judge. A case counts once, with the mean of its judges, and passes if more
/// than half of them pass it. Cases that were made from outputs of one user are not independent, and intervals know it.
#[utoipa::path(
    tag = "evals",
    params(
        ("set" = String, Path, description = "The set's name"),
        ("run" = Uuid, Path, description = "The run's id"),
        EvalScoresParams,
    ),
    responses((status = 200, description = "The run", body = EvalRunResponse), ReadAnswers, Absent),
    security(("api_key" = []))
)]
#[get("/evals/{set}/runs/{run}")]
pub async fn get_eval_run(
    request: HttpRequest,
    key: Authorized<Read>,
    path: Segment<(String, Uuid)>,
    params: Params<EvalScoresParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, id) = path.0;
    let level = ask::level(params.0.level)?;
    let judge = params.0.judge;
    let found = state
        .db
        .run(move |conn| {
            let set = named(conn, key.project, &set)?;
            let run = runs::find(conn, key.project, set.id, id)?.ok_or_else(absent_run)?;
            let facts = cases::facts(conn, key.project, set.id)?;
            let own = runs::scores(conn, key.project, set.id, id)?;
            let scores = scores::run(&facts, &own, set.pass_from, run.created_at, judge.as_deref(), level);
            Ok::<_, ApiError>(EvalRunResponse {
                run: run.into(),
                scores,
                level: level.get(),
            })
        })
        .await?;
    respond::json(&request, &found)
}

/// List the results of a run
///
/// What was found of each case, with the texts that were sent.
#[utoipa::path(
    tag = "evals",
    params(
        ("set" = String, Path, description = "The set's name"),
        ("run" = Uuid, Path, description = "The run's id"),
        EvalResultsParams,
    ),
    responses((status = 200, description = "A page of results", body = EvalResultsResponse), ReadAnswers, Absent),
    security(("api_key" = []))
)]
#[get("/evals/{set}/runs/{run}/results")]
pub async fn list_eval_results(
    request: HttpRequest,
    key: Authorized<Read>,
    path: Segment<(String, Uuid)>,
    params: Params<EvalResultsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, id) = path.0;
    let limit = params.0.limit.unwrap_or(RESULTS_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    let after: Option<(String, String)> = match params.0.cursor.as_deref().map(serde_json::from_str) {
        None => None,
        Some(Ok(after)) => Some(after),
        Some(Err(_)) => {
            return Err(ApiError::parameter(
                "cursor",
                "must be taken from `next_cursor` of the answer before",
            ));
        }
    };
    if after
        .as_ref()
        .is_some_and(|(case, judge)| case.contains('\0') || judge.contains('\0'))
    {
        return Err(ApiError::parameter("cursor", "holds the character U+0000"));
    }
    let (mut found, pass_from) = state
        .db
        .run(move |conn| {
            let set = named(conn, key.project, &set)?;
            runs::find(conn, key.project, set.id, id)?.ok_or_else(absent_run)?;
            let found = runs::results(conn, key.project, set.id, id, after, limit + 1)?;
            Ok::<_, ApiError>((found, set.pass_from))
        })
        .await?;
    let has_more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or_default());
    let next_cursor = found
        .last()
        .filter(|_| has_more)
        .map(|last| json!([last.case_name, last.judge]).to_string());
    let data = found
        .into_iter()
        .map(|result| EvalResultView::of(result, pass_from))
        .collect();
    respond::json(&request, &EvalResultsResponse { data, next_cursor })
}

/// Delete a run
///
/// With its results. The cases stay.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), ("run" = Uuid, Path, description = "The run's id")),
    responses((status = 204, description = "The run is gone"), WriteAnswers, Absent),
    security(("api_key" = []))
)]
#[delete("/evals/{set}/runs/{run}")]
pub async fn delete_eval_run(
    key: Authorized<Admin>,
    path: Segment<(String, Uuid)>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, id) = path.0;
    state
        .db
        .run(move |conn| {
            conn.transaction(|conn| {
                let found = changing(conn, key.project, &set)?;
                if !runs::delete(conn, key.project, found.id, id)? {
                    return Err(absent_run());
                }
                let (action, detail) = (Action::EvalRunDeleted, json!({"set": set}));
                actions::note(
                    conn,
                    key.project,
                    Some(key.key_id),
                    action,
                    Some(id.to_string()),
                    detail,
                )?;
                Ok::<_, ApiError>(())
            })
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
