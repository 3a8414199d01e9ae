//! What admins do to a project.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    KeyCreated,
    KeyRevoked,
    ProjectCreated,
    /// Settings: dimensions, the horizon, whether and for how long things are kept.
    ProjectChanged,
    /// The erasure was asked for. Its receipt says what became of it.
    UserErased,
    /// Events of an erased user are taken again.
    UserAdmitted,
    ExperimentDeclared,
    ExperimentChanged,
    ExperimentDeleted,
    ChangeLogged,
    /// The words around it were put right.
    ChangeCorrected,
    ChangeDeleted,
    /// A set of cases, with all of it.
    EvalSetDeleted,
    EvalCasesDeleted,
    EvalRunDeleted,
    AlertCreated,
    AlertChanged,
    AlertDeleted,
    WebhookCreated,
    WebhookChanged,
    WebhookDeleted,
    WebhookTested,
    /// By hand: those of every week are no action of anyone.
    DigestSent,
    DeliveryRepeated,
}

impl Action {
    pub const ALL: [Action; 24] = [
        Action::KeyCreated,
        Action::KeyRevoked,
        Action::ProjectCreated,
        Action::ProjectChanged,
        Action::UserErased,
        Action::UserAdmitted,
        Action::ExperimentDeclared,
        Action::ExperimentChanged,
        Action::ExperimentDeleted,
        Action::ChangeLogged,
        Action::ChangeCorrected,
        Action::ChangeDeleted,
        Action::EvalSetDeleted,
        Action::EvalCasesDeleted,
        Action::EvalRunDeleted,
        Action::AlertCreated,
        Action::AlertChanged,
        Action::AlertDeleted,
        Action::WebhookCreated,
        Action::WebhookChanged,
        Action::WebhookDeleted,
        Action::WebhookTested,
        Action::DigestSent,
        Action::DeliveryRepeated,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Action::KeyCreated => "key_created",
            Action::KeyRevoked => "key_revoked",
            Action::ProjectCreated => "project_created",
            Action::ProjectChanged => "project_changed",
            Action::UserErased => "user_erased",
            Action::UserAdmitted => "user_admitted",
            Action::ExperimentDeclared => "experiment_declared",
            Action::ExperimentChanged => "experiment_changed",
            Action::ExperimentDeleted => "experiment_deleted",
            Action::ChangeLogged => "change_logged",
            Action::ChangeCorrected => "change_corrected",
            Action::ChangeDeleted => "change_deleted",
            Action::EvalSetDeleted => "eval_set_deleted",
            Action::EvalCasesDeleted => "eval_cases_deleted",
            Action::EvalRunDeleted => "eval_run_deleted",
            Action::AlertCreated => "alert_created",
            Action::AlertChanged => "alert_changed",
            Action::AlertDeleted => "alert_deleted",
            Action::WebhookCreated => "webhook_created",
            Action::WebhookChanged => "webhook_changed",
            Action::WebhookDeleted => "webhook_deleted",
            Action::WebhookTested => "webhook_tested",
            Action::DigestSent => "digest_sent",
            Action::DeliveryRepeated => "delivery_repeated",
        }
    }
}
