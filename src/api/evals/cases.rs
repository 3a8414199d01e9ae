//! `/evals/{set}/cases`: read by the page and as files, written by uploads.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::file::{self, Form};
use super::limits::TAG_CHARS;
use super::named;
use super::rows::CASES;
use super::upsert::{Wish, upload};
use super::view::{EvalCaseView, EvalCasesResponse, EvalUploadResponse};
use crate::api::answers::{Absent, ReadAnswers, WriteAnswers};
use crate::api::ask;
use crate::api::auth::{Admin, Authorized, Read};
use crate::api::error::{ApiError, Problem};
use crate::api::exports::stream::streamed;
use crate::api::extract::{Params, Segment};
use crate::api::outputs::listing::{DEFAULT_LIMIT, MAX_LIMIT, TEXT_CHARS};
use crate::api::paging;
use crate::api::respond;
use crate::api::tables::CSV;
use crate::state::AppState;
use crate::store::evals::cases::{self, Listing};

const JSONL: &str = "application/jsonl";

/// The form of the cases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalForm {
    /// A page.
    #[default]
    Json,
    /// All of them, for spreadsheets.
    Csv,
    /// All of them, for programs.
    Jsonl,
}

/// What is between the cells of CSV.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalSeparator {
    #[default]
    Comma,
    /// What Excel expects where a comma is in numbers.
    Semicolon,
    Tab,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalCasesParams {
    /// A piece of text, in any letter case, of name, input, expected or rubric.
    #[param(max_length = 200)]
    pub text: Option<String>,
    /// Only cases with this tag.
    #[param(max_length = 64)]
    pub tag: Option<String>,
    #[param(inline)]
    pub format: Option<EvalForm>,
    /// Of CSV.
    #[param(inline)]
    pub separator: Option<EvalSeparator>,
    /// Of a page; 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// From the answer before: go on where it ended.
    pub cursor: Option<String>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalUploadParams {
    /// Say what would be done, and do nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// Cases as JSON. CSV and lines of JSON are taken as well.
#[derive(Clone, Debug, ToSchema)]
#[schema(example = json!({"cases": [{"case": "late-refund", "input": "Where is my money?", "expected": "It takes five days.",
    "rubric": "Names the number of days.", "tags": ["refund"]}]}))]
pub struct EvalCasesUpload {
    #[expect(dead_code, reason = "for the documentation")]
    cases: Vec<EvalCaseUpload>,
}

/// One case of an upload. Of a case that is there, what is not said stays as it is.
#[derive(Clone, Debug, ToSchema)]
#[expect(dead_code, reason = "for the documentation")]
pub struct EvalCaseUpload {
    /// Names the case within its set; made of the input where it is absent.
    #[schema(max_length = 256)]
    case: Option<String>,
    #[schema(max_length = 100_000)]
    input: Option<String>,
    #[schema(max_length = 100_000)]
    expected: Option<String>,
    #[schema(max_length = 100_000)]
    rubric: Option<String>,
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    /// The output of this project that the case is made from. Once said, it stays.
    #[schema(max_length = 256)]
    output_id: Option<String>,
}

/// List cases
///
/// A page of cases in the order of their names, or all that pass as a file. CSV is written so that Excel, LibreOffice and Google Sheets
/// give it back unchanged: a cell that they would take for a formula, a number or a date begins with a backslash, which the upload takes
/// away again; a text that is too long for a cell goes on in the next column (`input 2`).
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalCasesParams),
    responses(
        (status = 200, description = "The cases", content(
            (EvalCasesResponse = "application/json"),
            (String = "text/csv"),
            (EvalCaseView = "application/jsonl"),
        )),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}/cases")]
pub async fn list_eval_cases(
    request: HttpRequest,
    key: Authorized<Read>,
    set: Segment<String>,
    params: Params<EvalCasesParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (project, asked) = (key.project, params.0);
    let limit = ask::within("limit", asked.limit, 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    for (name, text, most) in [
        ("text", &asked.text, TEXT_CHARS),
        ("tag", &asked.tag, TAG_CHARS),
        ("cursor", &asked.cursor, 4 * TEXT_CHARS),
    ] {
        if text
            .as_ref()
            .is_some_and(|text| text.chars().count() > most || text.contains('\0'))
        {
            return Err(ApiError::parameter(
                name,
                format!("must have at most {most} characters, none of them U+0000"),
            ));
        }
    }
    let listing = Listing {
        text: asked.text,
        tag: asked.tag,
        after: asked.cursor,
        limit: limit + 1,
    };
    let separator = match asked.separator.unwrap_or_default() {
        EvalSeparator::Comma => b',',
        EvalSeparator::Semicolon => b';',
        EvalSeparator::Tab => b'\t',
    };
    let format = asked.format.unwrap_or_default();
    if format == EvalForm::Json {
        let found = state.db.run(move |conn| {
            let set = named(conn, project, &set.0)?;
            cases::list(conn, project, set.id, &listing).map_err(ApiError::from)
        });
        let mut found = found.await?;
        let next_cursor = paging::cut(&mut found, limit, |last| last.name.clone());
        let data = found.into_iter().map(EvalCaseView::from).collect();
        return respond::json(&request, &EvalCasesResponse { data, next_cursor });
    }
    let content_type = if format == EvalForm::Csv { CSV } else { JSONL };
    streamed(&state, content_type, move |conn, sending| {
        // One state of the set, however long the client takes.
        conn.build_transaction().read_only().repeatable_read().run(|conn| {
            let set = named(conn, project, &set.0)?;
            let form = match format {
                EvalForm::Csv => Form::csv(conn, project, &set, separator)?,
                EvalForm::Json | EvalForm::Jsonl => Form::Lines,
            };
            file::send(conn, project, &set, &listing, &form, sending)
        })
    })
    .await
}

/// Takes an upload of cases.
async fn take(
    request: &HttpRequest,
    key: Authorized<Admin>,
    set: String,
    payload: web::Payload,
    state: &AppState,
    wish: Wish,
) -> Result<HttpResponse, ApiError> {
    let mut share = state.held.share();
    let sheet = CASES.receive(request, payload, state, &mut share).await?;
    if let Some(field) = sheet.envelope.keys().next() {
        return Err(ApiError::invalid(format!(
            "`{field}`: cases have no such field beside them"
        )));
    }
    let told = state
        .db
        .run(move |conn| {
            let told = upload(conn, &key, &set, sheet.rows, wish)?;
            Ok::<_, ApiError>(EvalUploadResponse {
                ignored_columns: sheet.ignored,
                ..told
            })
        })
        .await?;
    let status = match told.rejected {
        0 => StatusCode::OK,
        _ => StatusCode::MULTI_STATUS,
    };
    Ok(HttpResponse::build(status).json(told))
}

/// Add or change cases
///
/// CSV, lines of JSON, or JSON; a body is read as what it is. A row of a case that is there changes what it says, and leaves what it
/// does not say. Each row is answered for: what was not taken says why, and its neighbours are.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalUploadParams),
    request_body(content(
        (EvalCasesUpload = "application/json"),
        (String = "text/csv"),
        (EvalCaseUpload = "application/jsonl"),
    )),
    responses(
        (status = 200, description = "What became of the rows", body = EvalUploadResponse),
        (status = 207, description = "Some rows were not taken", body = EvalUploadResponse),
        (status = 415, description = "The body is compressed (`unsupported_encoding`)", body = Problem, content_type = "application/problem+json"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[post("/evals/{set}/cases")]
pub async fn create_eval_cases(
    request: HttpRequest,
    key: Authorized<Admin>,
    set: Segment<String>,
    params: Params<EvalUploadParams>,
    payload: web::Payload,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let wish = Wish {
        dry_run: params.0.dry_run,
        ..Wish::default()
    };
    take(&request, key, set.0, payload, &state, wish).await
}

/// Replace all cases
///
/// As adding or changing them; and cases of the set that the upload does not have are deleted, with all results on them. The case of a
/// row that is not taken stays; if it cannot be told which that is, nothing is deleted. Ask with `dry_run` first.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalUploadParams),
    request_body(content(
        (EvalCasesUpload = "application/json"),
        (String = "text/csv"),
        (EvalCaseUpload = "application/jsonl"),
    )),
    responses(
        (status = 200, description = "What became of the rows", body = EvalUploadResponse),
        (status = 207, description = "Some rows were not taken", body = EvalUploadResponse),
        (status = 415, description = "The body is compressed (`unsupported_encoding`)", body = Problem, content_type = "application/problem+json"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = ["admin"]))
)]
#[put("/evals/{set}/cases")]
pub async fn update_eval_cases(
    request: HttpRequest,
    key: Authorized<Admin>,
    set: Segment<String>,
    params: Params<EvalUploadParams>,
    payload: web::Payload,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let wish = Wish {
        replaces: true,
        dry_run: params.0.dry_run,
        ..Wish::default()
    };
    take(&request, key, set.0, payload, &state, wish).await
}
