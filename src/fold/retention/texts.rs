//! Texts go from the events that brought them.
//!
//! The log is walked in its order, which is that of receipt, and each event is met once. What the fold measured on the texts is
//! written into the events that stay, as a client that sends no texts would have: the state that follows from them is the same.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::{Expired, PIECE};
use crate::domain::event::Event;
use crate::fold::history::places;
use crate::fold::link::Links;
use crate::fold::refresh::Refresh;
use crate::fold::step::Ends;
use crate::fold::text;
use crate::store::events::{self, LogEntry, LoggedEvent, Piece};
use crate::store::outputs::{self, Output};
use crate::store::projects::{self, Project};
use crate::store::ranges::{self, Lease};
use crate::store::retention as store;

/// Takes the texts from all events that were received before an instant.
pub fn strip(
    conn: &mut PgConnection,
    project: &Project,
    before: DateTime<Utc>,
    expired: &mut Expired,
    rest: &mut dyn FnMut(Duration) -> bool,
) -> anyhow::Result<()> {
    loop {
        let started = Instant::now();
        let Some(stripped) = conn.transaction(|conn| strip_piece(conn, project, before))? else {
            return Ok(());
        };
        expired.texts += stripped as u64;
        if !rest(started.elapsed()) {
            return Ok(());
        }
    }
}

/// Gives how many events of the next piece had texts. `None` when there is none that is old enough, and folded.
fn strip_piece(conn: &mut PgConnection, project: &Project, before: DateTime<Utc>) -> anyhow::Result<Option<usize>> {
    let lease = ranges::lock_all(conn)?;
    let after = store::textless_to(conn, project.id)?;
    let complete = events::complete(conn)?;
    let pieces: Vec<Piece> = lease
        .ranges
        .iter()
        .map(|range| Piece {
            range: range.range,
            after,
            to: complete,
        })
        .collect();
    let limit = lease.share_of(PIECE);
    let mut piece = events::of_pieces(conn, &pieces, Some(project.id), limit)?;
    // All entries up to the nearest place at which a range has more, and none of a transaction that is too young.
    let ends = Ends::of(&piece);
    let full = lease.ranges.iter().filter(|range| ends.entries(range.range) >= limit);
    let nearest = full.filter_map(|range| ends.last(range.range)).min();
    let young = piece.iter().filter(|entry| entry.event.received_at >= before);
    let youngest = young.map(|entry| entry.tx - 1).min();
    let Some(last) = piece.iter().map(|entry| entry.tx).max() else {
        return Ok(None);
    };
    let to = [Some(last), nearest, youngest]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(last);
    piece.retain(|entry| entry.tx <= to);
    let is_folded = |entry: &LogEntry| {
        let mut own = lease.ranges.iter().filter(|range| range.range == entry.range);
        own.any(|range| entry.tx <= range.tx)
    };
    if piece.is_empty() || !piece.iter().all(is_folded) {
        return Ok(None);
    }
    let wordy: HashMap<Uuid, Uuid> = piece
        .iter()
        .filter(|entry| parsed(&entry.event).is_some_and(|event| event.has_texts()))
        .map(|entry| (entry.event.event_key, entry.event.output_key))
        .collect();
    if !wordy.is_empty() {
        strip_events(conn, &lease, project, &wordy)?;
        projects::note_forgotten(conn, project.id)?;
    }
    store::set_textless_to(conn, project.id, to)?;
    Ok(Some(wordy.len()))
}

/// Takes the texts from some events, given with the outputs that they name.
fn strip_events(
    conn: &mut PgConnection,
    lease: &Lease,
    project: &Project,
    wordy: &HashMap<Uuid, Uuid>,
) -> anyhow::Result<()> {
    let touched: HashSet<Uuid> = wordy.values().copied().collect();
    let mut links = Links::around(conn, project.id, touched.clone())?;
    let states = outputs::of_keys(conn, project.id, &links.keys)?;
    links.seal(states.iter().filter(|state| state.sealed).map(|state| state.output_key));
    let states: HashMap<Uuid, Output> = states.into_iter().map(|state| (state.output_key, state)).collect();
    let logged = events::of_outputs(conn, project.id, &links.keys)?;
    let places = places(project.id, logged.clone(), &links);
    let output_of: HashMap<Uuid, Uuid> = places.iter().map(|place| (place.event, place.output)).collect();
    let losing: HashSet<Uuid> = wordy.keys().filter_map(|event| output_of.get(event)).copied().collect();
    // What was said last counts; so that is where the figures go.
    let last: HashMap<Uuid, Uuid> = places.iter().map(|place| (place.output, place.event)).collect();

    let mut bodies: BTreeMap<Uuid, String> = BTreeMap::new();
    for stored in &logged {
        let key = stored.event_key;
        let output = output_of.get(&key).copied();
        let state = output.and_then(|output| states.get(&output));
        let is_last = output.is_some_and(|output| losing.contains(&output) && last.get(&output) == Some(&key));
        if !is_last && !wordy.contains_key(&key) {
            continue;
        }
        let Some(mut event) = parsed(stored) else { continue };
        if wordy.contains_key(&key) {
            note_length(&mut event, state);
            event.drop_texts();
        }
        if let Some(state) = state.filter(|_| is_last) {
            note_edit(&mut event, state);
        }
        bodies.insert(key, serde_json::to_string(&event)?);
    }
    store::replace_bodies(conn, project.id, &bodies.into_iter().collect::<Vec<_>>())?;
    Refresh::compute(conn, lease, project.clone(), touched, Vec::new())?.write(conn)
}

fn parsed(stored: &LoggedEvent) -> Option<Event> {
    serde_json::from_str(&stored.body).ok()
}

/// The length of the output's text, in the event that brought it.
fn note_length(event: &mut Event, state: Option<&Output>) {
    let Some(output) = &event.output else { return };
    let known = state.and_then(|state| state.chars_shown?.try_into().ok());
    event.chars_shown = event.chars_shown.or(known).or(u32::try_from(text::length(output)).ok());
}

/// How much was changed, as the output's state says.
fn note_edit(event: &mut Event, state: &Output) {
    event.edit_distance = state.edit_distance.or(event.edit_distance);
    if let (Some(share), Some(shown)) = (state.retained_share, state.chars_shown) {
        // A share of whole characters: as exact as it was.
        event.chars_retained = Some((share * f64::from(shown)).round() as u32);
    }
    let finished = state.chars_final.and_then(|chars| u32::try_from(chars).ok());
    event.chars_final = finished.or(event.chars_final);
}
