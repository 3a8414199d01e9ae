//! From bytes to rows. Every row becomes a JSON object, so that a mapping need not know the form of the file.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};

use super::error::{ImportError, RowError};
use super::input::Bytes;
use super::json_array::JsonArray;
use super::value;
use crate::domain::quotes::bad_quote;

/// A row as it was read, before the mapping saw it.
pub(super) struct RawRow {
    pub line: u64,
    pub raw: String,
    pub value: Result<Value, RowError>,
}

type RawRows = Box<dyn Iterator<Item = RawRow> + Send>;

impl RawRow {
    fn json(line: u64, bytes: Vec<u8>) -> RawRow {
        let (raw, valid) = text(bytes.trim_ascii().to_vec());
        let value = valid.and_then(|()| object(&raw));
        RawRow { line, raw, value }
    }

    /// Reading stops here: what follows in the file is lost to the import, and the report must say so.
    fn unreadable(line: u64, error: impl std::fmt::Display) -> RawRow {
        let message = format!("the file cannot be read from here on: {error}");
        RawRow {
            line,
            raw: String::new(),
            value: Err(RowError::new("unreadable", message)),
        }
    }
}

/// One object per line. Empty lines are passed over.
pub(super) fn json_lines(mut input: Bytes) -> RawRows {
    let mut line = 0;
    let mut ended = false;
    Box::new(std::iter::from_fn(move || {
        while !ended {
            let mut bytes = Vec::new();
            line += 1;
            match input.read_until(b'\n', &mut bytes) {
                Ok(0) => ended = true,
                Ok(_) if bytes.trim_ascii().is_empty() => {}
                Ok(_) => return Some(RawRow::json(line, bytes)),
                Err(error) => {
                    ended = true;
                    return Some(RawRow::unreadable(line, error));
                }
            }
        }
        None
    }))
}

/// The objects of one array. Nothing, when the file does not start with one.
pub(super) fn json_array(input: Bytes) -> io::Result<Option<RawRows>> {
    let Some(mut array) = JsonArray::start(input)? else {
        return Ok(None);
    };
    Ok(Some(Box::new(std::iter::from_fn(move || match array.next_element() {
        Ok(element) => element.map(|(line, bytes)| RawRow::json(line, bytes)),
        Err(error) => Some(RawRow::unreadable(array.line(), error)),
    }))))
}

/// The header and the rows below it.
pub(super) fn csv(path: &Path, input: Bytes, delimiter: u8) -> Result<(Vec<String>, RawRows), ImportError> {
    // Rows of another length are told here, with the row at hand, not by the reader.
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(Remembering::new(input));
    let bad = |message: String| ImportError::BadHeader {
        path: path.to_owned(),
        message,
    };
    let header: Vec<String> = reader
        .headers()
        .map_err(|error| bad(error.to_string()))?
        .iter()
        .map(str::to_owned)
        .collect();
    let end = reader.position().byte();
    if let Some(quote) = bad_quote(&reader.get_mut().taken(end), delimiter) {
        return Err(bad(format!("line {}: {quote}", quote.line + 1)));
    }
    if let Some((_, twice)) = header
        .iter()
        .enumerate()
        .find(|(at, name)| header.iter().take(*at).any(|one| one == *name))
    {
        return Err(bad(format!("two columns are named `{twice}`")));
    }
    let columns = header.clone();
    let mut ended = false;
    let mut lost: VecDeque<RawRow> = VecDeque::new();
    let rows = std::iter::from_fn(move || {
        if let Some(row) = lost.pop_front() {
            return Some(row);
        }
        if ended {
            return None;
        }
        let mut record = ByteRecord::new();
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(true) => {
                let end = reader.position().byte();
                let bytes = reader.get_mut().taken(end);
                lost = swallowed(line, &bytes, delimiter);
                // The line feed after a carriage return is read with the next row.
                let breaks = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
                let line = line + breaks.filter(|byte| **byte == b'\n').count() as u64;
                lost.pop_front()
                    .or_else(|| Some(table_row(line, &columns, &record, delimiter)))
            }
            Ok(false) => None,
            Err(error) => {
                ended = true;
                Some(RawRow::unreadable(reader.position().line(), error))
            }
        }
    });
    Ok((header, Box::new(rows)))
}

/// The lines of a record of which nobody knows any more where its cells and rows end, from the line at which it was looked for; none of a
/// record whose quotes fit.
fn swallowed(line: u64, record: &[u8], delimiter: u8) -> VecDeque<RawRow> {
    let Some(quote) = bad_quote(record, delimiter) else {
        return VecDeque::new();
    };
    let error = RowError::new("bad_quotes", format!("line {}: {quote}", line + quote.line as u64));
    let lines = (line..).zip(record.split(|byte| *byte == b'\n'));
    lines
        .filter(|(_, bytes)| !bytes.trim_ascii().is_empty())
        .map(|(line, bytes)| RawRow {
            line,
            raw: text(bytes.trim_ascii_end().to_vec()).0,
            value: Err(error.clone()),
        })
        .collect()
}

/// Bytes on their way to the reader of CSV, which says of a record where it ends and not how it was written.
struct Remembering {
    input: Bytes,
    /// What was read and is in no record yet.
    read: VecDeque<u8>,
    /// How much was before that.
    before: u64,
}

impl Remembering {
    fn new(input: Bytes) -> Remembering {
        Remembering {
            input,
            read: VecDeque::new(),
            before: 0,
        }
    }

    /// What was read up to a place in the file and not taken before.
    fn taken(&mut self, to: u64) -> Vec<u8> {
        let length = usize::try_from(to.saturating_sub(self.before)).unwrap_or(usize::MAX);
        let taken: Vec<u8> = self.read.drain(..length.min(self.read.len())).collect();
        self.before = to;
        taken
    }
}

impl Read for Remembering {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read.extend(buffer.iter().take(count));
        Ok(count)
    }
}

fn table_row(line: u64, columns: &[String], record: &ByteRecord, delimiter: u8) -> RawRow {
    let (raw, valid) = text(written(record, delimiter));
    let value = valid.and_then(|()| {
        if record.len() != columns.len() {
            let message = format!("has {} cells, the header has {}", record.len(), columns.len());
            return Err(RowError::new("wrong_width", message));
        }
        let cells = record.iter().map(|cell| Value::from(String::from_utf8_lossy(cell)));
        Ok(Value::Object(columns.iter().cloned().zip(cells).collect::<Map<_, _>>()))
    });
    RawRow { line, raw, value }
}

/// The record as a line again. Quoted only where needed, so that equal rows have equal text however they were quoted.
fn written(record: &ByteRecord, delimiter: u8) -> Vec<u8> {
    let mut line = Vec::with_capacity(record.as_slice().len() + record.len());
    for (position, cell) in record.iter().enumerate() {
        if position > 0 {
            line.push(delimiter);
        }
        if cell.iter().any(|byte| [delimiter, b'"', b'\n', b'\r'].contains(byte)) {
            line.push(b'"');
            for &byte in cell {
                line.extend(std::iter::repeat_n(byte, if byte == b'"' { 2 } else { 1 }));
            }
            line.push(b'"');
        } else {
            line.extend_from_slice(cell);
        }
    }
    line
}

/// The text, with what is not UTF-8 replaced and reported.
fn text(bytes: Vec<u8>) -> (String, Result<(), RowError>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, Ok(())),
        Err(error) => {
            let message = format!("{}; convert the file to UTF-8", error.utf8_error());
            (
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                Err(RowError::new("not_utf8", message)),
            )
        }
    }
}

fn object(raw: &str) -> Result<Value, RowError> {
    match serde_json::from_str(raw) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(other) => Err(RowError::new(
            "not_an_object",
            format!("{} is not an object", value::shown(&other)),
        )),
        Err(error) => Err(RowError::new("invalid_json", error.to_string())),
    }
}
