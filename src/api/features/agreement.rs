//! `GET /features/{feature}/agreement`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask::{self, Scope};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::query::computed;
use crate::api::respond;
use crate::query::Query;
use crate::query::analyses::agreement::{self, Agreement};
use crate::query::analyses::opinions::Listened;
use crate::query::answer::Source;
use crate::state::AppState;

/// Which outputs' opinions are meant.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OpinionParams {
    /// Start of the range in which outputs were shown, RFC 3339 or milliseconds since 1970; the day of the first output without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of the day of the last output without it.
    pub to: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

impl OpinionParams {
    pub fn query(&self, project: i32) -> Result<Query, ApiError> {
        let mut query = Query::new(project, Vec::new());
        query.filters = ask::filters_parameter(self.filters.as_deref())?;
        let scope = Scope {
            from: self.from.as_deref(),
            to: self.to.as_deref(),
            level: self.level,
            ..Scope::default()
        };
        scope.apply(&mut query)?;
        Ok(query)
    }
}

impl AnalysisMeta {
    pub fn listened<T>(query: &Query, found: &Listened<T>) -> AnalysisMeta {
        AnalysisMeta {
            from: found.window.from,
            to: found.window.to,
            level: query.level.get(),
            log_position: found.log_position,
            source: Source::Segments,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgreementResponse {
    pub feature: String,
    pub data: Agreement,
    pub meta: AnalysisMeta,
}

/// Agreement on a feature
///
/// Do people judge its outputs alike, rubric by rubric? May a model or program judge in their place? Do users take what judges call
/// right? Everyone's newest opinion counts.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), OpinionParams),
    responses(
        (status = 200, description = "Who agrees with whom", body = AgreementResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[get("/features/{feature}/agreement")]
pub async fn get_feature_agreement(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: Params<OpinionParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let query = of_feature(&state, params.0.query(key.project)?, &feature.0).await?;
    let question = query.clone();
    let compute = move |conn: &mut _, sources: &_, _| agreement::run(conn, sources, &query);
    computed(&state, &request, key.project, String::new(), compute, |found| {
        respond::rendered_json(&AgreementResponse {
            feature: feature.0.clone(),
            data: found.found.clone(),
            meta: AnalysisMeta::listened(&question, found),
        })
    })
    .await
}
