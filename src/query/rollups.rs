//! The rollups of all projects, as far as they are in memory.
//!
//! The columns of merged days are read when a question needs them and kept while there is room. A merged column never changes,
//! since its step is part of its key: nothing that is kept is ever stale.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::pg::PgConnection;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::grouping::{Grouped, Grouping};
use super::part::Part;
use super::request::QueryError;
use super::view::{Day, View};
use crate::domain::key::ProjectId;
use crate::rollup::{Axis, Column, codec};
use crate::store::projects::Project;
use crate::store::rollups::{self as store, BUCKETS, CELLS};

/// Bytes of columns that are kept.
const COLUMN_BYTES: u64 = 160 * 1024 * 1024;
/// Columns that are kept, about; only a hint for the cache.
const COLUMNS: usize = 50_000;
/// Projects whose views are kept.
const PROJECTS: usize = 1_000;
/// Views of one project that are kept: questions that began a moment ago still need the one before the last.
const VIEWS: usize = 4;

/// The latest views of a project.
#[derive(Default)]
struct Kept {
    views: VecDeque<Arc<View>>,
    /// Held by who brings a view up to date.
    advancing: Arc<Mutex<()>>,
}

impl Kept {
    /// The latest view that can be brought up to the state of the project.
    fn before(&self, project: &Project) -> Option<Arc<View>> {
        let earlier = self.views.iter().filter(|view| view.precedes(project));
        earlier.max_by_key(|view| view.step()).cloned()
    }
}

type Views = HashMap<ProjectId, Kept>;

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
    /// The digest of the grouping that put its rows together; zero as it is stored.
    grouping: u64,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<ColumnKey, Arc<Column>> for Bytes {
    fn weight(&self, _: &ColumnKey, column: &Arc<Column>) -> u64 {
        (size_of::<ColumnKey>() + size_of::<Column>() + column.len() * column.width()) as u64
    }
}

/// Views and columns. Shared by all questions.
pub struct Rollups {
    views: Mutex<Views>,
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
    /// The view as of the project's row. The caller's transaction sees one state of the database, and `project` in it. Those who ask
    /// after the same step of the fold share the work: one does it, and the others wait, as long as `check` lets them.
    pub fn view(
        &self,
        conn: &mut PgConnection,
        project: &Project,
        check: impl FnOnce() -> Result<(), QueryError>,
    ) -> Result<Arc<View>, QueryError> {
        let (known, advancing) = self.known(project);
        if let Some(view) = known.filter(|view| view.is_of(project)) {
            return Ok(view);
        }
        let _alone = advancing.lock().unwrap_or_else(PoisonError::into_inner);
        check()?;
        let view = match self.known(project).0 {
            Some(view) if view.is_of(project) => return Ok(view),
            Some(view) => view.advanced(conn, project)?,
            None => View::empty(conn, project)?.advanced(conn, project)?,
        };
        let view = Arc::new(view);
        let mut all = self.lock();
        let kept = &mut all.entry(project.id).or_default().views;
        kept.push_back(Arc::clone(&view));
        if kept.len() > VIEWS {
            kept.pop_front();
        }
        Ok(view)
    }

    /// The view as of the project's row, if it is in memory.
    pub fn current(&self, project: &Project) -> Option<Arc<View>> {
        self.known(project).0.filter(|view| view.is_of(project))
    }

    /// The latest view before the state of the project, and what to hold while it is brought up to it.
    fn known(&self, project: &Project) -> (Option<Arc<View>>, Arc<Mutex<()>>) {
        let mut all = self.lock();
        if all.len() >= PROJECTS && !all.contains_key(&project.id) {
            all.clear();
        }
        let kept = all.entry(project.id).or_default();
        (kept.before(project), Arc::clone(&kept.advancing))
    }

    fn lock(&self) -> MutexGuard<'_, Views> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tables of some days with some of their columns, in no order. The transaction of the connection sees the state of the view;
    /// without one, all must be in memory.
    pub fn parts(
        &self,
        conn: Option<&mut PgConnection>,
        view: &View,
        axis: Axis,
        days: Range<i32>,
        places: &[i16],
    ) -> Result<Vec<Part>, QueryError> {
        let found: Vec<(i32, &Day)> = view.tables(axis, days).collect();
        let merged: Vec<(i32, i64, usize)> = found
            .iter()
            .filter_map(|(day, table)| table.merged.map(|(step, rows)| (*day, step, rows)))
            .collect();
        let wanted: Vec<i16> = [CELLS, BUCKETS].into_iter().chain(places.iter().copied()).collect();
        let merged = self.merged(conn, view.project, axis, &merged, &wanted)?;
        let mut parts: Vec<Part> = merged
            .into_iter()
            .map(|(day, columns)| Part::merged(day, columns))
            .collect();
        let places: Arc<[i16]> = places.into();
        for (day, table) in found {
            let waiting = table.waiting.iter();
            parts.extend(waiting.map(|waiting| Part::waiting(day, Arc::clone(waiting), Arc::clone(&places))));
        }
        Ok(parts)
    }

    /// The tables of some days with their cells put together to groups. Those of merged tables are kept too, so that a question
    /// that is asked again adds up few numbers.
    pub fn grouped(
        &self,
        conn: Option<&mut PgConnection>,
        view: &View,
        axis: Axis,
        days: Range<i32>,
        places: &[i16],
        grouping: &Grouping,
    ) -> Result<Vec<Grouped>, QueryError> {
        let key = |day: i32, step: i64, place: i16| ColumnKey {
            project: view.project,
            axis,
            day,
            step,
            place,
            grouping: grouping.digest,
        };
        let empty = || vec![vec![0; grouping.groups * axis.width()]; places.len()];
        let mut grouped = Vec::new();
        let mut missing = Vec::new();
        let waiting_places: Arc<[i16]> = places.into();
        for (day, table) in view.tables(axis, days) {
            if let Some((step, rows)) = table.merged.filter(|(_, rows)| *rows > 0) {
                let kept = places.iter().map(|place| self.columns.get(&key(day, step, *place)));
                match kept.collect::<Option<Vec<_>>>() {
                    Some(columns) => grouped.push(Grouped { day, columns }),
                    None => missing.push((day, step, rows)),
                }
            }
            if !table.waiting.is_empty() {
                let mut sums = empty();
                for waiting in &table.waiting {
                    let part = Part::waiting(day, Arc::clone(waiting), Arc::clone(&waiting_places));
                    grouping.add(axis, &part, &mut sums);
                }
                let columns = sums.into_iter().map(|sums| Arc::new(Column::Longs(sums.into())));
                grouped.push(Grouped {
                    day,
                    columns: columns.collect(),
                });
            }
        }
        let wanted: Vec<i16> = [CELLS, BUCKETS].into_iter().chain(places.iter().copied()).collect();
        let read = self.merged(conn, view.project, axis, &missing, &wanted)?;
        for ((day, columns), (_, step, _)) in read.into_iter().zip(missing) {
            let mut sums = empty();
            grouping.add(axis, &Part::merged(day, columns), &mut sums);
            let columns: Vec<Arc<Column>> = sums.iter().map(|sums| Arc::new(Column::narrow(sums))).collect();
            for (place, column) in places.iter().zip(&columns) {
                self.columns.insert(key(day, step, *place), Arc::clone(column));
            }
            grouped.push(Grouped { day, columns });
        }
        Ok(grouped)
    }

    /// The tables of a histogram of some days with their cells put together: the cells of their rows are groups. Those of merged
    /// tables are kept too.
    pub fn histograms(
        &self,
        conn: Option<&mut PgConnection>,
        view: &View,
        axis: Axis,
        days: Range<i32>,
        grouping: &Grouping,
    ) -> Result<Vec<Part>, QueryError> {
        const COUNTS: [i16; 2] = [0, 1];
        const PLACES: [i16; 4] = [CELLS, BUCKETS, 0, 1];
        let key = |day: i32, step: i64, place: i16| ColumnKey {
            project: view.project,
            axis,
            day,
            step,
            place,
            grouping: grouping.digest,
        };
        let mut parts = Vec::new();
        let mut missing = Vec::new();
        for (day, table) in view.tables(axis, days) {
            if let Some((step, rows)) = table.merged.filter(|(_, rows)| *rows > 0) {
                let kept = PLACES.iter().map(|place| self.columns.get(&key(day, step, *place)));
                match kept.collect::<Option<Vec<_>>>() {
                    Some(columns) => parts.push(Part::merged(day, columns)),
                    None => missing.push((day, step, rows)),
                }
            }
            for waiting in &table.waiting {
                let part = Part::waiting(day, Arc::clone(waiting), COUNTS.into());
                parts.push(Part::waiting(day, Arc::new(grouping.table(&part)), COUNTS.into()));
            }
        }
        let read = self.merged(conn, view.project, axis, &missing, &PLACES)?;
        for ((day, columns), (_, step, _)) in read.into_iter().zip(missing) {
            let table = grouping.table(&Part::merged(day, columns));
            let columns = [table.cells, table.buckets].into_iter().chain(table.columns);
            let columns: Vec<Arc<Column>> = columns.map(Arc::new).collect();
            for (place, column) in PLACES.iter().zip(&columns) {
                self.columns.insert(key(day, step, *place), Arc::clone(column));
            }
            parts.push(Part::merged(day, columns));
        }
        Ok(parts)
    }

    /// Columns of merged tables, from memory or else from the database, if there is a connection.
    fn merged(
        &self,
        conn: Option<&mut PgConnection>,
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
            grouping: 0,
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
            let conn = conn.ok_or(QueryError::NotInMemory)?;
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
