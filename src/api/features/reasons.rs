//! `GET /features/{feature}/reasons`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::of_feature;
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{computed, listed};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::metrics::Estimate;
use crate::query::Query;
use crate::query::analyses::reasons::{self, GroupReasons, Others, Question, ReasonCount};
use crate::state::AppState;

/// Reasons of each group, without a limit of one's own.
const LISTED: usize = 20;
pub const MOST_LISTED: usize = 200;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReasonsParams {
    /// Dimensions to split by, separated by commas.
    pub group_by: Option<String>,
    /// Reasons of each group, 20 without it.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<usize>,
}

/// The reasons in one group.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonsSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    /// Outputs shown.
    pub shown: u64,
    /// Of the outputs rejected or undone, those with a reason.
    pub explained: Estimate,
    /// By the lower ends of the intervals of their shares, so that no one user leads.
    pub reasons: Vec<ReasonCount>,
    /// Those that are not listed.
    pub others: Others,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonsMeta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Where the period starts that reasons are compared with; it ends at `from`.
    #[schema(required = true)]
    pub before_from: Option<DateTime<Utc>>,
    pub level: f64,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonsResponse {
    pub feature: String,
    pub data: Vec<ReasonsSlice>,
    /// All groups together, with intervals of their own; null without `group_by`, and where nothing was shown.
    #[schema(required = true)]
    pub total: Option<ReasonsSlice>,
    pub meta: ReasonsMeta,
}

/// Reasons on a feature
///
/// Why do users reject its outputs, in the codes and words that came with their feedback? Each with its share of what was shown and of what
/// was rejected, and how that moved since the period before, if `from` says where that ends. `GET /outputs?reason=` has the outputs behind each.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, ReasonsParams),
    responses(
        (status = 200, description = "The reasons", body = ReasonsResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/reasons")]
pub async fn get_feature_reasons(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, ReasonsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let mut query = range.query(key.project, Vec::new())?;
    query.group_by = ask::group_by(&listed(asked.group_by.as_deref()))?;
    let question = Question {
        limit: ask::within("limit", asked.limit, 1, MOST_LISTED)?.unwrap_or(LISTED),
        query: of_feature(&state, query, &feature.0).await?,
    };
    let query = question.query.clone();
    let compute = move |conn: &mut _, sources: &_, _| reasons::run(conn, sources, &question);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&ReasonsResponse {
            feature: feature.0.clone(),
            data: found.groups.iter().map(|group| slice(&query, group)).collect(),
            total: found.total.as_ref().map(|total| slice(&query, total)),
            meta: ReasonsMeta {
                from: found.window.from,
                to: found.window.to,
                before_from: found.before.map(|before| before.from),
                level: query.level.get(),
                log_position: found.log_position,
            },
        })
    })
    .await
}

fn slice(query: &Query, found: &GroupReasons) -> ReasonsSlice {
    let names = query.group_by.iter().map(|dimension| dimension.name().to_owned());
    ReasonsSlice {
        group: Ordered(names.zip(found.group.iter().cloned()).collect()),
        shown: found.shown,
        explained: found.explained.clone(),
        reasons: found.reasons.clone(),
        others: found.others,
    }
}
