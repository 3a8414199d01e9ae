//! What any runner found, as it is uploaded.

use std::collections::HashSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{SubsecRound, Utc};
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::answers::{Absent, WriteAnswers};
use crate::api::auth::{Admin, Authorized};
use crate::api::error::{ApiError, Problem};
use crate::api::evals::changing;
use crate::api::evals::limits::{LISTED_ROWS, MOST_RESULTS, MOST_RUNS};
use crate::api::evals::rows::{RESULTS, ResultRow};
use crate::api::evals::sheet::{self, Fields, Refused, Sheet, refused};
use crate::api::evals::told::rejection;
use crate::api::evals::view::{EvalRowCode, EvalRowResult, EvalRunView};
use crate::api::extract::{Params, Segment};
use crate::domain::key::ProjectId;
use crate::ingest::limits::NAME_CHARS;
use crate::state::AppState;
use crate::store::evals::cases;
use crate::store::evals::runs::{self, EvalResult, EvalRun};
use crate::store::{projects, tombstones};

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
    security(("api_key" = ["admin"]))
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
    let mut share = state.held.share();
    let sheet = RESULTS.receive(&request, payload, &state, &mut share).await?;
    let about = about(params.0, &sheet.envelope)?;
    let uploaded = state
        .db
        .transaction(move |conn| upload(conn, key.project, &set.0, about, sheet))
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
        return Err(ApiError::invalid(format!("`{field}`: a run has no such field")));
    }
    let mut fields = envelope.clone();
    let given = [params.name, params.version, params.model, params.judge];
    for (name, given) in known.into_iter().zip(given) {
        if let Some(given) = given {
            fields.insert(name.to_owned(), Value::String(given));
        }
    }
    let read =
        |name: &str| sheet::name(&fields, name, NAME_CHARS).map_err(|refused| ApiError::invalid(refused.message));
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
        return Err(ApiError::invalid(
            "`name`: say what to call the run, as a parameter or in the body",
        ));
    };
    // Whoever erases a user waits for this, and finds what it adds.
    tombstones::hold(conn)?;
    let set = changing(conn, project, set)?;
    if runs::count(conn, project, set.id)? >= MOST_RUNS {
        return Err(ApiError::conflict(format!(
            "a set has at most {MOST_RUNS} runs; delete old ones"
        )));
    }
    let run = EvalRun {
        project_id: project,
        set_id: set.id,
        id: Uuid::now_v7(),
        name,
        version: about.version,
        model: about.model,
        created_at: Utc::now().trunc_subsecs(6),
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
        return Err(ApiError::invalid(match first {
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
