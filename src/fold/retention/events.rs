//! Events go, and their outputs are sealed.
//!
//! An output's events go together, since the fold needs all of them or none; and those of outputs that share a name go
//! together, when the youngest of them is old enough.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::{Expired, PIECE};
use crate::domain::key::ProjectId;
use crate::fold::link::Links;
use crate::store::{audit, late, outputs, projects, ranges, retention as store};

/// Seals the outputs that were shown before an instant, and deletes their events.
pub fn seal(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    expired: &mut Expired,
    rest: &mut dyn FnMut(Duration) -> bool,
) -> anyhow::Result<()> {
    let mut after = (DateTime::UNIX_EPOCH, Uuid::nil());
    loop {
        let places = store::unsealed(conn, project, after, before, PIECE)?;
        let Some(last) = places.last() else { break };
        after = *last;
        let started = Instant::now();
        let keys = places.into_iter().map(|(_, key)| key).collect();
        seal_piece(conn, project, before, keys, expired)?;
        if !rest(started.elapsed()) {
            return Ok(());
        }
    }
    let mut after = Uuid::nil();
    loop {
        let keys = store::retracted(conn, project, after, PIECE)?;
        let Some(last) = keys.last() else { return Ok(()) };
        after = *last;
        let started = Instant::now();
        seal_piece(conn, project, before, keys.into_iter().collect(), expired)?;
        if !rest(started.elapsed()) {
            return Ok(());
        }
    }
}

fn seal_piece(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    keys: HashSet<Uuid>,
    expired: &mut Expired,
) -> anyhow::Result<()> {
    let (events, sealed) = conn.transaction(|conn| {
        ranges::lock_all(conn)?;
        let links = Links::around(conn, project, keys)?;
        let states = outputs::of_keys(conn, project, &links.keys)?;
        let stateful: HashSet<Uuid> = states.iter().map(|output| output.output_key).collect();
        // Those that must stay, and with them all that they share a name with: young ones, and those with events that the fold
        // has not seen.
        let mut kept: HashSet<Uuid> = states
            .iter()
            .filter(|output| !output.sealed && output.shown_at >= before)
            .map(|output| output.output_key)
            .collect();
        let entries = audit::entries(conn, project, &links.keys)?;
        kept.extend(entries.iter().filter(|of| of.waiting > 0).map(|of| of.output_key));
        let stateless: Vec<Uuid> = links
            .keys
            .iter()
            .copied()
            .filter(|key| !stateful.contains(key))
            .collect();
        let active: HashSet<Uuid> = store::active_since(conn, project, &stateless, before)?
            .into_iter()
            .collect();

        let (mut going, mut retracted) = (Vec::new(), Vec::new());
        for group in links.groups() {
            let has_state = group.iter().any(|key| stateful.contains(key));
            // Without a state there is no cohort time; what was received last says how old it is.
            let is_active = !has_state && group.iter().any(|key| active.contains(key));
            if is_active || group.iter().any(|key| kept.contains(key)) {
                continue;
            }
            if !has_state {
                retracted.extend(&group);
            }
            going.extend(group);
        }
        let events = store::delete_events(conn, project, &going)?;
        store::add_expired(conn, project, events)?;
        store::forget(conn, project, &retracted)?;
        let going: HashSet<Uuid> = going.into_iter().collect();
        let open = states
            .iter()
            .filter(|output| !output.sealed && going.contains(&output.output_key));
        let open: Vec<Uuid> = open.map(|output| output.output_key).collect();
        let sealed = store::seal(conn, project, &open)?;
        if events > 0 || sealed > 0 {
            projects::note_forgotten(conn, project)?;
        }
        Ok::<_, anyhow::Error>((events, sealed))
    })?;
    expired.events += events.unsigned_abs();
    expired.sealed += sealed as u64;
    Ok(())
}

/// Deletes late events that were received before an instant.
pub fn expire_late(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    expired: &mut Expired,
    rest: &mut dyn FnMut(Duration) -> bool,
) -> anyhow::Result<()> {
    loop {
        let started = Instant::now();
        let events = conn.transaction(|conn| {
            ranges::lock_all(conn)?;
            let events = late::expire(conn, project, before, PIECE)?;
            store::add_expired(conn, project, events as i64)?;
            Ok::<_, anyhow::Error>(events)
        })?;
        expired.events += events as u64;
        if events == 0 || !rest(started.elapsed()) {
            return Ok(());
        }
    }
}
