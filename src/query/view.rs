//! What the rollups of a project are as of one step of the fold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use diesel::pg::PgConnection;

use super::filter::Filter;
use super::plan::{Groups, by_dimensions};
use super::request::QueryError;
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::key::ProjectId;
use crate::metrics;
use crate::rollup::{Axis, Table, codec};
use crate::store::cells::{self, CellId};
use crate::store::projects::Project;
use crate::store::rollups::{self as store, Difference};
use crate::store::{StoreError, bases, fold_state};

/// Waiting differences of one table that are looked at one by one; more are added up first.
const APART: usize = 8;

/// Knows which tables there are, and holds the differences that wait to be merged. Bringing it up to date reads only what the
/// last steps changed.
#[derive(Clone)]
pub struct View {
    pub project: ProjectId,
    step: i64,
    /// The step that computed the rollups anew.
    reset: i64,
    /// Names of the sums, in the order of their places.
    layout: Arc<Vec<String>>,
    pub cells: Arc<Vec<(CellId, Cell)>>,
    days: BTreeMap<(Axis, i32), Day>,
    /// The last step that touched outputs of a day, or merged what it did.
    touched: BTreeMap<i32, i64>,
    /// The days some of whose outputs are gone, with the sums that are known of those.
    bases: Arc<BTreeMap<i32, Vec<String>>>,
}

/// One axis of one day.
#[derive(Clone, Default)]
pub struct Day {
    /// Step and rows of the merged table, if there is one.
    pub merged: Option<(i64, usize)>,
    pub waiting: Vec<Arc<Table>>,
}

impl View {
    /// A view of nothing, from which a first one is made.
    pub fn empty(conn: &mut PgConnection, project: &Project) -> Result<View, QueryError> {
        Ok(View {
            project: project.id,
            step: 0,
            reset: project.rollup_reset,
            layout: Arc::new(fold_state::layout(conn)?),
            cells: Arc::default(),
            days: BTreeMap::new(),
            touched: BTreeMap::new(),
            bases: Arc::default(),
        })
    }

    /// Whether this view can be brought up to the state of the project.
    pub fn precedes(&self, project: &Project) -> bool {
        self.reset == project.rollup_reset && self.step <= project.rollup_step
    }

    /// Whether this is the view of that very state.
    pub fn is_of(&self, project: &Project) -> bool {
        self.reset == project.rollup_reset && self.step == project.rollup_step
    }

    fn touch(&mut self, day: i32, step: i64) {
        let last = self.touched.entry(day).or_default();
        *last = step.max(*last);
    }

    /// The days in a range whose outputs were ever touched, with the last step that did.
    pub fn touched(&self, days: Range<i32>) -> impl Iterator<Item = (i32, i64)> + '_ {
        self.touched.range(days).map(|(day, step)| (*day, *step))
    }

    pub fn step(&self) -> i64 {
        self.step
    }

    /// This view with all steps up to the project's.
    pub fn advanced(&self, conn: &mut PgConnection, project: &Project) -> Result<View, QueryError> {
        let mut view = self.clone();
        let axes: Vec<i16> = axes().map(Axis::code).collect();
        for head in store::heads_after(conn, project.id, &axes, self.step)? {
            let day = view.days.entry((Axis::from_code(head.axis), head.day)).or_default();
            // A merge takes all that waited; what came after it is read below.
            day.waiting.clear();
            day.merged = Some((head.step, head.size as usize));
            view.touch(head.day, head.step);
        }
        for Difference { day, step, body, .. } in store::differences_after(conn, project.id, self.step)? {
            view.touch(day, step);
            for (axis, table) in codec::unpack_tables(&body)? {
                view.days.entry((axis, day)).or_default().wait(table);
            }
        }
        view.cells = Arc::new(cells::of_project(conn, project.id)?);
        view.bases = Arc::new(bases::layouts(conn, project.id)?.into_iter().collect());
        view.step = project.rollup_step;
        Ok(view)
    }

    /// The last of some days of which outputs are gone.
    pub fn last_gone(&self, days: Range<i32>) -> Option<i32> {
        self.bases.range(days).next_back().map(|(day, _)| *day)
    }

    /// The days before some day of which outputs are gone.
    pub fn gone_before(&self, day: i32) -> impl Iterator<Item = i32> + '_ {
        self.bases.range(..day).map(|(day, _)| *day)
    }

    /// Whether one of these sums is not known of all outputs of some days, those that are gone included.
    pub fn lacks(&self, days: Range<i32>, sums: &BTreeSet<String>) -> bool {
        let mut layouts = self.bases.range(days).map(|(_, layout)| layout);
        // The sums of a question are a few of a base's.
        layouts.any(|layout| sums.iter().any(|sum| !layout.contains(sum)))
    }

    /// The cells that pass all of some filters.
    pub fn cells_where(&self, filters: &[Filter]) -> HashSet<CellId> {
        let accepted = |cell: &Cell| filters.iter().all(|filter| filter.accepts(cell));
        let cells = self.cells.iter().filter(|(_, cell)| accepted(cell));
        cells.map(|(id, _)| *id).collect()
    }

    /// The cells that pass the filters, put together by their values of some dimensions.
    pub fn groups(&self, filters: &[Filter], dimensions: &[Dimension]) -> Groups {
        let accepted = |(_, cell): &&(CellId, Cell)| filters.iter().all(|filter| filter.accepts(cell));
        by_dimensions(dimensions, &self.cells.iter().filter(accepted).collect::<Vec<_>>())
    }

    /// The places of some sums. The rollups may be of another version of the program for the moment until the fold has
    /// recomputed them.
    pub fn places(&self, names: &[String]) -> Result<Vec<i16>, StoreError> {
        let at: HashMap<&String, i16> = self.layout.iter().zip(1..).collect();
        let found: Option<Vec<i16>> = names.iter().map(|name| at.get(name).copied()).collect();
        found.ok_or_else(|| StoreError::Unavailable("the rollups are being recomputed after an upgrade".to_owned()))
    }

    /// The tables of an axis in a range of days.
    pub fn tables(&self, axis: Axis, days: Range<i32>) -> impl Iterator<Item = (i32, &Day)> {
        let found = self.days.range((axis, days.start)..(axis, days.end));
        found.map(|((_, day), table)| (*day, table))
    }

    /// The days that have tables, in order. What waits for a day may take away all that it had.
    pub fn days(&self) -> impl DoubleEndedIterator<Item = i32> + '_ {
        self.days
            .range((Axis::Groups, i32::MIN)..=(Axis::Groups, i32::MAX))
            .map(|((_, day), _)| *day)
    }
}

impl Day {
    fn wait(&mut self, table: Table) {
        self.waiting.push(Arc::new(table));
        if self.waiting.len() > APART {
            let sum = Table::sum(self.waiting.iter().map(Arc::as_ref));
            self.waiting = vec![Arc::new(sum)];
        }
    }
}

/// Every axis that the registry has.
fn axes() -> impl Iterator<Item = Axis> {
    let histograms = metrics::all_histograms();
    let kinds = histograms.into_iter().map(|histogram| Axis::Histogram(histogram.kind));
    [Axis::Groups, Axis::Hours].into_iter().chain(kinds)
}
