//! The events of some outputs as a frame: one row per event, one column per thing that the fold looks at.

use std::collections::{HashMap, HashSet};

use polars::prelude::*;
use uuid::Uuid;

use super::link::Links;
use crate::domain::clock;
use crate::domain::decision::Manner;
use crate::domain::event::{Event, EventKind, JudgementSource};
use crate::domain::key::{self, ProjectId};
use crate::store::events::LoggedEvent;
use crate::store::late::LateEvent;
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
pub const IGNORED: &str = "ignored";
pub const COPIED: &str = "copied";
pub const REGENERATED: &str = "regenerated";
pub const MISSED: &str = "missed";
pub const RATER: &str = "rater";
pub const RATING: &str = "rating";
pub const POSITIVE: &str = "positive";
pub const JUDGED_BY: &str = "judged_by";
pub const CORRECT: &str = "correct";
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
pub const CHARS_SHOWN: &str = "chars_shown";

/// Columns of what users did with the output; the newest counts.
pub const FINAL: &str = "final";
pub const COMMENT: &str = "comment";
pub const REASON: &str = "reason";
pub const EDIT_DISTANCE: &str = "edit_distance";
pub const CHARS_RETAINED: &str = "chars_retained";

/// One event that counts, with the output it belongs to.
struct Entry {
    target: Uuid,
    key: Uuid,
    own_output: bool,
    kind: EventKind,
    occurred_at: i64,
    received_at: i64,
    event: Event,
}

/// The events of some outputs, ready to be folded.
pub struct History {
    /// The outputs in the order of their numbers: key and the client's name.
    pub outputs: Vec<(Uuid, String)>,
    /// Rows by output, then time: what users did.
    pub actions: DataFrame,
    /// Rows by output, then whether it is a `shown`, then time: what the output is.
    pub context: DataFrame,
    /// Events of sealed outputs, which count no more.
    pub late: Vec<LateEvent>,
    /// Rows by output, then time: what is said of it, on the whole or on a rubric.
    pub opinions: DataFrame,
}

impl History {
    /// Reads the events, drops the retracted ones, finds the output of each, and lays them out in order.
    pub fn new(project: ProjectId, events: Vec<LoggedEvent>, links: &Links) -> PolarsResult<History> {
        let (mut entries, late) = counted(project, events, links);
        entries.sort_unstable_by_key(|entry| {
            (
                entry.target,
                entry.kind == EventKind::Shown,
                entry.occurred_at,
                entry.kind.code(),
                entry.key,
            )
        });
        let outputs = names(&entries);
        let numbers: HashMap<Uuid, u32> = (0..).zip(&outputs).map(|(number, (key, _))| (*key, number)).collect();
        let context = context(&entries, &numbers)?;
        let users = users(&entries);
        entries.sort_unstable_by_key(in_order);
        let actions = actions(&entries, &numbers, &users)?;
        entries.retain(|entry| matches!(entry.kind, EventKind::Rate | EventKind::Judge));
        let opinions = opinions(&entries, &numbers, &users)?;
        Ok(History {
            outputs,
            actions,
            context,
            late,
            opinions,
        })
    }
}

/// The events that count, with the outputs they belong to, and those that came too late.
fn counted(project: ProjectId, events: Vec<LoggedEvent>, links: &Links) -> (Vec<Entry>, Vec<LateEvent>) {
    let mut entries = parse(events);
    let late = take_late(project, &mut entries, links);
    drop_retracted(project, &mut entries, links);
    let targets = links.targets(&declared(&entries));
    for entry in &mut entries {
        let target = targets.get(&entry.target).copied().unwrap_or(entry.target);
        entry.own_output = target == entry.target;
        entry.target = target;
    }
    (entries, late)
}

/// An event in the history of its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub event: Uuid,
    pub output: Uuid,
}

/// Where the events that count are, each output's in the order in which what its users did is read.
pub fn places(project: ProjectId, events: Vec<LoggedEvent>, links: &Links) -> Vec<Place> {
    let (mut entries, _) = counted(project, events, links);
    entries.sort_unstable_by_key(in_order);
    let places = entries.iter().map(|entry| Place {
        event: entry.key,
        output: entry.target,
    });
    places.collect()
}

/// By output, then time; ties are broken by the kind of the event, then by its key.
fn in_order(entry: &Entry) -> (Uuid, i64, i16, Uuid) {
    (entry.target, entry.occurred_at, entry.kind.code(), entry.key)
}

/// Takes out the events of sealed outputs, retractions too.
fn take_late(project: ProjectId, entries: &mut Vec<Entry>, links: &Links) -> Vec<LateEvent> {
    if !links.has_sealed() {
        return Vec::new();
    }
    let targets = links.targets(&declared(entries));
    let output = |entry: &Entry| targets.get(&entry.target).copied().unwrap_or(entry.target);
    let late = entries.extract_if(.., |entry| links.is_sealed(output(entry)));
    late.map(|entry| LateEvent {
        project_id: project,
        event_key: entry.key,
        output_key: output(&entry),
        received_at: clock::from_micros(entry.received_at),
    })
    .collect()
}

fn parse(events: Vec<LoggedEvent>) -> Vec<Entry> {
    events
        .into_iter()
        .filter_map(|logged| {
            // The log holds only what was accepted, so that a body that cannot be read is damage; it is skipped, loudly.
            let event: Event = serde_json::from_str(&logged.body)
                .inspect_err(
                    |error| tracing::error!(event.key = %logged.event_key, %error, "unreadable event in the log"),
                )
                .ok()?;
            Some(Entry {
                target: logged.output_key,
                key: logged.event_key,
                own_output: true,
                kind: EventKind::from_code(logged.kind)?,
                occurred_at: logged.occurred_at.timestamp_micros(),
                received_at: logged.received_at.timestamp_micros(),
                event,
            })
        })
        .collect()
}

/// Removes what was taken back, and the retractions themselves. A retraction cannot be taken back, and counts only for
/// events of the output that it names: those of another need not be here, and so must not matter.
fn drop_retracted(project: ProjectId, entries: &mut Vec<Entry>, links: &Links) {
    let targets = links.targets(&declared(entries));
    let output = |entry: &Entry| targets.get(&entry.target).copied();
    let retracted: HashSet<(Option<Uuid>, Uuid)> = entries
        .iter()
        .filter(|entry| entry.kind == EventKind::Retract)
        .filter_map(|entry| Some((output(entry), key::event_key(project, entry.event.retracts.as_deref()?))))
        .collect();
    entries.retain(|entry| entry.kind != EventKind::Retract && !retracted.contains(&(output(entry), entry.key)));
}

/// The keys under which outputs were declared: by being shown, or by naming their feature.
fn declared(entries: &[Entry]) -> HashSet<Uuid> {
    entries
        .iter()
        .filter(|entry| entry.kind == EventKind::Shown || entry.event.feature.is_some())
        .map(|entry| entry.target)
        .collect()
}

/// The outputs in the order of the sorted entries. An output's name is the one its own events use, not an alias.
fn names(entries: &[Entry]) -> Vec<(Uuid, String)> {
    entries
        .chunk_by(|a, b| a.target == b.target)
        .filter_map(|chunk| {
            let named = chunk.iter().find(|entry| entry.own_output).or(chunk.first())?;
            Some((named.target, named.event.output_id.clone()))
        })
        .collect()
}

/// The user of each output: the last one named, in the order of the context.
fn users(entries: &[Entry]) -> HashMap<Uuid, String> {
    entries
        .iter()
        .filter_map(|entry| Some((entry.target, entry.event.user_id.clone()?)))
        .collect()
}

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

fn actions(entries: &[Entry], numbers: &HashMap<Uuid, u32>, users: &HashMap<Uuid, String>) -> PolarsResult<DataFrame> {
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
            column.of(IGNORED, |e| Some(i32::from(e.kind == EventKind::Ignore))),
            column.of(COPIED, |e| Some(i32::from(e.kind == EventKind::Copy))),
            column.of(REGENERATED, |e| Some(i32::from(e.kind == EventKind::Regenerate))),
            column.of(MISSED, |e| Some(i32::from(e.kind == EventKind::Missed))),
            column.text(RATER, |e| (e.kind == EventKind::Rate).then(|| rater(e, users))),
            column.of(RATING, |e| {
                e.event.rating.filter(|_| is_of_the_whole(e, EventKind::Rate))
            }),
            column.of(POSITIVE, |e| positive(e).map(i32::from)),
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
        ],
    )
}

/// The opinions: who holds what of which output, and on what rubric. A rating is its place on its scale; a judgement is its
/// score, or 0 or 1.
fn opinions(entries: &[Entry], numbers: &HashMap<Uuid, u32>, users: &HashMap<Uuid, String>) -> PolarsResult<DataFrame> {
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

/// Whether a rating is in the upper half of its scale.
fn positive(entry: &Entry) -> Option<bool> {
    let (low, high) = entry.event.rating_scale();
    entry.event.rating.map(|rating| rating > f64::midpoint(low, high))
}

fn judged_right(entry: &Entry) -> Option<bool> {
    entry.event.correct.or(entry.event.score.map(|score| score >= 0.5))
}

fn context(entries: &[Entry], numbers: &HashMap<Uuid, u32>) -> PolarsResult<DataFrame> {
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
            column.of(CHARS_SHOWN, |e| e.event.chars_shown),
        ],
    )
}

fn is_decision(kind: EventKind) -> bool {
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
