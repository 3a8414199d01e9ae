//! `GET /features`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{outputs_needed, question, verdict};
use crate::api::answers::ReadAnswers;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::SharedParams;
use crate::api::query::{QueryMeta, answer, estimates, meta};
use crate::api::range::RangeParams;
use crate::api::respond::{self, Ordered};
use crate::domain::dimension::Dimension;
use crate::domain::key::ProjectId;
use crate::metrics::families::trust::Verdict;
use crate::metrics::index::is_ratio;
use crate::metrics::{self, Estimate, Metric};
use crate::query::analyses::ranking::{Shrunk, attention, shrink};
use crate::query::{Answer, Query, Row};
use crate::state::AppState;

const HEADLINE: [&str; 9] = [
    "shown",
    "users",
    "response_rate",
    "acceptance_rate",
    "correctness_rate",
    "judgement_coverage",
    "trust",
    "trustworthiness",
    "trust_gap",
];

/// A feature and its headline numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeatureSummary {
    pub feature: String,
    pub verdict: Verdict,
    /// If the verdict cannot be told yet: how many more judged outputs like these it would take.
    #[schema(required = true)]
    pub judged_outputs_needed: Option<u64>,
    #[schema(value_type = std::collections::BTreeMap<String, Estimate>)]
    pub metrics: Ordered<Estimate>,
    /// The same rates and differences pulled towards those of the other features by how little is known of each: what to rank by,
    /// so that small features do not lead by chance. Without those that have no value, and empty with fewer than eight features.
    #[schema(value_type = std::collections::BTreeMap<String, Shrunk>)]
    pub shrunk: Ordered<Shrunk>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeaturesParams {
    /// The id of one of the metrics in the answer: features that want attention come first, by the shrunk value where there is one.
    /// In the order of their names without it.
    pub rank_by: Option<String>,
    #[serde(default)]
    pub exact: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeaturesResponse {
    pub data: Vec<FeatureSummary>,
    pub meta: QueryMeta,
}

/// List features
///
/// Every feature with its headline numbers and what they say of its trust.
#[utoipa::path(
    tag = "features",
    params(RangeParams, FeaturesParams),
    responses(
        (status = 200, description = "The features", body = FeaturesResponse),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features")]
pub async fn list_features(
    request: HttpRequest,
    key: Authorized<Read>,
    params: SharedParams<RangeParams, FeaturesParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let ranked_by = asked.rank_by.as_deref().map(ranked_by).transpose()?;
    let query = headline(key.project, &range, asked.exact)?;
    answer(&state, &request, query, String::new(), move |query, answer| {
        let mut data = summaries(query, answer);
        if let Some(metric) = ranked_by {
            let value = |own: &FeatureSummary| {
                let shrunk = own.shrunk.get(metric.id).map(|shrunk| shrunk.value);
                shrunk.or_else(|| own.metrics.get(metric.id)?.value)
            };
            data.sort_by(|one, other| attention(metric.direction, value(one), value(other)));
        }
        respond::rendered_json(&FeaturesResponse {
            data,
            meta: meta(query, answer),
        })
    })
    .await
}

/// The question after the headline numbers of every feature.
pub fn headline(project: ProjectId, range: &RangeParams, exact: bool) -> Result<Query, ApiError> {
    Ok(Query {
        group_by: vec![Dimension::Feature],
        contributions: true,
        exact_by_group: true,
        ..question(project, &HEADLINE, range, None, exact)?
    })
}

fn ranked_by(id: &str) -> Result<&'static Metric, ApiError> {
    let known = HEADLINE
        .iter()
        .find(|known| **known == id)
        .and_then(|known| metrics::find(known));
    known
        .map(|(_, metric)| metric)
        .ok_or_else(|| ApiError::parameter("rank_by", format!("must be one of {}", HEADLINE.join(", "))))
}

/// What the answer to it says of each feature that has outputs in the range.
pub fn summaries(query: &Query, answer: &Answer) -> Vec<FeatureSummary> {
    let shrinkable = query.metrics.iter().enumerate().filter(|(_, metric)| is_ratio(metric));
    let shrunk: Vec<(&str, Vec<Option<Shrunk>>)> = shrinkable
        .map(|(at, metric)| (metric.id, shrink(metric, &answer.rows, at, query.level)))
        .collect();
    let summary = |(number, row): (usize, &Row)| {
        let own = shrunk
            .iter()
            .filter_map(|(id, all)| Some(((*id).to_owned(), all.get(number).copied()??)));
        FeatureSummary {
            feature: row.group.first().cloned().flatten().unwrap_or_default(),
            verdict: verdict(query, row),
            judged_outputs_needed: outputs_needed(query, row),
            metrics: estimates(query, row),
            shrunk: Ordered(own.collect()),
        }
    };
    answer.rows.iter().enumerate().map(summary).collect()
}
