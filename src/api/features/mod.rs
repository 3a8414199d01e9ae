//! `GET /features`, one of them, and one question each about it.

pub mod agreement;
pub mod approvals;
pub mod autonomy;
pub mod calibration;
pub mod coverage;
pub mod drift;
pub mod explain;
pub mod list;
pub mod one;
pub mod persistence;
pub mod quality;
pub mod ratings;
pub mod reasons;
pub mod recalibration;
pub mod reliance;
pub mod segments;
pub mod stated_trust;
pub mod texts;
pub mod trajectory;
pub mod trigger;
pub mod trust;

use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ask;
use super::error::ApiError;
use super::query::{answer, listed};
use super::range::RangeParams;
use super::rendered::Rendered;
use super::respond::Ordered;
use crate::domain::dimension::Dimension;
use crate::domain::edits::EditThresholds;
use crate::domain::key::ProjectId;
use crate::domain::window::Window;
use crate::metrics::Estimate;
use crate::metrics::families::{self, trust::Verdict};
use crate::query::answer::Source;
use crate::query::filter::Filter;
use crate::query::{Answer, Query, Row};
use crate::state::AppState;

/// How the numbers of a feature are split.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SplitParams {
    /// Dimensions to split by, separated by commas.
    pub group_by: Option<String>,
    #[serde(default)]
    pub exact: bool,
}

/// What one must know about an analysis.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnalysisMeta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub level: f64,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
    pub source: Source,
    /// Up to which edit distance edits are light, medium or heavy, where a metric is about that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edit_thresholds: Option<EditThresholds>,
}

impl AnalysisMeta {
    /// Of an analysis that stands on one answer.
    fn of(answer: &Answer, level: f64) -> AnalysisMeta {
        AnalysisMeta {
            from: answer.window.from,
            to: answer.window.to,
            level,
            log_position: answer.log_position,
            source: answer.source,
            edit_thresholds: answer.edit_thresholds,
        }
    }

    /// Of an analysis that reads the outputs.
    fn of_segments(window: Window, level: f64, log_position: i64) -> AnalysisMeta {
        AnalysisMeta {
            from: window.from,
            to: window.to,
            level,
            log_position,
            source: Source::Segments,
            edit_thresholds: None,
        }
    }
}

/// A question after some metrics, split.
fn question(
    project: ProjectId,
    ids: &[&str],
    range: &RangeParams,
    group_by: Option<&str>,
    exact: bool,
) -> Result<Query, ApiError> {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let mut query = range.query(project, ask::metrics_by_id(&ids)?)?;
    query.group_by = ask::group_by(&listed(group_by))?;
    query.exact = exact;
    Ok(query)
}

/// Answers a question about one feature, which must exist. A range in which it has no outputs is answered all the same.
async fn about(
    state: &AppState,
    request: &HttpRequest,
    query: Query,
    feature: String,
    render: impl FnOnce(String, &Query, &Answer) -> Result<Rendered, ApiError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let mut query = of_feature(state, query, &feature).await?;
    query.fill = true;
    let render = move |query: &Query, answer: &Answer| render(feature, query, answer);
    answer(state, request, query, String::new(), render).await
}

/// A question about the outputs of one feature, which must exist.
async fn of_feature(state: &AppState, mut query: Query, feature: &str) -> Result<Query, ApiError> {
    let (project, wanted) = (query.project, feature.to_owned());
    let exists = state
        .db
        .run(move |conn| crate::store::cells::has_feature(conn, project, &wanted).map_err(ApiError::from))
        .await?;
    if !exists {
        return Err(ApiError::not_found("feature"));
    }
    query.filters.push(Filter::is(Dimension::Feature, feature));
    Ok(query)
}

/// The values of the dimensions that a row was split by.
fn group(query: &Query, row: &Row) -> Ordered<Option<String>> {
    let names = query.group_by.iter().map(|dimension| dimension.name().to_owned());
    Ordered(names.zip(row.group.iter().cloned()).collect())
}

fn estimate<'a>(query: &Query, row: &'a Row, id: &str) -> Option<&'a Estimate> {
    let at = query.metrics.iter().position(|metric| metric.id == id)?;
    row.estimates.get(at)
}

/// How many more judged outputs it would take to tell.
fn outputs_needed(query: &Query, row: &Row) -> Option<u64> {
    families::trust::outputs_needed(estimate(query, row, "trust_gap")?)
}

fn verdict(query: &Query, row: &Row) -> Verdict {
    estimate(query, row, "trust_gap").map_or(Verdict::Insufficient, families::trust::verdict)
}
