//! `GET /evals/{set}/ranking`: which of several runs is best?

use std::collections::HashSet;

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::limits::{MOST_RANKED, MOST_RUNS, TAG_CHARS};
use super::named;
use super::runs::absent_run;
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::names;
use crate::api::query::{computed, listed};
use crate::api::respond;
use crate::query::analyses::evals::ranking::{self, EvalRanking, Question};
use crate::state::AppState;
use crate::store::evals::runs::{self, EvalRun};

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EvalRankingParams {
    /// Ids of runs with commas between, at most 20; without it the newest run of each version, and each run that names none.
    pub runs: Option<String>,
    /// Every run rather than the newest of each version.
    #[serde(default)]
    pub all_runs: bool,
    /// Only results of this judge.
    #[param(max_length = 256)]
    pub judge: Option<String>,
    /// Only cases with this tag.
    #[param(max_length = 64)]
    pub tag: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalRankingResponse {
    pub set: String,
    pub data: EvalRanking,
    /// Older runs that would have been ranked if 20 were not the most.
    pub runs_left_out: usize,
    pub level: f64,
}

/// Which of several runs is best?
///
/// Every two runs meet on the cases that both have results of, by judges that judged both: who scores higher wins. Strengths by Bradley and
/// Terry, win rates, every pair, and which run is ahead of which, told for all pairs together.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), EvalRankingParams),
    responses((status = 200, description = "The runs, the strongest first", body = EvalRankingResponse), ReadAnswers, Absent),
    security(("api_key" = ["read"]))
)]
#[get("/evals/{set}/ranking")]
pub async fn get_eval_ranking(
    request: HttpRequest,
    key: Authorized<Read>,
    set: Segment<String>,
    params: Params<EvalRankingParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (project, asked) = (key.project, params.0);
    let level = ask::level(asked.level)?;
    for (name, text, most) in [("judge", &asked.judge, names::LONG), ("tag", &asked.tag, TAG_CHARS)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > most) {
            return Err(ApiError::parameter(
                name,
                format!("must have at most {most} characters"),
            ));
        }
    }
    let wanted = ids(asked.runs.as_deref())?;
    if asked.all_runs && wanted.is_some() {
        return Err(ApiError::parameter("all_runs", "cannot be combined with `runs`"));
    }
    let all_runs = asked.all_runs;
    let (found, mut ranked) = state
        .db
        .run(move |conn| {
            let found = named(conn, project, &set.0)?;
            let known = runs::list(conn, project, found.id, MOST_RUNS)?;
            Ok::<_, ApiError>((found, chosen(known, wanted, all_runs)?))
        })
        .await?;
    let runs_left_out = ranked.len().saturating_sub(MOST_RANKED);
    ranked.truncate(MOST_RANKED);
    let question = Question {
        project,
        set: found.id,
        runs: ranked,
        judge: asked.judge,
        tag: asked.tag,
        level,
    };
    // The same address asks something else once the set, its cases or its runs have changed.
    let named = format!("{} {}", found.id, found.revision);
    let compute = move |conn: &mut _, sources: &_, _| ranking::run(conn, sources, &question);
    computed(&state, &request, project, named, compute, move |data| {
        respond::rendered_json(&EvalRankingResponse {
            set: found.name.clone(),
            data: data.clone(),
            runs_left_out,
            level: level.get(),
        })
    })
    .await
}

/// Distinct ids of runs.
fn ids(text: Option<&str>) -> Result<Option<Vec<Uuid>>, ApiError> {
    if text.is_none() {
        return Ok(None);
    }
    let wrong = || {
        ApiError::parameter(
            "runs",
            format!("must be 1 to {MOST_RANKED} different ids of runs with commas between"),
        )
    };
    let ids: Vec<Uuid> = listed(text)
        .iter()
        .map(|id| id.parse().map_err(|_| wrong()))
        .collect::<Result<_, _>>()?;
    let distinct: HashSet<&Uuid> = ids.iter().collect();
    if distinct.len() < ids.len() || !(1..=MOST_RANKED).contains(&ids.len()) {
        return Err(wrong());
    }
    Ok(Some(ids))
}

/// Those of the known runs, of which the newest come first, that are to be ranked.
fn chosen(known: Vec<EvalRun>, wanted: Option<Vec<Uuid>>, all_runs: bool) -> Result<Vec<EvalRun>, ApiError> {
    if let Some(ids) = wanted {
        let find = |id: &Uuid| known.iter().find(|run| run.id == *id).cloned().ok_or_else(absent_run);
        return ids.iter().map(find).collect();
    }
    let mut versions = HashSet::new();
    let is_newest = |run: &EvalRun| run.version.clone().is_none_or(|version| versions.insert(version));
    Ok(if all_runs {
        known
    } else {
        known.into_iter().filter(is_newest).collect()
    })
}
