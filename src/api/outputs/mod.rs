//! `GET /outputs`: the examples behind the numbers.

pub mod listing;
pub mod view;

use std::collections::{HashMap, HashSet};

use actix_web::{HttpRequest, HttpResponse, get, web};
use uuid::Uuid;

use self::listing::{OutputFilters, PageParams, cursor, told_apart};
use self::view::{HistoryEvent, OutputResponse, OutputView, OutputsResponse, table, view};
use super::answers::{Absent, Files, ReadAnswers};
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::{Segment, SharedParams};
use super::paging;
use super::rendered::{Rendered, as_of_now};
use super::respond::{self, Format};
use super::tables::Binary;
use crate::domain::dimension::Cell;
use crate::domain::event::EventKind;
use crate::domain::key::{self, ProjectId};
use crate::fold::link::Links;
use crate::state::AppState;
use crate::store::cells::{self, CellId};
use crate::store::outputs::{self, Output};
use crate::store::texts::{self, Texts};
use crate::store::{StoreError, events, projects};

/// List outputs
///
/// The examples behind the numbers, newest first, filtered by anything that metrics are cut by, and by decision, reason,
/// confidence and text. In all forms, the header `Link` has the address of the next page.
#[utoipa::path(
    tag = "outputs",
    params(OutputFilters, PageParams),
    responses(
        (status = 200, description = "A page of outputs", headers(
            ("Link" = String, description = "The address of the next page, if there is one, with the relation `next`"),
        ), content(
            (OutputsResponse = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
            (Binary = "application/vnd.apache.parquet"),
        )),
        Files,
        ReadAnswers,
    ),
    security(("api_key" = ["read"]), ("link" = []))
)]
#[get("/outputs")]
pub async fn list_outputs(
    request: HttpRequest,
    key: Authorized<Read>,
    params: SharedParams<OutputFilters, PageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(filters, asked) = params;
    let project = key.project;
    let format = Format::of(&request, asked.format);
    let question = format!("{} {format:?}", request.uri());
    let current = page(&state, &request, project, filters, asked, format);
    let project = as_of_now(&state, project).await?;
    state.answers.respond(&request, &project, question, current).await
}

/// A page of outputs.
async fn page(
    state: &AppState,
    request: &HttpRequest,
    project: ProjectId,
    filters: OutputFilters,
    asked: PageParams,
    format: Format,
) -> Result<Rendered, ApiError> {
    let mut listing = asked.of(filters.listing()?, project)?;
    let filters = filters.of_dimensions()?;
    let (mut found, cells) = state
        .db
        .run(move |conn| {
            let (filters, attributes) = told_apart(&projects::find(conn, project)?, filters)?;
            let cells: HashMap<CellId, Cell> = cells::of_project(conn, project)?
                .into_iter()
                .filter(|(_, cell)| filters.iter().all(|filter| filter.accepts(cell)))
                .collect();
            listing.cells = cells.keys().copied().collect();
            listing.attributes = attributes;
            let rows = outputs::listing::list(conn, project, &listing)?;
            let keys: Vec<Uuid> = rows.iter().map(|output| output.output_key).collect();
            let texts = texts_by_key(texts::of_keys(conn, project, &keys)?);
            Ok::<_, ApiError>((with_texts(rows, texts), cells))
        })
        .await?;

    let next_cursor = paging::cut(&mut found, asked.size()?, |(last, _)| cursor(last));
    let data: Vec<OutputView> = found
        .into_iter()
        .map(|(output, texts)| {
            let cell = output.cell_id.and_then(|cell| cells.get(&cell)).cloned();
            view(output, cell, texts)
        })
        .collect();
    let next = next_cursor
        .as_deref()
        .map(|cursor| listing::address(request.uri(), cursor));
    let page = OutputsResponse { data, next_cursor };
    let rendered = format.render(|| respond::rendered_json(&page), || table(&page.data))?;
    Ok(match next {
        Some(next) => rendered.followed_by(next),
        None => rendered,
    })
}

/// Read an output
///
/// One output with everything that happened to it.
#[utoipa::path(
    tag = "outputs",
    params(("output_id" = String, Path, description = "The client's name for the output")),
    responses(
        (status = 200, description = "The output", body = OutputResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
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
    let (output, cell, texts, mut events) = found.ok_or_else(|| ApiError::not_found("output"))?;
    // As the fold reads them.
    events.sort_by_key(|event| (event.occurred_at, event.kind, event.fingerprint, event.event_key));
    let history: Vec<HistoryEvent> = events
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
