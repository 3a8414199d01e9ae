//! Cells split further, by attributes that the project has not declared. The rollups do not know these; the outputs do.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::*;

use super::filter::Filter;
use super::request::{Query, QueryError};
use super::snapshot::Snapshot;
use crate::domain::clock;
use crate::domain::dimension::Cell;
use crate::domain::window::Window;
use crate::metrics::facts as f;
use crate::store::cells::CellId;

/// Parts of cells that one question may tell apart.
const MAX_PARTS: usize = 100_000;

/// One value for each attribute.
type Values = Vec<Option<String>>;

/// The parts of the cells of one question. They have numbers of their own.
pub struct Refined {
    names: Vec<String>,
    /// The conditions on the attributes, with the place of theirs.
    filters: Vec<(usize, Filter)>,
    numbers: HashMap<(CellId, Values), CellId>,
    /// The parts as cells that have these attributes too.
    pub cells: Vec<(CellId, Cell)>,
    /// Outputs in all parts.
    pub outputs: i64,
}

impl Refined {
    /// Splits cells by what their outputs in a window say. `cells` are those that pass all other filters of the question.
    pub fn read(
        snapshot: &mut Snapshot,
        query: &Query,
        window: &Window,
        names: Vec<String>,
        cells: &[(CellId, Cell)],
    ) -> Result<Refined, QueryError> {
        let place = |filter: &Filter| names.iter().position(|name| name == filter.dimension.name());
        let conditions = query.filters.iter();
        let mut refined = Refined {
            filters: conditions
                .filter_map(|filter| Some((place(filter)?, filter.clone())))
                .collect(),
            names,
            numbers: HashMap::new(),
            cells: Vec::new(),
            outputs: 0,
        };
        let cells: HashMap<CellId, &Cell> = cells.iter().map(|(id, cell)| (*id, cell)).collect();
        for day in snapshot.days(window) {
            let stated = snapshot.segment(day, Some(&[f::CELL, f::SHOWN_AT, f::ATTRIBUTES]))?;
            let times = stated.column(f::SHOWN_AT)?.i64()?.iter();
            for (key, time) in refined.keys(&stated)?.into_iter().zip(times) {
                let inside = time.is_some_and(|time| (window.from..window.to).contains(&clock::from_micros(time)));
                if let Some((id, values)) = key
                    && let Some(cell) = cells.get(&id)
                    && inside
                {
                    refined.outputs += 1;
                    refined.add(id, cell, values)?;
                }
            }
        }
        Ok(refined)
    }

    fn add(&mut self, id: CellId, cell: &Cell, values: Values) -> Result<(), QueryError> {
        let next = self.cells.len() as CellId;
        if self.cells.len() >= MAX_PARTS {
            return Err(QueryError::TooManyGroups {
                found: self.cells.len(),
            });
        }
        if let std::collections::hash_map::Entry::Vacant(new) = self.numbers.entry((id, values)) {
            let mut part = cell.clone();
            let stated = self.names.iter().cloned().zip(new.key().1.iter().cloned());
            part.attributes
                .extend(stated.filter_map(|(name, value)| Some((name, value?))));
            new.insert(next);
            self.cells.push((next, part));
        }
        Ok(())
    }

    /// The part of each row of a segment; `None` for rows that are in none.
    pub fn parts(&self, stated: &DataFrame) -> PolarsResult<Vec<Option<CellId>>> {
        let keys = self.keys(stated)?.into_iter();
        Ok(keys.map(|key| self.numbers.get(&key?).copied()).collect())
    }

    /// The cell and the attributes of each row; `None` for those that do not pass the filters.
    fn keys(&self, stated: &DataFrame) -> PolarsResult<Vec<Option<(CellId, Values)>>> {
        let cells = stated.column(f::CELL)?.i32()?.iter();
        let texts = stated.column(f::ATTRIBUTES)?.str()?.iter();
        // Many outputs say the same.
        let mut known: HashMap<Option<&str>, Option<Values>> = HashMap::new();
        let keys = cells.zip(texts).map(|(cell, text)| {
            let values = known.entry(text).or_insert_with(|| self.values(text)).clone();
            Some((cell?, values?))
        });
        Ok(keys.collect())
    }

    fn values(&self, text: Option<&str>) -> Option<Values> {
        let mut said: BTreeMap<String, String> = text
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let values: Values = self.names.iter().map(|name| said.remove(name)).collect();
        let passes = |(place, filter): &(usize, Filter)| {
            let value = values.get(*place).and_then(Option::as_deref);
            filter.accepts_value(value)
        };
        self.filters.iter().all(passes).then_some(values)
    }
}
