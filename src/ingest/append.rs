//! What of a group of events is new, and into the log with it.

use std::collections::{HashMap, HashSet};

use diesel::Connection;
use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::store::append::{self as log, EventName, NewEvent};
use crate::store::rejections::{self, Rejection};
use crate::store::{StoreError, tombstones};

/// Up to so many events are appended by one statement; more by a COPY, whose transaction costs more round trips and whose rows
/// cost less each.
pub const FEW: usize = 128;

/// How often a batch is tried again when other writers add the same ids at the same moment. Each time some of its events
/// have become known, so that it comes to an end.
const ATTEMPTS: usize = 100;

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Created,
    /// The log had it already, with the same content.
    Duplicate,
    /// The log has another event of that id.
    Conflict,
    /// It names a user, or an output of one, who was erased.
    Erased,
}

/// Appends what is new and counts what was refused, in one transaction.
pub fn append(
    conn: &mut PgConnection,
    events: &[&NewEvent],
    refused: &[Rejection],
    expects_known: &mut bool,
) -> Result<Vec<Stored>, StoreError> {
    if events.len() > FEW {
        return append_many(conn, events, refused, expects_known);
    }
    if refused.is_empty() {
        return append_few(conn, events, expects_known);
    }
    // In a transaction nothing is left to be done after a statement that failed.
    *expects_known = true;
    conn.transaction(|conn| {
        let stored = append_few(conn, events, expects_known)?;
        rejections::add(conn, refused)?;
        Ok(stored)
    })
}

/// Appends what is new with one statement, and asks the log about the rest. Optimistic: a statement that takes known ids costs a fifth
/// more, and is used only after one without was refused.
fn append_few(
    conn: &mut PgConnection,
    events: &[&NewEvent],
    expects_known: &mut bool,
) -> Result<Vec<Stored>, StoreError> {
    let (stored, new) = sort_out(events, HashMap::new(), &HashSet::new());
    if new.is_empty() {
        return Ok(stored);
    }
    let appended = if *expects_known {
        log::append_unknown(conn, &new)?
    } else {
        match log::append_new(conn, &new) {
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => log::append_unknown(conn, &new)?,
            outcome => outcome?,
        }
    };
    *expects_known = appended.len() < new.len();
    if appended.len() == new.len() {
        return Ok(stored);
    }
    let erased = tombstones::among(conn, events)?;
    let known: Vec<EventName> = new
        .iter()
        .map(|event| event.name())
        .filter(|name| !appended.contains(name) && !erased.contains(name))
        .collect();
    let fingerprints = log::fingerprints(conn, &known)?;
    if fingerprints.len() < known.len() {
        return Err(StoreError::Unavailable(
            "events went from the log while it was asked for them".to_owned(),
        ));
    }
    Ok(sort_out(events, fingerprints, &erased).0)
}

/// Appends what is new with a COPY. Optimistic: the log is asked for known ids only after it refused one.
fn append_many(
    conn: &mut PgConnection,
    events: &[&NewEvent],
    refused: &[Rejection],
    expects_known: &mut bool,
) -> Result<Vec<Stored>, StoreError> {
    let mut looks = *expects_known;
    for _ in 0..ATTEMPTS {
        let outcome = conn.transaction(|conn| {
            // First, since it holds up whoever is about to erase.
            tombstones::hold(conn)?;
            let erased = tombstones::among(conn, events)?;
            let mut known = HashMap::new();
            if looks {
                let names: Vec<EventName> = events.iter().map(|event| event.name()).collect();
                known = log::fingerprints(conn, &names)?;
            }
            *expects_known = !known.is_empty();
            let (stored, new) = sort_out(events, known, &erased);
            if !new.is_empty() {
                log::append(conn, &new)?;
            }
            if !refused.is_empty() {
                rejections::add(conn, refused)?;
            }
            Ok(stored)
        });
        match outcome {
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => looks = true,
            other => return other.map_err(StoreError::from),
        }
    }
    Err(StoreError::Unavailable(
        "other writers keep adding the same events".to_owned(),
    ))
}

/// Tells new events from known ones, within the batch too. The new ones are in order of their names, one order everywhere:
/// writers with the same events wait for each other and never in a circle.
fn sort_out<'a>(
    events: &[&'a NewEvent],
    mut known: HashMap<EventName, i64>,
    erased: &HashSet<EventName>,
) -> (Vec<Stored>, Vec<&'a NewEvent>) {
    let mut new = Vec::with_capacity(events.len());
    let stored = events
        .iter()
        .map(|event| match known.get(&event.name()) {
            _ if erased.contains(&event.name()) => Stored::Erased,
            Some(fingerprint) if *fingerprint == event.fingerprint => Stored::Duplicate,
            Some(_) => Stored::Conflict,
            None => {
                known.insert(event.name(), event.fingerprint);
                new.push(*event);
                Stored::Created
            }
        })
        .collect();
    new.sort_unstable_by_key(|event| event.name());
    (stored, new)
}
