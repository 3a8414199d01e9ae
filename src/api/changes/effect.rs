//! `GET /changes/{change}/effect`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::ChangeView;
use super::{logged, one, question};
use crate::api::answers::{Absent, ReadAnswers};
use crate::api::ask;
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Params, Segment};
use crate::api::query::computed;
use crate::api::respond;
use crate::metrics::{Direction, Unit};
use crate::query::analyses::compare::Between;
use crate::query::analyses::effect::{self, Effect, EffectDesign, EffectVerdict, Outcome};
use crate::state::AppState;

/// Whole weeks on both sides, unless asked otherwise, and at most.
pub const WEEKS: usize = 4;
pub const MOST_WEEKS: usize = 8;

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EffectParams {
    /// Whole weeks before and after the change, at most; 4 without it. There is a look after each of them.
    #[param(minimum = 1, maximum = 8)]
    pub weeks: Option<usize>,
    #[param(minimum = 0.5, maximum = 0.9999)]
    pub level: Option<f64>,
}

/// What a change was to move.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutcomeView {
    /// Null where it is the share of decided outputs that name a reason.
    #[schema(required = true)]
    pub metric: Option<&'static str>,
    #[schema(required = true)]
    pub reason: Option<String>,
    pub unit: Unit,
    pub direction: Direction,
}

impl OutcomeView {
    fn of(outcome: &Outcome) -> OutcomeView {
        let (metric, reason) = match outcome {
            Outcome::Metric(metric) => (Some(metric.id), None),
            Outcome::Complaints(reason) => (None, Some(reason.clone())),
        };
        OutcomeView {
            metric,
            reason,
            unit: outcome.unit(),
            direction: outcome.direction(),
        }
    }
}

/// The effect of a change, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EffectSummary {
    pub verdict: EffectVerdict,
    pub sentence: String,
    #[schema(required = true)]
    pub design: Option<EffectDesign>,
    pub effect: Between,
    /// The same, wide enough to be looked at each week.
    pub at_all_looks: Between,
    pub outcome: OutcomeView,
}

impl EffectSummary {
    pub fn of(effect: &Effect) -> EffectSummary {
        EffectSummary {
            verdict: effect.verdict,
            sentence: effect.sentence.clone(),
            design: effect.design,
            effect: effect.effect,
            at_all_looks: effect.at_all_looks,
            outcome: OutcomeView::of(&effect.outcome),
        }
    }
}

#[derive(Clone, Serialize, ToSchema)]
pub struct EffectResponse {
    pub change: ChangeView,
    pub outcome: OutcomeView,
    #[serde(flatten)]
    pub effect: Effect,
    /// Of the interval of a single look.
    pub level: f64,
}

pub fn weeks(asked: Option<usize>) -> Result<usize, ApiError> {
    Ok(ask::within("weeks", asked, 1, MOST_WEEKS)?.unwrap_or(WEEKS))
}

/// Effect of a change
///
/// Did it do what it was made for? If both versions were shown on seven days, each user is compared with what they did before moving over,
/// and with others on the same day; otherwise after with before, less what happened meanwhile to features that did not change. The answer says which, and what speaks against believing it.
#[utoipa::path(
    tag = "changes",
    params(("change" = Uuid, Path, description = "The change's id"), EffectParams),
    responses(
        (status = 200, description = "What it did", body = EffectResponse),
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]))
)]
#[get("/changes/{change}/effect")]
pub async fn get_change_effect(
    request: HttpRequest,
    key: Authorized<Read>,
    change: Segment<Uuid>,
    params: Params<EffectParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (weeks, level) = (weeks(params.0.weeks)?, ask::level(params.0.level)?);
    let all = logged(&state, key.project).await?;
    let change = one(&all, change.0)?.clone();
    let question = question(&all, &change, key.project, weeks, level)?;
    let compute = move |conn: &mut _, sources: &_, now| effect::run(conn, sources, &question, now);
    computed(
        &state,
        &request,
        key.project,
        format!("{all:?}"),
        compute,
        move |effect: &Effect| {
            respond::rendered_json(&EffectResponse {
                outcome: OutcomeView::of(&effect.outcome),
                change: change.clone().into(),
                effect: effect.clone(),
                level: level.get(),
            })
        },
    )
    .await
}
