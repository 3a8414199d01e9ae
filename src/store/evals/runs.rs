//! Runs of a set, and their results.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int4, Int8, Uuid as SqlUuid};
use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::store::schema::{eval_results, eval_runs};

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = eval_runs, check_for_backend(diesel::pg::Pg))]
pub struct EvalRun {
    pub project_id: ProjectId,
    pub set_id: Uuid,
    pub id: Uuid,
    pub name: String,
    /// What was run.
    pub version: Option<String>,
    pub model: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = eval_results, check_for_backend(diesel::pg::Pg))]
pub struct EvalResult {
    pub project_id: ProjectId,
    pub set_id: Uuid,
    pub run_id: Uuid,
    pub case_name: String,
    /// Empty where nobody is named.
    pub judge: String,
    pub score: Option<f64>,
    pub pass: Option<bool>,
    pub output: Option<String>,
    pub comment: Option<String>,
}

/// A result without its texts.
#[derive(Clone, Debug, PartialEq, Queryable)]
pub struct Score {
    pub case_name: String,
    pub judge: String,
    pub score: Option<f64>,
    pub pass: Option<bool>,
}

/// How many each set of a project has; sets without any are left out.
pub fn counts(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<(Uuid, i64)>> {
    eval_runs::table
        .filter(eval_runs::project_id.eq(project))
        .group_by(eval_runs::set_id)
        .select((eval_runs::set_id, diesel::dsl::count_star()))
        .load(conn)
}

pub fn count(conn: &mut PgConnection, project: ProjectId, set: Uuid) -> QueryResult<i64> {
    eval_runs::table
        .filter(eval_runs::project_id.eq(project).and(eval_runs::set_id.eq(set)))
        .count()
        .get_result(conn)
}

/// The newest first.
pub fn list(conn: &mut PgConnection, project: ProjectId, set: Uuid, limit: i64) -> QueryResult<Vec<EvalRun>> {
    eval_runs::table
        .filter(eval_runs::project_id.eq(project).and(eval_runs::set_id.eq(set)))
        .order((eval_runs::created_at.desc(), eval_runs::id.desc()))
        .limit(limit)
        .select(EvalRun::as_select())
        .load(conn)
}

pub fn find(conn: &mut PgConnection, project: ProjectId, set: Uuid, id: Uuid) -> QueryResult<Option<EvalRun>> {
    eval_runs::table
        .find((project, set, id))
        .select(EvalRun::as_select())
        .first(conn)
        .optional()
}

pub fn add(conn: &mut PgConnection, run: &EvalRun) -> QueryResult<()> {
    diesel::insert_into(eval_runs::table)
        .values(run)
        .execute(conn)
        .map(|_| ())
}

pub fn add_results(conn: &mut PgConnection, results: &[EvalResult]) -> QueryResult<()> {
    for piece in results.chunks(2_000) {
        diesel::insert_into(eval_results::table).values(piece).execute(conn)?;
    }
    Ok(())
}

/// Forgets a run with its results; whether there was one.
pub fn delete(conn: &mut PgConnection, project: ProjectId, set: Uuid, id: Uuid) -> QueryResult<bool> {
    diesel::delete(
        eval_results::table
            .filter(eval_results::project_id.eq(project).and(eval_results::set_id.eq(set)))
            .filter(eval_results::run_id.eq(id)),
    )
    .execute(conn)?;
    let deleted = diesel::delete(eval_runs::table.find((project, set, id))).execute(conn)?;
    Ok(deleted > 0)
}

/// All scores of a run, in the order of cases and judges.
pub fn scores(conn: &mut PgConnection, project: ProjectId, set: Uuid, run: Uuid) -> QueryResult<Vec<Score>> {
    eval_results::table
        .filter(eval_results::project_id.eq(project).and(eval_results::set_id.eq(set)))
        .filter(eval_results::run_id.eq(run))
        .order((eval_results::case_name, eval_results::judge))
        .select((
            eval_results::case_name,
            eval_results::judge,
            eval_results::score,
            eval_results::pass,
        ))
        .load(conn)
}

/// What a run's results say of each case that has any.
#[derive(Clone, Debug, Default, PartialEq, QueryableByName)]
pub struct Outcomes {
    #[diesel(sql_type = SqlUuid)]
    pub run_id: Uuid,
    /// Where each case is among all of the set in the order of their names, from 0.
    #[diesel(sql_type = Array<Int8>)]
    pub places: Vec<i64>,
    #[diesel(sql_type = Array<Float8>)]
    pub scores: Vec<f64>,
    #[diesel(sql_type = Array<Bool>)]
    pub passes: Vec<bool>,
}

/// The outcomes of some runs, in no order: [`Score`]s put together as `query::analyses::evals::scores` does it, without reading them all.
pub fn outcomes(
    conn: &mut PgConnection,
    project: ProjectId,
    set: Uuid,
    runs: &[Uuid],
    pass_from: f64,
) -> QueryResult<Vec<Outcomes>> {
    diesel::sql_query(
        "WITH results AS (SELECT run_id, case_name, judge, pass, coalesce(score, CASE WHEN pass THEN 1 ELSE 0 END) AS value \
         FROM eval_results WHERE project_id = $1 AND set_id = $2 AND run_id = ANY($3)), \
         cases AS (SELECT name, row_number() OVER (ORDER BY name) - 1 AS place \
         FROM eval_cases WHERE project_id = $1 AND set_id = $2), \
         outcomes AS (SELECT run_id, case_name, sum(value ORDER BY judge) / count(*) AS score, \
         2 * count(*) FILTER (WHERE coalesce(pass, value >= $4)) > count(*) AS passes FROM results GROUP BY run_id, case_name) \
         SELECT run_id, array_agg(place ORDER BY place) AS places, array_agg(score ORDER BY place) AS scores, \
         array_agg(passes ORDER BY place) AS passes FROM outcomes JOIN cases ON name = case_name GROUP BY run_id",
    )
    .bind::<Int4, _>(project)
    .bind::<SqlUuid, _>(set)
    .bind::<Array<SqlUuid>, _>(runs)
    .bind::<Float8, _>(pass_from)
    .load(conn)
}

/// Results of a run after a case and judge, in their order.
pub fn results(
    conn: &mut PgConnection,
    project: ProjectId,
    set: Uuid,
    run: Uuid,
    after: Option<(String, String)>,
    limit: i64,
) -> QueryResult<Vec<EvalResult>> {
    let mut query = eval_results::table
        .filter(eval_results::project_id.eq(project).and(eval_results::set_id.eq(set)))
        .filter(eval_results::run_id.eq(run))
        .order((eval_results::case_name, eval_results::judge))
        .limit(limit)
        .select(EvalResult::as_select())
        .into_boxed();
    if let Some((case, judge)) = after {
        query = query.filter(
            eval_results::case_name
                .gt(case.clone())
                .or(eval_results::case_name.eq(case).and(eval_results::judge.gt(judge))),
        );
    }
    query.load(conn)
}
