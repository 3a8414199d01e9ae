//! What users meet, for a set to be held against.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Nullable, SmallInt, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::store::cells::CellId;

/// Outputs of a cell and a band of confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Volume {
    #[diesel(sql_type = Int4)]
    pub cell_id: CellId,
    /// Tenths of confidence; null without one.
    #[diesel(sql_type = Nullable<SmallInt>)]
    pub band: Option<i16>,
    #[diesel(sql_type = Int8)]
    pub outputs: i64,
}

/// What was shown in a half-open range.
pub fn volume(
    conn: &mut PgConnection,
    project: ProjectId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> QueryResult<Vec<Volume>> {
    diesel::sql_query(
        "SELECT cell_id, CASE WHEN confidence IS NOT NULL THEN least(floor(confidence * 10), 9) END::smallint AS band, \
         count(*) AS outputs FROM outputs \
         WHERE project_id = $1 AND shown_at >= $2 AND shown_at < $3 AND cell_id IS NOT NULL GROUP BY 1, 2",
    )
    .bind::<Int4, _>(project)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(to)
    .load(conn)
}

/// Inputs that are looked for, and outputs that they are looked for among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, QueryableByName)]
pub struct Seen {
    /// Cases with an input.
    #[diesel(sql_type = Int8)]
    pub cases: i64,
    /// Those of them whose input was met.
    #[diesel(sql_type = Int8)]
    pub seen: i64,
    /// Outputs that were looked at.
    #[diesel(sql_type = Int8)]
    pub outputs: i64,
}

/// How many cases of a set have an input that was met in a range, among the newest so many outputs with texts; letter case and white
/// space around it aside.
pub fn inputs_seen(
    conn: &mut PgConnection,
    project: ProjectId,
    set: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    most: i64,
) -> QueryResult<Seen> {
    diesel::sql_query(
        "WITH newest AS MATERIALIZED (SELECT md5(lower(btrim(t.input))) AS digest FROM outputs o \
         JOIN output_texts t USING (project_id, output_key) WHERE o.project_id = $1 AND o.shown_at >= $3 AND o.shown_at < $4 \
         AND t.input IS NOT NULL ORDER BY o.shown_at DESC LIMIT $5), \
         own AS MATERIALIZED (SELECT md5(lower(btrim(input))) AS digest FROM eval_cases \
         WHERE project_id = $1 AND set_id = $2 AND input IS NOT NULL) \
         SELECT (SELECT count(*) FROM own) AS cases, \
         (SELECT count(*) FROM own WHERE digest IN (SELECT digest FROM newest)) AS seen, \
         (SELECT count(*) FROM newest) AS outputs",
    )
    .bind::<Int4, _>(project)
    .bind::<SqlUuid, _>(set)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(to)
    .bind::<Int8, _>(most)
    .get_result(conn)
}
