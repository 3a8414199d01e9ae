//! Uploads of CSV, as spreadsheets and programs write them.
//!
//! The first row names the columns, in any order; columns of other names are told and left aside. Cells are texts as
//! [`crate::domain::spreadsheet`] writes them, an empty cell is null, and a column that is not there says nothing. Semicolons and tabs
//! between cells are recognised by the header, which is how spreadsheets of many countries write their files.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Fields, Layout, Row, Sheet, refused};
use crate::api::error::ApiError;
use crate::api::evals::view::EvalRowCode;
use crate::domain::quotes::bad_quote;
use crate::domain::spreadsheet;

impl Layout {
    pub(super) fn csv(&self, text: &str) -> Result<Sheet, ApiError> {
        let separator = self.separator(text);
        // Where rows begin and end is not known any more, and so none is taken.
        if let Some(bad) = bad_quote(text.as_bytes(), separator) {
            return Err(ApiError::invalid(format!("line {}: {bad}", bad.line + 1)));
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| ApiError::invalid(error.to_string()))?
            .clone();
        let mut columns: Vec<Column> = header.iter().map(Column::of).collect();
        let mut seen = BTreeSet::new();
        for column in columns.iter().filter(|column| !column.name.is_empty()) {
            if !seen.insert((&column.name, column.piece)) {
                return Err(ApiError::invalid(format!(
                    "the column `{}` is there twice",
                    column.name
                )));
            }
        }
        if !columns
            .iter()
            .any(|column| self.columns.contains(&column.name.as_str()))
        {
            return Err(ApiError::invalid(format!(
                "the first row must name the columns, of which there are: {}",
                self.columns.join(", ")
            )));
        }
        // Pieces of one text in their order.
        let mut places: Vec<usize> = (0..columns.len()).collect();
        places.sort_by_key(|at| columns.get(*at).map(|column| column.piece));
        let mut sheet = Sheet {
            is_text: true,
            ..Sheet::default()
        };
        for (number, record) in (2..).zip(reader.records()) {
            let fields = match record {
                // A spreadsheet has empty rows at its end.
                Ok(record) if record.iter().all(str::is_empty) => continue,
                Ok(record) if record.iter().skip(columns.len()).any(|cell| !cell.is_empty()) => refused(
                    EvalRowCode::InvalidRow,
                    "the row has more cells than the header; quote cells that hold separators",
                ),
                Ok(record) => Ok(fields(&columns, &places, &record)),
                Err(error) => refused(EvalRowCode::InvalidRow, error.to_string()),
            };
            sheet.rows.push(Row { number, fields });
            if sheet.rows.len() > self.most_rows {
                break;
            }
        }
        let unknown = |column: &Column| {
            let name = column.name.as_str();
            !name.is_empty() && !self.columns.contains(&name) && !self.told.contains(&name)
        };
        columns.retain(unknown);
        sheet.ignored = columns.into_iter().map(|column| column.name).collect();
        Ok(sheet)
    }

    /// What separates the cells of the header so that most of its columns are known.
    fn separator(&self, text: &str) -> u8 {
        let header = text.lines().next().unwrap_or_default();
        let known = |separator: &u8| {
            let cells = header.split(char::from(*separator));
            let cells = cells.map(|cell| Column::of(cell.trim_matches('"')).name);
            cells.filter(|name| self.columns.contains(&name.as_str())).count()
        };
        // Of equals the last: the comma.
        [b'\t', b';', b','].into_iter().max_by_key(known).unwrap_or(b',')
    }
}

/// A column of CSV.
struct Column {
    name: String,
    /// A text that is too long for a cell goes on in `input 2`, `input 3`.
    piece: usize,
}

impl Column {
    fn of(title: &str) -> Column {
        let title = title.trim().to_lowercase();
        let numbered = title
            .rsplit_once(' ')
            .and_then(|(name, piece)| Some((name.to_owned(), piece.parse().ok()?)));
        match numbered {
            Some((name, piece)) if piece > 1 => Column { name, piece },
            _ => Column { name: title, piece: 1 },
        }
    }
}

fn fields(columns: &[Column], places: &[usize], record: &csv::StringRecord) -> Fields {
    let mut fields = Fields::new();
    for (at, column) in places.iter().filter_map(|at| Some((at, columns.get(*at)?))) {
        // Our own cells hold no carriage returns: programs on the way put them there.
        let cell = record.get(*at).unwrap_or_default().replace("\r\n", "\n");
        let cell = spreadsheet::text(&cell);
        let known = fields.entry(column.name.as_str()).or_insert(Value::Null);
        *known = match (std::mem::take(known), cell) {
            (Value::String(before), Some(cell)) => Value::String(before + &cell),
            (Value::Null, Some(cell)) => Value::String(cell.into_owned()),
            (before, _) => before,
        };
    }
    fields
}
