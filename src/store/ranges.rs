//! The log is shared by ranges of output keys. A range's row says how far it is folded. Whoever holds the row's lock folds the
//! range; everyone else lets them, and a dead process loses it with its connection.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8};

use super::events::Piece;
use super::schema::fold_ranges;

/// How many ranges there are, and so how many workers have something to do at most. `fold_range` in the database says which
/// one an output belongs to.
pub const RANGES: usize = 16;

/// All workers of a database hold this advisory lock together, so that each can count them.
const WORKERS: (i32, i32) = (0x0063_616c, 0x666f_6c64);

/// A range and the last transaction that is folded in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = fold_ranges, check_for_backend(diesel::pg::Pg))]
pub struct Range {
    pub range: i32,
    pub tx: i64,
}

impl Range {
    /// What follows in the log, up to a transaction.
    pub fn up_to(self, to: i64) -> Piece {
        Piece {
            range: self.range,
            after: self.tx,
            to,
        }
    }
}

/// The ranges that a transaction holds.
#[derive(Clone, Debug)]
pub struct Lease {
    pub ranges: Vec<Range>,
}

impl Lease {
    /// Whether nobody else can fold meanwhile.
    pub fn is_whole(&self) -> bool {
        self.ranges.len() == RANGES
    }

    pub fn numbers(&self) -> Vec<i32> {
        self.ranges.iter().map(|range| range.range).collect()
    }

    /// Of `events` in all, how many each range may bring.
    pub fn share_of(&self, events: i64) -> i64 {
        (events / self.ranges.len().max(1) as i64).max(1)
    }
}

/// Counts this session among the workers until it ends.
pub fn join(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("SELECT pg_advisory_lock_shared($1, $2)")
        .bind::<Int4, _>(WORKERS.0)
        .bind::<Int4, _>(WORKERS.1)
        .execute(conn)
        .map(|_| ())
}

/// How many ranges one worker takes at most, so that all have as many.
fn fair_share(conn: &mut PgConnection) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Workers {
        #[diesel(sql_type = Int8)]
        workers: i64,
    }
    let counted: Workers = diesel::sql_query(
        "SELECT count(*) AS workers FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND classid = $1::oid AND objid = $2::oid",
    )
    .bind::<Int4, _>(WORKERS.0)
    .bind::<Int4, _>(WORKERS.1)
    .get_result(conn)?;
    Ok((RANGES as u64)
        .div_ceil(counted.workers.max(1).unsigned_abs())
        .cast_signed())
}

/// Takes a fair share of the ranges that nobody holds for this transaction: first those with entries up to `complete`, and of
/// these the ones that are furthest behind. There may be none.
pub fn take(conn: &mut PgConnection, complete: i64) -> QueryResult<Lease> {
    let share = fair_share(conn)?;
    let ranges = diesel::sql_query(
        "SELECT range, tx FROM fold_ranges r ORDER BY EXISTS (SELECT FROM events WHERE fold_range(output_key) = r.range \
         AND tx > r.tx AND tx <= $1) DESC, tx, range LIMIT $2 FOR UPDATE SKIP LOCKED",
    )
    .bind::<Int8, _>(complete)
    .bind::<Int8, _>(share)
    .load(conn)?;
    Ok(Lease { ranges })
}

/// Takes all ranges, waiting for whoever has some.
pub fn lock_all(conn: &mut PgConnection) -> QueryResult<Lease> {
    let ranges = fold_ranges::table
        .order(fold_ranges::range)
        .select(Range::as_select())
        .for_update()
        .load(conn)?;
    Ok(Lease { ranges })
}

/// Moves ranges to other places in the log.
pub fn put(conn: &mut PgConnection, ranges: &[Range]) -> QueryResult<()> {
    let (numbers, places): (Vec<i32>, Vec<i64>) = ranges.iter().map(|range| (range.range, range.tx)).unzip();
    diesel::sql_query(
        "UPDATE fold_ranges r SET tx = k.tx, folded_at = now() FROM unnest($1, $2) AS k (range, tx) WHERE r.range = k.range",
    )
    .bind::<Array<Int4>, _>(numbers)
    .bind::<Array<Int8>, _>(places)
    .execute(conn)
    .map(|_| ())
}

/// When something was last folded.
pub fn folded_at(conn: &mut PgConnection) -> QueryResult<DateTime<Utc>> {
    fold_ranges::table
        .select(fold_ranges::folded_at)
        .order(fold_ranges::folded_at.desc())
        .first(conn)
}
