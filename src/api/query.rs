//! `POST /query` and `GET /series`: any metrics, cut any way.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{ReadAnswers, WriteAnswers};
use super::ask::{self, FilterRequest, Instant, Scope};
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::{JsonBody, Params};
use super::respond::{self, CsvRows, Format, Ordered, number_cell, safe_cell};
use crate::domain::dimension::Dimension;
use crate::domain::window::Granularity;
use crate::metrics::Estimate;
use crate::metrics::statistics::IntervalKind;
use crate::query::answer::Source;
use crate::query::filter::Filter;
use crate::query::{self, Answer, Query, Row};
use crate::state::AppState;

/// A question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"metrics": ["acceptance_rate", "trust_gap"], "group_by": ["feature", "version"], "granularity": "day"}))]
pub struct QueryRequest {
    /// Ids from the catalogue.
    pub metrics: Vec<String>,
    /// Built-in dimensions or declared attributes.
    #[serde(default)]
    pub group_by: Vec<String>,
    #[serde(default)]
    pub filters: Vec<FilterRequest>,
    /// Start of the range; the day of the first output without it.
    #[serde(default)]
    pub from: Option<Instant>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    #[serde(default)]
    pub to: Option<Instant>,
    /// Length of the buckets; one bucket without it.
    #[serde(default)]
    pub granularity: Option<Granularity>,
    /// IANA time zone of days, weeks and months.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Level of the intervals.
    #[serde(default)]
    #[schema(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
    #[serde(default)]
    pub interval: Option<IntervalKind>,
    /// Compute from the outputs, each user apart, even if there are many.
    #[serde(default)]
    pub exact: bool,
    /// Give buckets without outputs too.
    #[serde(default)]
    pub fill: bool,
    #[serde(default)]
    pub format: Option<Format>,
}

/// The estimates of one slice.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryRow {
    /// The values of the dimensions that were grouped by.
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    /// The start of the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
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
    /// Starts of buckets that late events changed after their horizon.
    pub restated: Vec<String>,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
    pub source: Source,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueryResponse {
    pub data: Vec<QueryRow>,
    /// Over the whole range: per group with buckets, over all groups without.
    pub totals: Vec<QueryRow>,
    pub meta: QueryMeta,
}

/// Query metrics
///
/// Any metrics, grouped by any dimensions, filtered, in buckets of any granularity, each with its interval. As JSON, or with
/// `format: csv` as CSV with a row per slice and metric.
#[utoipa::path(
    tag = "metrics",
    request_body = QueryRequest,
    responses(
        (status = 200, description = "The estimates", body = QueryResponse),
        WriteAnswers,
    ),
    security(("api_key" = []))
)]
#[post("/query")]
pub async fn query_metrics(
    request: HttpRequest,
    key: Authorized<Read>,
    body: JsonBody<QueryRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = body.0;
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
    let answer = compute(&state, query.clone()).await?;
    match Format::of(&request, asked.format) {
        Format::Json => respond::json(&request, &response(&query, answer)),
        Format::Csv => Ok(respond::tagged(&request, respond::CSV, long_csv(&query, &answer)?)),
    }
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesParams {
    /// Metric ids, separated by commas.
    pub metrics: String,
    /// Dimensions, separated by commas.
    pub group_by: Option<String>,
    /// Only this feature.
    pub feature: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    /// Start of the range, RFC 3339 or milliseconds since 1970; the day of the first output without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// `auto` without it.
    pub granularity: Option<Granularity>,
    /// IANA name.
    pub timezone: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
    pub interval: Option<IntervalKind>,
    #[serde(default)]
    pub exact: bool,
    #[serde(default)]
    pub fill: bool,
    pub format: Option<Format>,
}

/// Series of metrics over time
///
/// Flat rows for charts: `time`, one column per dimension, and per metric its value, `_lower`, `_upper` and `_n`. A root array
/// of objects, or CSV.
#[utoipa::path(
    tag = "metrics",
    params(SeriesParams),
    responses(
        (status = 200, description = "One object per bucket and group", body = Vec<std::collections::BTreeMap<String, serde_json::Value>>),
        ReadAnswers,
    ),
    security(("api_key" = []))
)]
#[get("/series")]
pub async fn list_series(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<SeriesParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let mut query = Query::new(key.project, ask::metrics_by_id(&listed(Some(&asked.metrics)))?);
    query.group_by = ask::group_by(&listed(asked.group_by.as_deref()))?;
    query.filters = ask::filters_parameter(asked.filters.as_deref())?;
    query
        .filters
        .extend(asked.feature.map(|feature| Filter::is(Dimension::Feature, feature)));
    let scope = Scope {
        from: asked.from.as_deref(),
        to: asked.to.as_deref(),
        timezone: asked.timezone.as_deref(),
        level: asked.level,
        granularity: asked.granularity.or(Some(Granularity::Auto)),
        interval: asked.interval,
        exact: asked.exact,
        fill: asked.fill,
    };
    scope.apply(&mut query)?;
    let answer = compute(&state, query.clone()).await?;
    match Format::of(&request, asked.format) {
        Format::Json => respond::json(&request, &flat_rows(&query, &answer)),
        Format::Csv => Ok(respond::tagged(&request, respond::CSV, wide_csv(&query, &answer)?)),
    }
}

/// Answers a question off the async threads, with a bound on how many are computed at once.
pub async fn compute(state: &AppState, query: Query) -> Result<Answer, ApiError> {
    let _slot = state.queries.acquire().await.map_err(ApiError::internal)?;
    let now = Utc::now();
    state
        .db
        .run(move |conn| query::run(conn, &query, now))
        .await
        .map_err(ApiError::from)
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

pub fn response(query: &Query, answer: Answer) -> QueryResponse {
    QueryResponse {
        data: answer.rows.iter().map(|row| query_row(query, row)).collect(),
        totals: answer.totals.iter().map(|row| query_row(query, row)).collect(),
        meta: meta(query, &answer),
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
        restated: answer.restated.iter().map(DateTime::to_rfc3339).collect(),
        log_position: answer.log_position,
        source: answer.source,
    }
}

fn query_row(query: &Query, row: &Row) -> QueryRow {
    let names = query.group_by.iter().map(|dimension| dimension.name().to_owned());
    QueryRow {
        group: Ordered(names.zip(row.group.iter().cloned()).collect()),
        bucket: row.bucket.map(|bucket| bucket.to_rfc3339()),
        metrics: estimates(query, row),
    }
}

/// The estimates of a row by metric.
pub fn estimates(query: &Query, row: &Row) -> Ordered<Estimate> {
    let ids = query.metrics.iter().map(|metric| metric.id.to_owned());
    Ordered(ids.zip(row.estimates.iter().cloned()).collect())
}

const ESTIMATE_COLUMNS: [&str; 11] = [
    "metric",
    "value",
    "lower",
    "upper",
    "n",
    "numerator",
    "denominator",
    "users",
    "standard_error",
    "method",
    "reason",
];

/// A row per slice and metric.
fn long_csv(query: &Query, answer: &Answer) -> Result<Vec<u8>, ApiError> {
    let bucketed = query.granularity.is_some();
    let mut header: Vec<&str> = query.group_by.iter().map(Dimension::name).collect();
    header.extend(bucketed.then_some("bucket"));
    header.extend(ESTIMATE_COLUMNS);
    let mut csv = CsvRows::new(header)?;
    for row in &answer.rows {
        for (metric, estimate) in query.metrics.iter().zip(&row.estimates) {
            let mut cells: Vec<String> = row
                .group
                .iter()
                .map(|value| safe_cell(value.as_deref().unwrap_or_default()).into_owned())
                .collect();
            cells.extend(row.bucket.filter(|_| bucketed).map(|bucket| bucket.to_rfc3339()));
            let reason = estimate.reason.and_then(|reason| serde_json::to_value(reason).ok());
            cells.extend([
                metric.id.to_owned(),
                number_cell(estimate.value),
                number_cell(estimate.lower),
                number_cell(estimate.upper),
                estimate.n.to_string(),
                number_cell(estimate.numerator),
                number_cell(estimate.denominator),
                estimate.users.map(|users| users.to_string()).unwrap_or_default(),
                number_cell(estimate.standard_error),
                estimate.method.unwrap_or_default().to_owned(),
                reason
                    .as_ref()
                    .and_then(|reason| reason.as_str())
                    .unwrap_or_default()
                    .to_owned(),
            ]);
            csv.row(&cells)?;
        }
    }
    csv.finish()
}

fn flat_rows(query: &Query, answer: &Answer) -> Vec<Ordered<serde_json::Value>> {
    answer
        .rows
        .iter()
        .map(|row| {
            let mut fields = vec![("time".to_owned(), serde_json::json!(time_of(row)))];
            for (dimension, value) in query.group_by.iter().zip(&row.group) {
                fields.push((dimension.name().to_owned(), serde_json::json!(value)));
            }
            for (metric, estimate) in query.metrics.iter().zip(&row.estimates) {
                let estimate_json = serde_json::to_value(estimate).unwrap_or_default();
                for (suffix, part) in [("", "value"), ("_lower", "lower"), ("_upper", "upper"), ("_n", "n")] {
                    let value = estimate_json.get(part).cloned().unwrap_or_default();
                    fields.push((format!("{}{suffix}", metric.id), value));
                }
            }
            Ordered(fields)
        })
        .collect()
}

fn wide_csv(query: &Query, answer: &Answer) -> Result<Vec<u8>, ApiError> {
    let mut header = vec!["time".to_owned()];
    header.extend(query.group_by.iter().map(|dimension| dimension.name().to_owned()));
    for metric in &query.metrics {
        header.extend(["", "_lower", "_upper", "_n"].map(|suffix| format!("{}{suffix}", metric.id)));
    }
    let mut csv = CsvRows::new(header.iter().map(String::as_str))?;
    for row in &answer.rows {
        let mut cells = vec![time_of(row).unwrap_or_default()];
        cells.extend(
            row.group
                .iter()
                .map(|value| safe_cell(value.as_deref().unwrap_or_default()).into_owned()),
        );
        for estimate in &row.estimates {
            cells.extend([estimate.value, estimate.lower, estimate.upper].map(number_cell));
            cells.push(estimate.n.to_string());
        }
        csv.row(&cells)?;
    }
    csv.finish()
}

fn time_of(row: &Row) -> Option<String> {
    row.bucket
        .map(|bucket| bucket.to_rfc3339_opts(SecondsFormat::Secs, true))
}
