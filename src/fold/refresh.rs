//! The outputs that some events touch, computed from all of their events, and what that changes.
//!
//! It is done in two halves, since several workers may fold one project. [`Refresh::compute`] reads and computes; workers do that
//! side by side. [`Refresh::write`] takes the project's row, which only one worker at a time has, and writes.
//!
//! An output without ties is its range's: only who holds the range writes it. Outputs that are tied by aliases may be of several
//! ranges, and so of several workers. Who has the row therefore looks whether what it has read of them is still all there is:
//! the aliases, the number of entries, the states. Where other states were written meanwhile, the difference is taken from those;
//! where there are new aliases or entries, the outputs are computed again. An output that was without ties is found in the same
//! way if it has one now, or else by the worker that comes to the alias after this one.
//!
//! Cells are numbered by who has the row, too. Nobody who has it waits for anything but rows of later projects, and nobody else
//! waits while it holds something, so that there are no circles.

use std::collections::{HashMap, HashSet};

use diesel::QueryResult;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::difference::{Difference, difference};
use super::history::History;
use super::link::Links;
use super::resolve::resolve;
use super::rollups;
use crate::domain::dimension::Cell;
use crate::domain::key::ProjectId;
use crate::store::cells::{self, New};
use crate::store::events::{self, Alias, LoggedEvent};
use crate::store::late::{self, LateEvent};
use crate::store::opinions::{self, Opinion};
use crate::store::outputs::{self, Output};
use crate::store::projects::{self, Project};
use crate::store::ranges::Lease;
use crate::store::texts::{self, Texts};

/// What a project's outputs become.
pub struct Refresh {
    project: Project,
    /// Log entries that are folded by it.
    entries: usize,
    /// Whether nobody else can have folded since.
    alone: bool,
    links: Links,
    /// How many entries each tied key had.
    entries_of: HashMap<Uuid, i64>,
    /// Outputs whose cells have no number yet.
    unnumbered: HashMap<Uuid, Cell>,
    states: States,
    texts: Vec<Texts>,
    opinions: Vec<Opinion>,
    /// Events of sealed outputs.
    late: Vec<LateEvent>,
    change: Difference,
}

impl Refresh {
    /// Computes the touched outputs. `arrived` are the events of them that were not folded before.
    pub fn compute(
        conn: &mut PgConnection,
        lease: &Lease,
        project: Project,
        touched: HashSet<Uuid>,
        arrived: Vec<LoggedEvent>,
    ) -> anyhow::Result<Refresh> {
        let entries = arrived.len();
        let mut links = Links::around(conn, project.id, touched)?;
        let old = open(conn, project.id, &mut links)?;
        let logged = complete(conn, project.id, &links, &old, arrived)?;
        let mut entries_of: HashMap<Uuid, i64> = links.tied().map(|key| (key, 0)).collect();
        for event in &logged {
            entries_of.entry(event.output_key).and_modify(|entries| *entries += 1);
        }
        let cells = if lease.is_whole() { New::All } else { New::None };
        let folded = fold(conn, &project, &links, logged, cells)?;
        let states = States::new(old, folded.outputs);
        let change = difference(&states.old, &states.new)?;
        Ok(Refresh {
            project,
            entries,
            alone: lease.is_whole(),
            links,
            entries_of,
            unnumbered: folded.unnumbered,
            states,
            texts: folded.texts,
            opinions: folded.opinions,
            late: folded.late,
            change,
        })
    }

    pub fn project(&self) -> ProjectId {
        self.project.id
    }

    /// Puts the new states in the place of the old ones, and moves the rollups by the difference and the project's log position.
    /// Other workers of the project wait from here until the transaction ends.
    pub fn write(mut self, conn: &mut PgConnection) -> anyhow::Result<()> {
        let project = self.project.id;
        projects::add_folded(conn, project, self.entries as i64)?;
        if !self.alone {
            self.number(conn)?;
            self.rebase(conn)?;
            let moved = self.moved(conn)?;
            if !moved.is_empty() {
                self.compute_again(conn, moved)?;
            }
        }
        let keys = |outputs: &[Output]| outputs.iter().map(|output| output.output_key).collect::<Vec<_>>();
        let gone = keys(&self.states.old);
        let known = [keys(&self.states.same), gone.clone()].concat();
        late::add(conn, &self.late)?;
        texts::replace(conn, project, &known, &self.texts)?;
        opinions::replace(conn, project, &known, &self.opinions)?;
        outputs::replace(conn, project, &gone, &self.states.new)?;
        rollups::add(conn, project, self.change)
    }

    /// Numbers new cells.
    fn number(&mut self, conn: &mut PgConnection) -> anyhow::Result<()> {
        if self.unnumbered.is_empty() {
            return Ok(());
        }
        let distinct: HashSet<Cell> = self.unnumbered.values().cloned().collect();
        let numbers = cells::number(conn, self.project.id, &Vec::from_iter(distinct), New::All)?;
        let States { same, old, new } = self.states.take(&self.unnumbered.keys().copied().collect());
        let without = [new, same.clone()].concat();
        let mut with = without.clone();
        for output in &mut with {
            let cell = self.unnumbered.get(&output.output_key);
            output.cell_id = cell.and_then(|cell| numbers.get(cell).copied());
        }
        self.add(difference(&without, &with)?);
        self.states.extend(States::new([old, same].concat(), with));
        Ok(())
    }

    /// Takes the difference from the states that tied outputs have now. Nobody else could write those without ties.
    fn rebase(&mut self, conn: &mut PgConnection) -> anyhow::Result<()> {
        let tied: Vec<Uuid> = self.links.tied().collect();
        let mut now = outputs::of_keys(conn, self.project.id, &tied)?;
        now.retain(|output| !output.sealed);
        let mut read: HashMap<Uuid, &Output> = self.states.known().map(|output| (output.output_key, output)).collect();
        read.retain(|key, _| self.links.is_tied(*key));
        let mut restated: HashSet<Uuid> = now
            .iter()
            .filter(|output| read.remove(&output.output_key) != Some(output))
            .map(|output| output.output_key)
            .collect();
        restated.extend(read.into_keys());
        if restated.is_empty() {
            return Ok(());
        }
        let before = self.states.take(&restated);
        let now: Vec<Output> = now
            .into_iter()
            .filter(|output| restated.contains(&output.output_key))
            .collect();
        let was = [&before.same, &before.old].map(Vec::as_slice).concat();
        self.add(difference(&now, &was)?);
        // What stayed as it was read is what it comes to.
        self.states.extend(States::new(now, [before.new, before.same].concat()));
        Ok(())
    }

    /// Keys that got aliases or entries since they were read.
    fn moved(&self, conn: &mut PgConnection) -> QueryResult<HashSet<Uuid>> {
        let project = self.project.id;
        let known = |alias: &&Alias| self.links.aliases.binary_search(alias).is_ok();
        let aliases = events::aliases_of(conn, project, &self.links.keys)?;
        let new = aliases.iter().filter(|alias| !known(alias));
        let mut moved: HashSet<Uuid> = new.flat_map(|alias| [alias.alias_key, alias.output_key]).collect();

        let tied: Vec<Uuid> = self.links.tied().collect();
        let entries = events::entries_of(conn, project, &tied)?.into_iter();
        let grown = entries.filter(|now| self.entries_of.get(&now.output_key) != Some(&now.entries));
        moved.extend(grown.map(|now| now.output_key));
        Ok(moved)
    }

    /// Computes some outputs, and all that are tied to them, from what is there now. The caller has the project's row.
    fn compute_again(&mut self, conn: &mut PgConnection, moved: HashSet<Uuid>) -> anyhow::Result<()> {
        let project = &self.project;
        let mut links = Links::around(conn, project.id, moved)?;
        let keys: HashSet<Uuid> = links.keys.iter().copied().collect();
        let dropped = self.states.take(&keys);
        self.texts.retain(|texts| !keys.contains(&texts.output_key));
        self.opinions.retain(|opinion| !keys.contains(&opinion.output_key));

        let old = open(conn, project.id, &mut links)?;
        let logged = events::of_outputs(conn, project.id, &links.keys)?;
        let folded = fold(conn, project, &links, logged, New::All)?;
        let states = States::new(old, folded.outputs);
        // What was computed before is taken back.
        let old = [&dropped.new, &states.old].map(Vec::as_slice).concat();
        let new = [&dropped.old, &states.new].map(Vec::as_slice).concat();
        let change = difference(&old, &new)?;
        self.add(change);
        self.states.extend(states);
        self.texts.extend(folded.texts);
        self.opinions.extend(folded.opinions);
        self.late.extend(folded.late);
        Ok(())
    }

    fn add(&mut self, change: Difference) {
        for (day, tables) in change {
            self.change.entry(day).or_default().extend(tables);
        }
    }
}

/// States of outputs as they were read and as they become.
struct States {
    /// Those that stay as they are.
    same: Vec<Output>,
    old: Vec<Output>,
    new: Vec<Output>,
}

impl States {
    fn new(old: Vec<Output>, new: Vec<Output>) -> States {
        let before: HashMap<Uuid, &Output> = old.iter().map(|output| (output.output_key, output)).collect();
        let same: HashSet<Uuid> = new
            .iter()
            .filter(|output| before.get(&output.output_key) == Some(output))
            .map(|output| output.output_key)
            .collect();
        let is_same = |output: &Output| same.contains(&output.output_key);
        let (_, new) = new.into_iter().partition(is_same);
        let (same, old) = old.into_iter().partition(is_same);
        States { same, old, new }
    }

    /// All that had a state when they were read.
    fn known(&self) -> impl Iterator<Item = &Output> {
        self.same.iter().chain(&self.old)
    }

    /// Takes some outputs out.
    fn take(&mut self, keys: &HashSet<Uuid>) -> States {
        let [same, old, new] = [&mut self.same, &mut self.old, &mut self.new].map(|outputs| {
            outputs
                .extract_if(.., |output| keys.contains(&output.output_key))
                .collect()
        });
        States { same, old, new }
    }

    fn extend(&mut self, other: States) {
        self.same.extend(other.same);
        self.old.extend(other.old);
        self.new.extend(other.new);
    }
}

/// All events of the outputs. An output that has no state and no tie to other names was never folded before, so that what
/// arrived now is all there is of it; only of the others the log is asked.
fn complete(
    conn: &mut PgConnection,
    project: ProjectId,
    links: &Links,
    old: &[Output],
    mut arrived: Vec<LoggedEvent>,
) -> QueryResult<Vec<LoggedEvent>> {
    let known: HashSet<Uuid> = old.iter().map(|output| output.output_key).collect();
    let is_new = |key: &Uuid| !known.contains(key) && !links.is_tied(*key);
    let earlier: Vec<Uuid> = links.keys.iter().copied().filter(|key| !is_new(key)).collect();
    arrived.retain(|event| is_new(&event.output_key));
    if !earlier.is_empty() {
        arrived.extend(events::of_outputs(conn, project, &earlier)?);
    }
    Ok(arrived)
}

/// The states of those outputs that are not sealed; the links learn which are.
fn open(conn: &mut PgConnection, project: ProjectId, links: &mut Links) -> QueryResult<Vec<Output>> {
    let stored = outputs::of_keys(conn, project, &links.keys)?;
    let (sealed, open): (Vec<Output>, Vec<Output>) = stored.into_iter().partition(|output| output.sealed);
    links.seal(sealed.into_iter().map(|output| output.output_key));
    Ok(open)
}

/// What events come to.
#[derive(Default)]
struct Folded {
    outputs: Vec<Output>,
    texts: Vec<Texts>,
    opinions: Vec<Opinion>,
    /// Cells that have no number yet, by output.
    unnumbered: HashMap<Uuid, Cell>,
    late: Vec<LateEvent>,
}

/// From events to states, with numbered cells.
fn fold(
    conn: &mut PgConnection,
    project: &Project,
    links: &Links,
    logged: Vec<LoggedEvent>,
    new: New,
) -> anyhow::Result<Folded> {
    let history = History::new(project.id, logged, links)?;
    let resolved = resolve(project, &history)?;
    let distinct: HashSet<_> = resolved.iter().filter_map(|state| state.cell.clone()).collect();
    let numbers = cells::number(conn, project.id, &distinct.into_iter().collect::<Vec<_>>(), new)?;
    let mut folded = Folded {
        late: history.late,
        ..Folded::default()
    };
    for mut state in resolved {
        state.output.cell_id = state.cell.as_ref().and_then(|cell| numbers.get(cell).copied());
        if let (Some(cell), None) = (state.cell, state.output.cell_id) {
            folded.unnumbered.insert(state.output.output_key, cell);
        }
        folded.outputs.push(state.output);
        folded.texts.push(state.texts);
        folded.opinions.extend(state.opinions);
    }
    Ok(folded)
}
