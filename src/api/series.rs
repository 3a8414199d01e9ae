//! `GET /series` and `GET /query`: questions in the address, for charts and for whatever reads a table from a URL.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::{Files, ReadAnswers};
use super::ask::{self, Scope};
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::Params;
use super::query::{QueryResponse, answer, listed, long_form};
use super::respond::{self, Format};
use super::tables::{self, Binary};
use crate::domain::dimension::Dimension;
use crate::domain::key::ProjectId;
use crate::domain::window::Granularity;
use crate::metrics::statistics::IntervalKind;
use crate::query::Query;
use crate::query::filter::Filter;
use crate::state::AppState;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QueryParams {
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
    /// Length of the buckets. Without it, series choose one, and queries have one bucket.
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

impl QueryParams {
    /// The question. `buckets` is how it is cut by time if it does not say so.
    fn question(&self, project: ProjectId, buckets: Option<Granularity>) -> Result<Query, ApiError> {
        let mut query = Query::new(project, ask::metrics_by_id(&listed(Some(&self.metrics)))?);
        query.group_by = ask::group_by(&listed(self.group_by.as_deref()))?;
        query.filters = ask::filters_parameter(self.filters.as_deref())?;
        let feature = self.feature.clone();
        query
            .filters
            .extend(feature.map(|feature| Filter::is(Dimension::Feature, feature)));
        let scope = Scope {
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            timezone: self.timezone.as_deref(),
            level: self.level,
            granularity: self.granularity.or(buckets),
            interval: self.interval,
            exact: self.exact,
            fill: self.fill,
        };
        scope.apply(&mut query)?;
        Ok(query)
    }
}

/// Query metrics in the address
///
/// As `POST /query`, for what can only read from a URL: JSON, or a file with a row per slice and metric, which may be read in pieces.
#[utoipa::path(
    tag = "metrics",
    params(QueryParams),
    responses(
        (status = 200, description = "The estimates", content(
            (QueryResponse = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
            (Binary = "application/vnd.apache.parquet"),
        )),
        Files,
        ReadAnswers,
    ),
    security(("api_key" = ["read"]), ("link" = []))
)]
#[get("/query")]
pub async fn get_query(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<QueryParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let query = params.0.question(key.project, None)?;
    let format = Format::of(&request, params.0.format);
    answer(&state, &request, query, format!("{format:?}"), move |query, answer| {
        long_form(format, query, answer)
    })
    .await
}

/// Series of metrics over time
///
/// Flat rows for charts, in the order of time: `time`, one column per dimension, and per metric its value, `_lower`, `_upper`
/// and `_n`. A root array of objects; or, by `format` or `Accept`, CSV, an Arrow stream or a Parquet file, which may be read in
/// pieces.
#[utoipa::path(
    tag = "metrics",
    params(QueryParams),
    responses(
        (status = 200, description = "One row per bucket and group", content(
            (Vec<std::collections::BTreeMap<String, serde_json::Value>> = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
            (Binary = "application/vnd.apache.parquet"),
        )),
        Files,
        ReadAnswers,
    ),
    security(("api_key" = ["read"]), ("link" = []))
)]
#[get("/series")]
pub async fn list_series(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<QueryParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let query = params.0.question(key.project, Some(Granularity::Auto))?;
    let format = Format::of(&request, params.0.format);
    answer(&state, &request, query, format!("{format:?}"), move |query, answer| {
        let table = || tables::wide(query, answer);
        format.render(|| respond::rendered_json(&table().rows()), table)
    })
    .await
}
