//! A data set on its way: rows are read, written and sent a piece at a time, as fast as the client takes them.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use diesel::pg::PgConnection;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use uuid::Uuid;

use super::params::{ExportParams, Side, Splitting};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::outputs::listing::{cursor, dimension_filters, listing, parse_cursor, told_apart};
use crate::api::outputs::view::{OutputView, view};
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
    fn header(&self) -> Result<Vec<u8>, ApiError> {
        Ok(Vec::new())
    }

    fn row(&self, to: &mut Vec<u8>, output: OutputView, side: Side, cursor: String) -> Result<(), ApiError>;
}

/// Answers with a data set. What is wrong with the question is said before the first byte; what fails later ends the connection, so
/// that no client takes a part for the whole.
pub async fn export(
    state: &web::Data<AppState>,
    project: ProjectId,
    asked: ExportParams,
    content: Content,
    content_type: &'static str,
    writer: impl Writer,
) -> Result<HttpResponse, ApiError> {
    streamed(state, content_type, move |conn, sending| {
        run(conn, project, &asked, content, &writer, sending)
    })
    .await
}

/// Answers with what `work` sends, from a connection of its own.
pub async fn streamed(
    state: &web::Data<AppState>,
    content_type: &'static str,
    work: impl FnOnce(&mut PgConnection, &mut Sending) -> Result<(), ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let Ok(place) = Arc::clone(&state.exports).try_acquire_owned() else {
        return Err(ApiError::new(
            ErrorCode::Overloaded,
            format!("{EXPORTS} exports are under way; try again when one of them has ended"),
        ));
    };
    let (sender, mut pieces) = mpsc::channel(WAITING);
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
    let first = pieces.recv().await.unwrap_or_else(|| Ok(Bytes::new()))?;
    let rest = stream::unfold((Some(first), pieces), |(first, mut pieces)| async move {
        let piece = match first {
            Some(first) => Ok(first),
            None => pieces.recv().await?,
        };
        Some((piece.map_err(actix_web::Error::from), (None, pieces)))
    });
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("Cache-Control", "no-store"))
        .streaming(rest))
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
    asked: &ExportParams,
    content: Content,
    writer: &impl Writer,
    sending: &mut Sending,
) -> Result<(), ApiError> {
    let splitting = asked.splitting()?;
    let (export, cells) = prepare(conn, project, asked, content)?;
    let mut bytes = writer.header()?;
    let mut is_listening = true;
    exports::walk(conn, project, &export, |rows| {
        for row in rows {
            write(&mut bytes, row, &cells, splitting, writer)?;
            if bytes.len() >= PIECE_BYTES {
                is_listening = sending.send(&mut bytes);
            }
            if !is_listening {
                return Ok(false);
            }
        }
        Ok::<_, ApiError>(true)
    })?;
    if is_listening {
        sending.send(&mut bytes);
    }
    Ok(())
}

type Cells = HashMap<CellId, Cell>;

/// Checks the question, and says what it comes to.
fn prepare(
    conn: &mut PgConnection,
    project: ProjectId,
    asked: &ExportParams,
    content: Content,
) -> Result<(Export, Cells), ApiError> {
    let is_of_texts = content != Content::Outputs;
    let outputs = asked.outputs();
    let mut filters = dimension_filters(&outputs)?;
    filters.extend(asked.consent(is_of_texts)?);
    let mut listing = listing(project, &outputs)?;
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
    // Which outputs are the same does not depend on where the export goes on.
    listing.before = None;
    let export = Export {
        content,
        listing,
        distinct: asked.distinct.unwrap_or(is_of_texts),
        before: asked.cursor.as_deref().map(parse_cursor).transpose()?,
    };
    Ok((export, cells))
}

fn write(
    bytes: &mut Vec<u8>,
    row: Row,
    cells: &Cells,
    splitting: Splitting,
    writer: &impl Writer,
) -> Result<(), ApiError> {
    let Some(side) = splitting.side(&row.output) else {
        return Ok(());
    };
    let cursor = cursor(&row.output);
    let cell = row.output.cell_id.and_then(|cell| cells.get(&cell)).cloned();
    let texts = Texts {
        output_key: Uuid::nil(),
        input: row.text_input,
        output: row.text_output,
        final_: row.text_final,
        comment: row.text_comment,
    };
    writer.row(bytes, view(row.output, cell, texts), side, cursor)
}
