//! `GET /digest`: the week in short. One form in code, written as JSON, Markdown or HTML, and sent to webhooks every week.

mod document;
mod gather;
mod html;
pub mod keeper;
mod markdown;
pub mod message;
pub mod slack;
pub mod time;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::ReadAnswers;
use super::ask;
use super::auth::{Authorized, Read};
use super::changes::plan::ChangeKind;
use super::error::ApiError;
use super::extract::Params;
use super::query::computed;
use super::rendered::Rendered;
use super::respond;
use crate::metrics::Estimate;
use crate::metrics::families::trust::Verdict;
use crate::query::analyses::alerts::{AlertCause, AlertState};
use crate::query::analyses::compare::Between;
use crate::query::analyses::effect::EffectVerdict;
use crate::query::analyses::priorities::Priority;
use crate::state::AppState;

const MARKDOWN: &str = "text/markdown; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
/// Pages of HTML hold no scripts and load nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DigestFormat {
    #[default]
    Json,
    Md,
    Html,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DigestParams {
    /// An ISO week such as 2026-W47; the last whole one without it.
    pub week: Option<String>,
    /// IANA time zone in which weeks begin on Monday; UTC without it.
    pub timezone: Option<String>,
    #[param(inline)]
    pub format: Option<DigestFormat>,
}

/// A metric of a feature in the week, and against the week before.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DigestMetric {
    pub metric: &'static str,
    pub now: Estimate,
    pub before: Estimate,
    pub change: Between,
    /// Beyond chance, given how many features and metrics are looked at.
    pub moved: bool,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DigestFeature {
    pub feature: String,
    pub verdict: Verdict,
    pub verdict_before: Verdict,
    pub metrics: Vec<DigestMetric>,
}

/// An alert that fired or cleared in the week.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DigestAlert {
    pub id: Uuid,
    pub name: String,
    pub noticed_at: DateTime<Utc>,
    pub state: AlertState,
    pub cause: AlertCause,
    pub sentence: String,
}

/// A change that was made in the four weeks up to the end of the week, with what it came to by now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DigestChange {
    pub id: Uuid,
    pub title: String,
    pub feature: String,
    pub kind: ChangeKind,
    pub made_at: DateTime<Utc>,
    pub verdict: EffectVerdict,
    pub sentence: String,
}

/// The week in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Digest {
    pub project: String,
    /// The ISO week.
    pub week: String,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub timezone: &'static str,
    /// Of the intervals.
    pub level: f64,
    /// From here on decisions had not had time to arrive.
    #[schema(required = true)]
    pub immature_from: Option<DateTime<Utc>>,
    /// The week in a few sentences.
    pub headlines: Vec<String>,
    /// Features shown in this week or the one before.
    pub features: Vec<DigestFeature>,
    pub alerts: Vec<DigestAlert>,
    /// Names of the rules that are firing now.
    pub firing: Vec<String>,
    pub changes: Vec<DigestChange>,
    /// What to fix next, as of the end of the week.
    pub next: Vec<Priority>,
    /// The losses of what to fix next are those from here to `next_to`: of more than the week, where outputs are kept for longer.
    pub next_from: DateTime<Utc>,
    pub next_to: DateTime<Utc>,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
}

/// The week in short
///
/// What each feature came to and how it moved against the week before, alerts, changes with their measured effect, and what to fix
/// next. As JSON, Markdown, or a page of HTML that needs nothing else. No text and no user of the product is in it.
#[utoipa::path(
    tag = "alerts",
    params(DigestParams),
    responses(
        (status = 200, description = "The digest", content(
            (Digest = "application/json"),
            (String = "text/markdown"),
            (String = "text/html"),
        )),
        ReadAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/digest")]
pub async fn get_digest(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<DigestParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let zone = ask::timezone(params.0.timezone.as_deref())?;
    let week = gather::week(params.0.week.as_deref(), zone, Utc::now())?;
    let format = params.0.format.unwrap_or_default();
    let asked = gather::ask(&state, key.project, week).await?;
    let same = asked.same.clone();
    let compute = move |conn: &mut _, sources: &_, now| asked.answer(conn, sources, now);
    let render = move |digest: &Digest| match format {
        DigestFormat::Json => respond::rendered_json(digest),
        DigestFormat::Md => Ok(Rendered::new(
            MARKDOWN,
            markdown::write(&document::of(digest)).into_bytes(),
        )),
        DigestFormat::Html => Ok(Rendered::new(HTML, html::write(&document::of(digest)).into_bytes())),
    };
    let mut response = computed(&state, &request, key.project, same, compute, render).await?;
    if format == DigestFormat::Html {
        let policy = header::HeaderValue::from_static(POLICY);
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}
