//! Tables as CSV that spreadsheets read safely.

use super::{Column, Table, written};
use crate::api::error::ApiError;
use crate::api::respond::{CsvRows, number_cell, safe_cell};

pub fn file(table: &Table) -> Result<Vec<u8>, ApiError> {
    let mut rows = CsvRows::new(table.columns.iter().map(|(name, _)| name.as_str()))?;
    for row in 0..table.height() {
        let cells: Vec<String> = table.columns.iter().map(|(_, column)| cell(column, row)).collect();
        rows.row(&cells)?;
    }
    rows.finish()
}

fn cell(column: &Column, row: usize) -> String {
    match column {
        Column::Text(values) => safe_cell(value(values, row).map(String::as_str).unwrap_or_default()).into_owned(),
        Column::Number(values) => number_cell(value(values, row).copied()),
        Column::Count(values) => value(values, row).map(i64::to_string).unwrap_or_default(),
        Column::Truth(values) => value(values, row).map(bool::to_string).unwrap_or_default(),
        Column::Time(zone, values) => value(values, row)
            .map(|time| written(time.with_timezone(zone)))
            .unwrap_or_default(),
    }
}

fn value<T>(values: &[Option<T>], row: usize) -> Option<&T> {
    values.get(row)?.as_ref()
}
