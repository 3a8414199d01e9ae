//! A piece of a rollup, as a question reads it.

use std::sync::Arc;

use crate::rollup::{Column, Table};

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
    /// Columns of a merged table: cells, buckets, then those that were asked for.
    pub fn merged(day: i32, columns: Vec<Arc<Column>>) -> Part {
        Part {
            day,
            rows: Rows::Merged(columns),
        }
    }

    /// A table that waits to be merged, and the places of the columns that were asked for.
    pub fn waiting(day: i32, table: Arc<Table>, places: Arc<[i16]>) -> Part {
        Part {
            day,
            rows: Rows::Waiting(table, places),
        }
    }

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

    /// The cell and the bucket of each row.
    pub fn keys(&self) -> impl Iterator<Item = (i64, i64)> {
        let widened = |column: Option<&Column>| column.map(Column::to_vec).unwrap_or_default();
        widened(self.cells()).into_iter().zip(widened(self.buckets()))
    }

    /// The columns, in the order in which they were asked for.
    pub fn columns(&self) -> Box<dyn Iterator<Item = Option<&Column>> + '_> {
        match &self.rows {
            Rows::Merged(columns) => Box::new(columns.iter().skip(2).map(|column| Some(column.as_ref()))),
            Rows::Waiting(table, places) => Box::new(places.iter().map(|place| table.columns.get(*place as usize))),
        }
    }
}
