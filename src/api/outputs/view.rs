//! Outputs as clients see them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::tables::{Column, Table};
use crate::domain::decision::{Decision, Manner};
use crate::domain::dimension::Cell;
use crate::domain::event::{EventKind, JudgementSource};
use crate::domain::persistence::{self, HORIZONS};
use crate::store::outputs::Output;
use crate::store::texts::Texts;

/// What was in place at one time.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeptView {
    /// After the decision: 30, 120, 300 or 600.
    pub after_seconds: u32,
    /// In [0, 1], rounded down to the ten-thousandth; 0 if it had been taken back by then.
    pub share: f64,
}

/// One output: what its events come to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputView {
    pub output_id: String,
    #[schema(required = true)]
    pub feature: Option<String>,
    #[schema(required = true)]
    pub version: Option<String>,
    #[schema(required = true)]
    pub model: Option<String>,
    #[schema(required = true)]
    pub prompt_version: Option<String>,
    #[schema(required = true)]
    pub variant: Option<String>,
    #[schema(required = true)]
    pub environment: Option<String>,
    /// Declared or not.
    pub attributes: BTreeMap<String, String>,
    #[schema(required = true)]
    pub user_id: Option<String>,
    #[schema(required = true)]
    pub session_id: Option<String>,
    pub shown_at: DateTime<Utc>,
    pub decision: Decision,
    /// Who brought the decision about.
    pub manner: Manner,
    #[schema(required = true)]
    pub decided_at: Option<DateTime<Utc>>,
    /// From shown to the first decision.
    #[schema(required = true)]
    pub decision_ms: Option<i64>,
    /// From its request to the whole output.
    #[schema(required = true)]
    pub generation_ms: Option<i64>,
    #[schema(required = true)]
    pub confidence: Option<f64>,
    #[schema(required = true)]
    pub correct: Option<bool>,
    #[schema(required = true)]
    pub judged_by: Option<JudgementSource>,
    #[schema(required = true)]
    pub edit_distance: Option<f64>,
    #[schema(required = true)]
    pub retained_share: Option<f64>,
    /// The user's own number from before.
    #[schema(required = true)]
    pub initial_value: Option<f64>,
    /// The number that the AI gave.
    #[schema(required = true)]
    pub output_value: Option<f64>,
    /// The number that the user kept: stated, the AI's where it was accepted as it is, the own one where it was rejected.
    #[schema(required = true)]
    pub final_value: Option<f64>,
    /// Characters of the output.
    #[schema(required = true)]
    pub chars_shown: Option<i32>,
    /// Characters of the user's text.
    #[schema(required = true)]
    pub chars_final: Option<i32>,
    /// Characters of the output that are not in the user's text; one that was replaced is deleted and another inserted.
    #[schema(required = true)]
    pub chars_deleted: Option<i32>,
    /// Characters of the user's text that are not of the output.
    #[schema(required = true)]
    pub chars_inserted: Option<i32>,
    /// How much of it was in place so long after it was taken, where that is known.
    pub kept: Vec<KeptView>,
    pub ratings: i32,
    /// Mean of the raters' newest ratings.
    #[schema(required = true)]
    pub rating: Option<f64>,
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Whether its events and texts are kept no longer; nothing changes it any more.
    pub sealed: bool,
    #[schema(required = true)]
    pub comment: Option<String>,
    #[schema(required = true)]
    pub input: Option<String>,
    #[schema(required = true)]
    pub output: Option<String>,
    #[schema(required = true)]
    pub r#final: Option<String>,
}

impl OutputView {
    /// Bytes of all its texts.
    pub fn text_bytes(&self) -> usize {
        let texts = [&self.input, &self.output, &self.r#final, &self.comment];
        texts.into_iter().flatten().map(String::len).sum()
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputsResponse {
    /// Newest first.
    pub data: Vec<OutputView>,
    /// For the next page, if there is one.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

/// One event of an output's history.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HistoryEvent {
    pub r#type: EventKind,
    pub occurred_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    /// The event as it was stored.
    pub event: serde_json::Value,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OutputResponse {
    #[serde(flatten)]
    pub output: OutputView,
    /// Everything that happened to it, in order of time.
    pub history: Vec<HistoryEvent>,
}

/// Puts together what is known of an output.
pub fn view(output: Output, cell: Option<Cell>, texts: Texts) -> OutputView {
    let sources = [
        JudgementSource::Human,
        JudgementSource::Outcome,
        JudgementSource::Code,
        JudgementSource::Llm,
    ];
    let retained = output.chars_retained();
    let beyond = |chars: Option<i32>| Some((chars? - retained?).max(0));
    let kept = HORIZONS.into_iter().zip(output.kept());
    let (feature, mut cell) = match cell {
        Some(cell) => (Some(cell.feature.clone()), cell),
        None => (None, Cell::default()),
    };
    let undeclared: Option<BTreeMap<String, String>> = output
        .attributes
        .and_then(|attributes| serde_json::from_str(&attributes).ok());
    cell.attributes.extend(undeclared.unwrap_or_default());
    OutputView {
        output_id: output.output_id,
        feature,
        version: cell.version,
        model: cell.model,
        prompt_version: cell.prompt_version,
        variant: cell.variant,
        environment: cell.environment,
        attributes: cell.attributes,
        user_id: output.user_id,
        session_id: output.session_id,
        shown_at: output.shown_at,
        decision: Decision::from_code(output.decision).unwrap_or(Decision::Undecided),
        manner: Manner::from_code(output.manner).unwrap_or_default(),
        decided_at: output.decided_at,
        decision_ms: output.decision_ms,
        generation_ms: output.generation_ms.map(i64::from),
        confidence: output.confidence,
        correct: output.correct,
        judged_by: sources
            .into_iter()
            .find(|source| Some(source.rank()) == output.judged_by),
        edit_distance: output.edit_distance,
        retained_share: output.retained_share,
        initial_value: output.initial_value,
        output_value: output.output_value,
        final_value: output.final_value,
        chars_shown: output.chars_shown,
        chars_final: output.chars_final,
        chars_deleted: beyond(output.chars_shown),
        chars_inserted: beyond(output.chars_final),
        kept: kept
            .filter_map(|(after_seconds, stored)| {
                let share = persistence::share(stored?);
                Some(KeptView { after_seconds, share })
            })
            .collect(),
        ratings: output.ratings,
        rating: (output.ratings > 0).then(|| output.rating_sum / f64::from(output.ratings)),
        reason: output.reason,
        sealed: output.sealed,
        comment: texts.comment,
        input: texts.input,
        output: texts.output,
        r#final: texts.final_,
    }
}

/// What no cell holds, as the text of JSON.
fn json(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// Outputs as a table: a column for each field, in the order of the fields.
pub fn table(rows: &[OutputView]) -> Table {
    let mut table = Table::default();
    let text = |of: fn(&OutputView) -> Option<&str>| {
        let texts = rows.iter().map(|row| of(row).map(str::to_owned));
        Column::Text(texts.collect())
    };
    let number = |of: fn(&OutputView) -> Option<f64>| Column::Number(rows.iter().map(of).collect());
    table.push("output_id", text(|row| Some(&row.output_id)));
    table.push("feature", text(|row| row.feature.as_deref()));
    table.push("version", text(|row| row.version.as_deref()));
    table.push("model", text(|row| row.model.as_deref()));
    table.push("prompt_version", text(|row| row.prompt_version.as_deref()));
    table.push("variant", text(|row| row.variant.as_deref()));
    table.push("environment", text(|row| row.environment.as_deref()));
    let attributes = rows.iter().map(|row| json(&row.attributes));
    table.push("attributes", Column::Text(attributes.collect()));
    table.push("user_id", text(|row| row.user_id.as_deref()));
    table.push("session_id", text(|row| row.session_id.as_deref()));
    let shown = rows.iter().map(|row| Some(row.shown_at));
    table.push("shown_at", Column::Time(Tz::UTC, shown.collect()));
    table.push("decision", text(|row| Some(row.decision.name())));
    table.push("manner", text(|row| Some(row.manner.name())));
    let decided = rows.iter().map(|row| row.decided_at);
    table.push("decided_at", Column::Time(Tz::UTC, decided.collect()));
    let waited = rows.iter().map(|row| row.decision_ms);
    table.push("decision_ms", Column::Count(waited.collect()));
    let made = rows.iter().map(|row| row.generation_ms);
    table.push("generation_ms", Column::Count(made.collect()));
    table.push("confidence", number(|row| row.confidence));
    table.push("correct", Column::Truth(rows.iter().map(|row| row.correct).collect()));
    table.push("judged_by", text(|row| Some(row.judged_by?.name())));
    table.push("edit_distance", number(|row| row.edit_distance));
    table.push("retained_share", number(|row| row.retained_share));
    table.push("initial_value", number(|row| row.initial_value));
    table.push("output_value", number(|row| row.output_value));
    table.push("final_value", number(|row| row.final_value));
    let count = |of: fn(&OutputView) -> Option<i32>| {
        let counts = rows.iter().map(|row| of(row).map(i64::from));
        Column::Count(counts.collect())
    };
    table.push("chars_shown", count(|row| row.chars_shown));
    table.push("chars_final", count(|row| row.chars_final));
    table.push("chars_deleted", count(|row| row.chars_deleted));
    table.push("chars_inserted", count(|row| row.chars_inserted));
    table.push("kept", Column::Text(rows.iter().map(|row| json(&row.kept)).collect()));
    let ratings = rows.iter().map(|row| Some(i64::from(row.ratings)));
    table.push("ratings", Column::Count(ratings.collect()));
    table.push("rating", number(|row| row.rating));
    table.push("reason", text(|row| row.reason.as_deref()));
    table.push(
        "sealed",
        Column::Truth(rows.iter().map(|row| Some(row.sealed)).collect()),
    );
    table.push("comment", text(|row| row.comment.as_deref()));
    table.push("input", text(|row| row.input.as_deref()));
    table.push("output", text(|row| row.output.as_deref()));
    table.push("final", text(|row| row.r#final.as_deref()));
    table
}
