//! `GET /rejected`: which events were refused, by key, code and time. Clients often hide it from their users.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::answers::{Files, ReadAnswers};
use super::ask;
use super::auth::{Authorized, Read};
use super::error::{ApiError, ErrorCode};
use super::extract::Params;
use super::rendered::{Rendered, as_of_now};
use super::respond::{self, Format};
use super::tables::{Binary, Column, Table};
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::domain::window::{Granularity, Window};
use crate::ingest::rejection::RejectionCode;
use crate::query::request::MAX_ROWS;
use crate::state::AppState;
use crate::store::rejections::{self, Asked, Count, KEPT_DAYS};

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RejectedParams {
    /// Start of the range in which events were refused, RFC 3339 or milliseconds since 1970; as far back as they are counted, 400 days,
    /// without it.
    pub from: Option<String>,
    /// End of the range, not part of it; the end of this hour without it.
    pub to: Option<String>,
    /// Length of the buckets, which follow UTC; a day without it.
    pub granularity: Option<Granularity>,
    /// Only events that came with the key of this id.
    pub key_id: Option<Uuid>,
    /// Only events that were refused for this reason.
    pub code: Option<RejectionCode>,
    pub format: Option<Format>,
}

/// The key that events came with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct RejectedKey {
    pub name: String,
    pub id: Uuid,
}

/// The events of one key that were refused for one reason in one bucket.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RejectedCount {
    /// The start of the bucket.
    pub bucket: DateTime<Utc>,
    pub key: RejectedKey,
    #[schema(value_type = RejectionCode)]
    pub code: String,
    pub events: i64,
}

/// The same over the whole range.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RejectedTotal {
    pub key: RejectedKey,
    #[schema(value_type = RejectionCode)]
    pub code: String,
    pub events: i64,
}

/// A reason for which events were refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RejectedReason {
    pub code: RejectionCode,
    /// What it says of the event.
    pub meaning: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    pub events: i64,
}

/// The range, in whole hours.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RejectedMeta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub granularity: Granularity,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RejectedResponse {
    /// In the order of time, of the names of the keys, and of codes. Without those of which there were none.
    pub data: Vec<RejectedCount>,
    /// By key and code, most first.
    pub totals: Vec<RejectedTotal>,
    /// By code, most first, with what to do.
    pub codes: Vec<RejectedReason>,
    /// All of them.
    pub events: i64,
    pub meta: RejectedMeta,
}

/// List what was refused
///
/// How many events were refused, by key, code and time of receipt, with what each code means and what to do about it. An event that is sent
/// again is counted again. Counts are of whole hours, to which the range is widened, and are kept for 400 days. Requests that were refused
/// as a whole are not among them. As JSON; or, by `format` or `Accept`, as CSV, Arrow stream or Parquet file with a row per count.
#[utoipa::path(
    tag = "operations",
    params(RejectedParams),
    responses(
        (status = 200, description = "The counts", content(
            (RejectedResponse = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
            (Binary = "application/vnd.apache.parquet"),
        )),
        Files,
        ReadAnswers,
    ),
    security(("api_key" = ["read"]), ("link" = []))
)]
#[get("/rejected")]
pub async fn list_rejections(
    request: HttpRequest,
    key: Authorized<Read>,
    params: Params<RejectedParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = params.0;
    let format = Format::of(&request, asked.format);
    let question = format!("{} {format:?}", request.uri());
    let current = found(&state, key.project, asked, format);
    let project = as_of_now(&state, key.project).await?;
    state.answers.respond(&request, &project, question, current).await
}

async fn found(
    state: &AppState,
    project: ProjectId,
    params: RejectedParams,
    format: Format,
) -> Result<Rendered, ApiError> {
    let window = window(params.from.as_deref(), params.to.as_deref(), Utc::now())?;
    let granularity = params.granularity.unwrap_or(Granularity::Day).resolve(&window);
    let asked = Asked {
        hours: clock::hour_of(window.from)..clock::hour_of(window.to),
        granularity,
        key_id: params.key_id,
        code: params.code.map(RejectionCode::name),
    };
    // One more tells whether there are too many.
    let limit = MAX_ROWS as i64 + 1;
    let read = move |conn: &mut _| rejections::counts(conn, project, &asked, limit).map_err(ApiError::from);
    let counts = state.db.run(read).await?;
    if counts.len() > MAX_ROWS {
        let detail =
            format!("there are more than {MAX_ROWS} counts; ask for longer buckets, a shorter range, a key or a code");
        return Err(ApiError::new(ErrorCode::AnswerTooLarge, detail));
    }
    format.render(
        || respond::rendered_json(&response(&counts, window, granularity)),
        || table(&counts),
    )
}

/// The whole hours of a range. Events are counted by the hour in which they came.
fn window(from: Option<&str>, to: Option<&str>, now: DateTime<Utc>) -> Result<Window, ApiError> {
    let end_of_hour = |time: DateTime<Utc>| clock::start_of_hour(time) + TimeDelta::hours(1);
    let (from, to) = ask::range(from, to)?;
    let now = end_of_hour(now);
    let to = to.map_or(now, |to| if clock::is_whole_hour(to) { to } else { end_of_hour(to) });
    let first = || to.min(now) - TimeDelta::days(i64::from(KEPT_DAYS));
    let from = from.map_or_else(first, clock::start_of_hour);
    match from < to {
        true => Ok(Window { from, to }),
        false => Err(ApiError::parameter(
            "from",
            "must be before the end of this hour, if there is no `to`",
        )),
    }
}

fn response(counts: &[Count], window: Window, granularity: Granularity) -> RejectedResponse {
    let key = |count: &Count| RejectedKey {
        name: count.key_name.clone(),
        id: count.key_id,
    };
    let totals = sums(counts, |count| (key(count), count.code.clone()));
    let codes = sums(counts, |count| RejectionCode::parse(&count.code));
    RejectedResponse {
        data: counts
            .iter()
            .map(|count| RejectedCount {
                bucket: count.bucket,
                key: key(count),
                code: count.code.clone(),
                events: count.events,
            })
            .collect(),
        totals: totals
            .into_iter()
            .map(|((key, code), events)| RejectedTotal { key, code, events })
            .collect(),
        codes: codes
            .into_iter()
            .filter_map(|(code, events)| {
                // What another version of the program counted has no words here.
                let code = code?;
                Some(RejectedReason {
                    code,
                    meaning: code.meaning(),
                    advice: code.advice(),
                    events,
                })
            })
            .collect(),
        events: counts.iter().map(|count| count.events).sum(),
        meta: RejectedMeta {
            from: window.from,
            to: window.to,
            granularity,
        },
    }
}

/// The events of all counts that are of the same, most first.
fn sums<T: Ord>(counts: &[Count], of: impl Fn(&Count) -> T) -> Vec<(T, i64)> {
    let mut sums = BTreeMap::new();
    for count in counts {
        *sums.entry(of(count)).or_insert(0) += count.events;
    }
    let mut sums: Vec<(T, i64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
    sums
}

/// The counts as a table, in their order.
fn table(counts: &[Count]) -> Table {
    let text = |of: fn(&Count) -> String| Column::Text(counts.iter().map(|count| Some(of(count))).collect());
    let mut table = Table::default();
    let buckets = counts.iter().map(|count| Some(count.bucket));
    table.push("bucket", Column::Time(Tz::UTC, buckets.collect()));
    table.push("key_id", text(|count| count.key_id.to_string()));
    table.push("key_name", text(|count| count.key_name.clone()));
    table.push("code", text(|count| count.code.clone()));
    let events = counts.iter().map(|count| Some(count.events));
    table.push("events", Column::Count(events.collect()));
    table
}
