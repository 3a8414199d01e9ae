//! `GET /features/{feature}/calibration`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{FeatureParams, about, group, question};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::query::{QueryMeta, estimates, meta};
use crate::api::respond::{self, Ordered};
use crate::metrics::Estimate;
use crate::metrics::estimate::plain_number;
use crate::metrics::families::calibration::Target;
use crate::query::{Query, Row};
use crate::state::AppState;

/// One band of confidence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReliabilityBin {
    /// The band, open below and closed above; the first includes 0.
    pub from: f64,
    pub to: f64,
    pub n: u64,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub mean_confidence: Option<f64>,
    #[schema(required = true)]
    pub outcome: Estimate,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalibrationSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    /// Ten equal-width bands, closed on the right.
    pub bins: Vec<ReliabilityBin>,
    /// What the calibration error of a perfectly calibrated model of this size would be about.
    #[schema(required = true)]
    pub ece_expected_if_calibrated: Option<f64>,
    #[schema(required = true)]
    pub brier_skill: Option<f64>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalibrationResponse {
    pub feature: String,
    pub target: CalibrationTarget,
    pub data: Vec<CalibrationSlice>,
    pub meta: QueryMeta,
}

/// What confidence is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationTarget {
    Acceptance,
    Correctness,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalibrationParams {
    /// `correctness` without it.
    pub target: Option<CalibrationTarget>,
    /// Start of the range, RFC 3339 or milliseconds since 1970; the day of the first output without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    /// Dimensions to split by, separated by commas.
    pub group_by: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
    #[serde(default)]
    pub exact: bool,
}

/// Calibration of a feature
///
/// Does its confidence mean what it says? The reliability curve and the errors it comes to, against acceptance or correctness.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), CalibrationParams),
    responses(
        (status = 200, description = "Calibration, in one slice or split", body = CalibrationResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/calibration")]
pub async fn get_feature_calibration(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<CalibrationParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let target = asked.target.unwrap_or(CalibrationTarget::Correctness);
    let of = match target {
        CalibrationTarget::Acceptance => Target::Acceptance,
        CalibrationTarget::Correctness => Target::Correctness,
    };
    let params = FeatureParams {
        from: asked.from,
        to: asked.to,
        filters: asked.filters,
        group_by: asked.group_by,
        level: asked.level,
        exact: asked.exact,
    };
    let mut query = question(key.project, &of.metric_ids(), &params)?;
    query.curve = Some(of);
    about(&state, &request, query, &feature.0, |query, answer| {
        let data = answer.rows.iter().map(|row| calibration_slice(query, row));
        respond::rendered_json(&CalibrationResponse {
            feature: feature.0.clone(),
            target,
            data: data.collect(),
            meta: meta(query, answer),
        })
    })
    .await
}

fn calibration_slice(query: &Query, row: &Row) -> CalibrationSlice {
    let curve = row.curve.as_ref();
    let bands = curve.map(|curve| curve.bands.as_slice()).unwrap_or_default();
    let edge = |number: usize| number as f64 / bands.len() as f64;
    CalibrationSlice {
        group: group(query, row),
        bins: bands
            .iter()
            .enumerate()
            .map(|(number, band)| ReliabilityBin {
                from: edge(number),
                to: edge(number + 1),
                n: band.outcome.n,
                mean_confidence: band.mean_confidence,
                outcome: band.outcome.clone(),
            })
            .collect(),
        ece_expected_if_calibrated: curve.and_then(|curve| curve.ece_expected_if_calibrated),
        brier_skill: curve.and_then(|curve| curve.brier_skill),
        metrics: estimates(query, row),
    }
}
