//! `GET /features/{feature}/explain`, and the same of many features: `GET /explain`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::of_feature;
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask::{self, Scope};
use crate::api::auth::{Authorized, Read};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::extract::{Params, Segment as PathSegment, SharedParams};
use crate::api::query::{computed, listed};
use crate::api::respond;
use crate::domain::edits::EditThresholds;
use crate::domain::key::ProjectId;
use crate::domain::window::Window;
use crate::metrics::index::is_ratio;
use crate::metrics::{Estimate, Metric};
use crate::query::Query;
use crate::query::analyses::compare::Between;
use crate::query::analyses::explain::{self, Explained, ExplainedDimension, Question, Segment};
use crate::state::AppState;

const METRIC: &str = "acceptance_rate";
/// Features that are explained where no limit is given, and at most.
const FEATURES: usize = 25;
pub const MOST_FEATURES: usize = 100;
/// Segments that are named of each of them.
const LEADING: usize = 3;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExplainParams {
    /// The id of a metric that is a rate or a mean; `acceptance_rate` without it.
    pub metric: Option<String>,
    /// Start of the later period, RFC 3339 or milliseconds since 1970; seven days before its end without it.
    pub from: Option<String>,
    /// End of the later period, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// Start of the earlier period; without it, one of the same length just before.
    pub before_from: Option<String>,
    /// End of the earlier period, not part of it.
    pub before_to: Option<String>,
    /// Dimensions to look at, separated by commas; all without it.
    pub dimensions: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainResponse {
    pub feature: String,
    pub metric: &'static str,
    pub before: Estimate,
    pub after: Estimate,
    /// After minus before.
    pub change: Between,
    /// The segments that moved it most, of all dimensions.
    pub leading: Vec<Segment>,
    /// Every dimension splits the same change; those whose segments stand out most come first.
    pub dimensions: Vec<ExplainedDimension>,
    pub meta: ExplainMeta,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainMeta {
    pub before_from: DateTime<Utc>,
    pub before_to: DateTime<Utc>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub level: f64,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
    /// Up to which edit distance edits are light, medium or heavy, where the metric is about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_thresholds: Option<EditThresholds>,
}

/// Explain a change
///
/// Why did a metric move between two periods? For each dimension, how much of the change is other segments (mix) and how much is
/// segments that changed (rate); segment by segment, with intervals, in parts that add up to the change.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), ExplainParams),
    responses(
        (status = 200, description = "What moved", body = ExplainResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/explain")]
pub async fn get_feature_explanation(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: PathSegment<String>,
    params: Params<ExplainParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let metric = metric(params.0.metric.as_deref())?;
    let mut question = question(key.project, metric, &params.0)?;
    question.query = of_feature(&state, question.query, &feature.0).await?;
    let level = question.query.level.get();
    let compute = move |conn: &mut _, sources: &_, now| explain::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&response(feature.0.clone(), metric, level, found))
    })
    .await
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeatureLimit {
    /// How many features; 25 without it.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
}

/// What moved one feature, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureExplanation {
    pub feature: String,
    pub before: Estimate,
    pub after: Estimate,
    /// After minus before.
    pub change: Between,
    /// The segments that moved it most, of all dimensions.
    pub leading: Vec<Segment>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplanationsResponse {
    pub metric: &'static str,
    /// Those of which the metric knows most in the later period come first.
    pub data: Vec<FeatureExplanation>,
    pub meta: ExplainMeta,
}

/// Explain the change of every feature
///
/// What `/features/{feature}/explain` says of each, in short and over the same periods: how far the metric moved, and the segments that
/// moved it most.
#[utoipa::path(
    tag = "features",
    params(ExplainParams, FeatureLimit),
    responses(
        (status = 200, description = "What moved", body = ExplanationsResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/explain")]
pub async fn list_explanations(
    request: HttpRequest,
    key: Authorized<Read>,
    params: SharedParams<ExplainParams, FeatureLimit>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(asked, FeatureLimit { limit }) = params;
    let metric = metric(asked.metric.as_deref())?;
    let limit = ask::within("limit", limit, 1, MOST_FEATURES)?.unwrap_or(FEATURES);
    let question = question(key.project, metric, &asked)?;
    let level = question.query.level.get();
    let compute = move |conn: &mut _, sources: &_, now| explain::each_feature(conn, sources, &question, limit, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        let short = |(feature, explained): &(String, Explained)| FeatureExplanation {
            feature: feature.clone(),
            before: explained.before.clone(),
            after: explained.after.clone(),
            change: explained.change,
            leading: explained.leading.iter().take(LEADING).cloned().collect(),
        };
        respond::rendered_json(&ExplanationsResponse {
            metric: metric.id,
            data: found.features.iter().map(short).collect(),
            meta: meta(found.windows, level, found.log_position, found.edit_thresholds),
        })
    })
    .await
}

fn question(project: ProjectId, metric: &'static Metric, asked: &ExplainParams) -> Result<Question, ApiError> {
    let mut query = Query::new(project, vec![metric]);
    query.filters = ask::filters_parameter(asked.filters.as_deref())?;
    let scope = Scope {
        from: asked.from.as_deref(),
        to: asked.to.as_deref(),
        level: asked.level,
        ..Scope::default()
    };
    scope.apply(&mut query)?;
    Ok(Question {
        before: match ask::range(asked.before_from.as_deref(), asked.before_to.as_deref())? {
            (Some(from), Some(to)) => Some(Window { from, to }),
            (None, None) => None,
            _ => return Err(ApiError::parameter("before_from", "and `before_to` come together")),
        },
        dimensions: ask::dimensions(&listed(asked.dimensions.as_deref()))?,
        query,
    })
}

/// A metric whose segments add up to it.
pub fn metric(id: Option<&str>) -> Result<&'static Metric, ApiError> {
    let metric = ask::metric(id.unwrap_or(METRIC))?;
    if !is_ratio(metric) {
        return Err(ApiError::new(
            ErrorCode::InvalidParameter,
            format!(
                "`{}` is no rate and no mean, so that it cannot be split into segments",
                metric.id
            ),
        ));
    }
    Ok(metric)
}

fn response(feature: String, metric: &'static Metric, level: f64, found: &Explained) -> ExplainResponse {
    ExplainResponse {
        feature,
        metric: metric.id,
        before: found.before.clone(),
        after: found.after.clone(),
        change: found.change,
        leading: found.leading.clone(),
        dimensions: found.dimensions.clone(),
        meta: meta(found.windows, level, found.log_position, found.edit_thresholds),
    }
}

fn meta(
    [before, after]: [Window; 2],
    level: f64,
    log_position: i64,
    edit_thresholds: Option<EditThresholds>,
) -> ExplainMeta {
    ExplainMeta {
        before_from: before.from,
        before_to: before.to,
        from: after.from,
        to: after.to,
        level,
        log_position,
        edit_thresholds,
    }
}
