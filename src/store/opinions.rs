//! What raters and judges hold of outputs: one row per output, holder and rubric.

use chrono::{DateTime, Utc};
use diesel::pg::{PgConnection, PgRowByRowLoadingMode};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Double, Int4, Int8, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::cells::CellId;
use super::copy::{CopyRows, copy_into};
use super::schema::opinions;
use crate::domain::key::{self, ProjectId};

/// The source of an opinion that is a rating. Judgements have the rank of their source, which is lower.
pub const RATING: i16 = 4;

/// The newest word of one holder on one output, as a whole or on one rubric.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = opinions, check_for_backend(diesel::pg::Pg))]
pub struct Opinion {
    pub output_key: Uuid,
    pub source: i16,
    /// Empty for the output's own user, and for a judge without a name.
    pub holder: String,
    /// Empty for the output as a whole.
    pub rubric: String,
    /// From 0, the worst, to 1, the best.
    pub value: f64,
    pub is_right: bool,
    pub stated_at: DateTime<Utc>,
    /// The ends of a rating's scale; null of judgements.
    pub lowest: Option<f64>,
    pub highest: Option<f64>,
}

/// The opinions on these outputs, by output, source, holder and rubric.
pub fn of_keys(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Opinion>> {
    opinions::table
        .filter(opinions::project_id.eq(project).and(opinions::output_key.eq_any(keys)))
        .order((opinions::output_key, opinions::source))
        // As the fold compares them, whatever the database's collation.
        .then_order_by(diesel::dsl::sql::<Text>("holder COLLATE \"C\", rubric COLLATE \"C\""))
        .select(Opinion::as_select())
        .load(conn)
}

/// Puts new opinions in the place of those on the `known` outputs.
pub fn replace(conn: &mut PgConnection, project: ProjectId, known: &[Uuid], new: &[Opinion]) -> QueryResult<()> {
    if !known.is_empty() {
        delete(conn, project, known)?;
    }
    if new.is_empty() {
        return Ok(());
    }
    let mut rows = CopyRows::with_capacity(new.len() * 100);
    for opinion in new {
        rows.row(10)
            .put(project)
            .put(opinion.output_key)
            .put(opinion.source)
            .put(opinion.holder.as_str())
            .put(opinion.rubric.as_str())
            .put(opinion.value)
            .put(opinion.is_right)
            .put(opinion.stated_at)
            .put(opinion.lowest)
            .put(opinion.highest);
    }
    copy_into!(conn, opinions::table, &rows).map(|_| ())
}

pub fn delete(conn: &mut PgConnection, project: ProjectId, outputs: &[Uuid]) -> QueryResult<()> {
    diesel::delete(
        opinions::table.filter(
            opinions::project_id
                .eq(project)
                .and(opinions::output_key.eq_any(outputs)),
        ),
    )
    .execute(conn)
    .map(|_| ())
}

/// An opinion with what an analysis needs to know of its output.
#[derive(Clone, Debug, QueryableByName)]
pub struct Held {
    #[diesel(sql_type = SqlUuid)]
    pub output_key: Uuid,
    #[diesel(sql_type = Nullable<Int8>)]
    pub user_key: Option<i64>,
    #[diesel(sql_type = SmallInt)]
    pub decision: i16,
    #[diesel(sql_type = SmallInt)]
    pub source: i16,
    #[diesel(sql_type = Text)]
    pub holder: String,
    #[diesel(sql_type = Text)]
    pub rubric: String,
    #[diesel(sql_type = Double)]
    pub value: f64,
    #[diesel(sql_type = Bool)]
    pub is_right: bool,
}

impl Held {
    /// Outputs of one cluster are not independent of each other.
    pub fn cluster(&self) -> i64 {
        key::cluster_key(self.user_key, self.output_key)
    }
}

/// Hands out the opinions on outputs of some cells that were shown in a half-open range, at most `limit`, by output. One at a time is
/// held here.
pub fn each_on_outputs<E: From<diesel::result::Error>>(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
    mut take: impl FnMut(Held) -> Result<(), E>,
) -> Result<(), E> {
    let rows = diesel::sql_query(
        "SELECT p.output_key, o.user_key, o.decision, p.source, p.holder, p.rubric, p.value, p.is_right \
         FROM outputs o JOIN opinions p USING (project_id, output_key) \
         WHERE o.project_id = $1 AND o.cell_id = ANY($2) AND o.shown_at >= $3 AND o.shown_at < $4 \
         ORDER BY p.output_key, p.source, p.holder COLLATE \"C\", p.rubric COLLATE \"C\" LIMIT $5",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(cells)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(to)
    .bind::<Int8, _>(limit)
    .load_iter::<Held, PgRowByRowLoadingMode>(conn)?;
    for row in rows {
        take(row?)?;
    }
    Ok(())
}

/// How many ratings of the same worth on the same scale one user's outputs have, in one cell.
#[derive(Clone, Debug, QueryableByName)]
pub struct Rated {
    #[diesel(sql_type = Int4)]
    pub cell_id: CellId,
    #[diesel(sql_type = Nullable<Int8>)]
    pub user_key: Option<i64>,
    /// Of outputs without a user, each by itself.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub output_key: Option<Uuid>,
    /// Null where an earlier version let the events go before scales were kept.
    #[diesel(sql_type = Nullable<Double>)]
    pub lowest: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    pub highest: Option<f64>,
    /// The place on the scale, from 0 to 1.
    #[diesel(sql_type = Double)]
    pub value: f64,
    #[diesel(sql_type = Int8)]
    pub ratings: i64,
}

impl Rated {
    /// Outputs of one cluster are not independent of each other.
    pub fn cluster(&self) -> i64 {
        key::cluster_key(self.user_key, self.output_key.unwrap_or_default())
    }
}

/// The ratings, as a whole and not on a rubric, of outputs of some cells that were shown in a half-open range: counted, at most `limit`
/// counts.
pub fn ratings(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> QueryResult<Vec<Rated>> {
    diesel::sql_query(
        "SELECT o.cell_id, o.user_key, CASE WHEN o.user_key IS NULL THEN o.output_key END AS output_key, \
         p.lowest, p.highest, p.value, count(*) AS ratings \
         FROM outputs o JOIN opinions p USING (project_id, output_key) \
         WHERE o.project_id = $1 AND o.cell_id = ANY($2) AND o.shown_at >= $3 AND o.shown_at < $4 AND o.ratings > 0 \
         AND p.source = $5 AND p.rubric = '' \
         GROUP BY 1, 2, 3, 4, 5, 6 LIMIT $6",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(cells)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(to)
    .bind::<SmallInt, _>(RATING)
    .bind::<Int8, _>(limit)
    .load(conn)
}

/// How many answers of the same worth one user gave on a rubric.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Stated {
    /// Null of outputs of nobody known.
    #[diesel(sql_type = Nullable<Int8>)]
    pub user_key: Option<i64>,
    /// The place on the scale, from 0 to 1.
    #[diesel(sql_type = Double)]
    pub value: f64,
    #[diesel(sql_type = Int8)]
    pub answers: i64,
}

/// What users rate their own outputs on a rubric, of some cells that were shown in a half-open range: counted, at most `limit` counts.
pub fn stated(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    rubric: &str,
    limit: i64,
) -> QueryResult<Vec<Stated>> {
    diesel::sql_query(
        "SELECT o.user_key, p.value, count(*) AS answers \
         FROM outputs o JOIN opinions p USING (project_id, output_key) \
         WHERE o.project_id = $1 AND o.cell_id = ANY($2) AND o.shown_at >= $3 AND o.shown_at < $4 \
         AND p.source = $5 AND p.holder = '' AND p.rubric = $6 \
         GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $7",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(cells)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(to)
    .bind::<SmallInt, _>(RATING)
    .bind::<Text, _>(rubric)
    .bind::<Int8, _>(limit)
    .load(conn)
}
