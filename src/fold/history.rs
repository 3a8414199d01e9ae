//! The events of some outputs that count, each with its output, in the order in which they are folded.

use std::collections::{HashMap, HashSet};

use polars::prelude::*;
use uuid::Uuid;

use super::link::Links;
use super::{columns, persistence};
use crate::domain::clock;
use crate::domain::event::{Event, EventKind};
use crate::domain::key::{self, ProjectId};
use crate::domain::persistence::Kept;
use crate::store::events::LoggedEvent;
use crate::store::late::LateEvent;

/// One event that counts, with the output it belongs to.
pub struct Entry {
    pub target: Uuid,
    key: Uuid,
    fingerprint: i64,
    own_output: bool,
    pub kind: EventKind,
    pub occurred_at: i64,
    pub received_at: i64,
    pub event: Event,
}

#[cfg(test)]
impl Entry {
    /// An event of an output at an instant, by its own name.
    pub fn of(target: Uuid, occurred_at: i64, event: Event) -> Entry {
        Entry {
            target,
            key: Uuid::nil(),
            fingerprint: 0,
            own_output: true,
            kind: event.kind,
            occurred_at,
            received_at: occurred_at,
            event,
        }
    }
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
    /// What was in place later, of outputs of which anything is known.
    pub kept: HashMap<Uuid, Kept>,
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
                entry.fingerprint,
                entry.key,
            )
        });
        let outputs = names(&entries);
        let numbers: HashMap<Uuid, u32> = (0..).zip(&outputs).map(|(number, (key, _))| (*key, number)).collect();
        let context = columns::context(&entries, &numbers)?;
        let users = users(&entries);
        entries.sort_unstable_by_key(in_order);
        let actions = columns::actions(&entries, &numbers, &users)?;
        let kept = persistence::kept(&entries);
        entries.retain(|entry| matches!(entry.kind, EventKind::Rate | EventKind::Judge));
        let opinions = columns::opinions(&entries, &numbers, &users)?;
        Ok(History {
            outputs,
            actions,
            context,
            late,
            opinions,
            kept,
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

/// By output, then time; ties are broken by the kind of the event, then by what it says. Only of events that say the same does the key
/// decide, which is another in each project.
fn in_order(entry: &Entry) -> (Uuid, i64, i16, i64, Uuid) {
    (
        entry.target,
        entry.occurred_at,
        entry.kind.code(),
        entry.fingerprint,
        entry.key,
    )
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
                fingerprint: logged.fingerprint,
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
