//! Rows of sums by cell and bucket.

use super::Column;

/// Sorted by cell, then bucket; each pair once. Rows that come to nothing are not there, so that a table depends only on what
/// was added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub cells: Column,
    pub buckets: Column,
    pub columns: Vec<Column>,
}

impl Table {
    /// From rows that are sorted by cell and bucket, each pair once. Every column has as many values as there are keys.
    pub fn from_sorted(keys: &[(i32, i64)], columns: &[Vec<i64>]) -> Table {
        let kept: Vec<usize> = (0..keys.len())
            .filter(|row| {
                columns
                    .iter()
                    .any(|column| column.get(*row).is_some_and(|value| *value != 0))
            })
            .collect();
        let picked =
            |values: &dyn Fn(usize) -> i64| Column::narrow(&kept.iter().map(|row| values(*row)).collect::<Vec<_>>());
        let key = |row: usize| keys.get(row).copied().unwrap_or_default();
        Table {
            cells: picked(&|row| i64::from(key(row).0)),
            buckets: picked(&|row| key(row).1),
            columns: columns
                .iter()
                .map(|column| picked(&|row| column.get(row).copied().unwrap_or_default()))
                .collect(),
        }
    }

    pub fn rows(&self) -> usize {
        self.cells.len()
    }

    /// The cell and the bucket of every row.
    pub fn keys(&self) -> Vec<(i32, i64)> {
        // Cells are numbered with 32 bits.
        let cells = self.cells.to_vec().into_iter().map(|cell| cell as i32);
        cells.zip(self.buckets.to_vec()).collect()
    }

    /// Adds tables up.
    pub fn sum<'a>(tables: impl IntoIterator<Item = &'a Table>) -> Table {
        let tables: Vec<(&Table, Vec<(i32, i64)>)> = tables.into_iter().map(|table| (table, table.keys())).collect();
        let mut keys: Vec<(i32, i64)> = tables.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
        keys.sort_unstable();
        keys.dedup();
        let width = tables
            .iter()
            .map(|(table, _)| table.columns.len())
            .max()
            .unwrap_or_default();
        let mut sums = vec![vec![0; keys.len()]; width];
        for (table, own) in &tables {
            let places = places(own, &keys);
            for (column, sums) in table.columns.iter().zip(&mut sums) {
                column.scatter(0, &places, sums);
            }
        }
        Table::from_sorted(&keys, &sums)
    }
}

/// The place of each of some sorted keys among all of them.
fn places(own: &[(i32, i64)], all: &[(i32, i64)]) -> Vec<u32> {
    let mut numbered = (0..).zip(all);
    own.iter()
        .map(|key| {
            numbered
                .find(|(_, known)| *known == key)
                .map_or(u32::MAX, |(place, _): (u32, _)| place)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(i32, i64, i64, i64)]) -> Table {
        let keys: Vec<_> = rows.iter().map(|row| (row.0, row.1)).collect();
        Table::from_sorted(
            &keys,
            &[
                rows.iter().map(|row| row.2).collect(),
                rows.iter().map(|row| row.3).collect(),
            ],
        )
    }

    #[test]
    fn rows_of_the_same_key_are_added() {
        let sum = Table::sum(&[
            table(&[(1, 0, 2, 0), (2, 7, 1, 1)]),
            table(&[(1, 0, 3, 9), (1, 5, 4, 0)]),
        ]);
        assert_eq!(sum, table(&[(1, 0, 5, 9), (1, 5, 4, 0), (2, 7, 1, 1)]));
    }

    #[test]
    fn what_comes_to_nothing_is_not_there() {
        let sum = Table::sum(&[table(&[(1, 0, 2, 0), (2, 7, 1, 1)]), table(&[(1, 0, -2, 0)])]);
        assert_eq!(sum, table(&[(2, 7, 1, 1)]));
        assert_eq!(Table::sum(&[] as &[Table]).rows(), 0);
    }
}
