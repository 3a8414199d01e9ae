//! HTTP: the whole route tree on one screen. Handlers are thin; one file per resource.

pub mod alerts;
pub mod answers;
pub mod ask;
pub mod audit;
pub mod auth;
pub mod body;
pub mod catalogue;
pub mod changes;
pub mod compare;
pub mod cors;
pub mod dashboard;
pub mod digest;
pub mod error;
pub mod evals;
pub mod events;
pub mod experiments;
pub mod exports;
pub mod extract;
pub mod fallback;
pub mod features;
pub mod forgetting;
pub mod health;
pub mod keys;
pub mod links;
pub mod names;
pub mod outputs;
pub mod paging;
pub mod pieces;
pub mod position;
pub mod priorities;
pub mod projects;
pub mod query;
pub mod range;
pub mod rate;
pub mod rejected;
pub mod rendered;
pub mod respond;
pub mod routes;
pub mod series;
pub mod session;
pub mod settings;
pub mod status;
pub mod tables;
pub mod users;
pub mod webhooks;

use actix_web::middleware::from_fn;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every route. Each is registered and documented by the same line.
pub fn configure(routes: &mut ServiceConfig) {
    routes
        // Health is asked without a key and must not wait for the database.
        .service(
            scope::scope("/api/v1/health")
                .service(health::get_liveness)
                .service(health::get_readiness),
        )
        .service(
            scope::scope("/api/v1")
                .wrap(from_fn(auth::identify))
                .service(events::create_events)
                .service(catalogue::list_metrics)
                .service(query::query_metrics)
                .service(series::get_query)
                .service(series::list_series)
                .service(compare::get_comparison)
                .service(priorities::get_priorities)
                .service(changes::list_changes)
                .service(changes::create_change)
                .service(changes::get_change)
                .service(changes::update_change)
                .service(changes::delete_change)
                .service(changes::effect::get_change_effect)
                .service(experiments::list_experiments)
                .service(experiments::create_experiment)
                .service(experiments::get_experiment)
                .service(experiments::update_experiment)
                .service(experiments::delete_experiment)
                .service(experiments::results::get_experiment_results)
                .service(alerts::list_alerts)
                .service(alerts::create_alert)
                .service(alerts::dry_run::query_alert_dry_run)
                .service(alerts::get_alert)
                .service(alerts::update_alert)
                .service(alerts::delete_alert)
                .service(alerts::list_alert_history)
                .service(digest::get_digest)
                .service(webhooks::list_webhooks)
                .service(webhooks::create_webhook)
                .service(webhooks::update_webhook)
                .service(webhooks::delete_webhook)
                .service(webhooks::deliveries::list_deliveries)
                .service(webhooks::deliveries::create_test_delivery)
                .service(webhooks::deliveries::create_redelivery)
                .service(webhooks::digest::create_digest_delivery)
                .service(features::list::list_features)
                .service(features::one::get_feature)
                .service(features::trust::get_feature_trust)
                .service(features::calibration::get_feature_calibration)
                .service(features::recalibration::get_feature_recalibration)
                .service(features::autonomy::get_feature_autonomy)
                .service(features::reliance::get_feature_reliance)
                .service(features::agreement::get_feature_agreement)
                .service(features::stated_trust::get_feature_stated_trust)
                .service(features::quality::get_feature_quality)
                .service(features::drift::get_feature_drift)
                .service(features::explain::get_feature_explanation)
                .service(features::explain::list_explanations)
                .service(features::trajectory::get_feature_trajectory)
                .service(features::segments::get_feature_segments)
                .service(features::coverage::get_feature_coverage)
                .service(features::trigger::get_feature_trigger)
                .service(features::approvals::get_feature_approvals)
                .service(features::persistence::get_feature_persistence)
                .service(features::ratings::get_feature_ratings)
                .service(features::reasons::get_feature_reasons)
                .service(features::texts::get_feature_edits)
                .service(features::texts::get_feature_words)
                .service(outputs::list_outputs)
                .service(outputs::get_output)
                .service(exports::export_preferences)
                .service(exports::export_feedback)
                .service(exports::export_demonstrations)
                .service(exports::export_outputs_jsonl)
                .service(exports::export_outputs_csv)
                .service(exports::export_outputs_parquet)
                .service(evals::list_eval_sets)
                .service(evals::create_eval_set)
                .service(evals::get_eval_set)
                .service(evals::update_eval_set)
                .service(evals::delete_eval_set)
                .service(evals::create_eval_cases_from_feedback)
                .service(evals::list_eval_cases)
                .service(evals::create_eval_cases)
                .service(evals::update_eval_cases)
                .service(evals::update_eval_case)
                .service(evals::delete_eval_case)
                .service(evals::list_eval_runs)
                .service(evals::create_eval_run)
                .service(evals::get_eval_run)
                .service(evals::delete_eval_run)
                .service(evals::list_eval_results)
                .service(evals::get_eval_comparison)
                .service(evals::get_eval_quality)
                .service(evals::get_eval_ranking)
                .service(session::create_session)
                .service(session::get_session)
                .service(session::delete_session)
                .service(links::create_link)
                .service(keys::list_keys)
                .service(keys::create_key)
                .service(keys::revoke_key)
                .service(projects::list_projects)
                .service(projects::create_project)
                .service(projects::update_project)
                .service(users::delete_user)
                .service(users::update_user)
                .service(users::get_erasure)
                .service(audit::list_actions)
                .service(status::get_status)
                .service(rejected::list_rejections)
                .service(position::get_position),
        )
        .service(health::get_service_metrics);
}

/// What the documentation says besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Calibrant",
        description = "Trust-calibration analytics for AI features: send what users did with each AI output, read how much \
                       they trust it, how much they should, and what moved. Errors are RFC 9457 problem+json with a stable \
                       `code`. Every estimate carries its interval and its n, or the reason why it has no value."
    ),
    components(schemas(error::Problem)),
    modifiers(&Credentials),
    tags(
        (name = "events", description = "Send feedback"),
        (name = "metrics", description = "Ask for numbers"),
        (name = "features", description = "One question each about a feature"),
        (name = "changes", description = "What was changed, to fix what, and whether it worked"),
        (name = "alerts", description = "To be told when something happens, and the week in short"),
        (name = "experiments", description = "Declared beforehand, read at any time"),
        (name = "outputs", description = "The examples behind the numbers"),
        (name = "exports", description = "Data sets for training and analysis"),
        (name = "evals", description = "Sets of cases, runs of them, and whether they say what users say"),
        (name = "operations", description = "Keys, projects, status, health"),
    )
)]
pub struct ApiDoc;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description =
            Some("An API key, `cal_sk_…` or `cal_pk_…`. Also as `X-Api-Key`, or with Basic.".to_owned());
        let link = ApiKeyValue::with_description("key", "The signature of a link, from `POST /api/v1/links`.");
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("api_key", SecurityScheme::Http(scheme));
        components.add_security_scheme("link", SecurityScheme::ApiKey(ApiKey::Query(link)));
    }
}
