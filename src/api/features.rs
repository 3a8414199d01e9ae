//! `GET /features` and one question each about a feature.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answers::{Absent, ReadAnswers};
use super::ask::{self, Scope};
use super::auth::{Authorized, Read};
use super::error::ApiError;
use super::extract::{Params, Segment};
use super::query::{QueryMeta, compute, estimates, listed, meta};
use super::respond::{self, Ordered};
use crate::domain::dimension::Dimension;
use crate::metrics::Estimate;
use crate::metrics::families::calibration::Target;
use crate::metrics::families::trust::{self, Verdict};
use crate::query::filter::Filter;
use crate::query::{Answer, Query, Row};
use crate::state::AppState;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeatureParams {
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

/// A feature and its headline numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureSummary {
    pub feature: String,
    pub verdict: Verdict,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeaturesResponse {
    pub data: Vec<FeatureSummary>,
    pub meta: QueryMeta,
}

/// One slice of a feature.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrustSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    pub verdict: Verdict,
    /// The verdict in words, with its evidence.
    pub sentence: String,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrustResponse {
    pub feature: String,
    pub data: Vec<TrustSlice>,
    pub meta: QueryMeta,
}

/// One band of confidence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReliabilityBin {
    /// The band, open below and closed above; the first includes 0.
    pub from: f64,
    pub to: f64,
    pub n: u64,
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

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelianceSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RelianceResponse {
    pub feature: String,
    pub data: Vec<RelianceSlice>,
    pub meta: QueryMeta,
}

const HEADLINE: [&str; 8] = [
    "shown",
    "users",
    "response_rate",
    "acceptance_rate",
    "correctness_rate",
    "trust",
    "trustworthiness",
    "trust_gap",
];
const TRUST: [&str; 8] = [
    "trust",
    "trustworthiness",
    "trust_gap",
    "trust_calibration_error",
    "acceptance_rate",
    "correctness_rate",
    "judgement_coverage",
    "users",
];
const RELIANCE: [&str; 9] = [
    "over_reliance",
    "under_reliance",
    "appropriate_reliance",
    "switch_rate",
    "rair",
    "rsr",
    "initial_accuracy",
    "d_prime",
    "criterion",
];

/// List features
///
/// Every feature with its headline numbers and what they say of its trust.
#[utoipa::path(
    tag = "features",
    params(FeatureParams),
    responses(
        (status = 200, description = "The features", body = FeaturesResponse),
        ReadAnswers,
    ),
    security(("api_key" = []))
)]
#[get("/features")]
pub async fn list_features(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<FeatureParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut query = question(key.project, &HEADLINE, &params.0)?;
    if !query.group_by.is_empty() {
        return Err(ApiError::parameter(
            "group_by",
            "this route groups by feature; use POST /api/v1/query for more",
        ));
    }
    query.group_by = vec![Dimension::Feature];
    let answer = compute(&state, query.clone()).await?;
    let data = answer
        .rows
        .iter()
        .map(|row| FeatureSummary {
            feature: row.group.first().cloned().flatten().unwrap_or_default(),
            verdict: verdict(&query, row),
            metrics: estimates(&query, row),
        })
        .collect();
    respond::json(
        &request,
        &FeaturesResponse {
            data,
            meta: meta(&query, &answer),
        },
    )
}

/// Trust of a feature
///
/// Do users trust it as much as it deserves? Trust, trustworthiness, the gap between them, and the verdict.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), FeatureParams),
    responses(
        (status = 200, description = "Trust, in one slice or split", body = TrustResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/trust")]
pub async fn get_feature_trust(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<FeatureParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut query = question(key.project, &TRUST, &params.0)?;
    let answer = about(&state, &mut query, &feature.0).await?;
    let data = answer
        .rows
        .iter()
        .map(|row| TrustSlice {
            group: group(&query, row),
            verdict: verdict(&query, row),
            sentence: sentence(&query, row),
            metrics: estimates(&query, row),
        })
        .collect();
    respond::json(
        &request,
        &TrustResponse {
            feature: feature.0,
            data,
            meta: meta(&query, &answer),
        },
    )
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
    let answer = about(&state, &mut query, &feature.0).await?;
    let data = answer.rows.iter().map(|row| calibration_slice(&query, row)).collect();
    respond::json(
        &request,
        &CalibrationResponse {
            feature: feature.0,
            target,
            data,
            meta: meta(&query, &answer),
        },
    )
}

/// Reliance on a feature
///
/// Do users rely on it when it is right, and not when it is wrong?
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), FeatureParams),
    responses(
        (status = 200, description = "Reliance, in one slice or split", body = RelianceResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/reliance")]
pub async fn get_feature_reliance(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<FeatureParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let mut query = question(key.project, &RELIANCE, &params.0)?;
    let answer = about(&state, &mut query, &feature.0).await?;
    let data = answer
        .rows
        .iter()
        .map(|row| RelianceSlice {
            group: group(&query, row),
            metrics: estimates(&query, row),
        })
        .collect();
    respond::json(
        &request,
        &RelianceResponse {
            feature: feature.0,
            data,
            meta: meta(&query, &answer),
        },
    )
}

fn question(project: i32, ids: &[&str], params: &FeatureParams) -> Result<Query, ApiError> {
    let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let mut query = Query::new(project, ask::metrics_by_id(&ids)?);
    query.group_by = ask::group_by(&listed(params.group_by.as_deref()))?;
    query.filters = ask::filters_parameter(params.filters.as_deref())?;
    let scope = Scope {
        from: params.from.as_deref(),
        to: params.to.as_deref(),
        level: params.level,
        exact: params.exact,
        ..Scope::default()
    };
    scope.apply(&mut query)?;
    Ok(query)
}

/// Answers a question about one feature, which must exist. A range in which it has no outputs is answered all the same.
async fn about(state: &AppState, query: &mut Query, feature: &str) -> Result<Answer, ApiError> {
    let (project, wanted) = (query.project, feature.to_owned());
    let exists = state
        .db
        .run(move |conn| crate::store::cells::has_feature(conn, project, &wanted).map_err(ApiError::from))
        .await?;
    if !exists {
        return Err(ApiError::not_found("feature"));
    }
    query.filters.push(Filter::is(Dimension::Feature, feature));
    query.fill = true;
    compute(state, query.clone()).await
}

fn group(query: &Query, row: &Row) -> Ordered<Option<String>> {
    let names = query.group_by.iter().map(|dimension| dimension.name().to_owned());
    Ordered(names.zip(row.group.iter().cloned()).collect())
}

fn estimate<'a>(query: &Query, row: &'a Row, id: &str) -> Option<&'a Estimate> {
    let at = query.metrics.iter().position(|metric| metric.id == id)?;
    row.estimates.get(at)
}

fn verdict(query: &Query, row: &Row) -> Verdict {
    estimate(query, row, "trust_gap").map_or(Verdict::Insufficient, trust::verdict)
}

/// The verdict in words.
fn sentence(query: &Query, row: &Row) -> String {
    let percent = |id: &str| {
        let value = estimate(query, row, id).and_then(|estimate| estimate.value);
        value.map_or_else(|| "?".to_owned(), |value| format!("{:.1} %", value * 100.0))
    };
    let n = estimate(query, row, "trust_gap").map_or(0, |gap| gap.n);
    if n == 0 {
        return "No output was both decided and judged, so trust cannot be compared with trustworthiness; send judgements."
            .to_owned();
    }
    let evidence = format!(
        "users took {} of {n} judged outputs, and {} of them were right",
        percent("trust"),
        percent("trustworthiness")
    );
    match verdict(query, row) {
        Verdict::Over => format!("Trusted more than it deserves: {evidence}."),
        Verdict::Under => format!("Trusted less than it deserves: {evidence}."),
        Verdict::Calibrated => format!("Trusted about as much as it deserves: {evidence}."),
        Verdict::Insufficient => format!("Too early to tell: {evidence}, but the interval of the gap is too wide."),
    }
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
