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
        let Going { names, open, retracted } = going(conn, project, before, keys)?;
        let events = store::delete_events(conn, project, &names)?;
        store::add_expired(conn, project, events)?;
        store::forget(conn, project, &retracted)?;
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

/// What goes with some outputs, or with names of which everything was taken back.
struct Going {
    /// All names whose events go.
    names: Vec<Uuid>,
    /// The outputs among them that are not sealed yet.
    open: Vec<Uuid>,
    /// Those that no output has.
    retracted: Vec<Uuid>,
}

/// Finds out what goes, and changes nothing.
fn going(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    keys: HashSet<Uuid>,
) -> anyhow::Result<Going> {
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

    let (mut names, mut retracted) = (Vec::new(), Vec::new());
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
        names.extend(group);
    }
    let going: HashSet<Uuid> = names.iter().copied().collect();
    let open = states
        .iter()
        .filter(|output| !output.sealed && going.contains(&output.output_key));
    let open: Vec<Uuid> = open.map(|output| output.output_key).collect();
    Ok(Going { names, open, retracted })
}

/// Counts what [`seal`] and [`expire_late`] would let go of. Gives the outputs that would be sealed.
pub fn count(
    conn: &mut PgConnection,
    project: ProjectId,
    before: DateTime<Utc>,
    expired: &mut Expired,
) -> anyhow::Result<HashSet<Uuid>> {
    // What goes with one piece is met again in later ones.
    let (mut gone, mut sealed): (HashSet<Uuid>, HashSet<Uuid>) = Default::default();
    let mut add = |conn: &mut PgConnection, keys: Vec<Uuid>| -> anyhow::Result<()> {
        let keys: HashSet<Uuid> = keys.into_iter().filter(|key| !gone.contains(key)).collect();
        let found = going(conn, project, before, keys)?;
        let names: Vec<Uuid> = found.names.into_iter().filter(|name| gone.insert(*name)).collect();
        expired.events += store::count_events(conn, project, &names)?.unsigned_abs();
        sealed.extend(found.open);
        Ok(())
    };
    let mut after = (DateTime::UNIX_EPOCH, Uuid::nil());
    loop {
        let places = store::unsealed(conn, project, after, before, PIECE)?;
        let Some(last) = places.last() else { break };
        after = *last;
        add(conn, places.into_iter().map(|(_, key)| key).collect())?;
    }
    let mut after = Uuid::nil();
    loop {
        let keys = store::retracted(conn, project, after, PIECE)?;
        let Some(last) = keys.last() else { break };
        after = *last;
        add(conn, keys)?;
    }
    expired.sealed = sealed.len() as u64;
    expired.events += late::count_before(conn, project, before)?.unsigned_abs();
    Ok(sealed)
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
