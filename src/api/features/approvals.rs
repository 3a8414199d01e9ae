//! `GET /features/{feature}/approvals`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::trajectory::ExposureStep;
use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{computed, estimates};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::domain::dimension::Dimension;
use crate::metrics::Estimate;
use crate::query::Query;
use crate::query::analyses::approvals::{self, Question, Tool};
use crate::state::AppState;

const APPROVALS: [&str; 10] = [
    "shown",
    "users",
    "response_rate",
    "approved_rate",
    "edited_rate",
    "rejected_rate",
    "takeover_rate",
    "auto_approval_rate",
    "reversal_rate",
    "auto_reversal_rate",
];

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ApprovalsParams {
    /// The dimension whose values are tools; the attribute `tool` without it, if the project declares that, else all steps are one.
    pub dimension: Option<String>,
    #[serde(default)]
    pub exact: bool,
}

/// One tool.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ToolApprovals {
    /// Null for steps without the dimension, and where there is none.
    #[schema(required = true)]
    pub tool: Option<String>,
    /// How its steps end.
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
    /// Acceptance by its users' n-th step with it.
    pub by_exposure: Vec<ExposureStep>,
    /// Acceptance of users from their 21st step with it on minus that of the same users at their first five.
    pub growth: Estimate,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApprovalsResponse {
    pub feature: String,
    /// What tools are values of.
    #[schema(required = true)]
    pub dimension: Option<String>,
    pub data: Vec<ToolApprovals>,
    pub meta: AnalysisMeta,
}

/// Approvals of an agent's steps
///
/// By tool: approved, edited, rejected, taken over, auto-approved, reversed; and how trust in each tool grew. Steps that the app took
/// by itself (`accept` with `auto`) are in no rate of what users accept.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, ApprovalsParams),
    responses(
        (status = 200, description = "How steps end, by tool", body = ApprovalsResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/approvals")]
pub async fn get_feature_approvals(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, ApprovalsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let mut query = range.query(key.project, ask::metrics_by_id(&APPROVALS.map(str::to_owned))?)?;
    query.exact = asked.exact;
    query.fill = true;
    let question = Question {
        dimension: asked.dimension.as_deref().map(ask::dimension).transpose()?,
        query: of_feature(&state, query, &feature.0).await?,
    };
    let query = question.query.clone();
    let compute = move |conn: &mut _, sources: &_, now| approvals::run(conn, sources, &question, now);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&ApprovalsResponse {
            feature: feature.0.clone(),
            dimension: found.dimension.as_ref().map(Dimension::to_string),
            data: found.tools.iter().map(|tool| approvals_of(&query, tool)).collect(),
            meta: AnalysisMeta::of(&found.answer, query.level.get()),
        })
    })
    .await
}

fn approvals_of(query: &Query, tool: &Tool) -> ToolApprovals {
    let steps = tool.by_exposure.iter();
    ToolApprovals {
        tool: tool.row.group.first().cloned().flatten(),
        metrics: estimates(query, &tool.row),
        by_exposure: steps
            .map(|step| ExposureStep {
                from: step.from,
                to: step.to,
                metrics: Ordered(
                    [approvals::ACCEPTANCE.to_owned()]
                        .into_iter()
                        .zip(step.estimates.iter().cloned())
                        .collect(),
                ),
            })
            .collect(),
        growth: tool.growth.clone(),
    }
}
