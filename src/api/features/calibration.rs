//! `GET /features/{feature}/calibration`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{group, of_feature, question};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{QueryMeta, estimates, meta, recalled};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::domain::window::Granularity;
use crate::metrics::Estimate;
use crate::metrics::estimate::plain_number;
use crate::metrics::families::calibration::{MassBand, Target};
use crate::query::analyses::calibration;
use crate::query::{Query, Row};
use crate::state::AppState;
use crate::stats::hosmer_lemeshow::HosmerLemeshow;
use crate::stats::level::Interval;
use crate::stats::murphy::Murphy;

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
    /// Where the outcome of so many independent outputs would be if the confidence were right (a consistency bar); null when empty.
    #[schema(required = true)]
    pub consistent: Option<Band>,
}

/// One of the bands that have as many outputs each.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EqualMassBin {
    /// The least confidence in it, rounded down to a thousandth. Outputs that have it may be in the band before, too.
    pub from: f64,
    /// The greatest confidence in it, rounded up to a thousandth. Outputs that have it may be in the next band, too.
    pub to: f64,
    pub n: u64,
    pub mean_confidence: f64,
    pub mean_outcome: f64,
    #[schema(required = true)]
    pub consistent: Option<Band>,
}

/// Two ends.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Band {
    pub lower: f64,
    pub upper: f64,
}

/// What the Brier score is made of over the ten bands: reliability − resolution + uncertainty + within_variance − 2 × within_covariance.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct BrierParts {
    pub reliability: f64,
    pub resolution: f64,
    pub uncertainty: f64,
    /// Variance of confidence within bands.
    pub within_variance: f64,
    /// Covariance of confidence and outcome within bands.
    pub within_covariance: f64,
}

/// Hosmer and Lemeshow's test of calibration, over ten bands with as many outputs each; equal confidences stay together. It takes outputs as
/// independent, which those of one user are not, so that it finds too much; and of very many outputs it finds anything.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ChiSquareTest {
    pub statistic: f64,
    /// Degrees of freedom: as many as bands, since confidence was not fitted to these outcomes.
    pub df: u32,
    /// How often a calibrated confidence would be off as far by chance.
    pub p_value: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CalibrationSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    /// The start of the bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Ten equal-width bands, closed on the right.
    pub bins: Vec<ReliabilityBin>,
    /// Ten bands with as many outputs each; none where the slice is no whole UTC days and comes from rollups.
    pub equal_mass_bins: Vec<EqualMassBin>,
    /// What the calibration error of a perfectly calibrated model of this size would be about.
    #[schema(required = true)]
    pub ece_expected_if_calibrated: Option<f64>,
    #[schema(required = true)]
    pub brier_skill: Option<f64>,
    #[schema(required = true)]
    pub brier_parts: Option<BrierParts>,
    /// Null without outputs that have a confidence and an outcome, and where the slice is no whole UTC days and comes from rollups.
    #[schema(required = true)]
    pub hosmer_lemeshow: Option<ChiSquareTest>,
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

impl From<CalibrationTarget> for Target {
    fn from(target: CalibrationTarget) -> Target {
        match target {
            CalibrationTarget::Acceptance => Target::Acceptance,
            CalibrationTarget::Correctness => Target::Correctness,
        }
    }
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalibrationParams {
    /// `correctness` without it.
    pub target: Option<CalibrationTarget>,
    /// Dimensions to split by, separated by commas.
    pub group_by: Option<String>,
    /// Length of the buckets; one bucket without it.
    pub granularity: Option<Granularity>,
    /// IANA time zone of days, weeks and months.
    pub timezone: Option<String>,
    /// Compute from the outputs, each user apart, even if there are many. Intervals of errors that are no sums need it then.
    #[serde(default)]
    pub exact: bool,
}

/// Calibration of a feature
///
/// Does its confidence mean what it says? The reliability curve and the errors it comes to, against acceptance or correctness, split
/// by any dimensions and over time. Errors that are no sums have intervals where the answer is computed from outputs and has at most
/// 50 slices: users are drawn again.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, CalibrationParams),
    responses(
        (status = 200, description = "Calibration, in one slice or split", body = CalibrationResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/calibration")]
pub async fn get_feature_calibration(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, CalibrationParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let target = asked.target.unwrap_or(CalibrationTarget::Correctness);
    let of = Target::from(target);
    let mut query = question(
        key.project,
        &of.metric_ids(),
        &range,
        asked.group_by.as_deref(),
        asked.exact,
    )?;
    query.timezone = ask::timezone(asked.timezone.as_deref())?;
    query.granularity = asked.granularity;
    query.curve = Some(of);
    query.fill = true;
    let query = of_feature(&state, query, &feature.0).await?;
    let read = move |conn: &mut _, sources: &_, query: &_, now| calibration::run(conn, sources, query, of, now);
    recalled(&state, &request, query, String::new(), read, move |query, answer| {
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
        bucket: row.bucket.map(|bucket| bucket.to_rfc3339()),
        bins: bands
            .iter()
            .enumerate()
            .map(|(number, band)| ReliabilityBin {
                from: edge(number),
                to: edge(number + 1),
                n: band.outcome.n,
                mean_confidence: band.mean_confidence,
                outcome: band.outcome.clone(),
                consistent: band.consistent.map(Band::from),
            })
            .collect(),
        equal_mass_bins: curve
            .map(|curve| curve.equal_mass.iter().filter_map(equal_mass_bin).collect())
            .unwrap_or_default(),
        ece_expected_if_calibrated: curve.and_then(|curve| curve.ece_expected_if_calibrated),
        brier_skill: curve.and_then(|curve| curve.brier_skill),
        hosmer_lemeshow: curve.and_then(|curve| curve.hosmer_lemeshow).map(ChiSquareTest::from),
        brier_parts: curve.and_then(|curve| curve.parts).map(BrierParts::from),
        metrics: estimates(query, row),
    }
}

fn equal_mass_bin(band: &MassBand) -> Option<EqualMassBin> {
    let [from, to] = band.ends;
    Some(EqualMassBin {
        from,
        to,
        n: band.bin.n.round() as u64,
        mean_confidence: band.bin.mean_p()?,
        mean_outcome: band.bin.mean_y()?,
        consistent: band.consistent.map(Band::from),
    })
}

impl From<Interval> for Band {
    fn from(Interval { lower, upper }: Interval) -> Band {
        Band { lower, upper }
    }
}

impl From<HosmerLemeshow> for ChiSquareTest {
    fn from(test: HosmerLemeshow) -> ChiSquareTest {
        ChiSquareTest {
            statistic: test.statistic,
            df: test.df,
            p_value: test.p_value,
        }
    }
}

impl From<Murphy> for BrierParts {
    fn from(parts: Murphy) -> BrierParts {
        BrierParts {
            reliability: parts.reliability,
            resolution: parts.resolution,
            uncertainty: parts.uncertainty,
            within_variance: parts.within_variance,
            within_covariance: parts.within_covariance,
        }
    }
}
