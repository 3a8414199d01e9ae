//! `/exports`: data sets for training and analysis, streamed.

mod file;
pub mod params;
mod rows;
pub mod stream;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;

use self::file::Parquet;
use self::params::{ExportParams, Form};
use self::rows::{DemonstrationRow, FeedbackRow, OutputRow, PreferenceRow};
use self::stream::{Writer, export, export_file};
use super::answers::{Files, ReadAnswers};
use super::auth::{Authorized, Read};
use super::error::{ApiError, Problem};
use super::extract::SharedParams;
use super::outputs::listing::OutputFilters;
use super::tables::{Binary, CSV, PARQUET};
use crate::state::AppState;
use crate::store::exports::Content;

/// Which outputs, and what is made of them.
type Asked = SharedParams<OutputFilters, ExportParams>;

const JSONL: &str = "application/jsonl";

/// Export preferences
///
/// One line per output of which the user made another text: the prompt, the user's text as chosen, the AI's as rejected. The explicit
/// prompt form of preferences that TRL and `datasets` read. Edit distances are from 0.02 to 0.9 where nothing else is said, and nothing is
/// taken of which the user only went on writing behind it. Newest first; a dropped connection is gone on with by `cursor`, which each row
/// has.
#[utoipa::path(
    tag = "exports",
    params(OutputFilters, ExportParams),
    responses(
        (status = 200, description = "Lines of JSON", body = PreferenceRow, content_type = "application/jsonl"),
        (status = 422, description = "The project stores no texts (`not_kept`), or has no such dimension (`unknown_dimension`)", body = Problem, content_type = "application/problem+json"),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/exports/preferences.jsonl")]
pub async fn export_preferences(
    key: Authorized<Read>,
    params: Asked,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let form = params.1.form.unwrap_or_default();
    let (content, writer) = (Content::Preferences, Preferences(form));
    export(&state, key.project, params, content, JSONL, writer).await
}

/// Export feedback
///
/// One line per output that the user took as it was or refused: the prompt, what the AI showed, and which of the two as `label`. The form
/// of unpaired preferences that TRL trains KTO on. Leaves out what the app took by itself, what was taken and judged wrong, and what was
/// refused and judged right. Refused is not always bad: it may have come at the wrong moment.
#[utoipa::path(
    tag = "exports",
    params(OutputFilters, ExportParams),
    responses(
        (status = 200, description = "Lines of JSON", body = FeedbackRow, content_type = "application/jsonl"),
        (status = 422, description = "The project stores no texts (`not_kept`), or has no such dimension (`unknown_dimension`)", body = Problem, content_type = "application/problem+json"),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/exports/feedback.jsonl")]
pub async fn export_feedback(
    key: Authorized<Read>,
    params: Asked,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let form = params.1.form.unwrap_or_default();
    let (content, writer) = (Content::Feedback, Feedback(form));
    export(&state, key.project, params, content, JSONL, writer).await
}

/// Export demonstrations
///
/// One line per output that the user took, as it was or changed: the prompt and the text the user had in the end, as messages of a chat.
/// Leaves out what the app took by itself, and what was taken unchanged and judged wrong.
#[utoipa::path(
    tag = "exports",
    params(OutputFilters, ExportParams),
    responses(
        (status = 200, description = "Lines of JSON", body = DemonstrationRow, content_type = "application/jsonl"),
        (status = 422, description = "The project stores no texts (`not_kept`), or has no such dimension (`unknown_dimension`)", body = Problem, content_type = "application/problem+json"),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/exports/sft.jsonl")]
pub async fn export_demonstrations(
    key: Authorized<Read>,
    params: Asked,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let content = Content::Demonstrations;
    export(&state, key.project, params, content, JSONL, Demonstrations).await
}

/// Export outputs as lines of JSON
///
/// All outputs that pass the filters, as `/outputs` has them, each with its side of the split.
#[utoipa::path(
    tag = "exports",
    params(OutputFilters, ExportParams),
    responses(
        (status = 200, description = "Lines of JSON", body = OutputRow, content_type = "application/jsonl"),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/exports/outputs.jsonl")]
pub async fn export_outputs_jsonl(
    key: Authorized<Read>,
    params: Asked,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    export(&state, key.project, params, Content::Outputs, JSONL, Outputs).await
}

/// Export outputs as CSV
///
/// All outputs that pass the filters. Texts that a spreadsheet would run as formulas begin with an apostrophe.
#[utoipa::path(
    tag = "exports",
    params(OutputFilters, ExportParams),
    responses(
        (status = 200, description = "A header and a line per output", body = String, content_type = "text/csv"),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/exports/outputs.csv")]
pub async fn export_outputs_csv(
    key: Authorized<Read>,
    params: Asked,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    export(&state, key.project, params, Content::Outputs, CSV, Csv).await
}

/// Export outputs as Parquet
///
/// All outputs that pass the filters, in groups of rows. A file of at most 16 MiB may be read in pieces, as DuckDB and Polars do; a larger
/// one is sent from its beginning to its end, or in parts that `limit` and the `cursor` of the last row make.
#[utoipa::path(
    tag = "exports",
    params(OutputFilters, ExportParams),
    responses(
        (status = 200, description = "The file", body = Binary, content_type = "application/vnd.apache.parquet"),
        Files,
        ReadAnswers,
    ),
    security(("api_key" = ["read"]), ("link" = []))
)]
#[get("/exports/outputs.parquet")]
pub async fn export_outputs_parquet(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Asked,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (content, writer) = (Content::Outputs, Parquet::new()?);
    export_file(&state, &request, key.project, params, content, PARQUET, writer).await
}

fn line(to: &mut Vec<u8>, row: &impl Serialize) -> Result<(), ApiError> {
    serde_json::to_writer(&mut *to, row).map_err(ApiError::internal)?;
    to.push(b'\n');
    Ok(())
}

struct Preferences(Form);

impl Writer for Preferences {
    fn row(&mut self, to: &mut Vec<u8>, row: OutputRow) -> Result<(), ApiError> {
        line(to, &PreferenceRow::of(row, self.0))
    }
}

struct Feedback(Form);

impl Writer for Feedback {
    fn row(&mut self, to: &mut Vec<u8>, row: OutputRow) -> Result<(), ApiError> {
        line(to, &FeedbackRow::of(row, self.0))
    }
}

struct Demonstrations;

impl Writer for Demonstrations {
    fn row(&mut self, to: &mut Vec<u8>, row: OutputRow) -> Result<(), ApiError> {
        line(to, &DemonstrationRow::of(row))
    }
}

struct Outputs;

impl Writer for Outputs {
    fn row(&mut self, to: &mut Vec<u8>, row: OutputRow) -> Result<(), ApiError> {
        line(to, &row)
    }
}

struct Csv;

impl Writer for Csv {
    fn start(&mut self, to: &mut Vec<u8>) -> Result<(), ApiError> {
        to.extend(rows::table(Vec::new()).csv_header()?);
        Ok(())
    }

    fn row(&mut self, to: &mut Vec<u8>, row: OutputRow) -> Result<(), ApiError> {
        to.extend(rows::table(vec![row]).csv_rows()?);
        Ok(())
    }
}
