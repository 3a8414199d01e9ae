//! An answer as a table: the one form from which rows of JSON, CSV, Arrow streams and Parquet files are written.

mod answers;
mod arrow;
mod csv;
mod rows;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

pub use self::answers::{long, wide};
pub use self::arrow::ParquetFile;
use super::error::ApiError;
use super::rendered::Rendered;
use super::respond::Format;

pub const CSV: &str = "text/csv; charset=utf-8";
const ARROW: &str = "application/vnd.apache.arrow.stream";
pub const PARQUET: &str = "application/vnd.apache.parquet";

/// Columns of the same length, each with a name of its own.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<(String, Column)>,
}

/// The values of a column. `None` is an empty cell.
#[derive(Clone, Debug)]
pub enum Column {
    Text(Vec<Option<String>>),
    Number(Vec<Option<f64>>),
    Count(Vec<Option<i64>>),
    Truth(Vec<Option<bool>>),
    /// Instants, written in a time zone.
    Time(Tz, Vec<Option<DateTime<Utc>>>),
}

impl Table {
    /// Adds a column. An attribute may be named like a column that is there already: a number then tells the second from the first.
    pub fn push(&mut self, name: impl Into<String>, column: Column) {
        let name = name.into();
        let taken = |name: &String| self.columns.iter().any(|(known, _)| known == name);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        if let Some(free) = std::iter::once(name.clone()).chain(numbered).find(|name| !taken(name)) {
            self.columns.push((free, column));
        }
    }

    /// How many rows there are.
    fn height(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// The table as a file.
    pub fn file(&self, format: FileFormat) -> Result<Rendered, ApiError> {
        let (content_type, body) = match format {
            FileFormat::Csv => (CSV, csv::file(self)?),
            FileFormat::Arrow => (ARROW, arrow::stream(self)?),
            FileFormat::Parquet => (PARQUET, arrow::parquet(self)?),
        };
        Ok(Rendered::file(content_type, body))
    }
}

/// The bytes of a file, for the documentation.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(#[expect(dead_code, reason = "no value is ever made")] Vec<u8>);

/// The forms of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    Csv,
    Arrow,
    Parquet,
}

impl Format {
    /// The answer in this form, as JSON or as a table.
    pub fn render(
        self,
        json: impl FnOnce() -> Result<Rendered, ApiError>,
        table: impl FnOnce() -> Table,
    ) -> Result<Rendered, ApiError> {
        match self {
            Format::Json => json(),
            Format::Csv => table().file(FileFormat::Csv),
            Format::Arrow => table().file(FileFormat::Arrow),
            Format::Parquet => table().file(FileFormat::Parquet),
        }
    }
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Column::Text(values) => values.len(),
            Column::Number(values) => values.len(),
            Column::Count(values) => values.len(),
            Column::Truth(values) => values.len(),
            Column::Time(_, values) => values.len(),
        }
    }
}

/// An instant as it is written.
fn written(time: DateTime<Tz>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
