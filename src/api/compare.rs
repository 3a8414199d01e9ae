//! `GET /compare`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::ReadAnswers;
use super::ask;
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::SharedParams;
use super::query::{QueryMeta, computed, listed, meta};
use super::range::RangeParams;
use super::respond;
use crate::domain::dimension::Dimension;
use crate::metrics::Unit;
use crate::query::analyses::compare::{self, ComparedMetric, Comparison, Look, SampleRatio};
use crate::query::filter::Filter;
use crate::state::AppState;

/// What is compared unless the request says otherwise, the first first.
const METRICS: [&str; 4] = [
    "acceptance_rate",
    "persistent_acceptance_rate",
    "undo_rate",
    "correctness_rate",
];
/// Of shares.
const MARGIN: f64 = 0.01;
const PLANNED_USERS: f64 = 1_000.0;
/// Days before the range that may say what users did before.
const MOST_DAYS_BEFORE: i64 = 365;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompareParams {
    /// One side: `dimension=value`, as in `version=2026-11-01`, or a JSON array of filters as `POST /query` takes them.
    pub baseline: String,
    /// The other side, in the same form.
    pub candidate: String,
    /// Only outputs of this feature.
    pub feature: Option<String>,
    /// Ids from the catalogue, separated by commas. The first is followed over time.
    pub metrics: Option<String>,
    /// The least difference worth having, in the unit of each metric; without it 0.01 of shares and their differences, and of other metrics
    /// none, so that nothing is said of what it would take to show it.
    #[param(minimum = 0)]
    pub margin: Option<f64>,
    /// Users at which the sequence is narrowest, to be chosen before the first look; 1000 without it.
    #[param(minimum = 1, maximum = 1_000_000_000)]
    pub planned_users: Option<f64>,
    /// The share of users that were to be on the candidate's side. With it, the sample ratio is checked.
    #[param(minimum = 0.001, maximum = 0.999)]
    pub candidate_share: Option<f64>,
    /// Take what users did in so many days before `from` off the noise (CUPED).
    #[param(minimum = 1, maximum = 365)]
    pub days_before: Option<i64>,
    /// Compute from the outputs, each user apart, even if there are many.
    #[serde(default)]
    pub exact: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CompareResponse {
    pub data: Vec<ComparedMetric>,
    /// The first metric as it was known at the end of each of some days.
    pub looks: Vec<Look>,
    pub sample_ratio: SampleRatio,
    pub meta: QueryMeta,
}

/// Compare two sides
///
/// Is one version, model, variant, or any other slice better than another, of the outputs that pass the filters? Differences with intervals clustered by user, a
/// confidence sequence that holds however often one looks, the sample ratio, and a verdict in words.
#[utoipa::path(
    tag = "metrics",
    params(RangeParams, CompareParams),
    responses(
        (status = 200, description = "The comparison", body = CompareResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/compare")]
pub async fn get_comparison(
    request: HttpRequest,
    key: Authorized<Read>,
    params: SharedParams<RangeParams, CompareParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let ids = match &asked.metrics {
        Some(ids) => listed(Some(ids)),
        None => METRICS.map(str::to_owned).to_vec(),
    };
    let mut query = range.query(key.project, ask::metrics_by_id(&ids)?)?;
    query.exact = asked.exact;
    query
        .filters
        .extend(asked.feature.map(|feature| Filter::is(Dimension::Feature, feature)));
    let margin = ask::within("margin", asked.margin, 0.0, f64::MAX)?;
    let comparison = Comparison {
        baseline: side("baseline", &asked.baseline)?,
        candidate: side("candidate", &asked.candidate)?,
        margins: query
            .metrics
            .iter()
            .map(|metric| margin.unwrap_or_else(|| usual_margin(metric.unit)))
            .collect(),
        planned_users: ask::within("planned_users", asked.planned_users, 1.0, 1e9)?.unwrap_or(PLANNED_USERS),
        candidate_share: ask::within("candidate_share", asked.candidate_share, 0.001, 0.999)?,
        days_before: ask::within("days_before", asked.days_before, 1, MOST_DAYS_BEFORE)?,
        query: query.clone(),
    };
    let compute = move |conn: &mut _, sources: &_, now| compare::run(conn, sources, &comparison, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&CompareResponse {
            data: found.metrics.clone(),
            looks: found.looks.clone(),
            sample_ratio: found.sample_ratio.clone(),
            meta: meta(&query, &found.answer),
        })
    })
    .await
}

/// The least difference worth having where nobody said: none where a hundredth means nothing.
fn usual_margin(unit: Unit) -> f64 {
    match unit {
        Unit::Share | Unit::ShareDifference => MARGIN,
        _ => 0.0,
    }
}

/// The filters of a side.
fn side(name: &str, text: &str) -> Result<Vec<Filter>, ApiError> {
    if text.starts_with('[') {
        return ask::filters_parameter(Some(text));
    }
    let (dimension, value) = text
        .split_once('=')
        .ok_or_else(|| ApiError::parameter(name, "must be `dimension=value`, or a JSON array of filters"))?;
    Ok(vec![Filter::is(ask::dimension(dimension)?, value)])
}
