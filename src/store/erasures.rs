//! Erasures of users: what is asked for, how far it is, and the receipt.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Int4, Int8, Text, Uuid as SqlUuid};
use uuid::Uuid;

use super::cells::CellId;
use super::opinions;
use super::schema::{erasures, outputs, projects};
use crate::domain::key::ProjectId;

/// Held by whoever erases, so that several servers do not do the same work.
const LOCK: i64 = 0x6361_6c65_7261;

/// The tables that an erasure leaves dead rows in.
const TOUCHED: [&str; 12] = [
    "events",
    "late_events",
    "outputs",
    "output_texts",
    "output_aliases",
    "opinions",
    "rollup_differences",
    "rollup_columns",
    "rollup_bases",
    "eval_cases",
    "eval_results",
    "erasures",
];

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = erasures, check_for_backend(diesel::pg::Pg))]
pub struct Erasure {
    pub id: Uuid,
    pub project_id: ProjectId,
    /// The user's tombstone.
    pub digest: Uuid,
    /// Whom to erase. Gone when it is done.
    pub user_id: Option<String>,
    pub requested_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// When the database gave up the dead rows.
    pub vacuumed_at: Option<DateTime<Utc>>,
    pub events: i64,
    pub outputs: i64,
    /// Outputs that had texts.
    pub texts: i64,
    /// Of the user, on outputs of others.
    pub opinions: i64,
    /// The project's, when it was done.
    pub log_position: Option<i64>,
    /// Cases of evals that were made from the user's outputs.
    pub eval_cases: i64,
}

/// What one piece of an erasure removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub events: i64,
    pub outputs: i64,
    pub texts: i64,
    pub opinions: i64,
    pub eval_cases: i64,
}

/// Takes the lock for this session. Gives whether it was free.
pub fn try_lock(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::sql::<Bool>(&format!("pg_try_advisory_lock({LOCK})"))).get_result(conn)
}

/// Asks for an erasure.
pub fn add(conn: &mut PgConnection, erasure: &Erasure) -> QueryResult<()> {
    diesel::insert_into(erasures::table)
        .values(erasure)
        .execute(conn)
        .map(|_| ())
}

/// The last erasure of a user.
pub fn last_of(conn: &mut PgConnection, project: ProjectId, digest: Uuid) -> QueryResult<Option<Erasure>> {
    erasures::table
        .filter(erasures::project_id.eq(project).and(erasures::digest.eq(digest)))
        .order(erasures::requested_at.desc())
        .select(Erasure::as_select())
        .first(conn)
        .optional()
}

pub fn find(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Option<Erasure>> {
    erasures::table
        .find((project, id))
        .select(Erasure::as_select())
        .first(conn)
        .optional()
}

/// Erasures that are not done, or whose dead rows are still there, the oldest first.
pub fn due(conn: &mut PgConnection) -> QueryResult<Vec<Erasure>> {
    erasures::table
        .filter(erasures::vacuumed_at.is_null())
        .order(erasures::requested_at)
        .select(Erasure::as_select())
        .load(conn)
}

/// Adds to the receipt what a piece removed.
pub fn count(conn: &mut PgConnection, erasure: &Erasure, removed: Removed) -> QueryResult<()> {
    diesel::update(erasures::table.find((erasure.project_id, erasure.id)))
        .set((
            erasures::events.eq(erasures::events + removed.events),
            erasures::outputs.eq(erasures::outputs + removed.outputs),
            erasures::texts.eq(erasures::texts + removed.texts),
            erasures::opinions.eq(erasures::opinions + removed.opinions),
            erasures::eval_cases.eq(erasures::eval_cases + removed.eval_cases),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Ends an erasure: the last place that names the user is emptied.
pub fn finish(conn: &mut PgConnection, erasure: &Erasure) -> QueryResult<()> {
    let position: i64 = diesel::update(projects::table.find(erasure.project_id))
        .set(projects::forgotten.eq(projects::forgotten + 1))
        .returning(projects::folded_events)
        .get_result(conn)?;
    diesel::update(erasures::table.find((erasure.project_id, erasure.id)))
        .set((
            erasures::user_id.eq(None::<String>),
            erasures::finished_at.eq(diesel::dsl::sql("clock_timestamp()")),
            erasures::log_position.eq(position),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Has the database give up the dead rows of all tables that erasures touch, without getting in anybody's way.
pub fn vacuum(conn: &mut PgConnection, ids: &[Uuid]) -> QueryResult<()> {
    conn.batch_execute("SET vacuum_cost_delay = '2ms'")?;
    for table in TOUCHED {
        // What the planner remembers of the most common values goes too.
        conn.batch_execute(&format!("VACUUM (ANALYZE) {table}"))?;
    }
    diesel::update(erasures::table.filter(erasures::id.eq_any(ids)))
        .set(erasures::vacuumed_at.eq(diesel::dsl::sql("clock_timestamp()")))
        .execute(conn)
        .map(|_| ())
}

#[derive(QueryableByName)]
struct Key {
    #[diesel(sql_type = SqlUuid)]
    output_key: Uuid,
}

/// The outputs of a user.
pub fn outputs_of(conn: &mut PgConnection, project: ProjectId, user_id: &str) -> QueryResult<Vec<Uuid>> {
    outputs::table
        .filter(outputs::project_id.eq(project).and(outputs::user_id.eq(user_id)))
        .order(outputs::output_key)
        .select(outputs::output_key)
        .load(conn)
}

/// The outputs with events that name a user, as whoever it is. Looks through the whole log of the project.
pub fn outputs_naming(conn: &mut PgConnection, project: ProjectId, user_id: &str) -> QueryResult<Vec<Uuid>> {
    // Bodies are written by serde_json, so that a name has one form in all of them: looking for that first spares reading each
    // as JSON.
    let found: Vec<Key> = diesel::sql_query(
        "SELECT DISTINCT output_key FROM events WHERE project_id = $1 AND position($2 in body::text) > 0 \
         AND (body ->> 'user_id' = $3 OR body ->> 'rater' = $3 \
         OR (body ->> 'judge' = $3 AND coalesce(body ->> 'source', 'human') = 'human')) ORDER BY output_key",
    )
    .bind::<Int4, _>(project)
    .bind::<Text, _>(serde_json::Value::from(user_id).to_string())
    .bind::<Text, _>(user_id)
    .load(conn)?;
    Ok(found.into_iter().map(|row| row.output_key).collect())
}

/// How many log entries went, and how many of them had been folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, QueryableByName)]
pub struct Deleted {
    #[diesel(sql_type = Int8)]
    pub events: i64,
    #[diesel(sql_type = Int8)]
    pub folded: i64,
}

/// Deletes events, late ones too. The caller holds all ranges.
pub fn delete_events(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Deleted> {
    diesel::sql_query("DELETE FROM late_events WHERE project_id = $1 AND event_key = ANY($2)")
        .bind::<Int4, _>(project)
        .bind::<Array<SqlUuid>, _>(keys)
        .execute(conn)?;
    diesel::sql_query(
        "WITH gone AS (DELETE FROM events WHERE project_id = $1 AND event_key = ANY($2) \
         RETURNING fold_range(output_key) AS range, tx) \
         SELECT count(*) AS events, count(*) FILTER (WHERE gone.tx <= coalesce(s.tx, r.tx)) AS folded \
         FROM gone JOIN fold_ranges r USING (range) LEFT JOIN stalled_ranges s ON s.range = gone.range AND s.project_id = $1",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .get_result(conn)
}

/// Deletes the names that outputs gave themselves.
pub fn delete_aliases(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<()> {
    diesel::sql_query("DELETE FROM output_aliases WHERE project_id = $1 AND output_key = ANY($2)")
        .bind::<Int4, _>(project)
        .bind::<Array<SqlUuid>, _>(keys)
        .execute(conn)
        .map(|_| ())
}

/// Deletes what a person held of sealed outputs, whose events are gone. Gives how many opinions.
pub fn delete_opinions(conn: &mut PgConnection, project: ProjectId, holder: &str) -> QueryResult<i64> {
    let deleted = diesel::sql_query("DELETE FROM opinions WHERE project_id = $1 AND holder = $2 AND source IN (0, $3)")
        .bind::<Int4, _>(project)
        .bind::<Text, _>(holder)
        .bind::<diesel::sql_types::SmallInt, _>(opinions::RATING)
        .execute(conn)?;
    Ok(deleted as i64)
}

/// Cells that no output has.
pub fn empty_cells(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<CellId>> {
    #[derive(QueryableByName)]
    struct Cell {
        #[diesel(sql_type = Int4)]
        id: CellId,
    }
    let found: Vec<Cell> = diesel::sql_query(
        "SELECT id FROM cells c WHERE project_id = $1 AND NOT EXISTS \
         (SELECT FROM outputs o WHERE o.project_id = $1 AND o.cell_id = c.id) ORDER BY id",
    )
    .bind::<Int4, _>(project)
    .load(conn)?;
    Ok(found.into_iter().map(|cell| cell.id).collect())
}

pub fn delete_cells(conn: &mut PgConnection, project: ProjectId, cells: &[CellId]) -> QueryResult<()> {
    diesel::sql_query("DELETE FROM cells WHERE project_id = $1 AND id = ANY($2)")
        .bind::<Int4, _>(project)
        .bind::<Array<Int4>, _>(cells)
        .execute(conn)
        .map(|_| ())
}
