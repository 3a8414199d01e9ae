//! The rows of a file, each with the events that the mapping makes of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::column::Column;
use super::error::{ImportError, RowError};
use super::identity::Identities;
use super::input::Input;
use super::mapping::{Format, Mapping};
use super::reader::{self, RawRow};
use crate::domain::event::Event;

/// A row and what became of it.
#[derive(Debug)]
pub struct ImportedRow {
    /// The line it starts on, from 1.
    pub line: u64,
    /// The row itself, as text.
    pub raw: String,
    pub events: Result<Vec<Event>, RowError>,
}

/// Reads rows as they are asked for. Holds one row at a time.
pub struct Rows<'m> {
    mapping: &'m Mapping,
    reader: Box<dyn Iterator<Item = RawRow> + Send>,
    identities: Identities,
    /// Columns of the mapping that no row had so far. Only JSON needs it: a table's header was checked.
    unseen: Vec<&'m Column>,
    read: Arc<AtomicU64>,
    total: u64,
}

/// Opens a file. Fails when it cannot be read, or is a table that lacks a column of the mapping.
pub fn open<'m>(path: &Path, mapping: &'m Mapping) -> Result<Rows<'m>, ImportError> {
    let format = mapping.format.or_else(|| format_of(path));
    let format = format.ok_or_else(|| ImportError::UnknownFormat { path: path.to_owned() })?;
    let unreadable = |source| ImportError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let Input { bytes, read, total } = Input::open(path).map_err(unreadable)?;
    let reader = match format {
        Format::Csv => {
            let (header, rows) = reader::csv(path, bytes, mapping.delimiter.unwrap_or_else(|| delimiter_of(path)))?;
            check_header(path, &header, mapping)?;
            rows
        }
        Format::Jsonl => reader::json_lines(bytes),
        Format::Json => {
            let rows = reader::json_array(bytes).map_err(unreadable)?;
            rows.ok_or_else(|| ImportError::NotAnArray { path: path.to_owned() })?
        }
    };
    let mut unseen = if format == Format::Csv {
        Vec::new()
    } else {
        mapping.columns()
    };
    unseen.sort_unstable_by_key(|column| column.name());
    unseen.dedup();
    Ok(Rows {
        mapping,
        reader,
        identities: Identities::default(),
        unseen,
        read,
        total,
    })
}

impl Rows<'_> {
    /// How much of the file was read, in bytes as they are on disk.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The size of the file on disk.
    pub fn total_bytes(&self) -> u64 {
        self.total
    }

    /// The columns that the mapping names and no row had: most likely misspelt.
    pub fn unseen_columns(&self) -> Vec<String> {
        self.unseen.iter().map(|column| column.name().to_owned()).collect()
    }

    fn events(&mut self, row: &Value, raw: &str) -> Result<Vec<Event>, RowError> {
        self.unseen.retain(|column| !column.exists_in(row));
        self.mapping.events(row, raw, &mut self.identities)
    }
}

impl Iterator for Rows<'_> {
    type Item = ImportedRow;

    fn next(&mut self) -> Option<ImportedRow> {
        let RawRow { line, raw, value } = self.reader.next()?;
        let events = value.and_then(|value| self.events(&value, &raw));
        Some(ImportedRow { line, raw, events })
    }
}

fn check_header(path: &Path, header: &[String], mapping: &Mapping) -> Result<(), ImportError> {
    let missing = mapping
        .columns()
        .into_iter()
        .filter(|column| !column.is_in_header(header));
    let mut missing: Vec<String> = missing.map(|column| column.name().to_owned()).collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    Err(ImportError::UnknownColumns {
        path: path.to_owned(),
        missing,
        header: header.to_vec(),
    })
}

/// The last extension that is not `gz`, in lower case.
fn extension_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned()
}

fn format_of(path: &Path) -> Option<Format> {
    match extension_of(path).as_str() {
        "csv" | "tsv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        "json" => Some(Format::Json),
        _ => None,
    }
}

fn delimiter_of(path: &Path) -> u8 {
    if extension_of(path) == "tsv" { b'\t' } else { b',' }
}
