//! `GET /features/{feature}/trust`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::{SplitParams, about, estimate, group, outputs_needed, question, verdict};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::{QueryMeta, estimates, meta};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::metrics::families::trust::{MARGIN, Verdict};
use crate::metrics::number::{Spread, counted};
use crate::metrics::{Estimate, Unit};
use crate::query::{Query, Row};
use crate::state::AppState;

const TRUST: [&str; 9] = [
    "trust",
    "trustworthiness",
    "trust_gap",
    "trust_calibration_error",
    "acceptance_rate",
    "correctness_rate",
    "judgement_coverage",
    "users",
    "d_prime",
];

/// Users whose discernment is surely below this hardly tell right from wrong outputs: of two, one of each, they would pick the right one in
/// fewer than 64 of 100 (Macmillan and Creelman 2005, `Φ(d′/√2)`).
const BLIND: f64 = 0.5;

/// One slice of a feature.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrustSlice {
    #[schema(value_type = std::collections::BTreeMap<String, Option<String>>)]
    pub group: Ordered<Option<String>>,
    pub verdict: Verdict,
    /// The verdict in words, with its evidence.
    pub sentence: String,
    /// Gaps whose interval lies within this much of zero are calibrated trust.
    pub margin: f64,
    /// If it cannot be told yet: how many more judged outputs like these it would take.
    #[schema(required = true)]
    pub judged_outputs_needed: Option<u64>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TrustResponse {
    pub feature: String,
    pub data: Vec<TrustSlice>,
    pub meta: QueryMeta,
}

/// Trust of a feature
///
/// Do users trust it as much as it deserves? Trust, trustworthiness, the gap between them, and the verdict.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, SplitParams),
    responses(
        (status = 200, description = "Trust, in one slice or split", body = TrustResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/trust")]
pub async fn get_feature_trust(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, SplitParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, split) = params;
    let query = question(key.project, &TRUST, &range, split.group_by.as_deref(), split.exact)?;
    about(&state, &request, query, feature.0, |feature, query, answer| {
        let data = answer.rows.iter().map(|row| TrustSlice {
            group: group(query, row),
            verdict: verdict(query, row),
            sentence: sentence(query, row),
            margin: MARGIN,
            judged_outputs_needed: outputs_needed(query, row),
            metrics: estimates(query, row),
        });
        respond::rendered_json(&TrustResponse {
            feature,
            data: data.collect(),
            meta: meta(query, answer),
        })
    })
    .await
}

/// The verdict in words.
fn sentence(query: &Query, row: &Row) -> String {
    let spread = |id: &str| estimate(query, row, id).map_or_else(Spread::default, Spread::from);
    let n = estimate(query, row, "trust_gap").map_or(0, |gap| gap.n);
    if n == 0 {
        return "No output was both decided and judged, so trust cannot be compared with trustworthiness; send judgements."
            .to_owned();
    }
    let evidence = format!(
        "users took {} of {}, and {} of them were right; the gap is {}",
        spread("trust").alone(Unit::Share),
        counted(n, "judged output"),
        spread("trustworthiness").alone(Unit::Share),
        spread("trust_gap").text(Unit::ShareDifference)
    );
    let discernment = spread("d_prime");
    let known = discernment.text(Unit::StandardDeviations);
    let blind = match discernment.upper {
        Some(upper) if upper < 0.0 => {
            format!(" Wrong outputs are taken sooner than right ones: discernment (d′) is {known}.")
        }
        Some(upper) if upper < BLIND => {
            format!(" Whether an output is right hardly matters for whether it is taken: discernment (d′) is {known}.")
        }
        _ => String::new(),
    };
    let told = match verdict(query, row) {
        Verdict::Over => format!("Trusted more than it deserves: {evidence}."),
        Verdict::Under => format!("Trusted less than it deserves: {evidence}."),
        Verdict::Calibrated => format!("Trusted about as much as it deserves: {evidence}."),
        Verdict::Insufficient => {
            let needed = match outputs_needed(query, row) {
                Some(needed) => format!("about {} like these would tell", counted(needed, "more judged output")),
                None if estimate(query, row, "trust_gap").and_then(|gap| gap.users) > Some(1) => {
                    "one user has nearly all of them, and it takes judged outputs of others".to_owned()
                }
                None => "it takes judged outputs of at least two users".to_owned(),
            };
            let gap = match spread("trust_gap") {
                Spread { lower: None, .. } => "of which there is no interval yet",
                _ => "which neither leaves zero out nor stays within 5 points of it",
            };
            format!("Cannot tell yet: {evidence}, {gap}; {needed}.")
        }
    };
    told + &blind
}
