//! `GET /priorities`: what to fix next.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::ReadAnswers;
use super::ask;
use super::auth::{Authorized, Read};
use super::changes::view::Logged;
use super::changes::{self, MOST_LISTED, effect};
use super::error::ApiError;
use super::extract::Params;
use super::query::computed;
use super::respond;
use crate::domain::dimension::Dimension;
use crate::domain::key::ProjectId;
use crate::query::Query;
use crate::query::analyses::priorities::{
    self, AimedChange, FixStanding, Priorities, Priority, Progress, Question, Severity, Told,
};
use crate::query::filter::Filter;
use crate::state::AppState;
use crate::stats::level::Level;

pub const MOST_DAYS: i64 = 92;
pub const DAYS: i64 = 28;
/// Reasons whose severity one may state, and how severe one may be.
pub const MOST_SEVERITIES: usize = 50;
pub const MOST_SEVERE: f64 = 1_000.0;
pub const MOST_PRIORITIES: usize = 100;
const LISTED: usize = 20;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PrioritiesParams {
    /// Only what is wrong with this feature.
    pub feature: Option<String>,
    /// As of when, RFC 3339 or milliseconds since 1970: later outputs and changes do not count. The end of the day of the last output
    /// without it.
    pub to: Option<String>,
    /// Days up to then in which outputs were shown; 28 without it.
    #[param(minimum = 1, maximum = 92)]
    pub days: Option<i64>,
    /// A JSON object of reasons and how severe each is, from 0 to 1000, such as `{"unsafe": 5}`; 1 for those that are not in it.
    pub severity: Option<String>,
    /// How severe it is to accept an output that is wrong, from 0 to 1000, where one that is lost is 1; 1 without it.
    #[param(minimum = 0, maximum = 1000)]
    pub severity_of_wrong: Option<f64>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    /// The first so many; 20 without it.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PrioritiesResponse {
    /// The costliest first, those that a change has mended last.
    pub data: Vec<Priority>,
    /// How many there are, listed or not.
    pub total: usize,
    /// Of these, not mended.
    pub open: usize,
    pub told: Told,
    /// How well fixing goes.
    pub progress: Progress,
    pub meta: PrioritiesMeta,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PrioritiesMeta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub level: f64,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
}

/// What to fix next
///
/// Reasons that users give, segments that lose more outputs than the rest, and features of which wrong outputs are accepted, by what they cost, each
/// with its interval and the range of places that it may have; which of them a change aims at and what came of it; and how well fixing goes.
#[utoipa::path(
    tag = "changes",
    params(PrioritiesParams),
    responses(
        (status = 200, description = "What to fix next", body = PrioritiesResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/priorities")]
pub async fn get_priorities(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<PrioritiesParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let limit = ask::within("limit", asked.limit, 1, MOST_PRIORITIES)?.unwrap_or(LISTED);
    let days = ask::within("days", asked.days, 1, MOST_DAYS)?.unwrap_or(DAYS);
    let mut query = Query::new(key.project, Vec::new());
    query.level = ask::level(asked.level)?;
    query.to = asked.to.as_deref().map(|to| ask::instant("to", to)).transpose()?;
    query.filters = ask::filters_parameter(asked.filters.as_deref())?;
    let of_feature = asked
        .feature
        .clone()
        .map(|feature| Filter::is(Dimension::Feature, feature));
    query.filters.extend(of_feature);
    let all = changes::logged(&state, key.project).await?;
    let made: Vec<_> = all
        .iter()
        .filter(|change| query.to.is_none_or(|to| change.plan.made_at < to))
        .cloned()
        .collect();
    let is_asked = |change: &&Logged| {
        asked
            .feature
            .as_ref()
            .is_none_or(|feature| *feature == change.plan.feature)
    };
    let listed: Vec<_> = made.iter().filter(is_asked).cloned().collect();
    let question = Question {
        changes: aimed(&made, &listed, key.project, query.level)?,
        severity: Severity {
            of_reasons: severity(asked.severity.as_deref())?,
            of_wrong: ask::within("severity_of_wrong", asked.severity_of_wrong, 0.0, MOST_SEVERE)?.unwrap_or(1.0),
        },
        days,
        query,
    };
    let level = question.query.level.get();
    let compute = move |conn: &mut _, sources: &_, now| priorities::run(conn, sources, &question, now);
    computed(
        &state,
        &request,
        key.project,
        format!("{all:?}"),
        compute,
        move |found: &Priorities| {
            let is_open = |priority: &&Priority| priority.standing != FixStanding::Mended;
            respond::rendered_json(&PrioritiesResponse {
                total: found.priorities.len(),
                open: found.priorities.iter().filter(is_open).count(),
                data: found.priorities.iter().take(limit).cloned().collect(),
                told: found.told,
                progress: found.progress.clone(),
                meta: PrioritiesMeta {
                    from: found.window.from,
                    to: found.window.to,
                    level,
                    log_position: found.log_position,
                },
            })
        },
    )
    .await
}

/// The latest of some changes with what they aim at; each is measured beside all of them.
pub fn aimed(
    all: &[Logged],
    listed: &[Logged],
    project: ProjectId,
    level: Level,
) -> Result<Vec<AimedChange>, ApiError> {
    let latest = listed.len().saturating_sub(MOST_LISTED);
    let aimed = listed.iter().skip(latest).map(|change| {
        Ok(AimedChange {
            id: change.id,
            title: change.plan.title.clone(),
            reason: change.plan.reason().map(str::to_owned),
            effect: changes::question(all, change, project, effect::WEEKS, level)?,
        })
    });
    aimed.collect()
}

fn severity(text: Option<&str>) -> Result<BTreeMap<String, f64>, ApiError> {
    let Some(text) = text else { return Ok(BTreeMap::new()) };
    let severity: BTreeMap<String, f64> = serde_json::from_str(text)
        .map_err(|error| ApiError::parameter("severity", format!("must be a JSON object of numbers: {error}")))?;
    let fits = |weight: &f64| (0.0..=MOST_SEVERE).contains(weight);
    if severity.len() > MOST_SEVERITIES || !severity.values().all(fits) {
        return Err(ApiError::parameter(
            "severity",
            format!("names at most {MOST_SEVERITIES} reasons, each from 0 to {MOST_SEVERE}"),
        ));
    }
    Ok(severity)
}
