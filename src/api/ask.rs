//! From the words of a request to a checked question.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{ApiError, ErrorCode};
use crate::domain::dimension::Dimension;
use crate::domain::strict::{self, Object};
use crate::domain::window::Granularity;
use crate::metrics::statistics::IntervalKind;
use crate::metrics::{self, Direction, Metric};
use crate::query::filter::{Filter, Operator};
use crate::query::request::{self, Query};
use crate::stats::level::Level;

/// How a dimension is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    Eq,
    Ne,
    In,
    NotIn,
}

/// A condition on one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"dimension": "feature", "op": "in", "value": ["email.draft"]}))]
pub struct FilterRequest {
    #[schema(min_length = 1, max_length = 75)]
    pub dimension: String,
    #[serde(deserialize_with = "strict::word")]
    pub op: Comparison,
    /// A value, or with `in` and `not_in` a list. `null` stands for outputs without that dimension.
    #[schema(value_type = FilterValue)]
    pub value: FilterValue,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum FilterValue {
    One(Option<String>),
    Many(Vec<Option<String>>),
}

impl FilterRequest {
    fn check(self) -> Result<Filter, ApiError> {
        let values = match self.value {
            FilterValue::One(value) => vec![value],
            FilterValue::Many(values) => values,
        };
        if values.len() > request::MAX_FILTER_VALUES {
            return Err(ApiError::invalid(format!(
                "a filter may list {} values, this one lists {}",
                request::MAX_FILTER_VALUES,
                values.len()
            )));
        }
        let operator = match self.op {
            Comparison::Eq | Comparison::In => Operator::In,
            Comparison::Ne | Comparison::NotIn => Operator::NotIn,
        };
        Ok(Filter {
            dimension: dimension(&self.dimension)?,
            operator,
            values,
        })
    }
}

/// A dimension by its name.
pub fn dimension(name: &str) -> Result<Dimension, ApiError> {
    let dimension = Dimension::parse(name);
    if !(1..=request::MAX_NAME_CHARS).contains(&dimension.name().chars().count()) {
        return Err(ApiError::new(
            ErrorCode::UnknownDimension,
            format!("a dimension's name has 1 to {} characters", request::MAX_NAME_CHARS),
        ));
    }
    Ok(dimension)
}

/// Dimensions to group by, each at most once.
pub fn group_by(names: &[String]) -> Result<Vec<Dimension>, ApiError> {
    if names.len() > request::MAX_GROUP_BY {
        return Err(ApiError::new(
            ErrorCode::InvalidParameter,
            format!("`group_by` takes at most {} dimensions", request::MAX_GROUP_BY),
        ));
    }
    dimensions(names)
}

/// Distinct dimensions, however many.
pub fn dimensions(names: &[String]) -> Result<Vec<Dimension>, ApiError> {
    let found = names
        .iter()
        .map(|name| dimension(name))
        .collect::<Result<Vec<_>, _>>()?;
    let distinct: std::collections::HashSet<_> = found.iter().map(Dimension::name).collect();
    if distinct.len() < found.len() {
        return Err(ApiError::new(ErrorCode::InvalidParameter, "a dimension is named twice"));
    }
    Ok(found)
}

pub fn filters(requests: Vec<FilterRequest>) -> Result<Vec<Filter>, ApiError> {
    if requests.len() > request::MAX_FILTERS {
        return Err(ApiError::new(
            ErrorCode::InvalidParameter,
            format!("at most {} filters are allowed", request::MAX_FILTERS),
        ));
    }
    requests.into_iter().map(FilterRequest::check).collect()
}

/// Filters written as JSON in a query parameter.
pub fn filters_parameter(text: Option<&str>) -> Result<Vec<Filter>, ApiError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let requests: Vec<Object<FilterRequest>> = serde_json::from_str(text).map_err(|error| {
        ApiError::parameter(
            "filters",
            format!("must be a JSON array of {{\"dimension\", \"op\", \"value\"}}: {error}"),
        )
    })?;
    filters(requests.into_iter().map(|Object(request)| request).collect())
}

/// A metric by its id.
pub fn metric(id: &str) -> Result<&'static Metric, ApiError> {
    let (_, metric) = metrics::find(id).ok_or_else(|| {
        ApiError::new(
            ErrorCode::UnknownMetric,
            format!("there is no metric `{}`; GET /api/v1/metrics lists them", shortened(id)),
        )
    })?;
    Ok(metric)
}

/// Metrics by their ids, each at most once.
pub fn metrics_by_id(ids: &[String]) -> Result<Vec<&'static Metric>, ApiError> {
    if ids.is_empty() || ids.len() > request::MAX_METRICS {
        return Err(ApiError::new(
            ErrorCode::InvalidParameter,
            format!(
                "`metrics` must name 1 to {} metrics; GET /api/v1/metrics lists them",
                request::MAX_METRICS
            ),
        ));
    }
    let mut chosen: Vec<&'static Metric> = Vec::with_capacity(ids.len());
    for id in ids {
        let metric = metric(id)?;
        if chosen.iter().any(|known| known.id == metric.id) {
            return Err(ApiError::new(
                ErrorCode::InvalidParameter,
                format!("`metrics` names `{id}` twice"),
            ));
        }
        chosen.push(metric);
    }
    Ok(chosen)
}

/// A metric that can decide something: more or less of it is better.
pub fn deciding_metric(id: &str) -> Result<&'static Metric, ApiError> {
    deciding(metric(id)?)
}

/// Metrics that can decide something, each at most once.
pub fn deciding_metrics(ids: &[String]) -> Result<Vec<&'static Metric>, ApiError> {
    metrics_by_id(ids)?.into_iter().map(deciding).collect()
}

fn deciding(metric: &'static Metric) -> Result<&'static Metric, ApiError> {
    match metric.direction {
        Direction::HigherIsBetter | Direction::LowerIsBetter => Ok(metric),
        _ => Err(ApiError::invalid(format!(
            "`{}`: neither more nor less of it is better, so that it decides nothing",
            metric.id
        ))),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// The last second that is believed: the end of the year 9998, so that no time zone reaches the year 10000.
const LATEST: i64 = 253_370_764_799;

/// Whether a time can be reckoned with in every time zone, and be kept by the database.
fn is_believed(time: &DateTime<Utc>) -> bool {
    (0..=LATEST).contains(&time.timestamp())
}

/// That a time of a JSON body can be reckoned with.
pub fn check_time(field: &str, time: DateTime<Utc>) -> Result<(), ApiError> {
    match is_believed(&time) {
        true => Ok(()),
        false => Err(ApiError::invalid(format!("`{field}`: must be from 1970 to 9998"))),
    }
}

/// An instant as RFC 3339 or in milliseconds since 1970.
pub fn instant(name: &str, text: &str) -> Result<DateTime<Utc>, ApiError> {
    let parsed = match text.parse::<i64>() {
        Ok(millis) => DateTime::from_timestamp_millis(millis),
        Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()),
    };
    parsed.filter(is_believed).ok_or_else(|| {
        ApiError::parameter(
            name,
            "must be RFC 3339 such as 2026-11-20T00:00:00Z, or milliseconds since 1970",
        )
    })
}

/// The ends of a half-open range.
pub type Range = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// The ends of a half-open range, either of which may be left out.
pub fn range(from: Option<&str>, to: Option<&str>) -> Result<Range, ApiError> {
    let from = from.map(|text| instant("from", text)).transpose()?;
    let to = to.map(|text| instant("to", text)).transpose()?;
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        return Err(ApiError::parameter("from", "must be before `to`"));
    }
    Ok((from, to))
}

/// An instant in a JSON body.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Instant {
    /// Milliseconds since 1970.
    Millis(i64),
    /// RFC 3339.
    Text(String),
}

impl Instant {
    pub fn into_text(self) -> String {
        match self {
            Instant::Millis(millis) => millis.to_string(),
            Instant::Text(text) => text,
        }
    }
}

pub fn timezone(name: Option<&str>) -> Result<Tz, ApiError> {
    match name {
        None => Ok(Tz::UTC),
        Some(name) => name
            .parse()
            .map_err(|_| ApiError::parameter("timezone", "must be an IANA name such as Europe/Berlin")),
    }
}

pub fn level(level: Option<f64>) -> Result<Level, ApiError> {
    match level {
        None => Ok(Level::default()),
        Some(level) => Level::new(level)
            .filter(|level| level.get() <= 0.9999)
            .ok_or_else(|| ApiError::parameter("level", "must be from 0.5 to 0.9999")),
    }
}

/// A parameter that must be within two ends.
pub fn within<T: PartialOrd + std::fmt::Display>(
    name: &str,
    value: Option<T>,
    least: T,
    most: T,
) -> Result<Option<T>, ApiError> {
    match value {
        Some(value) if !(value >= least && value <= most) => {
            Err(ApiError::parameter(name, format!("must be from {least} to {most}")))
        }
        value => Ok(value),
    }
}

/// The parts that most reads share, as they come.
#[derive(Clone, Debug, Default)]
pub struct Scope<'a> {
    pub from: Option<&'a str>,
    pub to: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub level: Option<f64>,
    pub granularity: Option<Granularity>,
    pub interval: Option<IntervalKind>,
    pub exact: bool,
    pub fill: bool,
}

impl Scope<'_> {
    /// Applies the parts to a question.
    pub fn apply(&self, query: &mut Query) -> Result<(), ApiError> {
        (query.from, query.to) = range(self.from, self.to)?;
        query.timezone = timezone(self.timezone)?;
        query.level = level(self.level)?;
        query.granularity = self.granularity;
        query.interval = self.interval.unwrap_or_default();
        query.exact = self.exact;
        query.fill = self.fill;
        Ok(())
    }
}
