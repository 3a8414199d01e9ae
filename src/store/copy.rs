//! Rows in PostgreSQL's COPY text format.

use std::fmt::{Display, Write};

use chrono::{DateTime, SubsecRound, Utc};
use diesel::pg::CopyFormat;

/// Builds the body of a `COPY … FROM STDIN`. Columns are appended one by one; `end` closes a row.
#[derive(Default)]
pub struct CopyRows {
    text: String,
    row_started: bool,
}

impl CopyRows {
    pub fn with_capacity(bytes: usize) -> CopyRows {
        CopyRows {
            text: String::with_capacity(bytes),
            row_started: false,
        }
    }

    /// A value whose text form has no tab, newline or backslash: numbers, UUIDs, booleans.
    pub fn plain(&mut self, value: impl Display) -> &mut Self {
        self.separate();
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
        self
    }

    pub fn plain_or_null(&mut self, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.plain(value),
            None => self.null(),
        }
    }

    pub fn text(&mut self, value: &str) -> &mut Self {
        self.separate();
        for piece in value.split_inclusive(|character| escaped(character).is_some()) {
            let mut characters = piece.chars();
            match characters.next_back().and_then(escaped) {
                Some(escape) => {
                    self.text.push_str(characters.as_str());
                    self.text.push_str(escape);
                }
                None => self.text.push_str(piece),
            }
        }
        self
    }

    pub fn text_or_null(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// An instant, to the microsecond that PostgreSQL keeps.
    pub fn time(&mut self, value: DateTime<Utc>) -> &mut Self {
        // chrono writes this form digit by digit, several times as fast as one that it must read from a pattern.
        self.plain(format_args!("{:?}Z", value.trunc_subsecs(6).naive_utc()))
    }

    pub fn time_or_null(&mut self, value: Option<DateTime<Utc>>) -> &mut Self {
        match value {
            Some(value) => self.time(value),
            None => self.null(),
        }
    }

    /// An array of integers.
    pub fn integers(&mut self, values: &[i64]) -> &mut Self {
        self.separate();
        self.text.push('{');
        for (position, value) in values.iter().enumerate() {
            if position > 0 {
                self.text.push(',');
            }
            let _ = write!(self.text, "{value}");
        }
        self.text.push('}');
        self
    }

    pub fn null(&mut self) -> &mut Self {
        self.separate();
        self.text.push_str("\\N");
        self
    }

    pub fn end(&mut self) {
        self.text.push('\n');
        self.row_started = false;
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    pub fn format(&self) -> CopyFormat {
        CopyFormat::Text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn separate(&mut self) {
        if self.row_started {
            self.text.push('\t');
        }
        self.row_started = true;
    }
}

/// How COPY writes a character that would end a value or a row.
fn escaped(character: char) -> Option<&'static str> {
    match character {
        '\\' => Some("\\\\"),
        '\t' => Some("\\t"),
        '\n' => Some("\\n"),
        '\r' => Some("\\r"),
        _ => None,
    }
}

/// Runs a COPY of prepared rows into all columns of a table, in the order of the schema.
macro_rules! copy_into {
    ($conn:expr, $table:path, $columns:expr, $rows:expr) => {{
        use diesel::prelude::*;
        let rows = $rows;
        diesel::copy_from($table)
            .from_raw_data($columns, |sink| -> diesel::QueryResult<()> {
                sink.write_all(rows.as_bytes())
                    .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
            })
            .with_format(rows.format())
            .execute($conn)
    }};
}
pub(crate) use copy_into;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        let mut rows = CopyRows::default();
        rows.plain(1).text("a\tb\\c\nd\re").null().integers(&[1, -2]).end();
        assert_eq!(rows.as_bytes(), b"1\ta\\tb\\\\c\\nd\\re\t\\N\t{1,-2}\n");
    }

    #[test]
    fn times_are_cut_to_the_microsecond() {
        let mut rows = CopyRows::default();
        for text in [
            "2026-11-22T12:00:00Z",
            "2026-11-22T12:00:00.120Z",
            "2026-11-22T12:00:00.999999999Z",
        ] {
            rows.time(text.parse().unwrap());
        }
        assert_eq!(
            rows.as_bytes(),
            b"2026-11-22T12:00:00Z\t2026-11-22T12:00:00.120Z\t2026-11-22T12:00:00.999999Z"
        );
    }
}
