//! One row per output: what its events come to.

pub mod listing;

use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::pg::{PgConnection, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Uuid as SqlUuid};
use uuid::Uuid;

use super::cells::CellId;
use super::copy::{CopyRows, copy_into};
use super::schema::outputs;
use crate::domain::key::{self, ProjectId};
use crate::domain::persistence::Kept;

#[derive(Clone, Debug, PartialEq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = outputs, check_for_backend(diesel::pg::Pg))]
pub struct Output {
    pub project_id: ProjectId,
    pub output_key: Uuid,
    pub output_id: String,
    pub cell_id: Option<CellId>,
    pub user_key: Option<i64>,
    pub user_id: Option<String>,
    pub session_id: Option<String>,
    pub shown_at: DateTime<Utc>,
    pub decision: i16,
    pub decided_at: Option<DateTime<Utc>>,
    pub decision_ms: Option<i64>,
    pub confidence: Option<f64>,
    pub correct: Option<bool>,
    pub judged_by: Option<i16>,
    pub initial_agrees: Option<bool>,
    pub initial_correct: Option<bool>,
    pub edit_distance: Option<f64>,
    pub retained_share: Option<f64>,
    pub still_retained: Option<f64>,
    pub chars_shown: Option<i32>,
    pub copies: i32,
    pub regenerates: i32,
    pub ratings: i32,
    pub rating_sum: f64,
    pub positive_ratings: i32,
    pub rating_flips: i32,
    pub missed: bool,
    pub restated: bool,
    pub reason: Option<String>,
    /// Undeclared attributes, as a JSON object.
    pub attributes: Option<String>,
    /// Its events are gone: what it came to stands, and is not computed again.
    pub sealed: bool,
    /// Who brought the last decision about.
    pub manner: i16,
    /// What was in place at each horizon, as in [`Kept`].
    pub kept_30s: Option<i16>,
    pub kept_120s: Option<i16>,
    pub kept_300s: Option<i16>,
    pub kept_600s: Option<i16>,
    /// From shown to the first `ignore`.
    pub ignored_ms: Option<i32>,
    /// Characters of what the user made of it.
    pub chars_final: Option<i32>,
    /// From its request to the whole output.
    pub generation_ms: Option<i32>,
    /// The user's own number from before.
    pub initial_value: Option<f64>,
    /// The number that the AI gave.
    pub output_value: Option<f64>,
    /// The number that the user kept.
    pub final_value: Option<f64>,
}

impl Output {
    pub fn kept(&self) -> Kept {
        [self.kept_30s, self.kept_120s, self.kept_300s, self.kept_600s]
    }

    /// Characters of the output that are in the user's text, whole as they were counted.
    pub fn chars_retained(&self) -> Option<i32> {
        Some((self.retained_share? * f64::from(self.chars_shown?) + 0.5) as i32)
    }

    /// Outputs of one cluster are not independent of each other.
    pub fn cluster(&self) -> i64 {
        key::cluster_key(self.user_key, self.output_key)
    }
}

/// The stored states of these outputs; unknown ones are left out.
pub fn of_keys(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Output>> {
    diesel::sql_query(
        // OFFSET 0 keeps the planner from reading the whole table for some thousand keys.
        "SELECT o.* FROM unnest($2) AS k (output_key) CROSS JOIN LATERAL \
         (SELECT * FROM outputs WHERE project_id = $1 AND output_key = k.output_key OFFSET 0) AS o",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(keys)
    .load(conn)
}

/// Hands out the linked outputs in a half-open range of cohort time, in the order in which they were shown, at most so many at
/// once. No more than those are held, in whatever form.
pub fn each_shown_between<E: From<diesel::result::Error>>(
    conn: &mut PgConnection,
    project: ProjectId,
    range: Range<DateTime<Utc>>,
    most: usize,
    mut take: impl FnMut(&[Output]) -> Result<(), E>,
) -> Result<(), E> {
    let rows = outputs::table
        .filter(outputs::project_id.eq(project))
        .filter(outputs::shown_at.ge(range.start).and(outputs::shown_at.lt(range.end)))
        .filter(outputs::cell_id.is_not_null())
        .order((outputs::shown_at, outputs::output_key))
        .select(Output::as_select())
        .load_iter::<Output, PgRowByRowLoadingMode>(conn)?;
    let mut some = Vec::with_capacity(most);
    for row in rows {
        some.push(row?);
        if some.len() == most {
            take(&some)?;
            some.clear();
        }
    }
    take(&some)
}

/// The outputs of a project in key order, after a key: to walk over all of them in pieces.
pub fn walk(conn: &mut PgConnection, project: ProjectId, after: Uuid, limit: i64) -> QueryResult<Vec<Output>> {
    outputs::table
        .filter(outputs::project_id.eq(project).and(outputs::output_key.gt(after)))
        .order(outputs::output_key)
        .limit(limit)
        .select(Output::as_select())
        .load(conn)
}

/// Puts new states in the place of old ones. `known` names those keys that have a row now.
pub fn replace(conn: &mut PgConnection, project: ProjectId, known: &[Uuid], new: &[Output]) -> QueryResult<()> {
    if !known.is_empty() {
        diesel::sql_query("DELETE FROM outputs WHERE project_id = $1 AND output_key = ANY($2)")
            .bind::<Int4, _>(project)
            .bind::<Array<SqlUuid>, _>(known)
            .execute(conn)?;
    }
    if new.is_empty() {
        return Ok(());
    }
    let mut rows = CopyRows::with_capacity(new.len() * 290);
    for output in new {
        rows.row(42)
            .put(output.project_id)
            .put(output.output_key)
            .put(output.output_id.as_str())
            .put(output.cell_id)
            .put(output.user_key)
            .put(output.user_id.as_deref())
            .put(output.session_id.as_deref())
            .put(output.shown_at)
            .put(output.decision)
            .put(output.decided_at)
            .put(output.decision_ms)
            .put(output.confidence)
            .put(output.correct)
            .put(output.judged_by)
            .put(output.initial_agrees)
            .put(output.initial_correct)
            .put(output.edit_distance)
            .put(output.retained_share)
            .put(output.still_retained)
            .put(output.chars_shown)
            .put(output.copies)
            .put(output.regenerates)
            .put(output.ratings)
            .put(output.rating_sum)
            .put(output.positive_ratings)
            .put(output.rating_flips)
            .put(output.missed)
            .put(output.restated)
            .put(output.reason.as_deref())
            .put(output.attributes.as_deref())
            .put(output.sealed)
            .put(output.manner)
            .put(output.kept_30s)
            .put(output.kept_120s)
            .put(output.kept_300s)
            .put(output.kept_600s)
            .put(output.ignored_ms)
            .put(output.chars_final)
            .put(output.generation_ms)
            .put(output.initial_value)
            .put(output.output_value)
            .put(output.final_value);
    }
    copy_into!(conn, outputs::table, &rows).map(|_| ())
}

/// How many outputs have no feature yet.
pub fn unlinked(conn: &mut PgConnection, project: ProjectId) -> QueryResult<i64> {
    outputs::table
        .filter(outputs::project_id.eq(project).and(outputs::cell_id.is_null()))
        .count()
        .get_result(conn)
}

/// The sealed ones among some keys.
pub fn sealed_among(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    outputs::table
        .filter(outputs::project_id.eq(project).and(outputs::output_key.eq_any(keys)))
        .filter(outputs::sealed)
        .select(outputs::output_key)
        .load(conn)
}

/// Removes all outputs that can be computed again, their texts and the opinions on them, of all projects.
pub fn clear(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::delete(outputs::table.filter(diesel::dsl::not(outputs::sealed))).execute(conn)?;
    diesel::sql_query(
        "DELETE FROM opinions p WHERE NOT EXISTS (SELECT FROM outputs o \
         WHERE o.project_id = p.project_id AND o.output_key = p.output_key)",
    )
    .execute(conn)?;
    diesel::delete(super::schema::output_texts::table)
        .execute(conn)
        .map(|_| ())
}

/// When the first output of some cells was shown against which a reason was given.
pub fn first_with_reason(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    reason: &str,
) -> QueryResult<Option<DateTime<Utc>>> {
    outputs::table
        .filter(outputs::project_id.eq(project))
        .filter(outputs::cell_id.eq_any(cells))
        .filter(outputs::reason.eq(reason))
        .order(outputs::shown_at)
        .select(outputs::shown_at)
        .first(conn)
        .optional()
}
