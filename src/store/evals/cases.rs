//! The cases of a set.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, Nullable, Text, Uuid as SqlUuid};
use uuid::Uuid;

use crate::domain::key::{self, ProjectId};
use crate::store::schema::{eval_cases, eval_results, output_texts, outputs, tombstones};

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = eval_cases, check_for_backend(diesel::pg::Pg))]
pub struct EvalCase {
    pub project_id: ProjectId,
    pub set_id: Uuid,
    /// Names it within the set.
    pub name: String,
    pub input: Option<String>,
    pub expected: Option<String>,
    pub rubric: Option<String>,
    pub tags: Vec<String>,
    /// The output that it was made from.
    pub output_key: Option<Uuid>,
    pub output_id: Option<String>,
    pub user_key: Option<i64>,
    pub added_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

/// Which cases to list.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// A piece of text, in any letter case, of name, input, expected or rubric.
    pub text: Option<String>,
    pub tag: Option<String>,
    pub after: Option<String>,
    pub limit: i64,
}

/// How many each set of a project has; sets without any are left out.
pub fn counts(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<(Uuid, i64)>> {
    eval_cases::table
        .filter(eval_cases::project_id.eq(project))
        .group_by(eval_cases::set_id)
        .select((eval_cases::set_id, diesel::dsl::count_star()))
        .load(conn)
}

pub fn count(conn: &mut PgConnection, project: ProjectId, set: Uuid) -> QueryResult<i64> {
    eval_cases::table
        .filter(eval_cases::project_id.eq(project).and(eval_cases::set_id.eq(set)))
        .count()
        .get_result(conn)
}

/// Cases in the order of their names.
pub fn list(conn: &mut PgConnection, project: ProjectId, set: Uuid, listing: &Listing) -> QueryResult<Vec<EvalCase>> {
    let mut query = eval_cases::table
        .filter(eval_cases::project_id.eq(project).and(eval_cases::set_id.eq(set)))
        .order(eval_cases::name)
        .limit(listing.limit)
        .select(EvalCase::as_select())
        .into_boxed();
    if let Some(after) = &listing.after {
        query = query.filter(eval_cases::name.gt(after));
    }
    if let Some(tag) = &listing.tag {
        query = query.filter(eval_cases::tags.contains(vec![tag]));
    }
    if let Some(text) = &listing.text {
        let pattern = crate::store::outputs::listing::pattern(text);
        query = query.filter(
            eval_cases::name
                .ilike(pattern.clone())
                .or(eval_cases::input.ilike(pattern.clone()).assume_not_null())
                .or(eval_cases::expected.ilike(pattern.clone()).assume_not_null())
                .or(eval_cases::rubric.ilike(pattern).assume_not_null()),
        );
    }
    query.load(conn)
}

/// How many characters the longest of each text has: input, expected, rubric.
pub fn longest(conn: &mut PgConnection, project: ProjectId, set: Uuid) -> QueryResult<[i64; 3]> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Int8)]
        input: i64,
        #[diesel(sql_type = Int8)]
        expected: i64,
        #[diesel(sql_type = Int8)]
        rubric: i64,
    }
    // Bytes, of which no unit of a cell takes fewer than a third.
    let row: Row = diesel::sql_query(
        "SELECT coalesce(max(octet_length(input)), 0)::bigint AS input, \
         coalesce(max(octet_length(expected)), 0)::bigint AS expected, \
         coalesce(max(octet_length(rubric)), 0)::bigint AS rubric FROM eval_cases WHERE project_id = $1 AND set_id = $2",
    )
    .bind::<Int4, _>(project)
    .bind::<SqlUuid, _>(set)
    .get_result(conn)?;
    Ok([row.input, row.expected, row.rubric])
}

pub fn of_names(
    conn: &mut PgConnection,
    project: ProjectId,
    set: Uuid,
    names: &[String],
) -> QueryResult<Vec<EvalCase>> {
    eval_cases::table
        .filter(eval_cases::project_id.eq(project).and(eval_cases::set_id.eq(set)))
        .filter(eval_cases::name.eq_any(names))
        .select(EvalCase::as_select())
        .load(conn)
}

/// The names of all cases, in their order.
pub fn names(conn: &mut PgConnection, project: ProjectId, set: Uuid) -> QueryResult<Vec<String>> {
    eval_cases::table
        .filter(eval_cases::project_id.eq(project).and(eval_cases::set_id.eq(set)))
        .order(eval_cases::name)
        .select(eval_cases::name)
        .load(conn)
}

/// Puts cases in the place of those of the same names, or beside them.
pub fn put(conn: &mut PgConnection, cases: &[EvalCase]) -> QueryResult<()> {
    use diesel::upsert::excluded;
    // A statement may bind 65,535 values.
    for piece in cases.chunks(1_000) {
        diesel::insert_into(eval_cases::table)
            .values(piece)
            .on_conflict((eval_cases::project_id, eval_cases::set_id, eval_cases::name))
            .do_update()
            .set((
                eval_cases::input.eq(excluded(eval_cases::input)),
                eval_cases::expected.eq(excluded(eval_cases::expected)),
                eval_cases::rubric.eq(excluded(eval_cases::rubric)),
                eval_cases::tags.eq(excluded(eval_cases::tags)),
                eval_cases::output_key.eq(excluded(eval_cases::output_key)),
                eval_cases::output_id.eq(excluded(eval_cases::output_id)),
                eval_cases::user_key.eq(excluded(eval_cases::user_key)),
                eval_cases::changed_at.eq(excluded(eval_cases::changed_at)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Deletes cases with all results on them. Gives how many.
pub fn delete(conn: &mut PgConnection, project: ProjectId, set: Uuid, names: &[String]) -> QueryResult<usize> {
    diesel::delete(
        eval_results::table
            .filter(eval_results::project_id.eq(project).and(eval_results::set_id.eq(set)))
            .filter(eval_results::case_name.eq_any(names)),
    )
    .execute(conn)?;
    diesel::delete(
        eval_cases::table
            .filter(eval_cases::project_id.eq(project).and(eval_cases::set_id.eq(set)))
            .filter(eval_cases::name.eq_any(names)),
    )
    .execute(conn)
}

/// An output that a case can be made from.
#[derive(Clone, Debug, PartialEq, Queryable)]
pub struct Origin {
    pub output_key: Uuid,
    pub user_key: Option<i64>,
    /// Whether its texts are there.
    pub has_texts: bool,
}

/// The outputs among some keys.
pub fn origins(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Origin>> {
    outputs::table
        .left_join(
            output_texts::table.on(output_texts::project_id
                .eq(outputs::project_id)
                .and(output_texts::output_key.eq(outputs::output_key))),
        )
        .filter(outputs::project_id.eq(project).and(outputs::output_key.eq_any(keys)))
        .select((
            outputs::output_key,
            outputs::user_key,
            output_texts::output_key.nullable().is_not_null(),
        ))
        .load(conn)
}

/// Those of some outputs that were erased.
pub fn erased(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Uuid>> {
    tombstones::table
        .filter(tombstones::project_id.eq(project).and(tombstones::digest.eq_any(keys)))
        .select(tombstones::digest)
        .load(conn)
}

/// A case as scores see it, with what its output came to, as far as that is there.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Fact {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Array<Text>)]
    pub tags: Vec<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub output_key: Option<Uuid>,
    #[diesel(sql_type = Nullable<Int8>)]
    pub user_key: Option<i64>,
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    pub added_at: DateTime<Utc>,
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    pub changed_at: DateTime<Utc>,
    /// Null where the output is not there any more, or was never.
    #[diesel(sql_type = Nullable<diesel::sql_types::Timestamptz>)]
    pub shown_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Int4>)]
    pub cell_id: Option<i32>,
    #[diesel(sql_type = Nullable<diesel::sql_types::SmallInt>)]
    pub decision: Option<i16>,
    #[diesel(sql_type = Nullable<diesel::sql_types::SmallInt>)]
    pub manner: Option<i16>,
    #[diesel(sql_type = Nullable<diesel::sql_types::Double>)]
    pub retained_share: Option<f64>,
    #[diesel(sql_type = Nullable<diesel::sql_types::Double>)]
    pub confidence: Option<f64>,
}

impl Fact {
    pub fn cluster(&self) -> i64 {
        cluster(&self.name, self.user_key)
    }
}

/// Cases of one cluster are not independent of each other: those made from outputs of one user. Others are each their own.
pub fn cluster(name: &str, user_key: Option<i64>) -> i64 {
    user_key.unwrap_or_else(|| key::fingerprint(name.as_bytes()))
}

/// The names of all cases with their users, in the order of the names.
pub fn users(conn: &mut PgConnection, project: ProjectId, set: Uuid) -> QueryResult<Vec<(String, Option<i64>)>> {
    eval_cases::table
        .filter(eval_cases::project_id.eq(project).and(eval_cases::set_id.eq(set)))
        .order(eval_cases::name)
        .select((eval_cases::name, eval_cases::user_key))
        .load(conn)
}

/// All cases of a set, in the order of their names.
pub fn facts(conn: &mut PgConnection, project: ProjectId, set: Uuid) -> QueryResult<Vec<Fact>> {
    diesel::sql_query(
        "SELECT c.name, c.tags, c.output_key, c.user_key, c.added_at, c.changed_at, \
         o.shown_at, o.cell_id, o.decision, o.manner, o.retained_share, o.confidence \
         FROM eval_cases c LEFT JOIN outputs o ON o.project_id = $1 AND o.output_key = c.output_key \
         WHERE c.project_id = $1 AND c.set_id = $2 ORDER BY c.name",
    )
    .bind::<Int4, _>(project)
    .bind::<SqlUuid, _>(set)
    .load(conn)
}
