//! Sets of cases, and what came of running them. A set's revision moves with whatever changes in it.

pub mod cases;
pub mod production;
pub mod runs;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, Uuid as SqlUuid};
use uuid::Uuid;

use super::projects;
use super::schema::{eval_cases, eval_results, eval_runs, eval_sets};
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = eval_sets, check_for_backend(diesel::pg::Pg))]
pub struct EvalSet {
    pub id: Uuid,
    pub name: String,
    pub description: Option<String>,
    /// The score from which a result passes, where its runner does not say.
    pub pass_from: f64,
    pub revision: i64,
    pub created_at: DateTime<Utc>,
}

/// What became of a wish to make a set.
#[derive(Clone, Debug, PartialEq)]
pub enum Creation {
    Created(EvalSet),
    /// There is one of that name.
    Known,
    /// The project has as many as it may.
    TooMany,
}

pub fn create(
    conn: &mut PgConnection,
    project: ProjectId,
    name: &str,
    description: Option<&str>,
    pass_from: f64,
    most: i64,
) -> QueryResult<Creation> {
    conn.transaction(|conn| {
        projects::lock(conn, project)?;
        if find(conn, project, name)?.is_some() {
            return Ok(Creation::Known);
        }
        let known: i64 = eval_sets::table
            .filter(eval_sets::project_id.eq(project))
            .count()
            .get_result(conn)?;
        if known >= most {
            return Ok(Creation::TooMany);
        }
        let row = (
            eval_sets::project_id.eq(project),
            eval_sets::id.eq(Uuid::now_v7()),
            eval_sets::name.eq(name),
            eval_sets::description.eq(description),
            eval_sets::pass_from.eq(pass_from),
        );
        diesel::insert_into(eval_sets::table)
            .values(row)
            .returning(EvalSet::as_returning())
            .get_result(conn)
            .map(Creation::Created)
    })
}

/// A set with the numbers of its cases and runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    pub set: EvalSet,
    pub cases: i64,
    pub runs: i64,
}

/// All of a project, in the order of their names.
pub fn of_project(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<Counted>> {
    let sets: Vec<EvalSet> = eval_sets::table
        .filter(eval_sets::project_id.eq(project))
        .order(eval_sets::name)
        .select(EvalSet::as_select())
        .load(conn)?;
    let cases: HashMap<Uuid, i64> = cases::counts(conn, project)?.into_iter().collect();
    let runs: HashMap<Uuid, i64> = runs::counts(conn, project)?.into_iter().collect();
    let counted = sets.into_iter().map(|set| Counted {
        cases: cases.get(&set.id).copied().unwrap_or_default(),
        runs: runs.get(&set.id).copied().unwrap_or_default(),
        set,
    });
    Ok(counted.collect())
}

pub fn counted(conn: &mut PgConnection, project: ProjectId, set: EvalSet) -> QueryResult<Counted> {
    let cases = cases::count(conn, project, set.id)?;
    let runs = runs::count(conn, project, set.id)?;
    Ok(Counted { set, cases, runs })
}

pub fn find(conn: &mut PgConnection, project: ProjectId, name: &str) -> QueryResult<Option<EvalSet>> {
    eval_sets::table
        .filter(eval_sets::project_id.eq(project).and(eval_sets::name.eq(name)))
        .select(EvalSet::as_select())
        .first(conn)
        .optional()
}

/// Takes the set's row for this transaction, which is about to change something in it: its revision moves.
pub fn change(conn: &mut PgConnection, project: ProjectId, name: &str) -> QueryResult<Option<EvalSet>> {
    diesel::update(eval_sets::table.filter(eval_sets::project_id.eq(project).and(eval_sets::name.eq(name))))
        .set(eval_sets::revision.eq(eval_sets::revision + 1))
        .returning(EvalSet::as_returning())
        .get_result(conn)
        .optional()
}

/// What to change about a set; the inner `None` takes the description away.
#[derive(Clone, Debug, Default)]
pub struct SetChange {
    pub description: Option<Option<String>>,
    pub pass_from: Option<f64>,
}

pub fn update(conn: &mut PgConnection, project: ProjectId, set: &EvalSet, change: &SetChange) -> QueryResult<EvalSet> {
    let description = change.description.clone().unwrap_or_else(|| set.description.clone());
    diesel::update(eval_sets::table.find((project, set.id)))
        .set((
            eval_sets::description.eq(description),
            eval_sets::pass_from.eq(change.pass_from.unwrap_or(set.pass_from)),
        ))
        .returning(EvalSet::as_returning())
        .get_result(conn)
}

/// Deletes a set with its cases, runs and results. Gives how many cases.
pub fn delete(conn: &mut PgConnection, project: ProjectId, set: Uuid) -> QueryResult<usize> {
    diesel::delete(eval_results::table.filter(eval_results::project_id.eq(project).and(eval_results::set_id.eq(set))))
        .execute(conn)?;
    diesel::delete(eval_runs::table.filter(eval_runs::project_id.eq(project).and(eval_runs::set_id.eq(set))))
        .execute(conn)?;
    let cases =
        diesel::delete(eval_cases::table.filter(eval_cases::project_id.eq(project).and(eval_cases::set_id.eq(set))))
            .execute(conn)?;
    diesel::delete(eval_sets::table.find((project, set))).execute(conn)?;
    Ok(cases)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Int8)]
    n: i64,
}

/// Deletes the cases that were made from outputs of these keys or this user, with all results on them. Gives how many.
pub fn forget(conn: &mut PgConnection, project: ProjectId, outputs: &[Uuid], user: Option<i64>) -> QueryResult<i64> {
    let gone: Count = diesel::sql_query(
        "WITH gone AS (DELETE FROM eval_cases WHERE project_id = $1 AND (output_key = ANY($2) OR user_key = $3) \
         RETURNING set_id, name), \
         results AS (DELETE FROM eval_results r USING gone \
         WHERE r.project_id = $1 AND r.set_id = gone.set_id AND r.case_name = gone.name), \
         sets AS (UPDATE eval_sets s SET revision = revision + 1 WHERE s.project_id = $1 \
         AND s.id IN (SELECT set_id FROM gone)) SELECT count(*) AS n FROM gone",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(outputs)
    .bind::<diesel::sql_types::Nullable<Int8>, _>(user)
    .get_result(conn)?;
    Ok(gone.n)
}

/// Deletes the results of a judge who is erased. Gives how many.
pub fn forget_judge(conn: &mut PgConnection, project: ProjectId, judge: &str) -> QueryResult<i64> {
    let deleted = diesel::delete(
        eval_results::table.filter(eval_results::project_id.eq(project).and(eval_results::judge.eq(judge))),
    )
    .execute(conn)?;
    if deleted > 0 {
        diesel::update(eval_sets::table.filter(eval_sets::project_id.eq(project)))
            .set(eval_sets::revision.eq(eval_sets::revision + 1))
            .execute(conn)?;
    }
    Ok(deleted as i64)
}

/// Takes the texts of cases whose outputs have none any more, and of results on them. Gives how many cases.
pub fn strip(conn: &mut PgConnection, project: ProjectId, limit: i64) -> QueryResult<i64> {
    let stripped: Count = diesel::sql_query(
        "WITH bare AS (SELECT set_id, name FROM eval_cases c WHERE project_id = $1 AND output_key IS NOT NULL \
         AND (input IS NOT NULL OR expected IS NOT NULL OR rubric IS NOT NULL) AND NOT EXISTS \
         (SELECT FROM output_texts t WHERE t.project_id = $1 AND t.output_key = c.output_key) LIMIT $2), \
         stripped AS (UPDATE eval_cases c SET input = NULL, expected = NULL, rubric = NULL FROM bare \
         WHERE c.project_id = $1 AND c.set_id = bare.set_id AND c.name = bare.name RETURNING c.set_id), \
         results AS (UPDATE eval_results r SET output = NULL, comment = NULL FROM bare \
         WHERE r.project_id = $1 AND r.set_id = bare.set_id AND r.case_name = bare.name), \
         sets AS (UPDATE eval_sets s SET revision = revision + 1 WHERE s.project_id = $1 \
         AND s.id IN (SELECT set_id FROM bare)) SELECT count(*) AS n FROM stripped",
    )
    .bind::<Int4, _>(project)
    .bind::<Int8, _>(limit)
    .get_result(conn)?;
    Ok(stripped.n)
}
