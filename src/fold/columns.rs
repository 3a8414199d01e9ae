//! The events of a history as frames: one row per event, one column per thing that the fold looks at.

use std::collections::HashMap;

use polars::prelude::*;
use uuid::Uuid;

use super::history::Entry;
use crate::domain::decision::Manner;
use crate::domain::event::{EventKind, JudgementSource};
use crate::store::opinions::RATING as RATING_SOURCE;

pub const OUTPUT: &str = "output_number";
pub const TIME: &str = "time";
pub const RECEIVED: &str = "received";
pub const SHOWN_TIME: &str = "shown_time";
pub const DECISION_KIND: &str = "decision_kind";
pub const DECISION_TIME: &str = "decision_time";
/// Of decisions that the user took.
pub const ASKED_TIME: &str = "asked_time";
pub const MANNER: &str = "manner";
pub const UNDO_TIME: &str = "undo_time";
pub const IGNORED_TIME: &str = "ignored_time";
pub const COPIED: &str = "copied";
pub const REGENERATED: &str = "regenerated";
pub const MISSED: &str = "missed";
pub const RATER: &str = "rater";
pub const RATING: &str = "rating";
pub const POSITIVE: &str = "positive";
pub const JUDGED_BY: &str = "judged_by";
pub const CORRECT: &str = "correct";
/// The ends of a rating's scale.
pub const LOWEST: &str = "lowest";
pub const HIGHEST: &str = "highest";
/// Columns of opinions.
pub const SOURCE: &str = "source";
pub const HOLDER: &str = "holder";
pub const RUBRIC: &str = "rubric";
pub const VALUE: &str = "value";
pub const IS_RIGHT: &str = "is_right";

pub const STILL_RETAINED: &str = "still_retained";

/// Columns that describe the output rather than a moment of it. What `shown` says outranks what other events say.
pub const TEXT_CONTEXT: [&str; 11] = [
    "feature",
    "version",
    "model",
    "prompt_version",
    "variant",
    "environment",
    "user_id",
    "session_id",
    "input",
    "output",
    "attributes",
];
pub const CONFIDENCE: &str = "confidence";
pub const INITIAL_AGREES: &str = "initial_agrees";
pub const INITIAL_CORRECT: &str = "initial_correct";
pub const INITIAL_VALUE: &str = "initial_value";
pub const OUTPUT_VALUE: &str = "output_value";
pub const CHARS_SHOWN: &str = "chars_shown";
pub const GENERATION_MS: &str = "generation_ms";

/// Columns of what users did with the output; the newest counts.
pub const FINAL: &str = "final";
pub const COMMENT: &str = "comment";
pub const REASON: &str = "reason";
pub const EDIT_DISTANCE: &str = "edit_distance";
pub const CHARS_RETAINED: &str = "chars_retained";
pub const CHARS_FINAL: &str = "chars_final";
pub const FINAL_VALUE: &str = "final_value";
/// Of what says, or would say, which number the user kept: whether it does.
pub const STATES_FINAL_VALUE: &str = "states_final_value";

/// Who rates: nobody's name stands for the output's user, whether that is said or not.
fn rater<'a>(entry: &'a Entry, users: &HashMap<Uuid, String>) -> &'a str {
    let named = entry.event.rater.as_deref().or(entry.event.user_id.as_deref());
    named
        .filter(|name| users.get(&entry.target).is_none_or(|user| user != name))
        .unwrap_or_default()
}

fn numbers_of(entries: &[Entry], numbers: &HashMap<Uuid, u32>) -> Column {
    let column: Vec<u32> = entries
        .iter()
        .map(|entry| numbers.get(&entry.target).copied().unwrap_or_default())
        .collect();
    Column::new(OUTPUT.into(), column)
}

pub fn actions(
    entries: &[Entry],
    numbers: &HashMap<Uuid, u32>,
    users: &HashMap<Uuid, String>,
) -> PolarsResult<DataFrame> {
    let column = Columns { entries };
    DataFrame::new(
        entries.len(),
        vec![
            numbers_of(entries, numbers),
            column.of(TIME, |e| Some(e.occurred_at)),
            column.of(RECEIVED, |e| Some(e.received_at)),
            column.of(SHOWN_TIME, |e| (e.kind == EventKind::Shown).then_some(e.occurred_at)),
            column.of(DECISION_KIND, |e| {
                is_decision(e.kind).then_some(i32::from(e.kind.code()))
            }),
            column.of(DECISION_TIME, |e| is_decision(e.kind).then_some(e.occurred_at)),
            column.of(ASKED_TIME, |e| {
                (is_decision(e.kind) && e.event.manner() != Manner::Automatic).then_some(e.occurred_at)
            }),
            column.of(MANNER, |e| {
                is_decision(e.kind).then_some(i32::from(e.event.manner().code()))
            }),
            column.of(UNDO_TIME, |e| (e.kind == EventKind::Undo).then_some(e.occurred_at)),
            column.of(IGNORED_TIME, |e| (e.kind == EventKind::Ignore).then_some(e.occurred_at)),
            column.of(COPIED, |e| Some(i32::from(e.kind == EventKind::Copy))),
            column.of(REGENERATED, |e| Some(i32::from(e.kind == EventKind::Regenerate))),
            column.of(MISSED, |e| Some(i32::from(e.kind == EventKind::Missed))),
            column.text(RATER, |e| (e.kind == EventKind::Rate).then(|| rater(e, users))),
            column.of(RATING, |e| {
                e.event.rating.filter(|_| is_of_the_whole(e, EventKind::Rate))
            }),
            column.of(POSITIVE, |e| positive(e).map(i32::from)),
            column.of(LOWEST, |e| scale(e).map(|(low, _)| low)),
            column.of(HIGHEST, |e| scale(e).map(|(_, high)| high)),
            column.of(JUDGED_BY, |e| {
                (e.kind == EventKind::Judge).then(|| i32::from(source(e)))
            }),
            column.of(CORRECT, |e| {
                judged_right(e).filter(|_| is_of_the_whole(e, EventKind::Judge))
            }),
            column.of(STILL_RETAINED, |e| {
                e.event.retained_share.filter(|_| e.kind == EventKind::Retained)
            }),
            column.text(FINAL, |e| e.event.final_text.as_deref()),
            column.text(COMMENT, |e| e.event.comment.as_deref()),
            column.text(REASON, |e| e.event.reason.as_deref()),
            column.of(EDIT_DISTANCE, |e| e.event.edit_distance),
            column.of(CHARS_RETAINED, |e| e.event.chars_retained),
            column.of(CHARS_FINAL, |e| e.event.chars_final),
            column.of(FINAL_VALUE, |e| e.event.final_value),
            column.of(STATES_FINAL_VALUE, states_final_value),
        ],
    )
}

/// The opinions: who holds what of which output, and on what rubric. A rating is its place on its scale; a judgement is its
/// score, or 0 or 1.
pub fn opinions(
    entries: &[Entry],
    numbers: &HashMap<Uuid, u32>,
    users: &HashMap<Uuid, String>,
) -> PolarsResult<DataFrame> {
    let column = Columns { entries };
    DataFrame::new(
        entries.len(),
        vec![
            numbers_of(entries, numbers),
            column.of(TIME, |e| Some(e.occurred_at)),
            column.of(SOURCE, |e| Some(i32::from(source(e)))),
            column.text(HOLDER, |e| match e.kind {
                EventKind::Rate => Some(rater(e, users)),
                _ => Some(e.event.judge.as_deref().unwrap_or_default()),
            }),
            column.text(RUBRIC, |e| Some(e.event.rubric.as_deref().unwrap_or_default())),
            column.of(VALUE, |e| match e.kind {
                EventKind::Rate => {
                    let (low, high) = e.event.rating_scale();
                    e.event.rating.map(|rating| (rating - low) / (high - low))
                }
                _ => e
                    .event
                    .score
                    .or(e.event.correct.map(|right| f64::from(u8::from(right)))),
            }),
            column.of(IS_RIGHT, |e| match e.kind {
                EventKind::Rate => positive(e),
                _ => judged_right(e),
            }),
            column.of(LOWEST, |e| scale(e).map(|(low, _)| low)),
            column.of(HIGHEST, |e| scale(e).map(|(_, high)| high)),
        ],
    )
}

/// Whether it is an opinion of this kind on the output as a whole. One on a rubric says nothing about the whole.
fn is_of_the_whole(entry: &Entry, kind: EventKind) -> bool {
    entry.kind == kind && entry.event.rubric.is_none()
}

fn source(entry: &Entry) -> i16 {
    match entry.kind {
        EventKind::Judge => entry.event.source.unwrap_or(JudgementSource::Human).rank(),
        _ => RATING_SOURCE,
    }
}

/// The ends of a rating's scale.
fn scale(entry: &Entry) -> Option<(f64, f64)> {
    (entry.kind == EventKind::Rate).then(|| entry.event.rating_scale())
}

/// Whether a rating is in the upper half of its scale.
fn positive(entry: &Entry) -> Option<bool> {
    let (low, high) = entry.event.rating_scale();
    entry.event.rating.map(|rating| rating > f64::midpoint(low, high))
}

fn judged_right(entry: &Entry) -> Option<bool> {
    entry.event.correct.or(entry.event.score.map(|score| score >= 0.5))
}

pub fn context(entries: &[Entry], numbers: &HashMap<Uuid, u32>) -> PolarsResult<DataFrame> {
    let column = Columns { entries };
    let attributes: Vec<Option<String>> = entries
        .iter()
        .map(|entry| Some(&entry.event.attributes).filter(|attributes| !attributes.is_empty()))
        .map(|attributes| attributes.and_then(|attributes| serde_json::to_string(attributes).ok()))
        .collect();
    DataFrame::new(
        entries.len(),
        vec![
            numbers_of(entries, numbers),
            column.text("feature", |e| e.event.feature.as_deref()),
            column.text("version", |e| e.event.version.as_deref()),
            column.text("model", |e| e.event.model.as_deref()),
            column.text("prompt_version", |e| e.event.prompt_version.as_deref()),
            column.text("variant", |e| e.event.variant.as_deref()),
            column.text("environment", |e| e.event.environment.as_deref()),
            column.text("user_id", |e| e.event.user_id.as_deref()),
            column.text("session_id", |e| e.event.session_id.as_deref()),
            column.text("input", |e| e.event.input.as_deref()),
            column.text("output", |e| e.event.output.as_deref()),
            Column::new("attributes".into(), attributes),
            column.of(CONFIDENCE, |e| e.event.confidence),
            column.of(INITIAL_AGREES, |e| e.event.initial.and_then(|initial| initial.agrees)),
            column.of(INITIAL_CORRECT, |e| e.event.initial.and_then(|initial| initial.correct)),
            column.of(INITIAL_VALUE, |e| e.event.initial.and_then(|initial| initial.value)),
            column.of(OUTPUT_VALUE, |e| e.event.output_value),
            column.of(CHARS_SHOWN, |e| e.event.chars_shown),
            column.of(GENERATION_MS, |e| e.event.generation_ms),
        ],
    )
}

pub fn is_decision(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Accept
            | EventKind::PartialAccept
            | EventKind::Edit
            | EventKind::Reject
            | EventKind::Dismiss
            | EventKind::Respond
    )
}

/// A decision or an undo without a number takes back the number that was kept before it.
fn states_final_value(entry: &Entry) -> Option<bool> {
    let states = entry.event.final_value.is_some();
    (states || is_decision(entry.kind) || entry.kind == EventKind::Undo).then_some(states)
}

/// Makes columns of entries.
struct Columns<'a> {
    entries: &'a [Entry],
}

impl<'a> Columns<'a> {
    fn of<T>(&self, name: &str, value: impl Fn(&'a Entry) -> Option<T>) -> Column
    where
        Series: NamedFrom<Vec<Option<T>>, [Option<T>]>,
    {
        let values: Vec<Option<T>> = self.entries.iter().map(value).collect();
        Series::new(name.into(), values).into()
    }

    fn text(&self, name: &str, value: impl Fn(&'a Entry) -> Option<&'a str>) -> Column {
        let values: Vec<Option<&str>> = self.entries.iter().map(value).collect();
        Series::new(name.into(), values).into()
    }
}
