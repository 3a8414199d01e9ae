//! `POST /alerts/dry-run`: when would a rule have fired?

use actix_web::{HttpRequest, HttpResponse, post, web};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::plan::{AlertKind, AlertPlan};
use crate::api::answers::WriteAnswers;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::JsonBody;
use crate::api::query::computed;
use crate::api::respond;
use crate::domain::clock;
use crate::domain::strict::Object;
use crate::query::analyses::alerts::{self, AlertCause, AlertLook, AlertState, Looked, subject};
use crate::query::dimensions;
use crate::query::request::QueryError;
use crate::state::AppState;
use crate::store::projects;

/// Days of a dry run, at most; of `no_data`, which looks every hour.
pub const MOST_DAYS: i32 = 180;
pub const MOST_DAYS_OF_HOURS: i32 = 60;
const DAYS: i32 = 60;

/// A rule that need not be made yet, and how far back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRunRequest {
    #[schema(value_type = AlertPlan)]
    pub rule: Object<AlertPlan>,
    /// UTC days up to today; 60 without it.
    #[schema(minimum = 1, maximum = 180)]
    pub days: Option<i32>,
}

/// A look, and where the rule stood after it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DryLook {
    #[serde(flatten)]
    pub look: AlertLook,
    pub state: AlertState,
}

/// What it would have done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DryTransition {
    /// The end of what it saw.
    pub at: DateTime<Utc>,
    /// When that was mature: it would have been told then, or soon after.
    pub known_at: DateTime<Utc>,
    pub state: AlertState,
    pub cause: AlertCause,
    pub sentence: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DryRunResponse {
    /// What the rule is about, in words.
    pub subject: String,
    /// The rule with all that was left out.
    pub rule: AlertPlan,
    /// How often it would have fired.
    pub fired: usize,
    pub looks: Vec<DryLook>,
    pub transitions: Vec<DryTransition>,
    pub meta: DryRunMeta,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DryRunMeta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Numbers are as known now: what arrived late is in them, and was not when the day was looked at.
    pub as_known_now: bool,
    /// Events of the project's log that the numbers contain.
    pub log_position: i64,
}

struct Ran {
    looked: Vec<Looked>,
    horizon: TimeDelta,
    position: i64,
    now: DateTime<Utc>,
}

/// Try an alert on the past
///
/// Walks a rule that need not be made over past days, as known now, and says when it would have fired and cleared.
#[utoipa::path(
    tag = "alerts",
    request_body = DryRunRequest,
    responses(
        (status = 200, description = "What it would have done", body = DryRunResponse),
        WriteAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[post("/alerts/dry-run")]
pub async fn query_alert_dry_run(
    request: HttpRequest,
    key: Authorized<Read>,
    body: JsonBody<DryRunRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = format!("{:?}", body.0);
    let Object(plan) = body.0.rule;
    let rule = plan.declared(key.project)?;
    let most = match plan.kind {
        AlertKind::NoData => MOST_DAYS_OF_HOURS,
        _ => MOST_DAYS,
    };
    let days = body.0.days.unwrap_or(DAYS.min(most));
    if !(1..=most).contains(&days) {
        return Err(ApiError::invalid(format!(
            "`days`: must be from 1 to {most} for this kind of rule"
        )));
    }
    let (project, about) = (key.project, subject(&rule));
    let compute = move |conn: &mut _, sources: &_, now| {
        let found = projects::find(conn, project)?;
        dimensions::check(&rule.query, &found)?;
        let end = clock::day_of(now) + 1;
        Ok::<_, QueryError>(Ran {
            looked: alerts::dry_run(conn, sources, &rule, end - days..end, now)?,
            horizon: match rule.watch {
                alerts::Watch::NoData { .. } => TimeDelta::zero(),
                _ => TimeDelta::seconds(i64::from(found.horizon_seconds)),
            },
            position: found.folded_events,
            now,
        })
    };
    computed(&state, &request, project, asked, compute, move |ran: &Ran| {
        let end = clock::day_of(ran.now) + 1;
        let transitions = ran.looked.iter().filter_map(|looked| {
            let turned = looked.transition.as_ref()?;
            Some(DryTransition {
                at: looked.look.to,
                known_at: looked.look.to + ran.horizon,
                state: turned.to,
                cause: turned.cause,
                sentence: turned.sentence.clone(),
            })
        });
        let transitions: Vec<DryTransition> = transitions.collect();
        respond::rendered_json(&DryRunResponse {
            subject: about.clone(),
            rule: plan.clone().completed(),
            fired: transitions
                .iter()
                .filter(|turned| turned.state == AlertState::Firing)
                .count(),
            looks: ran
                .looked
                .iter()
                .map(|looked| DryLook {
                    look: looked.look.clone(),
                    state: looked.state,
                })
                .collect(),
            transitions,
            meta: DryRunMeta {
                from: clock::midnight(end - days),
                to: clock::midnight(end),
                as_known_now: true,
                log_position: ran.position,
            },
        })
    })
    .await
}
