//! The rows of data sets.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::params::{Form, Side};
use crate::api::outputs::view::{self, KeptView, OutputView};
use crate::api::tables::{Column, Table};
use crate::domain::decision::Decision;

/// Where a row comes from, and what its user did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Provenance {
    pub output_id: String,
    #[schema(required = true)]
    pub feature: Option<String>,
    #[schema(required = true)]
    pub version: Option<String>,
    #[schema(required = true)]
    pub model: Option<String>,
    #[schema(required = true)]
    pub prompt_version: Option<String>,
    pub shown_at: DateTime<Utc>,
    pub decision: Decision,
    /// Why it was refused, if the user said so.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Between what was shown and what the user made of it: 0 for unchanged, 1 for another text.
    #[schema(required = true)]
    pub edit_distance: Option<f64>,
    /// How much of it was in place so long after it was taken, where that is known: to weigh rows by.
    pub kept: Vec<KeptView>,
    pub split: Side,
    /// To go on after this row.
    pub cursor: String,
}

impl Provenance {
    fn of(row: &OutputRow) -> Provenance {
        let view = &row.output;
        Provenance {
            output_id: view.output_id.clone(),
            feature: view.feature.clone(),
            version: view.version.clone(),
            model: view.model.clone(),
            prompt_version: view.prompt_version.clone(),
            shown_at: view.shown_at,
            decision: view.decision,
            reason: view.reason.clone(),
            edit_distance: view.edit_distance,
            kept: view.kept.clone(),
            split: row.split,
            cursor: row.cursor.clone(),
        }
    }
}

/// One message of a conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Message {
    #[schema(value_type = String, example = "user")]
    role: &'static str,
    content: String,
}

fn message(role: &'static str, content: String) -> Message {
    Message { role, content }
}

/// A text, or messages.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Words {
    Standard(String),
    Conversational(Vec<Message>),
}

impl Words {
    fn of(form: Form, role: &'static str, text: String) -> Words {
        match form {
            Form::Standard => Words::Standard(text),
            Form::Conversational => Words::Conversational(vec![message(role, text)]),
        }
    }
}

const USER: &str = "user";
const ASSISTANT: &str = "assistant";

/// What the user made of an output, preferred to the output.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PreferenceRow {
    /// What the user gave to the AI.
    prompt: Words,
    /// The user's final text.
    chosen: Words,
    /// What the AI showed.
    rejected: Words,
    provenance: Provenance,
}

impl PreferenceRow {
    pub fn of(row: OutputRow, form: Form) -> PreferenceRow {
        let (provenance, view) = (Provenance::of(&row), row.output);
        PreferenceRow {
            prompt: Words::of(form, USER, view.input.unwrap_or_default()),
            chosen: Words::of(form, ASSISTANT, view.r#final.unwrap_or_default()),
            rejected: Words::of(form, ASSISTANT, view.output.unwrap_or_default()),
            provenance,
        }
    }
}

/// What the AI showed, and whether the user took it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FeedbackRow {
    /// What the user gave to the AI.
    prompt: Words,
    /// What the AI showed.
    completion: Words,
    /// True of what was taken as it was, false of what was refused. Refused is not always bad: see `reason`.
    label: bool,
    provenance: Provenance,
}

impl FeedbackRow {
    pub fn of(row: OutputRow, form: Form) -> FeedbackRow {
        let (provenance, view) = (Provenance::of(&row), row.output);
        FeedbackRow {
            prompt: Words::of(form, USER, view.input.unwrap_or_default()),
            completion: Words::of(form, ASSISTANT, view.output.unwrap_or_default()),
            label: view.decision.is_taken(),
            provenance,
        }
    }
}

/// What the user gave to the AI, and what the user took in the end.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DemonstrationRow {
    messages: Vec<Message>,
    provenance: Provenance,
}

impl DemonstrationRow {
    pub fn of(row: OutputRow) -> DemonstrationRow {
        let (provenance, view) = (Provenance::of(&row), row.output);
        let taken = view.r#final.or(view.output).unwrap_or_default();
        DemonstrationRow {
            messages: vec![message(USER, view.input.unwrap_or_default()), message(ASSISTANT, taken)],
            provenance,
        }
    }
}

/// An output, and the side of the split that it is on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputRow {
    #[serde(flatten)]
    pub output: OutputView,
    pub split: Side,
    /// To go on after this row.
    pub cursor: String,
}

/// Outputs, each with its side of the split, as a table.
pub fn table(rows: Vec<OutputRow>) -> Table {
    let splits = rows.iter().map(|row| Some(row.split.name().to_owned())).collect();
    let cursors = rows.iter().map(|row| Some(row.cursor.clone())).collect();
    let outputs: Vec<OutputView> = rows.into_iter().map(|row| row.output).collect();
    let mut table = view::table(&outputs);
    table.push("split", Column::Text(splits));
    table.push("cursor", Column::Text(cursors));
    table
}
