//! Counts per UTC day and bucket.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, SmallInt};

use super::cells::CellId;
use crate::domain::key::ProjectId;

/// One bucket, or a difference to add to it.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Bucket {
    #[diesel(sql_type = Int4)]
    pub cell_id: CellId,
    #[diesel(sql_type = Int4)]
    pub day: i32,
    #[diesel(sql_type = SmallInt)]
    pub kind: i16,
    #[diesel(sql_type = Int8)]
    pub bucket: i64,
    #[diesel(sql_type = Int8)]
    pub positives: i64,
    #[diesel(sql_type = Int8)]
    pub negatives: i64,
}

/// Adds differences; buckets that come to nothing are removed.
pub fn add(conn: &mut PgConnection, project: ProjectId, differences: &[Bucket]) -> QueryResult<()> {
    if differences.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO histograms_daily AS h (project_id, cell_id, day, kind, bucket, positives, negatives) \
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7) \
         ON CONFLICT (project_id, cell_id, day, kind, bucket) DO UPDATE \
         SET positives = h.positives + excluded.positives, negatives = h.negatives + excluded.negatives",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(differences.iter().map(|row| row.cell_id).collect::<Vec<_>>())
    .bind::<Array<Int4>, _>(differences.iter().map(|row| row.day).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(differences.iter().map(|row| row.kind).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(differences.iter().map(|row| row.bucket).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(differences.iter().map(|row| row.positives).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(differences.iter().map(|row| row.negatives).collect::<Vec<_>>())
    .execute(conn)?;

    let emptied: Vec<&Bucket> = differences
        .iter()
        .filter(|row| row.positives < 0 || row.negatives < 0)
        .collect();
    if emptied.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "DELETE FROM histograms_daily h USING unnest($2, $3, $4, $5) AS d (cell_id, day, kind, bucket) \
         WHERE h.project_id = $1 AND h.cell_id = d.cell_id AND h.day = d.day AND h.kind = d.kind \
         AND h.bucket = d.bucket AND h.positives = 0 AND h.negatives = 0",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(emptied.iter().map(|row| row.cell_id).collect::<Vec<_>>())
    .bind::<Array<Int4>, _>(emptied.iter().map(|row| row.day).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(emptied.iter().map(|row| row.kind).collect::<Vec<_>>())
    .bind::<Array<Int8>, _>(emptied.iter().map(|row| row.bucket).collect::<Vec<_>>())
    .execute(conn)
    .map(|_| ())
}

/// The buckets of some kinds in a half-open range of days, in order.
pub fn of_days(
    conn: &mut PgConnection,
    project: ProjectId,
    cells: &[CellId],
    kinds: &[i16],
    from_day: i32,
    to_day: i32,
) -> QueryResult<Vec<Bucket>> {
    diesel::sql_query(
        "SELECT cell_id, day, kind, bucket, positives, negatives FROM histograms_daily \
         WHERE project_id = $1 AND cell_id = ANY($2) AND kind = ANY($3) AND day >= $4 AND day < $5",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<Int4>, _>(cells)
    .bind::<Array<SmallInt>, _>(kinds)
    .bind::<Int4, _>(from_day)
    .bind::<Int4, _>(to_day)
    .load(conn)
}
