//! A user is erased: every event, output, text and opinion that is of the user or names them, a little at a time, beside whoever
//! writes and reads.
//!
//! - Outputs of the user go as a whole, with all that anybody said of them, and so do their shares of the rollups.
//! - What the user said of outputs of others goes, and these are computed anew from the events that stay.
//! - What retention has left of the user without a name stays: sums of outputs that are gone, and ratings of sealed outputs.
//!
//! Tombstones come first: from then on events of the user, and of the user's outputs, are refused ([`crate::store::tombstones`]). Each
//! piece is one transaction with its part of the receipt, and the erasure ends when a look at everything finds nothing more. So it
//! goes on after a crash wherever it was.

pub mod keeper;
mod piece;
mod traces;

use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::pg::PgConnection;

use self::piece::erase_piece;
use crate::fold::rollups;
use crate::store::erasures::{self as store, Erasure};

/// Outputs that one transaction takes. It holds up the log's writers for as long as it lasts.
const PIECE: usize = 250;

/// Erases all that there is of a user. After each piece, `rest` is told how long it took, and says whether to go on; gives whether
/// the erasure was ended.
pub fn erase(
    conn: &mut PgConnection,
    erasure: &Erasure,
    rest: &mut dyn FnMut(Duration) -> bool,
) -> anyhow::Result<bool> {
    let Some(user_id) = &erasure.user_id else {
        return Ok(true);
    };
    loop {
        // Most of what names the user is of the user's own outputs, which are found without reading the log.
        let mut found = store::outputs_of(conn, erasure.project_id, user_id)?;
        if found.is_empty() {
            found = store::outputs_naming(conn, erasure.project_id, user_id)?;
        }
        if found.is_empty() {
            break;
        }
        for keys in found.chunks(PIECE) {
            let started = Instant::now();
            conn.transaction(|conn| erase_piece(conn, erasure, user_id, keys))?;
            if !rest(started.elapsed()) {
                return Ok(false);
            }
        }
    }
    conn.transaction(|conn| traces::remove(conn, erasure, user_id))?;
    // What was added and what was taken away lie side by side until a day is merged.
    rollups::settle(conn, erasure.project_id)?;
    traces::remove_empty_cells(conn, erasure.project_id)?;
    store::finish(conn, erasure)?;
    Ok(true)
}
