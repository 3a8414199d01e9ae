//! Tables as CSV that spreadsheets read safely.

use super::{Column, Table, written};
use crate::api::error::ApiError;
use crate::api::respond::{number_cell, safe_cell};

impl Table {
    /// The line of CSV that names the columns.
    pub fn csv_header(&self) -> Result<Vec<u8>, ApiError> {
        lines(std::iter::once(self.columns.iter().map(|(name, _)| name.clone())))
    }

    /// A line of CSV per row.
    pub fn csv_rows(&self) -> Result<Vec<u8>, ApiError> {
        lines((0..self.height()).map(|row| self.columns.iter().map(move |(_, column)| cell(column, row))))
    }
}

pub fn file(table: &Table) -> Result<Vec<u8>, ApiError> {
    Ok([table.csv_header()?, table.csv_rows()?].concat())
}

fn lines(records: impl Iterator<Item = impl Iterator<Item = String>>) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in records {
        writer
            .write_record(record.collect::<Vec<_>>())
            .map_err(ApiError::internal)?;
    }
    writer.into_inner().map_err(ApiError::internal)
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
