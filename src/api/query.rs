//! `POST /query`: any metrics, cut any way.

use std::pin::pin;
use std::sync::Arc;
use std::time::{self, Duration};

use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::answers::WriteAnswers;
use super::ask::{self, FilterRequest, Instant, Scope};
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::JsonBody;
use super::rendered::{Rendered, as_of_now};
use super::respond::{self, Format, Ordered};
use super::tables::{self, Binary};
use crate::connections::Connection;
use crate::domain::dimension::Dimension;
use crate::domain::edits::EditThresholds;
use crate::domain::key::ProjectId;
use crate::domain::strict;
use crate::domain::window::Granularity;
use crate::metrics::Estimate;
use crate::metrics::statistics::IntervalKind;
use crate::query::answer::Source;
use crate::query::{self, Answer, Query, QueryError, Row, Sources};
use crate::state::AppState;
use crate::store::Db;
use crate::store::projects::Project;

/// How long an answer may be computed: less than the database is waited for, so that it is not blamed.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a question waits for others before it is refused.
const QUEUED: Duration = Duration::from_secs(5);

/// A question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"metrics": ["acceptance_rate", "trust_gap"], "group_by": ["feature", "version"], "granularity": "day"}))]
pub struct QueryRequest {
    /// Ids from the catalogue.
    #[schema(min_items = 1, max_items = 50)]
    pub metrics: Vec<String>,
    /// Built-in dimensions, declared attributes, or `attributes.<name>` for any attribute: one that is not declared is read from
    /// the outputs, of which there may be two million in the range.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub group_by: Vec<String>,
    #[serde(default, deserialize_with = "strict::objects")]
    #[schema(max_items = 20)]
    pub filters: Vec<FilterRequest>,
    /// Start of the range; the day of the first output without it.
    #[serde(default)]
    pub from: Option<Instant>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    #[serde(default)]
    pub to: Option<Instant>,
    /// Length of the buckets; one bucket without it.
    #[serde(default, deserialize_with = "strict::optional_word")]
    pub granularity: Option<Granularity>,
    /// IANA time zone of days, weeks and months.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Level of the intervals.
    #[serde(default)]
    #[schema(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
    #[serde(default, deserialize_with = "strict::optional_word")]
    pub interval: Option<IntervalKind>,
    /// Compute from the outputs, each user apart, even if there are many.
    #[serde(default)]
    pub exact: bool,
    /// Give buckets without outputs too.
    #[serde(default)]
    pub fill: bool,
    #[serde(default, deserialize_with = "strict::optional_word")]
    pub format: Option<Format>,
}

/// The estimates of one slice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryRow<'a> {
    /// The values of the dimensions that were grouped by.
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<&'a str>, &'a str>,
    /// The start of the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<&'a Estimate, &'a str>,
}

/// What one must know about an answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryMeta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    #[schema(required = true)]
    pub granularity: Option<Granularity>,
    pub timezone: &'static str,
    pub level: f64,
    pub interval: IntervalKind,
    /// From here on decisions have not had time to arrive.
    #[schema(required = true)]
    pub immature_from: Option<DateTime<Utc>>,
    /// Up to which edit distance edits are light, medium or heavy, where a metric is about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_thresholds: Option<EditThresholds>,
    /// Starts of buckets that late events changed after their horizon.
    pub restated: Vec<String>,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
    pub source: Source,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryResponse<'a> {
    pub data: Vec<QueryRow<'a>>,
    /// Over the whole range: per group with buckets, over all groups without.
    pub totals: Vec<QueryRow<'a>>,
    pub meta: QueryMeta,
}

/// Query metrics
///
/// Any metrics, grouped by any dimensions, filtered, in buckets of any granularity, each with its interval. As JSON; or, by `format` or
/// `Accept`, as CSV, Arrow stream or Parquet file with a row per slice and metric.
#[utoipa::path(
    tag = "metrics",
    request_body = QueryRequest,
    responses(
        (status = 200, description = "The estimates", content(
            (QueryResponse = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
            (Binary = "application/vnd.apache.parquet"),
        )),
        WriteAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[post("/query")]
pub async fn query_metrics(
    request: HttpRequest,
    key: Authorized<Read>,
    body: JsonBody<QueryRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = body.0;
    let question = format!("{asked:?} {:?}", Format::of(&request, asked.format));
    let mut query = Query::new(key.project, ask::metrics_by_id(&asked.metrics)?);
    query.group_by = ask::group_by(&asked.group_by)?;
    query.filters = ask::filters(asked.filters)?;
    let (from, to) = (asked.from.map(Instant::into_text), asked.to.map(Instant::into_text));
    let scope = Scope {
        from: from.as_deref(),
        to: to.as_deref(),
        timezone: asked.timezone.as_deref(),
        level: asked.level,
        granularity: asked.granularity,
        interval: asked.interval,
        exact: asked.exact,
        fill: asked.fill,
    };
    scope.apply(&mut query)?;
    let format = Format::of(&request, asked.format);
    answer(&state, &request, query, question, move |query, answer| {
        long_form(format, query, answer)
    })
    .await
}

/// An answer with all that estimates carry.
pub fn long_form(format: Format, query: &Query, answer: &Answer) -> Result<Rendered, ApiError> {
    let json = || {
        let rows = answer.rows.len() + answer.totals.len();
        respond::rendered_estimates(&response(query, answer), rows * query.metrics.len())
    };
    format.render(json, || tables::long(query, answer))
}

/// Answers a question, in the form that `render` gives it. `asked` is what the address does not say of it.
pub async fn answer(
    state: &AppState,
    request: &HttpRequest,
    query: Query,
    asked: String,
    render: impl FnOnce(&Query, &Answer) -> Result<Rendered, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    recalled(state, request, query, asked, query::run, render).await
}

/// Answers a question from memory, or else with what `read` finds in the database, where the rollups say the same.
pub async fn recalled(
    state: &AppState,
    request: &HttpRequest,
    query: Query,
    asked: String,
    read: impl FnOnce(&mut PgConnection, &Sources, &Query, DateTime<Utc>) -> Result<Answer, QueryError> + Send + 'static,
    render: impl FnOnce(&Query, &Answer) -> Result<Rendered, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let project = query.project;
    let find = |project: Arc<Project>| {
        within_bounds(state, move |db, sources, now| {
            let answer = match query::recall(sources, &project, &query, now) {
                Err(QueryError::NotInMemory) => db.with(|conn| read(conn, sources, &query, now)),
                recalled => recalled,
            };
            render(&query, &answer?)
        })
    };
    kept_or_found(state, request, project, asked, find).await
}

/// Answers what `compute` finds, in the form that `render` gives it; or with what is kept of the same address and `asked`.
pub async fn computed<T>(
    state: &AppState,
    request: &HttpRequest,
    project: ProjectId,
    asked: String,
    compute: impl FnOnce(&mut PgConnection, &Sources, DateTime<Utc>) -> Result<T, QueryError> + Send + 'static,
    render: impl FnOnce(&T) -> Result<Rendered, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let find = |_| bounded(state, move |conn, sources, now| render(&compute(conn, sources, now)?));
    kept_or_found(state, request, project, asked, find).await
}

/// Answers with what is kept of the same address and `asked` in the state that the project has now, or else with what is found.
async fn kept_or_found<F: Future<Output = Result<Rendered, ApiError>>>(
    state: &AppState,
    request: &HttpRequest,
    project: ProjectId,
    asked: String,
    find: impl FnOnce(Arc<Project>) -> F,
) -> Result<HttpResponse, ApiError> {
    let question = format!("{} {asked}", request.uri());
    let answer = async {
        let project = as_of_now(state, project).await?;
        let found = find(Arc::clone(&project));
        let current = state.answers.get(Arc::clone(&project), question.clone(), found);
        state
            .answers
            .respond(request, &project, question.clone(), current)
            .await
    };
    match request.conn_data::<Arc<Connection>>() {
        Some(connection) => match select(pin!(answer), pin!(connection.left())).await {
            Either::Left((response, _)) => response,
            Either::Right(_) => Err(QueryError::Abandoned.into()),
        },
        None => answer.await,
    }
}

/// Computes [`within_bounds`] on a connection.
pub async fn bounded<T: Send + 'static>(
    state: &AppState,
    compute: impl FnOnce(&mut PgConnection, &Sources, DateTime<Utc>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    within_bounds(state, |db, sources, now| db.with(|conn| compute(conn, sources, now))).await
}

/// Computes off the async threads, with a bound on how many are computed at once, on how long others wait, and on how long it takes.
/// Ends at its next piece if the caller stops waiting.
async fn within_bounds<T: Send + 'static>(
    state: &AppState,
    compute: impl FnOnce(&Db, &Sources, DateTime<Utc>) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let slot = timeout(QUEUED, Arc::clone(&state.queries).acquire_owned()).await;
    let slot = slot.map_err(|_| ApiError::overloaded())?.map_err(ApiError::internal)?;
    let now = Utc::now();
    let (sources, _waiting) = state.sources.wanted_until(time::Instant::now() + PATIENCE);
    let computed = move |db: &Db| {
        let _slot = slot;
        compute(db, &sources, now)
    };
    state.db.beside(computed).await
}

/// The items of a list separated by commas.
pub fn listed(text: Option<&str>) -> Vec<String> {
    text.unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

pub fn response<'a>(query: &'a Query, answer: &'a Answer) -> QueryResponse<'a> {
    QueryResponse {
        data: answer.rows.iter().map(|row| query_row(query, row)).collect(),
        totals: answer.totals.iter().map(|row| query_row(query, row)).collect(),
        meta: meta(query, answer),
    }
}

pub fn meta(query: &Query, answer: &Answer) -> QueryMeta {
    QueryMeta {
        from: answer.window.from,
        to: answer.window.to,
        granularity: answer.granularity,
        timezone: query.timezone.name(),
        level: query.level.get(),
        interval: query.interval,
        immature_from: answer.immature_from,
        edit_thresholds: answer.edit_thresholds,
        restated: answer.restated.iter().map(DateTime::to_rfc3339).collect(),
        log_position: answer.log_position,
        source: answer.source,
    }
}

fn query_row<'a>(query: &'a Query, row: &'a Row) -> QueryRow<'a> {
    let names = query.group_by.iter().map(Dimension::name);
    let ids = query.metrics.iter().map(|metric| metric.id);
    QueryRow {
        group: Ordered(names.zip(row.group.iter().map(Option::as_deref)).collect()),
        bucket: row.bucket.map(|bucket| bucket.to_rfc3339()),
        metrics: Ordered(ids.zip(&row.estimates).collect()),
    }
}

/// The estimates of a row by metric.
pub fn estimates(query: &Query, row: &Row) -> Ordered<Estimate> {
    let ids = query.metrics.iter().map(|metric| metric.id.to_owned());
    Ordered(ids.zip(row.estimates.iter().cloned()).collect())
}
