//! A piece of an erasure: some outputs that are of the user, or that have events which name the user.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use uuid::Uuid;

use crate::domain::event::{Event, EventKind};
use crate::domain::key::ProjectId;
use crate::fold::difference::difference;
use crate::fold::history::History;
use crate::fold::link::Links;
use crate::fold::refresh::Refresh;
use crate::fold::resolve::resolve;
use crate::fold::{rollups, step};
use crate::store::erasures::{self as store, Erasure, Removed};
use crate::store::events::{self, LoggedEvent};
use crate::store::outputs::{self, Output};
use crate::store::projects::{self, Project};
use crate::store::{evals, ranges, retention, texts, tombstones};

/// Erases what is of the user, or names them, among some outputs and all that share a name with them.
pub fn erase_piece(conn: &mut PgConnection, erasure: &Erasure, user_id: &str, keys: &[Uuid]) -> anyhow::Result<()> {
    let lease = ranges::lock_all(conn)?;
    step::keep_layout(conn)?;
    // Before anything is deleted, or a writer of the same event and this would wait for each other.
    tombstones::stop_writers(conn)?;
    let project = projects::find(conn, erasure.project_id)?;
    let around = Around::of(conn, &project, user_id, keys)?;
    tombstones::add(conn, project.id, &around.names())?;

    let mut removed = Removed {
        outputs: around.owned.len() as i64,
        texts: texts::of_keys(conn, project.id, &Vec::from_iter(around.owned.clone()))?.len() as i64,
        ..Removed::default()
    };
    let mut going = Vec::new();
    for stored in &around.logged {
        let is_owned = around.owned.contains(&around.output(stored.output_key));
        if is_owned || names(stored, user_id) {
            going.push(stored.event_key);
            let is_opinion = [EventKind::Rate, EventKind::Judge]
                .map(EventKind::code)
                .contains(&stored.kind);
            removed.opinions += i64::from(is_opinion && !is_owned);
        }
    }
    let deleted = store::delete_events(conn, project.id, &going)?;
    removed.events = deleted.events;
    retention::add_expired(conn, project.id, deleted.folded)?;
    store::delete_aliases(conn, project.id, &around.names())?;
    forget_sealed(conn, project.id, &around)?;
    let mut names = around.names();
    names.extend(&around.owned);
    removed.eval_cases = evals::forget(conn, project.id, &names, None)?;
    let touched = around.links.keys.iter().copied().collect();
    Refresh::compute(conn, &lease, project, touched, Vec::new())?.write(conn)?;
    projects::note_forgotten(conn, erasure.project_id)?;
    Ok(store::count(conn, erasure, removed)?)
}

/// Whether an event names the user. One that cannot be read is damage, and had better go than stay.
fn names(stored: &LoggedEvent, user_id: &str) -> bool {
    match serde_json::from_str::<Event>(&stored.body) {
        Ok(event) => event.people().any(|name| name == user_id),
        Err(_) => stored.body.contains(&serde_json::Value::from(user_id).to_string()),
    }
}

/// Sealed outputs have no events that they could be computed from; they go with their share of the rollups.
fn forget_sealed(conn: &mut PgConnection, project: ProjectId, around: &Around) -> anyhow::Result<()> {
    let sealed = around.sealed.iter();
    let sealed: Vec<Output> = sealed
        .filter(|output| around.owned.contains(&output.output_key))
        .cloned()
        .collect();
    let keys: Vec<Uuid> = sealed.iter().map(|output| output.output_key).collect();
    retention::forget(conn, project, &keys)?;
    rollups::add(conn, project, difference(&sealed, &[])?)
}

/// Some outputs with all that share a name with them.
struct Around {
    links: Links,
    logged: Vec<LoggedEvent>,
    sealed: Vec<Output>,
    /// The output that each name stands for.
    targets: HashMap<Uuid, Uuid>,
    /// The outputs that are the user's.
    owned: HashSet<Uuid>,
}

impl Around {
    /// Whose an output is, its events say, be they folded or not.
    fn of(conn: &mut PgConnection, project: &Project, user_id: &str, keys: &[Uuid]) -> anyhow::Result<Around> {
        let mut links = Links::around(conn, project.id, keys.iter().copied().collect())?;
        let mut sealed = outputs::of_keys(conn, project.id, &links.keys)?;
        sealed.retain(|output| output.sealed);
        links.seal(sealed.iter().map(|output| output.output_key));
        let logged = events::of_outputs(conn, project.id, &links.keys)?;
        let open = resolve(project, &History::new(project.id, logged.clone(), &links)?)?;
        let states: Vec<&Output> = open.iter().map(|state| &state.output).chain(&sealed).collect();
        let targets = links.targets(&states.iter().map(|output| output.output_key).collect());
        let owned = states
            .iter()
            .filter(|output| output.user_id.as_deref() == Some(user_id));
        let owned = owned.map(|output| output.output_key).collect();
        Ok(Around {
            links,
            logged,
            sealed,
            targets,
            owned,
        })
    }

    fn output(&self, name: Uuid) -> Uuid {
        self.targets.get(&name).copied().unwrap_or(name)
    }

    /// The names that nothing but outputs of the user has.
    fn names(&self) -> Vec<Uuid> {
        let mut names = Vec::new();
        for group in self.links.groups() {
            let is_owned = |name: &&Uuid| self.owned.contains(&self.output(**name));
            let all = group.iter().all(|name| is_owned(&name));
            names.extend(group.iter().filter(|name| all || self.owned.contains(name)));
        }
        names
    }
}
