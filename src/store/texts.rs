//! The texts of outputs.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Double, Int4, Int8, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::cells::CellId;
use super::copy::{CopyRows, copy_into};
use super::schema::output_texts;
use crate::domain::key::{self, ProjectId};

#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = output_texts, check_for_backend(diesel::pg::Pg))]
pub struct Texts {
    pub output_key: Uuid,
    pub input: Option<String>,
    pub output: Option<String>,
    pub final_: Option<String>,
    pub comment: Option<String>,
}

impl Texts {
    pub fn is_empty(&self) -> bool {
        self.input.is_none() && self.output.is_none() && self.final_.is_none() && self.comment.is_none()
    }
}

pub fn of_keys(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Texts>> {
    output_texts::table
        .filter(
            output_texts::project_id
                .eq(project)
                .and(output_texts::output_key.eq_any(keys)),
        )
        .select(Texts::as_select())
        .load(conn)
}

/// Puts new texts in the place of those of the `known` outputs.
pub fn replace(conn: &mut PgConnection, project: ProjectId, known: &[Uuid], new: &[Texts]) -> QueryResult<()> {
    if !known.is_empty() {
        diesel::delete(
            output_texts::table.filter(
                output_texts::project_id
                    .eq(project)
                    .and(output_texts::output_key.eq_any(known)),
            ),
        )
        .execute(conn)?;
    }
    let kept: Vec<&Texts> = new.iter().filter(|texts| !texts.is_empty()).collect();
    if kept.is_empty() {
        return Ok(());
    }
    let mut rows = CopyRows::with_capacity(kept.len() * 200);
    for texts in kept {
        rows.row(6)
            .put(project)
            .put(texts.output_key)
            .put(texts.input.as_deref())
            .put(texts.output.as_deref())
            .put(texts.final_.as_deref())
            .put(texts.comment.as_deref());
    }
    copy_into!(conn, output_texts::table, &rows).map(|_| ())
}

/// An output with its texts and what an analysis of them needs to know of it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Written {
    #[diesel(sql_type = SqlUuid)]
    pub output_key: Uuid,
    #[diesel(sql_type = Text)]
    pub output_id: String,
    #[diesel(sql_type = Nullable<Int8>)]
    pub user_key: Option<i64>,
    #[diesel(sql_type = Timestamptz)]
    pub shown_at: DateTime<Utc>,
    #[diesel(sql_type = SmallInt)]
    pub decision: i16,
    #[diesel(sql_type = SmallInt)]
    pub manner: i16,
    #[diesel(sql_type = Nullable<Bool>)]
    pub correct: Option<bool>,
    /// The share of its raters who rate it in the upper half of their scale.
    #[diesel(sql_type = Nullable<Double>)]
    pub liked: Option<f64>,
    /// The text that was asked for, cut to the length that was asked for.
    #[diesel(sql_type = Text)]
    pub text: String,
    /// What the user made of it, if it is there; cut likewise.
    #[diesel(sql_type = Nullable<Text>)]
    pub final_text: Option<String>,
}

impl Written {
    /// Outputs of one cluster are not independent of each other.
    pub fn cluster(&self) -> i64 {
        key::cluster_key(self.user_key, self.output_key)
    }
}

/// One of the texts of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Input,
    Output,
    Comment,
}

/// Outputs that have a text of a kind, of some cells, shown at or after `from` and before an output in the order of time: the newest
/// first, at most `limit`. Texts are cut to `chars` characters.
pub fn newest(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    kind: Kind,
    from: DateTime<Utc>,
    (before, before_key): (DateTime<Utc>, Uuid),
    (limit, chars): (i64, i32),
) -> QueryResult<Vec<Written>> {
    let column = match kind {
        Kind::Input => "input",
        Kind::Output => "output",
        Kind::Comment => "comment",
    };
    diesel::sql_query(format!(
        "SELECT o.output_key, o.output_id, o.user_key, o.shown_at, o.decision, o.manner, o.correct, \
         CASE WHEN o.ratings > 0 THEN o.positive_ratings::float8 / o.ratings END AS liked, \
         left(t.{column}, $7) AS text, left(t.final, $7) AS final_text \
         FROM outputs o JOIN output_texts t USING (project_id, output_key) \
         WHERE o.project_id = $1 AND o.cell_id = ANY($2) AND o.shown_at >= $3 AND (o.shown_at, o.output_key) < ($4, $5) \
         AND t.{column} IS NOT NULL ORDER BY o.shown_at DESC, o.output_key DESC LIMIT $6",
    ))
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(cells)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(before)
    .bind::<SqlUuid, _>(before_key)
    .bind::<Int8, _>(limit)
    .bind::<Int4, _>(chars)
    .load(conn)
}
