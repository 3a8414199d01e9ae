//! JSON bodies, and the questions and declarations that are made of them.

use calibrant::api::alerts::plan::AlertPlan;
use calibrant::api::ask::{self, Instant, Scope};
use calibrant::api::changes::plan::ChangePlan;
use calibrant::api::error::ApiError;
use calibrant::api::experiments::plan::ExperimentPlan;
use calibrant::api::extract::decode;
use calibrant::api::query::QueryRequest;
use calibrant::query::Query;
use calibrant::stats::level::Level;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{config, mutated, soup};

const OBJECT: &str = r#"{"name":"a\u0001","parts":[{"text":"\u00fc","none":null},[1,-0.5,true]],"":{}}"#;
const QUESTION: &str = r#"{"metrics":["acceptance_rate","ece_10"],"group_by":["feature","attributes.plan"],"filters":[{"dimension":"version","op":"not_in","value":["a",null]}],"from":"2026-03-01T00:00:00Z","to":1772668800000,"granularity":"week","timezone":"Europe/Berlin","level":0.9,"interval":"naive","exact":true}"#;
const ALERT: &str = r#"{"name":"a","kind":"threshold","metric":"acceptance_rate","feature":"f","filters":[{"dimension":"version","op":"eq","value":"v"}],"window_days":7,"min_n":100,"min_users":20,"alpha":0.05,"side":"below","threshold":0.5,"hysteresis":0.01}"#;
const EXPERIMENT: &str = r#"{"name":"e","feature":"f","arms":[{"name":"a","filters":[{"dimension":"variant","op":"eq","value":"a"}]},{"name":"b","filters":[{"dimension":"variant","op":"eq","value":"b"}],"share":2.5}],"primary_metric":"acceptance_rate","margin":0.01,"guardrails":[{"metric":"undo_rate","margin":0.02}],"starts_at":"2026-03-01T00:00:00Z","ends_at":"2026-04-01T00:00:00Z","planned_users":2000,"days_before":14}"#;
const CHANGE: &str = r#"{"title":"t","kind":"prompt","note":"n","by":"b","made_at":"2026-03-01T00:00:00Z","feature":"f","versions":["2.3"],"aim":{"reason":"made_up","filters":[{"dimension":"version","op":"ne","value":null}]},"metric":"acceptance_rate","expected":0.03}"#;

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Reads a body; one that is refused says why.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    decode(bytes)
        .map_err(|refused| assert!(!refused.detail.is_empty()))
        .ok()
}

/// The same of a declaration, which is stored as it was read, and means the same when it is read from there.
fn read_stored<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Option<T> {
    let plan: T = read(bytes)?;
    let written = serde_json::to_string(&plan).unwrap();
    let again: T = decode(written.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    Some(plan)
}

fn question(asked: QueryRequest) -> Result<Query, ApiError> {
    let mut query = Query::new(1, ask::metrics_by_id(&asked.metrics)?);
    query.group_by = ask::group_by(&asked.group_by)?;
    query.filters = ask::filters(asked.filters)?;
    let (from, to) = (asked.from.map(Instant::into_text), asked.to.map(Instant::into_text));
    let scope = Scope {
        from: from.as_deref(),
        to: to.as_deref(),
        timezone: asked.timezone.as_deref(),
        level: asked.level,
        granularity: asked.granularity,
        interval: asked.interval,
        exact: asked.exact,
        fill: asked.fill,
    };
    scope.apply(&mut query)?;
    Ok(query)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn bodies_are_objects_without_nul(bytes in prop_oneof![soup(), mutated(OBJECT)]) {
        let Some(fields) = read_stored::<Map<String, Value>>(&bytes) else { return Ok(()) };
        prop_assert!(!has_nul(&Value::Object(fields)));
    }

    #[test]
    fn questions_are_read_or_refused(bytes in prop_oneof![soup(), mutated(QUESTION)]) {
        let Some(Ok(query)) = read(&bytes).map(question) else { return Ok(()) };
        prop_assert!(!query.metrics.is_empty());
        prop_assert!(query.from.zip(query.to).is_none_or(|(from, to)| from < to));
    }

    #[test]
    fn rules_are_read_or_refused(bytes in mutated(ALERT)) {
        let Some(plan) = read_stored::<AlertPlan>(&bytes) else { return Ok(()) };
        // What is left out is filled in without making a good rule a bad one.
        prop_assert_eq!(plan.rule(1).is_ok(), plan.completed().rule(1).is_ok());
    }

    #[test]
    fn experiments_are_read_or_refused(bytes in mutated(EXPERIMENT)) {
        let Some(plan) = read_stored::<ExperimentPlan>(&bytes) else { return Ok(()) };
        if let Ok(experiment) = plan.experiment(1) {
            prop_assert_eq!(1 + experiment.candidates.len(), plan.arms.len());
        }
    }

    #[test]
    fn changes_are_read_or_refused(bytes in mutated(CHANGE)) {
        let Some(plan) = read_stored::<ChangePlan>(&bytes) else { return Ok(()) };
        if let Ok(question) = plan.question(1, Vec::new(), 4, Level::default()) {
            prop_assert_eq!(question.versions, plan.versions);
        }
    }
}
