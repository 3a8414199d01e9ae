//! A data set on its way: rows are read, written and sent a piece at a time, as fast as the client takes them.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use diesel::pg::PgConnection;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use uuid::Uuid;

use super::Asked;
use super::params::{LEAST_EDIT, MOST_EDIT, Side};
use super::rows::OutputRow;
use crate::api::error::{ApiError, ErrorCode};
use crate::api::extract::SharedParams;
use crate::api::outputs::listing::{cursor, parse_cursor, told_apart};
use crate::api::outputs::view::view;
use crate::api::pieces::LARGEST;
use crate::api::rendered::{Rendered, as_of_now};
use crate::domain::dimension::Cell;
use crate::domain::key::ProjectId;
use crate::state::AppState;
use crate::store::cells::{self, CellId};
use crate::store::exports::{self, Content, Export, Row};
use crate::store::texts::Texts;
use crate::store::{StoreError, projects};

/// Exports at the same time: each has a connection to the database.
pub const EXPORTS: usize = 4;
/// Bytes that are sent at once, about.
pub const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that wait for the client; more are not made.
const WAITING: usize = 4;

type Piece = Result<Bytes, ApiError>;

/// Writes the rows of one kind of data set.
pub trait Writer: Send + 'static {
    /// What comes before the rows.
    fn start(&mut self, _to: &mut Vec<u8>) -> Result<(), ApiError> {
        Ok(())
    }

    fn row(&mut self, to: &mut Vec<u8>, row: OutputRow) -> Result<(), ApiError>;

    /// What comes after the rows.
    fn end(&mut self, _to: &mut Vec<u8>) -> Result<(), ApiError> {
        Ok(())
    }
}

/// Answers with a data set that is read from its beginning.
pub async fn export(
    state: &AppState,
    project: ProjectId,
    asked: Asked,
    content: Content,
    content_type: &'static str,
    writer: impl Writer,
) -> Result<HttpResponse, ApiError> {
    streamed(state, content_type, reading(project, asked, content, writer)).await
}

/// Answers with what `work` sends, from a connection of its own.
pub async fn streamed(
    state: &AppState,
    content_type: &'static str,
    work: impl FnOnce(&mut PgConnection, &mut Sending) -> Result<(), ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let mut pieces = begin(state, work)?;
    let first = pieces.recv().await.unwrap_or_else(|| Ok(Bytes::new()))?;
    Ok(response(content_type, first, pieces))
}

/// Answers with a data set whose end its readers look at first. One that is small is a file like any other; one that is not goes from its
/// beginning to its end.
pub async fn export_file(
    state: &AppState,
    request: &HttpRequest,
    project: ProjectId,
    asked: Asked,
    content: Content,
    content_type: &'static str,
    writer: impl Writer,
) -> Result<HttpResponse, ApiError> {
    let question = request.uri().to_string();
    let before = as_of_now(state, project).await?;
    if let Some(response) = state.answers.read_on(request, &before, &question)? {
        return Ok(response);
    }
    let mut pieces = begin(state, reading(project, asked, content, writer))?;
    let mut begun = Vec::new();
    while let Some(piece) = pieces.recv().await {
        begun.extend_from_slice(&piece?);
        if begun.len() > LARGEST {
            let mut response = response(content_type, begun.into(), pieces);
            let headers = response.headers_mut();
            headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
            return Ok(response);
        }
    }
    let file = Rendered::file(content_type, begun);
    Ok(state.answers.open(request, &before, question, &file))
}

/// Reads what was asked for, and writes it.
fn reading(
    project: ProjectId,
    asked: Asked,
    content: Content,
    mut writer: impl Writer,
) -> impl FnOnce(&mut PgConnection, &mut Sending) -> Result<(), ApiError> + Send + 'static {
    move |conn, sending| run(conn, project, &asked, content, &mut writer, sending)
}

/// Begins the work. What is wrong with the question is said in the first piece; what fails later ends the connection, so that no client
/// takes a part for the whole.
fn begin(
    state: &AppState,
    work: impl FnOnce(&mut PgConnection, &mut Sending) -> Result<(), ApiError> + Send + 'static,
) -> Result<mpsc::Receiver<Piece>, ApiError> {
    let Ok(place) = Arc::clone(&state.exports).try_acquire_owned() else {
        return Err(ApiError::new(
            ErrorCode::Overloaded,
            format!("{EXPORTS} exports are under way; try again when one of them has ended"),
        ));
    };
    let (sender, pieces) = mpsc::channel(WAITING);
    let db = state.db.clone();
    tokio::task::spawn_blocking(move || {
        let mut sending = Sending {
            pieces: sender,
            _place: place,
        };
        let outcome = db
            .dedicated()
            .map_err(|error| StoreError::Unavailable(format!("{error:#}")).into())
            .and_then(|mut conn| work(&mut conn, &mut sending));
        if let Err(error) = outcome {
            // A client that went away is told nothing.
            let _ = sending.pieces.blocking_send(Err(error));
        }
    });
    Ok(pieces)
}

fn response(content_type: &'static str, first: Bytes, rest: mpsc::Receiver<Piece>) -> HttpResponse {
    let pieces = stream::unfold((Some(first), rest), |(first, mut rest)| async move {
        let piece = match first {
            Some(first) => Ok(first),
            None => rest.recv().await?,
        };
        Some((piece.map_err(actix_web::Error::from), (None, rest)))
    });
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(pieces)
}

/// The way to the client.
pub struct Sending {
    pieces: mpsc::Sender<Piece>,
    _place: OwnedSemaphorePermit,
}

impl Sending {
    /// Gives whether the client is still there.
    pub fn send(&mut self, bytes: &mut Vec<u8>) -> bool {
        self.pieces.blocking_send(Ok(std::mem::take(bytes).into())).is_ok()
    }
}

fn run(
    conn: &mut PgConnection,
    project: ProjectId,
    asked: &Asked,
    content: Content,
    writer: &mut impl Writer,
    sending: &mut Sending,
) -> Result<(), ApiError> {
    let splitting = asked.1.splitting()?;
    let (export, cells) = prepare(conn, project, asked, content)?;
    let mut left = asked.1.limit.map_or(u64::MAX, |limit| limit.get().into());
    let mut bytes = Vec::new();
    let mut is_listening = true;
    writer.start(&mut bytes)?;
    exports::walk(conn, project, &export, |rows| {
        for row in rows {
            let Some(split) = splitting.side(&row.output) else {
                continue;
            };
            writer.row(&mut bytes, output_row(row, split, &cells))?;
            left -= 1;
            if bytes.len() >= PIECE_BYTES {
                is_listening = sending.send(&mut bytes);
            }
            if !is_listening || left == 0 {
                return Ok(false);
            }
        }
        Ok::<_, ApiError>(true)
    })?;
    if is_listening {
        writer.end(&mut bytes)?;
        sending.send(&mut bytes);
    }
    Ok(())
}

type Cells = HashMap<CellId, Cell>;

/// Checks the question, and says what it comes to.
fn prepare(
    conn: &mut PgConnection,
    project: ProjectId,
    asked: &Asked,
    content: Content,
) -> Result<(Export, Cells), ApiError> {
    let SharedParams(outputs, asked) = asked;
    let is_of_texts = content != Content::Outputs;
    let mut filters = outputs.of_dimensions()?;
    filters.extend(asked.consent(is_of_texts)?);
    let mut listing = outputs.listing()?;
    if content == Content::Preferences {
        listing.edit_distance_from = listing.edit_distance_from.or(Some(LEAST_EDIT));
        listing.edit_distance_to = listing.edit_distance_to.or(Some(MOST_EDIT));
    }
    let project = projects::find(conn, project)?;
    if is_of_texts && !project.stores_text {
        return Err(ApiError::new(
            ErrorCode::NotKept,
            "the project stores no texts, of which this data set is made; `exports/outputs` has the numbers",
        ));
    }
    let (filters, attributes) = told_apart(&project, filters)?;
    let cells: Cells = cells::of_project(conn, project.id)?
        .into_iter()
        .filter(|(_, cell)| filters.iter().all(|filter| filter.accepts(cell)))
        .collect();
    listing.cells = cells.keys().copied().collect();
    listing.attributes = attributes;
    let export = Export {
        content,
        listing,
        distinct: asked.distinct.unwrap_or(is_of_texts),
        per_user: asked.per_user.map(|most| most.get().into()),
        before: asked.cursor.as_deref().map(parse_cursor).transpose()?,
    };
    Ok((export, cells))
}

fn output_row(row: Row, split: Side, cells: &Cells) -> OutputRow {
    let cursor = cursor(&row.output);
    let cell = row.output.cell_id.and_then(|cell| cells.get(&cell)).cloned();
    let texts = Texts {
        output_key: Uuid::nil(),
        input: row.text_input,
        output: row.text_output,
        final_: row.text_final,
        comment: row.text_comment,
    };
    OutputRow {
        output: view(row.output, cell, texts),
        split,
        cursor,
    }
}
