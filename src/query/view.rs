//! The rollups in memory.
//!
//! A [`View`] knows which tables a project has as of one step of the fold, and holds the differences that wait to be merged. The
//! columns of merged days are read when a question needs them and kept while there is room: a merged column never changes, since
//! its step is part of its key. So a view that is brought up to date reads only what the last steps changed.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::pg::PgConnection;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::request::QueryError;
use crate::domain::dimension::Cell;
use crate::domain::key::ProjectId;
use crate::metrics;
use crate::rollup::{Axis, Column, Table, codec};
use crate::store::cells::{self, CellId};
use crate::store::projects::Project;
use crate::store::rollups::{self as store, BUCKETS, CELLS, Difference};
use crate::store::{StoreError, cursor};

/// Bytes of columns that are kept.
const COLUMN_BYTES: u64 = 160 * 1024 * 1024;
/// Columns that are kept, about; only a hint for the cache.
const COLUMNS: usize = 50_000;
/// Projects whose views are kept.
const VIEWS: usize = 1_000;
/// Waiting differences of one table that are looked at one by one; more are added up first.
const APART: usize = 8;

/// What a project's rollups are as of one step.
#[derive(Clone)]
pub struct View {
    step: i64,
    reset: i64,
    /// Names of the sums, in the order of their places.
    layout: Arc<Vec<String>>,
    pub cells: Arc<Vec<(CellId, Cell)>>,
    days: BTreeMap<(Axis, i32), Day>,
}

/// One axis of one day.
#[derive(Clone, Default)]
struct Day {
    /// Step and rows of the merged table, if there is one.
    merged: Option<(i64, usize)>,
    waiting: Vec<Arc<Table>>,
}

/// A table of one day, with the columns that were asked for.
pub struct Part {
    pub day: i32,
    rows: Rows,
}

enum Rows {
    /// Cells, buckets, then the columns.
    Merged(Vec<Arc<Column>>),
    Waiting(Arc<Table>, Arc<[i16]>),
}

impl Part {
    pub fn cells(&self) -> Option<&Column> {
        match &self.rows {
            Rows::Merged(columns) => columns.first().map(Arc::as_ref),
            Rows::Waiting(table, _) => Some(&table.cells),
        }
    }

    pub fn buckets(&self) -> Option<&Column> {
        match &self.rows {
            Rows::Merged(columns) => columns.get(1).map(Arc::as_ref),
            Rows::Waiting(table, _) => Some(&table.buckets),
        }
    }

    /// The columns, in the order in which they were asked for.
    pub fn columns(&self) -> Box<dyn Iterator<Item = Option<&Column>> + '_> {
        match &self.rows {
            Rows::Merged(columns) => Box::new(columns.iter().skip(2).map(|column| Some(column.as_ref()))),
            Rows::Waiting(table, places) => Box::new(places.iter().map(|place| table.columns.get(*place as usize))),
        }
    }
}

/// A day and columns of its table.
type DayColumns = (i32, Vec<Arc<Column>>);

/// Which column, of which step.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ColumnKey {
    project: ProjectId,
    axis: Axis,
    day: i32,
    step: i64,
    place: i16,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<ColumnKey, Arc<Column>> for Bytes {
    fn weight(&self, _: &ColumnKey, column: &Arc<Column>) -> u64 {
        (size_of::<ColumnKey>() + size_of::<Column>() + column.len() * column.width()) as u64
    }
}

/// The rollups of all projects, as far as they are in memory.
pub struct Rollups {
    views: Mutex<HashMap<ProjectId, Arc<View>>>,
    columns: Cache<ColumnKey, Arc<Column>, Bytes>,
}

impl Default for Rollups {
    fn default() -> Rollups {
        Rollups {
            views: Mutex::default(),
            columns: Cache::with_weighter(COLUMNS, COLUMN_BYTES, Bytes),
        }
    }
}

impl Rollups {
    /// The view as of the project's row. The caller's transaction sees one state of the database, and `project` in it.
    pub fn view(&self, conn: &mut PgConnection, project: &Project) -> Result<Arc<View>, QueryError> {
        let known = self.lock().get(&project.id).cloned();
        let view = match known {
            Some(view) if view.step == project.rollup_step => return Ok(view),
            // A question that began later may have left a newer view; this one then makes its own.
            Some(view) if view.reset == project.rollup_reset && view.step < project.rollup_step => {
                view.advanced(conn, project)?
            }
            _ => View::empty(conn, project)?.advanced(conn, project)?,
        };
        let view = Arc::new(view);
        let mut views = self.lock();
        if views.len() >= VIEWS {
            views.clear();
        }
        let newest = views.entry(project.id).or_insert_with(|| Arc::clone(&view));
        if newest.step < view.step {
            *newest = Arc::clone(&view);
        }
        Ok(view)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ProjectId, Arc<View>>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tables of some days with some of their columns, in no order. The caller's transaction sees the state of the view.
    pub fn parts(
        &self,
        conn: &mut PgConnection,
        project: ProjectId,
        view: &View,
        axis: Axis,
        days: Range<i32>,
        places: &[i16],
    ) -> Result<Vec<Part>, QueryError> {
        let found: Vec<(i32, &Day)> = view
            .days
            .range((axis, days.start)..(axis, days.end))
            .map(|((_, day), table)| (*day, table))
            .collect();
        let merged: Vec<(i32, i64, usize)> = found
            .iter()
            .filter_map(|(day, table)| table.merged.map(|(step, rows)| (*day, step, rows)))
            .collect();
        let wanted: Vec<i16> = [CELLS, BUCKETS].into_iter().chain(places.iter().copied()).collect();
        let mut parts = Vec::with_capacity(found.len());
        for (day, columns) in self.merged(conn, project, axis, &merged, &wanted)? {
            parts.push(Part {
                day,
                rows: Rows::Merged(columns),
            });
        }
        let places: Arc<[i16]> = places.into();
        for (day, table) in found {
            parts.extend(table.waiting.iter().map(|waiting| Part {
                day,
                rows: Rows::Waiting(Arc::clone(waiting), Arc::clone(&places)),
            }));
        }
        Ok(parts)
    }

    /// Columns of merged tables, from memory or else from the database.
    fn merged(
        &self,
        conn: &mut PgConnection,
        project: ProjectId,
        axis: Axis,
        tables: &[(i32, i64, usize)],
        places: &[i16],
    ) -> Result<Vec<DayColumns>, QueryError> {
        let key = |day: i32, step: i64, place: i16| ColumnKey {
            project,
            axis,
            day,
            step,
            place,
        };
        let mut found: Vec<(i32, Vec<Option<Arc<Column>>>)> = tables
            .iter()
            .map(|(day, step, _)| {
                (
                    *day,
                    places
                        .iter()
                        .map(|place| self.columns.get(&key(*day, *step, *place)))
                        .collect(),
                )
            })
            .collect();
        let missing_days: Vec<i32> = found
            .iter()
            .filter(|(_, columns)| columns.iter().any(Option::is_none))
            .map(|(day, _)| *day)
            .collect();
        let missing_places: Vec<i16> = (0..places.len())
            .filter(|at| found.iter().any(|(_, columns)| matches!(columns.get(*at), Some(None))))
            .filter_map(|at| places.get(at).copied())
            .collect();
        let mut read = HashMap::new();
        if !missing_days.is_empty() {
            for stored in store::columns(conn, project, axis.code(), &missing_places, &missing_days)? {
                read.insert((stored.day, stored.place), codec::unpack_column(&stored.body)?);
            }
        }
        for ((_, columns), (day, step, rows)) in found.iter_mut().zip(tables) {
            for (column, place) in columns.iter_mut().zip(places) {
                if column.is_none() {
                    // What is zero throughout is not stored.
                    let values = read.remove(&(*day, *place)).unwrap_or(Column::Zeros(*rows));
                    let values = Arc::new(values);
                    self.columns.insert(key(*day, *step, *place), Arc::clone(&values));
                    *column = Some(values);
                }
            }
        }
        Ok(found
            .into_iter()
            .map(|(day, columns)| (day, columns.into_iter().flatten().collect()))
            .collect())
    }
}

impl View {
    fn empty(conn: &mut PgConnection, project: &Project) -> Result<View, QueryError> {
        Ok(View {
            step: 0,
            reset: project.rollup_reset,
            layout: Arc::new(cursor::read(conn)?.layout),
            cells: Arc::default(),
            days: BTreeMap::new(),
        })
    }

    /// This view with all steps up to the project's.
    fn advanced(&self, conn: &mut PgConnection, project: &Project) -> Result<View, QueryError> {
        let mut view = self.clone();
        let axes: Vec<i16> = axes().map(Axis::code).collect();
        for head in store::heads_after(conn, project.id, &axes, self.step)? {
            let day = view.days.entry((Axis::from_code(head.axis), head.day)).or_default();
            // A merge takes all that waited; what came after it is read below.
            day.waiting.clear();
            day.merged = Some((head.step, head.size as usize));
        }
        for Difference { day, body, .. } in store::differences_after(conn, project.id, self.step)? {
            for (axis, table) in codec::unpack_tables(&body)? {
                view.days.entry((axis, day)).or_default().wait(table);
            }
        }
        view.cells = Arc::new(cells::of_project(conn, project.id)?);
        view.step = project.rollup_step;
        Ok(view)
    }

    /// The places of some sums. The rollups may be of another version of the program for the moment until the fold has
    /// recomputed them.
    pub fn places(&self, names: &[String]) -> Result<Vec<i16>, StoreError> {
        let at: HashMap<&String, i16> = self.layout.iter().zip(1..).collect();
        let found: Option<Vec<i16>> = names.iter().map(|name| at.get(name).copied()).collect();
        found.ok_or_else(|| StoreError::Unavailable("the rollups are being recomputed after an upgrade".to_owned()))
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
