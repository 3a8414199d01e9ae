//! `GET /series`: metrics over time, for charts.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answers::ReadAnswers;
use super::ask::{self, Scope};
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::Params;
use super::query::{answer, listed};
use super::rendered::Rendered;
use super::respond::{self, Format};
use super::tables::{flat_rows, wide_csv};
use crate::domain::dimension::Dimension;
use crate::domain::window::Granularity;
use crate::metrics::statistics::IntervalKind;
use crate::query::Query;
use crate::query::filter::Filter;
use crate::state::AppState;

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
/// Flat rows for charts, in the order of time: `time`, one column per dimension, and per metric its value, `_lower`, `_upper` and `_n`. A root array
/// of objects, or CSV.
#[utoipa::path(
    tag = "metrics",
    params(SeriesParams),
    responses(
        (status = 200, description = "One object per bucket and group", content((Vec<std::collections::BTreeMap<String, serde_json::Value>> = "application/json"), (String = "text/csv"))),
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
    let format = Format::of(&request, asked.format);
    answer(
        &state,
        &request,
        query,
        format!("{format:?}"),
        |query, answer| match format {
            Format::Json => respond::rendered_json(&flat_rows(query, answer)),
            Format::Csv => Ok(Rendered::new(respond::CSV, wide_csv(query, answer)?)),
        },
    )
    .await
}
