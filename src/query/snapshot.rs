//! What a question sees: one state of the database, or what of that state is in memory.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use diesel::pg::PgConnection;
use polars::prelude::DataFrame;

use super::blocks::days_covering;
use super::grouping::{Grouped, Grouping};
use super::part::Part;
use super::request::QueryError;
use super::sources::Sources;
use super::view::View;
use crate::domain::clock;
use crate::domain::window::Window;
use crate::rollup::{Axis, Column};
use crate::store::cells::CellId;
use crate::store::projects::Project;

/// The place of the column that counts outputs.
pub const OUTPUTS: i16 = 0;

pub struct Snapshot<'a> {
    /// None where only what is in memory is looked at.
    conn: Option<&'a mut PgConnection>,
    pub view: Arc<View>,
    sources: &'a Sources,
}

impl<'a> Snapshot<'a> {
    /// The state that the caller's transaction sees, and `project` in it.
    pub fn new(
        conn: &'a mut PgConnection,
        sources: &'a Sources,
        project: &Project,
    ) -> Result<Snapshot<'a>, QueryError> {
        let view = sources.rollups.view(conn, project, || sources.check())?;
        Ok(Snapshot {
            conn: Some(conn),
            view,
            sources,
        })
    }

    /// As much of a project's state as is in memory; whatever else is asked for is [`QueryError::NotInMemory`].
    pub fn in_memory(sources: &'a Sources, project: &Project) -> Result<Snapshot<'a>, QueryError> {
        let view = sources.rollups.current(project).ok_or(QueryError::NotInMemory)?;
        Ok(Snapshot {
            conn: None,
            view,
            sources,
        })
    }

    /// The connection whose transaction sees the state.
    pub fn conn(&mut self) -> Result<&mut PgConnection, QueryError> {
        self.conn.as_deref_mut().ok_or(QueryError::NotInMemory)
    }

    /// That the answer is still wanted.
    pub fn check(&self) -> Result<(), QueryError> {
        self.sources.check()
    }

    /// The tables of some days with some of their columns, in no order.
    pub fn parts(&mut self, axis: Axis, days: Range<i32>, places: &[i16]) -> Result<Vec<Part>, QueryError> {
        self.sources.check()?;
        let conn = self.conn.as_deref_mut();
        self.sources.rollups.parts(conn, &self.view, axis, days, places)
    }

    /// The tables of some days with their cells put together to groups, in no order; a day may have several.
    pub fn grouped(
        &mut self,
        axis: Axis,
        days: Range<i32>,
        places: &[i16],
        grouping: &Grouping,
    ) -> Result<Vec<Grouped>, QueryError> {
        self.sources.check()?;
        let conn = self.conn.as_deref_mut();
        self.sources
            .rollups
            .grouped(conn, &self.view, axis, days, places, grouping)
    }

    /// The tables of a histogram of some days with their cells put together to groups, in no order; a day may have several.
    pub fn histograms(&mut self, axis: Axis, days: Range<i32>, grouping: &Grouping) -> Result<Vec<Part>, QueryError> {
        self.sources.check()?;
        let conn = self.conn.as_deref_mut();
        self.sources.rollups.histograms(conn, &self.view, axis, days, grouping)
    }

    /// The days of a window that ever had outputs. The window may be of any length.
    pub fn days(&self, window: &Window) -> Vec<i32> {
        self.view.touched(days_covering(window)).map(|(day, _)| day).collect()
    }

    /// The stated facts of the outputs of a day, of all columns or of some.
    pub fn segment(&mut self, day: i32, columns: Option<&[&str]>) -> Result<DataFrame, QueryError> {
        self.sources.check()?;
        let conn = self.conn.as_deref_mut().ok_or(QueryError::NotInMemory)?;
        self.sources.segments.day(conn, &self.view, day, columns)
    }

    /// The days of a window that have outputs, or had.
    pub fn days_of(&self, window: &Window) -> Vec<i32> {
        let days = clock::day_of(window.from)..clock::day_of(window.to) + 1;
        self.view.touched(days).map(|(day, _)| day).collect()
    }

    /// How many linked outputs some days have.
    pub fn outputs_of(&mut self, days: Range<i32>) -> Result<i64, QueryError> {
        let parts = self.parts(Axis::Groups, days, &[OUTPUTS])?;
        let columns = parts.iter().flat_map(Part::columns).flatten();
        Ok(columns.flat_map(Column::to_vec).sum())
    }

    /// The first of some days, in order or in reverse, that has linked outputs of such cells. Reads more days at once the longer it finds none, so
    /// that a young feature of an old project takes a few readings, and most take one day.
    pub fn first_with_outputs(
        &mut self,
        days: impl Iterator<Item = i32>,
        is_asked: impl Fn(CellId) -> bool,
    ) -> Result<Option<i32>, QueryError> {
        let days: Vec<i32> = days.collect();
        let (mut later, mut many) = (days.as_slice(), 1);
        while !later.is_empty() {
            let (read, left) = later.split_at(many.min(later.len()));
            let (from, to) = (read.iter().min().copied(), read.iter().max().copied());
            let outputs = self.outputs_by_day(from.unwrap_or_default()..to.unwrap_or_default() + 1, &is_asked)?;
            let has_some = |day: &&i32| outputs.get(day).is_some_and(|outputs| *outputs > 0);
            if let Some(found) = read.iter().find(has_some) {
                return Ok(Some(*found));
            }
            (later, many) = (left, 2 * many);
        }
        Ok(None)
    }

    /// How many linked outputs of such cells each of some days has.
    fn outputs_by_day(
        &mut self,
        days: Range<i32>,
        is_asked: impl Fn(CellId) -> bool,
    ) -> Result<HashMap<i32, i64>, QueryError> {
        let mut outputs = HashMap::new();
        for part in self.parts(Axis::Groups, days, &[OUTPUTS])? {
            let counts = part.columns().flatten().flat_map(Column::to_vec);
            let asked = part
                .keys()
                .zip(counts)
                .filter(|((cell, _), _)| is_asked(*cell as CellId));
            *outputs.entry(part.day).or_default() += asked.map(|(_, count)| count).sum::<i64>();
        }
        Ok(outputs)
    }
}
