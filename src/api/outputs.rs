//! `GET /outputs`: the examples behind the numbers.

use std::collections::{HashMap, HashSet};

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ask;
use super::auth::{Authorized, Read};
use super::error::{ApiError, Problem};
use super::extract::{Params, Segment};
use super::respond::{self, CsvRows, Format, number_cell, safe_cell};
use crate::domain::decision::Decision;
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::event::{EventKind, JudgementSource};
use crate::domain::key::{self, ProjectId};
use crate::fold::link::Links;
use crate::query::filter::Filter;
use crate::state::AppState;
use crate::store::cells::{self, CellId};
use crate::store::outputs::{self, Listing, Output};
use crate::store::texts::{self, Texts};
use crate::store::{StoreError, events, projects};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 500;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutputParams {
    pub feature: Option<String>,
    pub version: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    pub decision: Option<Decision>,
    pub reason: Option<String>,
    pub user_id: Option<String>,
    /// Only outputs judged right, or wrong.
    pub correct: Option<bool>,
    /// The least confidence.
    #[param(minimum = 0, maximum = 1)]
    pub confidence_from: Option<f64>,
    /// The greatest confidence.
    #[param(minimum = 0, maximum = 1)]
    pub confidence_to: Option<f64>,
    /// A piece of text, in any letter case, of input, output, final text or comment.
    #[param(max_length = 200)]
    pub text: Option<String>,
    /// RFC 3339 or milliseconds since 1970; with `to`.
    pub from: Option<String>,
    pub to: Option<String>,
    /// 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// From the answer before: go on where it ended.
    pub cursor: Option<String>,
    pub format: Option<Format>,
}

/// One output: what its events come to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputView {
    pub output_id: String,
    #[schema(required = true)]
    pub feature: Option<String>,
    #[schema(required = true)]
    pub version: Option<String>,
    #[schema(required = true)]
    pub model: Option<String>,
    #[schema(required = true)]
    pub prompt_version: Option<String>,
    #[schema(required = true)]
    pub variant: Option<String>,
    #[schema(required = true)]
    pub environment: Option<String>,
    /// Declared attributes.
    pub attributes: std::collections::BTreeMap<String, String>,
    #[schema(required = true)]
    pub user_id: Option<String>,
    #[schema(required = true)]
    pub session_id: Option<String>,
    pub shown_at: DateTime<Utc>,
    pub decision: Decision,
    #[schema(required = true)]
    pub decided_at: Option<DateTime<Utc>>,
    /// From shown to the first decision.
    #[schema(required = true)]
    pub decision_ms: Option<i64>,
    #[schema(required = true)]
    pub confidence: Option<f64>,
    #[schema(required = true)]
    pub correct: Option<bool>,
    #[schema(required = true)]
    pub judged_by: Option<JudgementSource>,
    #[schema(required = true)]
    pub edit_distance: Option<f64>,
    #[schema(required = true)]
    pub retained_share: Option<f64>,
    pub ratings: i32,
    /// Mean of the raters' newest ratings.
    #[schema(required = true)]
    pub rating: Option<f64>,
    #[schema(required = true)]
    pub reason: Option<String>,
    #[schema(required = true)]
    pub comment: Option<String>,
    #[schema(required = true)]
    pub input: Option<String>,
    #[schema(required = true)]
    pub output: Option<String>,
    #[schema(required = true)]
    pub r#final: Option<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputsResponse {
    /// Newest first.
    pub data: Vec<OutputView>,
    /// For the next page, if there is one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// One event of an output's history.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HistoryEvent {
    pub r#type: EventKind,
    pub occurred_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    /// The event as it was stored.
    pub event: serde_json::Value,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputResponse {
    #[serde(flatten)]
    pub output: OutputView,
    /// Everything that happened to it, in order of time.
    pub history: Vec<HistoryEvent>,
}

/// List outputs
///
/// The examples behind the numbers, newest first, filtered by anything that metrics are cut by, and by decision, reason,
/// confidence and text.
#[utoipa::path(
    tag = "outputs",
    params(OutputParams),
    responses(
        (status = 200, description = "A page of outputs", body = OutputsResponse),
        (status = 304, description = "The client has this answer"),
        (status = 400, description = "A parameter is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid key", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "An unknown dimension", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = []))
)]
#[get("/outputs")]
pub async fn list_outputs(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<OutputParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let filters = dimension_filters(&asked)?;
    let mut listing = listing(&asked)?;
    let project = key.project;
    let (mut found, cells) = state
        .db
        .run(move |conn| {
            check_declared(&projects::find(conn, project)?, &filters)?;
            let cells: HashMap<CellId, Cell> = cells::of_project(conn, project)?
                .into_iter()
                .filter(|(_, cell)| filters.iter().all(|filter| filter.accepts(cell)))
                .collect();
            listing.cells = cells.keys().copied().collect();
            let rows = outputs::list(conn, project, &listing)?;
            let keys: Vec<Uuid> = rows.iter().map(|output| output.output_key).collect();
            let texts = texts_by_key(texts::of_keys(conn, project, &keys)?);
            Ok::<_, ApiError>((with_texts(rows, texts), cells))
        })
        .await?;

    let limit = usize::try_from(asked.limit.unwrap_or(DEFAULT_LIMIT)).unwrap_or_default();
    let next_cursor = (found.len() > limit)
        .then(|| found.get(limit.saturating_sub(1)).map(|(output, _)| cursor(output)))
        .flatten();
    found.truncate(limit);
    let data: Vec<OutputView> = found
        .into_iter()
        .map(|(output, texts)| {
            let cell = output.cell_id.and_then(|cell| cells.get(&cell)).cloned();
            view(output, cell, texts)
        })
        .collect();
    match Format::of(&request, asked.format) {
        Format::Json => respond::json(&request, &OutputsResponse { data, next_cursor }),
        Format::Csv => Ok(respond::tagged(&request, respond::CSV, csv(&data)?)),
    }
}

/// Read an output
///
/// One output with everything that happened to it.
#[utoipa::path(
    tag = "outputs",
    params(("output_id" = String, Path, description = "The client's name for the output")),
    responses(
        (status = 200, description = "The output", body = OutputResponse),
        (status = 304, description = "The client has this answer"),
        (status = 401, description = "No valid key", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key may not read", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "The project has no such output", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After", body = Problem, content_type = "application/problem+json"),
    ),
    security(("api_key" = []))
)]
#[get("/outputs/{output_id}")]
pub async fn get_output(
    request: HttpRequest,
    key: Authorized<Read>,
    output_id: Segment<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let project = key.project;
    let output_key = key::output_key(project, &output_id.0);
    let found = state
        .db
        .run(move |conn| read(conn, project, output_key).map_err(ApiError::from))
        .await?;
    let (output, cell, texts, events) = found.ok_or_else(|| ApiError::not_found("output"))?;
    let mut history: Vec<HistoryEvent> = events
        .into_iter()
        .filter_map(|logged| {
            Some(HistoryEvent {
                r#type: EventKind::from_code(logged.kind)?,
                occurred_at: logged.occurred_at,
                received_at: logged.received_at,
                event: serde_json::from_str(&logged.body).unwrap_or_default(),
            })
        })
        .collect();
    history.sort_by_key(|event| (event.occurred_at, event.r#type.code()));
    respond::json(
        &request,
        &OutputResponse {
            output: view(output, cell, texts),
            history,
        },
    )
}

type Found = (Output, Option<Cell>, Texts, Vec<events::LoggedEvent>);

/// An output by any of its names, and all events of it, whichever name they use.
fn read(conn: &mut diesel::PgConnection, project: ProjectId, name: Uuid) -> Result<Option<Found>, StoreError> {
    let links = Links::around(conn, project, HashSet::from([name]))?;
    let stored = outputs::of_keys(conn, project, &links.keys)?;
    let targets = links.targets(&stored.iter().map(|output| output.output_key).collect());
    let Some(key) = targets.get(&name).copied() else {
        return Ok(None);
    };
    let Some(output) = stored.into_iter().find(|output| output.output_key == key) else {
        return Ok(None);
    };
    let keys: Vec<Uuid> = targets
        .into_iter()
        .filter(|(_, target)| *target == key)
        .map(|(name, _)| name)
        .collect();
    let texts = texts::of_keys(conn, project, &[key])?.pop().unwrap_or_default();
    let events = events::of_outputs(conn, project, &keys)?;
    let cell = match output.cell_id {
        Some(cell) => cells::of_project(conn, project)?
            .into_iter()
            .find(|(id, _)| *id == cell)
            .map(|(_, cell)| cell),
        None => None,
    };
    Ok(Some((output, cell, texts, events)))
}

fn dimension_filters(asked: &OutputParams) -> Result<Vec<Filter>, ApiError> {
    let mut filters = ask::filters_parameter(asked.filters.as_deref())?;
    filters.extend(
        asked
            .feature
            .clone()
            .map(|feature| Filter::is(Dimension::Feature, feature)),
    );
    filters.extend(
        asked
            .version
            .clone()
            .map(|version| Filter::is(Dimension::Version, version)),
    );
    Ok(filters)
}

fn check_declared(project: &projects::Project, filters: &[Filter]) -> Result<(), ApiError> {
    for filter in filters {
        if let Dimension::Attribute(name) = &filter.dimension
            && project.dimensions.binary_search(name).is_err()
        {
            let known = project.dimensions.clone();
            return Err(crate::query::QueryError::UnknownDimension {
                name: name.clone(),
                known,
            }
            .into());
        }
    }
    Ok(())
}

fn listing(asked: &OutputParams) -> Result<Listing, ApiError> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", format!("must be from 1 to {MAX_LIMIT}")));
    }
    for (name, text) in [
        ("text", &asked.text),
        ("reason", &asked.reason),
        ("user_id", &asked.user_id),
    ] {
        if text
            .as_ref()
            .is_some_and(|text| text.contains('\0') || text.len() > 1_000)
        {
            return Err(ApiError::parameter(name, "must be shorter and without U+0000"));
        }
    }
    let window = ask::window(asked.from.as_deref(), asked.to.as_deref())?;
    Ok(Listing {
        cells: Vec::new(),
        from: window.map(|window| window.from),
        to: window.map(|window| window.to),
        decision: asked.decision.map(Decision::code),
        reason: asked.reason.clone(),
        user_id: asked.user_id.clone(),
        correct: asked.correct,
        confidence_from: asked.confidence_from,
        confidence_to: asked.confidence_to,
        text: asked.text.clone(),
        before: asked.cursor.as_deref().map(parse_cursor).transpose()?,
        // One more than asked tells whether there is a next page.
        limit: limit + 1,
    })
}

fn cursor(output: &Output) -> String {
    format!(
        "{:x}-{}",
        output.shown_at.timestamp_micros(),
        output.output_key.simple()
    )
}

fn parse_cursor(text: &str) -> Result<(DateTime<Utc>, Uuid), ApiError> {
    let parse = || {
        let (time, key) = text.split_once('-')?;
        let time = DateTime::from_timestamp_micros(i64::from_str_radix(time, 16).ok()?)?;
        Some((time, Uuid::try_parse(key).ok()?))
    };
    parse()
        .filter(|(time, _)| (0..=253_402_300_799).contains(&time.timestamp()))
        .ok_or_else(|| ApiError::parameter("cursor", "must be taken from `next_cursor` of the answer before"))
}

fn texts_by_key(texts: Vec<Texts>) -> HashMap<Uuid, Texts> {
    texts.into_iter().map(|texts| (texts.output_key, texts)).collect()
}

fn with_texts(outputs: Vec<Output>, mut texts: HashMap<Uuid, Texts>) -> Vec<(Output, Texts)> {
    outputs
        .into_iter()
        .map(|output| {
            let own = texts.remove(&output.output_key).unwrap_or_default();
            (output, own)
        })
        .collect()
}

fn view(output: Output, cell: Option<Cell>, texts: Texts) -> OutputView {
    let sources = [
        JudgementSource::Human,
        JudgementSource::Outcome,
        JudgementSource::Code,
        JudgementSource::Llm,
    ];
    let (feature, cell) = match cell {
        Some(cell) => (Some(cell.feature.clone()), cell),
        None => (None, Cell::default()),
    };
    OutputView {
        output_id: output.output_id,
        feature,
        version: cell.version,
        model: cell.model,
        prompt_version: cell.prompt_version,
        variant: cell.variant,
        environment: cell.environment,
        attributes: cell.attributes,
        user_id: output.user_id,
        session_id: output.session_id,
        shown_at: output.shown_at,
        decision: Decision::from_code(output.decision).unwrap_or(Decision::Undecided),
        decided_at: output.decided_at,
        decision_ms: output.decision_ms,
        confidence: output.confidence,
        correct: output.correct,
        judged_by: sources
            .into_iter()
            .find(|source| Some(source.rank()) == output.judged_by),
        edit_distance: output.edit_distance,
        retained_share: output.retained_share,
        ratings: output.ratings,
        rating: (output.ratings > 0).then(|| output.rating_sum / f64::from(output.ratings)),
        reason: output.reason,
        comment: texts.comment,
        input: texts.input,
        output: texts.output,
        r#final: texts.final_,
    }
}

fn csv(rows: &[OutputView]) -> Result<Vec<u8>, ApiError> {
    let mut csv = CsvRows::new([
        "output_id",
        "feature",
        "version",
        "model",
        "user_id",
        "shown_at",
        "decision",
        "decision_ms",
        "confidence",
        "correct",
        "edit_distance",
        "rating",
        "reason",
        "comment",
        "input",
        "output",
        "final",
    ])?;
    let text = |value: &Option<String>| safe_cell(value.as_deref().unwrap_or_default()).into_owned();
    for row in rows {
        csv.row(&[
            safe_cell(&row.output_id).into_owned(),
            text(&row.feature),
            text(&row.version),
            text(&row.model),
            text(&row.user_id),
            row.shown_at.to_rfc3339(),
            row.decision.name().to_owned(),
            row.decision_ms.map(|ms| ms.to_string()).unwrap_or_default(),
            number_cell(row.confidence),
            row.correct.map(|correct| correct.to_string()).unwrap_or_default(),
            number_cell(row.edit_distance),
            number_cell(row.rating),
            text(&row.reason),
            text(&row.comment),
            text(&row.input),
            text(&row.output),
            text(&row.r#final),
        ])?;
    }
    csv.finish()
}
