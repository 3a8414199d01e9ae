//! `GET /features/{feature}/edits` and `/features/{feature}/words`: what the texts of a feature say.

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
use crate::api::query::computed;
use crate::api::range::RangeParams;
use crate::api::respond;
use crate::query::Query;
use crate::query::analyses::texts::edits::{self, Edits};
use crate::query::analyses::texts::marks::{self, Against, Marks};
use crate::query::analyses::texts::{self, Extent};
use crate::state::AppState;
use crate::store::texts::Kind;

/// Phrases or words of each list, without a limit of one's own.
const LISTED: usize = 20;
pub const MOST_LISTED: usize = 100;
/// Two users make it more than one user's habit.
const LEAST_USERS: u64 = 2;
const MOST_LEAST_USERS: u64 = 1_000;

/// Which of an output's texts is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TextKind {
    Input,
    #[default]
    Output,
    /// The newest comment on the output.
    Comment,
}

impl TextKind {
    fn stored(self) -> Kind {
        match self {
            TextKind::Input => Kind::Input,
            TextKind::Output => Kind::Output,
            TextKind::Comment => Kind::Comment,
        }
    }
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EditsParams {
    /// Users who must have made the same change for it to be told, 2 without it. An output without a user stands for one.
    #[param(minimum = 1, maximum = 1000)]
    pub min_users: Option<u64>,
    /// Phrases of each list, 20 without it.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WordsParams {
    /// Whose words: `output` without it.
    #[serde(default)]
    pub text: TextKind,
    /// What tells the outputs apart: `decision` without it.
    #[serde(default)]
    pub against: Against,
    /// Users whose outputs must have a word for it to be looked at, 2 without it. An output without a user stands for one.
    #[param(minimum = 1, maximum = 1000)]
    pub min_users: Option<u64>,
    /// Words on each side, 20 without it.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
}

/// What one must know about an analysis of texts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TextMeta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub level: f64,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
    pub read: Extent,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EditsResponse {
    pub feature: String,
    pub data: Edits,
    pub meta: TextMeta,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WordsResponse {
    pub feature: String,
    pub text: TextKind,
    pub against: Against,
    pub data: Marks,
    pub meta: TextMeta,
}

fn least_users(asked: Option<u64>) -> Result<u64, ApiError> {
    Ok(ask::within("min_users", asked, 1, MOST_LEAST_USERS)?.unwrap_or(LEAST_USERS))
}

fn limit(asked: Option<usize>) -> Result<usize, ApiError> {
    Ok(ask::within("limit", asked, 1, MOST_LISTED)?.unwrap_or(LISTED))
}

fn meta<T>(query: &Query, read: &texts::Read<T>) -> TextMeta {
    TextMeta {
        from: read.window.from,
        to: read.window.to,
        level: query.level.get(),
        log_position: read.log_position,
        read: read.extent,
    }
}

/// Edits of a feature
///
/// What do users change in the outputs they take? The phrases that they delete, insert and replace most, ranked so that no one user
/// leads, each with its newest outputs; and the kinds of edits, by rules that count words. The newest outputs are read, as many as may be.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, EditsParams),
    responses(
        (status = 200, description = "What users change", body = EditsResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/edits")]
pub async fn get_feature_edits(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, EditsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let query = range.query(key.project, Vec::new())?;
    let question = edits::Question {
        least_users: least_users(asked.min_users)?,
        limit: limit(asked.limit)?,
        query: of_feature(&state, query, &feature.0).await?,
    };
    let query = question.query.clone();
    let compute = move |conn: &mut _, sources: &_, _| edits::run(conn, sources, &question);
    computed(&state, &request, key.project, String::new(), compute, move |read| {
        respond::rendered_json(&EditsResponse {
            feature: feature.0.clone(),
            data: read.found.clone(),
            meta: meta(&query, read),
        })
    })
    .await
}

/// Words that mark outputs of a feature
///
/// Which words of the outputs, inputs or comments mark those that users reject, against those they take; or those judged wrong, or rated
/// low? Log-odds with an informative prior, an output counting once for each of its words, clustered by user; only words that stand
/// out for how many were looked at.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, WordsParams),
    responses(
        (status = 200, description = "The words", body = WordsResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/features/{feature}/words")]
pub async fn get_feature_words(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, WordsParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let query = range.query(key.project, Vec::new())?;
    let question = marks::Question {
        kind: asked.text.stored(),
        against: asked.against,
        least_users: least_users(asked.min_users)?,
        limit: limit(asked.limit)?,
        query: of_feature(&state, query, &feature.0).await?,
    };
    let query = question.query.clone();
    let compute = move |conn: &mut _, sources: &_, _| marks::run(conn, sources, &question);
    computed(&state, &request, key.project, String::new(), compute, move |read| {
        respond::rendered_json(&WordsResponse {
            feature: feature.0.clone(),
            text: asked.text,
            against: asked.against,
            data: read.found.clone(),
            meta: meta(&query, read),
        })
    })
    .await
}
