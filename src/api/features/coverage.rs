//! `GET /features/{feature}/coverage`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::calibration::CalibrationTarget;
use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{computed, listed};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::metrics::families::calibration::Target;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::compare::Between;
use crate::query::analyses::coverage::{self, Covered, Part, Question};
use crate::state::AppState;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CoverageParams {
    /// Which score: `acceptance` is known of what was decided, `correctness` of what was judged; `acceptance` without it.
    pub target: Option<CalibrationTarget>,
    /// Dimensions whose segments are weighted, separated by commas; bands of confidence alone without it.
    pub group_by: Option<String>,
}

/// How much of some outputs is known, and the score of that.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CoveredPart {
    pub shown: u64,
    /// The share of them that was decided, or judged.
    pub coverage: Estimate,
    /// The score of those.
    pub score: Estimate,
}

/// Outputs with the same values of the dimensions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CoveredSegment {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    #[serde(flatten)]
    pub part: CoveredPart,
}

/// Outputs of one band of confidence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CoveredBand {
    /// The band, open below and closed above; the first includes 0. Null for outputs without a confidence.
    #[schema(required = true)]
    pub from: Option<f64>,
    #[schema(required = true)]
    pub to: Option<f64>,
    #[serde(flatten)]
    pub part: CoveredPart,
}

/// The score with each stratum at its share of what was shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WeightedScore {
    pub score: Estimate,
    /// How many equally weighted outputs would be as informative.
    #[schema(required = true)]
    pub effective_outputs: Option<f64>,
    /// Segments times bands of confidence that have outputs.
    pub strata: usize,
    /// Strata so rarely answered that they get less than their share.
    pub trimmed_strata: usize,
    /// Share of the shown outputs in strata of which nothing is known: the score does not speak for them.
    #[schema(required = true)]
    pub unrepresented_share: Option<f64>,
}

/// What the score could be, whatever lies behind the silence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ScoreBounds {
    /// If all that is not known were negative.
    pub lower: Between,
    /// If all of it were positive.
    pub upper: Between,
    /// Holds the true score at the level, wherever between the bounds it is; null with fewer than two users.
    #[schema(required = true)]
    pub interval_lower: Option<f64>,
    #[schema(required = true)]
    pub interval_upper: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CoverageResponse {
    pub feature: String,
    pub target: CalibrationTarget,
    /// As it is, of all outputs.
    pub whole: CoveredPart,
    pub weighted: WeightedScore,
    pub bounds: ScoreBounds,
    pub by_segment: Vec<CoveredSegment>,
    pub by_confidence: Vec<CoveredBand>,
    pub meta: AnalysisMeta,
}

/// Coverage of a feature
///
/// How many outputs were answered, or judged, and what would the score be, had all been? By segment and band of confidence; weighted
/// so that each counts for what was shown; and at worst and at best.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, CoverageParams),
    responses(
        (status = 200, description = "What is known, and what that says of the rest", body = CoverageResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/coverage")]
pub async fn get_feature_coverage(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, CoverageParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let target = asked.target.unwrap_or(CalibrationTarget::Acceptance);
    let query = range.query(key.project, Vec::new())?;
    let question = Question {
        dimensions: ask::group_by(&listed(asked.group_by.as_deref()))?,
        query: of_feature(&state, query, &feature.0).await?,
        target: match target {
            CalibrationTarget::Acceptance => Target::Acceptance,
            CalibrationTarget::Correctness => Target::Correctness,
        },
    };
    let asked = question.clone();
    let compute = move |conn: &mut _, sources: &_, _| coverage::run(conn, sources, &question);
    computed(&state, &request, key.project, String::new(), compute, move |found| {
        respond::rendered_json(&CoverageResponse {
            feature: feature.0.clone(),
            target,
            whole: part(&found.whole),
            weighted: weighted(&asked, found),
            bounds: bounds(&asked, found),
            by_segment: segments(&asked, found),
            by_confidence: bands(found),
            meta: AnalysisMeta::of_segments(found.window, asked.query.level.get(), found.log_position),
        })
    })
    .await
}

fn part(part: &Part) -> CoveredPart {
    CoveredPart {
        shown: part.shown,
        coverage: part.coverage.clone(),
        score: part.score.clone(),
    }
}

fn weighted(question: &Question, found: &Covered) -> WeightedScore {
    let own = found.weighted;
    let score = own.map_or(
        Estimate::none(found.whole.score.reason.unwrap_or(Reason::NoData)),
        |own| Estimate {
            users: found.whole.score.users,
            ..Estimate::point(own.value, own.observed as u64)
                .within(own.interval(question.query.level), "hajek_wilson_cluster_exact")
                .with_standard_error(own.standard_error)
        },
    );
    WeightedScore {
        score,
        effective_outputs: own.map(|own| own.effective),
        strata: found.strata,
        trimmed_strata: own.map_or(0, |own| own.trimmed),
        unrepresented_share: own.map(|own| own.unrepresented),
    }
}

fn bounds(question: &Question, found: &Covered) -> ScoreBounds {
    let level = question.query.level;
    let bound = |ratio: &crate::stats::cluster::ClusterRatio| match ratio.ratio() {
        Some(value) => Between::interval(value, ratio.wilson(level)),
        None => Between::none(Reason::NoData),
    };
    let interval = found.bounds.interval(level);
    ScoreBounds {
        lower: bound(&found.bounds.lower),
        upper: bound(&found.bounds.upper),
        interval_lower: interval.map(|interval| interval.lower),
        interval_upper: interval.map(|interval| interval.upper),
    }
}

fn segments(question: &Question, found: &Covered) -> Vec<CoveredSegment> {
    let names = || question.dimensions.iter().map(|dimension| dimension.name().to_owned());
    let segments = found.segments.iter();
    segments
        .map(|(values, own)| CoveredSegment {
            group: Ordered(names().zip(values.iter().cloned()).collect()),
            part: part(own),
        })
        .collect()
}

/// The bands in order, then outputs without a confidence.
fn bands(found: &Covered) -> Vec<CoveredBand> {
    let count = found.bands.len().saturating_sub(1);
    let edge = |number: usize| (number <= count).then(|| number as f64 / count as f64);
    let bands = found.bands.iter().enumerate();
    bands
        .filter_map(|(number, own)| {
            let has_confidence = number < count;
            Some(CoveredBand {
                from: edge(number).filter(|_| has_confidence),
                to: edge(number + 1).filter(|_| has_confidence),
                part: part(own.as_ref()?),
            })
        })
        .collect()
}
