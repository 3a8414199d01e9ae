//! How the cells of a question are put together to groups.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use super::part::Part;
use crate::rollup::{Axis, Column, Table};
use crate::store::cells::CellId;

/// The group of each cell that passes the filters. Groups are numbered without gaps.
pub struct Grouping {
    of_cell: HashMap<CellId, u32>,
    pub groups: usize,
    /// A digest of all of the above: equal groupings put tables together equally.
    pub digest: u64,
}

impl Grouping {
    pub fn new(cells: &[(CellId, u32)], groups: usize) -> Grouping {
        let mut hasher = DefaultHasher::new();
        (cells, groups).hash(&mut hasher);
        Grouping {
            of_cell: cells.iter().copied().collect(),
            groups,
            // Zero stands for a table that is not put together.
            digest: hasher.finish().max(1),
        }
    }

    /// All cells in one group.
    pub fn pooled(cells: impl Iterator<Item = CellId>) -> Grouping {
        let pooled: Vec<(CellId, u32)> = cells.map(|cell| (cell, 0)).collect();
        Grouping::new(&pooled, 1)
    }

    /// The group and the bucket of each row of a table.
    pub fn rows(&self, part: &Part) -> impl Iterator<Item = (Option<u32>, i64)> {
        // Rows are sorted by cell: a group is looked up once per cell.
        let mut known = (i64::MIN, None);
        part.keys().map(move |(cell, bucket)| {
            if known.0 != cell {
                known = (cell, self.of_cell.get(&(cell as CellId)).copied());
            }
            (known.1, bucket)
        })
    }

    /// The group of each cell of a table, and how many rows it has.
    pub fn runs(&self, part: &Part) -> Vec<(Option<u32>, usize)> {
        let cells = part.cells().map(Column::to_vec).unwrap_or_default();
        let runs = cells.chunk_by(|one, other| one == other);
        let group = |cell: &i64| self.of_cell.get(&(*cell as CellId)).copied();
        runs.map(|own| (own.first().and_then(group), own.len())).collect()
    }

    /// A histogram's table with its cells put together: the cells of its rows are groups.
    pub fn table(&self, part: &Part) -> Table {
        let mut columns = part
            .columns()
            .map(|column| column.map(Column::to_vec).unwrap_or_default());
        let (positives, negatives) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        let counts = positives.into_iter().zip(negatives);
        let mut rows: Vec<((i32, i64), (i64, i64))> = self
            .rows(part)
            .zip(counts)
            .filter_map(|((group, bucket), counts)| Some(((group? as i32, bucket), counts)))
            .collect();
        rows.sort_unstable();
        let same = || rows.chunk_by(|one, other| one.0 == other.0);
        let keys: Vec<(i32, i64)> = same().filter_map(|rows| Some(rows.first()?.0)).collect();
        let positives = same().map(|rows| rows.iter().map(|row| row.1.0).sum()).collect();
        let negatives = same().map(|rows| rows.iter().map(|row| row.1.1).sum()).collect();
        Table::from_sorted(&keys, &[positives, negatives])
    }

    /// Adds the columns of a table to those of a table of groups, which has a row for each group and bucket.
    pub fn add(&self, axis: Axis, part: &Part, to: &mut [Vec<i64>]) {
        let width = axis.width() as u32;
        let places: Vec<u32> = self
            .rows(part)
            .map(|(group, bucket)| group.map_or(u32::MAX, |group| group * width + bucket as u32))
            .collect();
        for (column, to) in part.columns().zip(to) {
            if let Some(column) = column {
                column.scatter(0, &places, to);
            }
        }
    }
}

/// A table of groups of one day: columns of a value for each group and bucket.
pub struct Grouped {
    pub day: i32,
    pub columns: Vec<std::sync::Arc<Column>>,
}
