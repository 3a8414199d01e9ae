//! What webhooks are told of a rule that fired or cleared.

use chrono::Utc;
use serde_json::json;
use uuid::Uuid;

use crate::api::alerts::plan::AlertPlan;
use crate::query::analyses::alerts::{AlertState, Looked, Transition};
use crate::store::alerts::Turned;
use crate::webhooks::{CLEARED, FIRED, message};

pub fn turned(
    id: Uuid,
    project: &str,
    plan: &AlertPlan,
    looked: &Looked,
    transition: &Transition,
) -> serde_json::Result<Turned> {
    let (kind, title) = match transition.to {
        AlertState::Firing => (FIRED, plan.name.clone()),
        AlertState::Ok | AlertState::Waiting => (CLEARED, format!("{} (cleared)", plan.name)),
    };
    let look = serde_json::to_value(&looked.look)?;
    let cause = serde_json::to_value(transition.cause)?;
    let data = json!({
        "project": project,
        "alert": {"id": id, "name": plan.name, "kind": plan.kind, "metric": plan.metric, "feature": plan.feature, "filters": plan.filters},
        "state": transition.to,
        "cause": cause,
        "sentence": transition.sentence,
        "look": look,
    });
    Ok(Turned {
        state: transition.to.name(),
        cause: cause.as_str().unwrap_or_default().to_owned(),
        sentence: transition.sentence.clone(),
        look,
        message: message(kind, Utc::now(), &data, &title, &transition.sentence),
    })
}
