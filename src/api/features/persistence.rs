//! `GET /features/{feature}/persistence`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AnalysisMeta, SplitParams, about, group};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::listed;
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::domain::persistence::HORIZONS;
use crate::metrics::Estimate;
use crate::metrics::families::persistence::{SHARES, TABLE};
use crate::query::{Query, Row};
use crate::state::AppState;

/// What of the accepted outputs is in place when at least so much of one must be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersistenceAtShare {
    /// The share of an output that must be in place: 1 all of it, 0.67 most, 0.5 half.
    pub least: f64,
    /// Of the accepted outputs.
    pub of_accepted: Estimate,
    /// Of the decided outputs: that times the acceptance rate. Without an interval where all reported outputs were kept, or none.
    pub of_decided: Estimate,
}

/// So long after the decision.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersistenceStep {
    pub after_seconds: u32,
    /// Share of the accepted outputs that had been taken back by then, or have a report near enough.
    pub known: Estimate,
    /// Share of the accepted outputs that users had taken back by then.
    pub taken_back: Estimate,
    pub shares: Vec<PersistenceAtShare>,
}

/// Outputs with the same values of the dimensions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersistenceSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    pub steps: Vec<PersistenceStep>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PersistenceResponse {
    pub feature: String,
    pub data: Vec<PersistenceSlice>,
    pub meta: AnalysisMeta,
}

/// Persistence of a feature
///
/// Does what users accepted stay in place? 30 seconds, 2, 5 and 10 minutes after the decision, for outputs of which all, two thirds or
/// half must be in place. From `retained` events and undos; an output of which nobody reports is no failure.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, SplitParams),
    responses(
        (status = 200, description = "What stays in place, by time and share", body = PersistenceResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/persistence")]
pub async fn get_feature_persistence(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, SplitParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, split) = params;
    let mut query = range.query(key.project, TABLE.iter().flatten().collect())?;
    query.group_by = ask::group_by(&listed(split.group_by.as_deref()))?;
    query.exact = split.exact;
    about(&state, &request, query, feature.0, |feature, query, answer| {
        respond::rendered_json(&PersistenceResponse {
            feature,
            data: answer.rows.iter().map(|row| slice(query, row)).collect(),
            meta: AnalysisMeta::of(answer, query.level.get()),
        })
    })
    .await
}

/// The estimates of a row, in the places of the table.
fn slice(query: &Query, row: &Row) -> PersistenceSlice {
    let mut estimates = row.estimates.iter().cloned();
    let steps = HORIZONS.iter().filter_map(|after_seconds| {
        let (known, taken_back) = (estimates.next()?, estimates.next()?);
        let of_accepted: Vec<Estimate> = estimates.by_ref().take(SHARES.len()).collect();
        let of_decided: Vec<Estimate> = estimates.by_ref().take(SHARES.len()).collect();
        let shares = SHARES.into_iter().zip(of_accepted.into_iter().zip(of_decided));
        Some(PersistenceStep {
            after_seconds: *after_seconds,
            known,
            taken_back,
            shares: shares
                .map(|(least, (of_accepted, of_decided))| PersistenceAtShare {
                    least,
                    of_accepted,
                    of_decided,
                })
                .collect(),
        })
    });
    PersistenceSlice {
        steps: steps.collect(),
        group: group(query, row),
    }
}
