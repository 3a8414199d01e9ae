//! `GET /experiments/{experiment}/results`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::named;
use super::view::{Declared, ExperimentView};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::Segment;
use crate::api::query::computed;
use crate::api::respond;
use crate::metrics::number::counted;
use crate::query::analyses::experiment::{self, ArmBalance, ArmResult, Results};
use crate::state::AppState;

/// Where an experiment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentStatus {
    Planned,
    Running,
    Ended,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExperimentResults {
    pub experiment: ExperimentView,
    pub status: ExperimentStatus,
    /// What one must know before believing any of it, in words.
    pub notes: Vec<String>,
    /// Each arm against the control; empty before the start.
    pub data: Vec<ArmResult>,
    /// Null before the start.
    #[schema(required = true)]
    pub balance: Option<ArmBalance>,
    pub meta: ExperimentMeta,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExperimentMeta {
    #[schema(required = true)]
    pub from: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub to: Option<DateTime<Utc>>,
    /// The level of each arm's intervals and sequences: its share of the experiment's, where there are several candidates.
    pub level: f64,
    /// Events of the project's log that the numbers contain.
    #[schema(required = true)]
    pub log_position: Option<i64>,
}

/// Results of an experiment
///
/// What is known so far, and what to do about it. Confidence sequences hold at all looks, so that one may look every day and stop at
/// any time.
#[utoipa::path(
    tag = "experiments",
    params(("experiment" = String, Path, description = "The experiment's name")),
    responses(
        (status = 200, description = "What is known so far", body = ExperimentResults),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/experiments/{experiment}/results")]
pub async fn get_experiment_results(
    request: HttpRequest,
    key: Authorized<Read>,
    experiment: Segment<String>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let declared = named(&state, key.project, &experiment.0).await?;
    let question = declared.plan.experiment(key.project)?;
    let status = status(&declared, Utc::now());
    let level = question.query.level.get();
    // The same address asks something else once the experiment was changed, declared anew, started, or ended.
    let asked = format!("{declared:?} {status:?}");
    let compute = move |conn: &mut _, sources: &_, now| match status {
        ExperimentStatus::Planned => Ok(None),
        _ => experiment::run(conn, sources, &question, now).map(Some),
    };
    computed(
        &state,
        &request,
        key.project,
        asked,
        compute,
        move |found: &Option<Results>| {
            let results = found.as_ref();
            let seen = results.and_then(|results| results.seen);
            respond::rendered_json(&ExperimentResults {
                notes: notes(&declared, status, results),
                status,
                data: results.map(|results| results.candidates.clone()).unwrap_or_default(),
                balance: results.map(|results| results.balance.clone()),
                meta: ExperimentMeta {
                    from: seen.map(|(window, _)| window.from),
                    to: seen.map(|(window, _)| window.to),
                    level: results.map_or(level, |results| results.level.get()),
                    log_position: seen.map(|(_, position)| position),
                },
                experiment: declared.clone().into(),
            })
        },
    )
    .await
}

fn status(declared: &Declared, now: DateTime<Utc>) -> ExperimentStatus {
    if now < declared.plan.starts_at {
        ExperimentStatus::Planned
    } else if declared.plan.ends_at.is_some_and(|end| end <= now) {
        ExperimentStatus::Ended
    } else {
        ExperimentStatus::Running
    }
}

fn notes(declared: &Declared, status: ExperimentStatus, results: Option<&Results>) -> Vec<String> {
    let mut notes = Vec::new();
    if status == ExperimentStatus::Planned {
        notes.push("It has not started.".to_owned());
    }
    if declared.is_late() {
        let late = declared.at - declared.plan.starts_at;
        notes.push(format!(
            "It was declared {} after its start: what was seen by then may have shaped what is asked.",
            match late.num_days() {
                0 | 1 => counted(late.num_hours() as u64, "hour"),
                days => counted(days as u64, "day"),
            }
        ));
    }
    let Some(results) = results else { return notes };
    if results.balance.mismatch {
        notes.push(
            "Users are not spread over the arms as planned: something else than chance decides who is counted."
                .to_owned(),
        );
    }
    if let Some(places) = results.balance.places.as_ref().filter(|places| places.mismatch) {
        notes.push(places.sentence.clone());
    }
    if results.candidates.len() > 1 {
        notes.push(format!(
            "{} candidates share the chance of a false finding: each is held to a level of {:.2} %.",
            results.candidates.len(),
            results.level.get() * 100.0
        ));
    }
    if results
        .candidates
        .iter()
        .any(|arm| arm.users_on_both.is_some_and(|users| users > 0))
    {
        notes.push("Some users are in more than one arm; their differences are counted within them.".to_owned());
    }
    notes
}
