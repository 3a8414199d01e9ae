//! What the texts of outputs say: what users change in them, and which words mark those that are not taken.
//!
//! Texts are read from the newest output back, as many as may be read at once; the answer says how far that was. A project that keeps
//! no texts is told so, even while some from before are still there.

pub mod edits;
mod kinds;
pub mod marks;
mod phrases;
mod taken;
mod vocabulary;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::window::Window;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::store::cells::CellId;
use crate::store::texts::{self, Kind, Written};

/// Outputs whose texts are read at most.
pub const MOST_OUTPUTS: usize = 20_000;
/// Characters that are read at most, of all of them.
pub const MOST_CHARS: usize = 10_000_000;
/// Characters that are read of one text.
pub const MOST_CHARS_OF_ONE: usize = crate::fold::text::COMPARABLE_CHARS;
/// Outputs that are read at a time.
const PAGE: usize = 250;

/// Why nothing can be said of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// The project keeps no texts.
    TextsNotStored,
    /// No output here has the texts that it takes; none came, or they are kept no longer.
    NoTexts,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Extent {
    /// Outputs with a text, the newest first.
    pub outputs: u64,
    /// Whether that is all of them; if not, as many were read as may be.
    pub complete: bool,
    /// When the oldest of them was shown.
    #[schema(required = true)]
    pub oldest: Option<DateTime<Utc>>,
    /// Why there is nothing to say, where there is not.
    #[schema(required = true)]
    pub reason: Option<Silence>,
}

/// What was found in the texts, and as of when.
pub struct Read<T> {
    pub found: T,
    pub extent: Extent,
    pub window: Window,
    pub log_position: i64,
}

/// Hands the newest outputs with a text of a kind to `analyse`, from one state of the database.
pub fn read<T>(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    kind: Kind,
    analyse: impl FnOnce(&[Written]) -> T,
) -> Result<Read<T>, QueryError> {
    sources.asked(conn, query, |snapshot, project, window| {
        let cells: Vec<CellId> = snapshot.view.cells_where(&query.filters).into_iter().collect();
        let (written, complete) = if project.stores_text {
            newest(snapshot.conn()?, query, kind, &cells, &window)?
        } else {
            (Vec::new(), true)
        };
        Ok(Read {
            extent: Extent {
                outputs: written.len() as u64,
                complete,
                oldest: written.last().map(|output| output.shown_at),
                reason: match (project.stores_text, written.is_empty()) {
                    (false, _) => Some(Silence::TextsNotStored),
                    (true, true) => Some(Silence::NoTexts),
                    (true, false) => None,
                },
            },
            found: analyse(&written),
            window,
            log_position: project.folded_events,
        })
    })
}

/// The newest outputs with a text, and whether they are all.
fn newest(
    conn: &mut PgConnection,
    query: &Query,
    kind: Kind,
    cells: &[CellId],
    window: &Window,
) -> Result<(Vec<Written>, bool), QueryError> {
    let mut found: Vec<Written> = Vec::new();
    let mut chars = 0;
    let mut before = (window.to, Uuid::nil());
    // One character more tells a text that is too long.
    let size = (PAGE as i64, MOST_CHARS_OF_ONE as i32 + 1);
    loop {
        let page = texts::newest(conn, query.project, cells, kind, window.from, before, size)?;
        let is_last = page.len() < PAGE;
        for written in page {
            chars += written.text.len() + written.final_text.as_ref().map_or(0, String::len);
            if found.len() == MOST_OUTPUTS || chars > MOST_CHARS {
                return Ok((found, false));
            }
            before = (written.shown_at, written.output_key);
            found.push(written);
        }
        if is_last {
            return Ok((found, true));
        }
    }
}
