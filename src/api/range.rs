//! Which outputs a question is about, as most addresses say it.

use serde::Deserialize;
use utoipa::IntoParams;

use super::ask;
use super::error::ApiError;
use crate::domain::key::ProjectId;
use crate::metrics::Metric;
use crate::query::Query;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RangeParams {
    /// Start of the range in which outputs were shown, RFC 3339 or milliseconds since 1970; the day of the first output without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    /// Level of the intervals; 0.95 without it.
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

impl RangeParams {
    /// A question after some metrics of these outputs.
    pub fn query(&self, project: ProjectId, metrics: Vec<&'static Metric>) -> Result<Query, ApiError> {
        let mut query = Query::new(project, metrics);
        query.filters = ask::filters_parameter(self.filters.as_deref())?;
        (query.from, query.to) = ask::range(self.from.as_deref(), self.to.as_deref())?;
        query.level = ask::level(self.level)?;
        Ok(query)
    }
}
