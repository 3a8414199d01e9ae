//! Rows in PostgreSQL's binary COPY format, which neither side has to print or to read.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What a binary COPY begins with: the signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// PostgreSQL counts time from 2000-01-01T00:00:00Z, in microseconds.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Builds the body of a `COPY … FROM STDIN (FORMAT binary)`: a row is begun with the number of its columns, which then follow.
/// Each value must have the very type of its column.
pub struct CopyRows {
    bytes: Vec<u8>,
}

impl CopyRows {
    pub fn with_capacity(bytes: usize) -> CopyRows {
        let mut rows = CopyRows {
            bytes: Vec::with_capacity(bytes + HEADER.len()),
        };
        rows.bytes.extend_from_slice(HEADER);
        rows
    }

    pub fn row(&mut self, columns: i16) -> &mut Self {
        self.bytes.extend(columns.to_be_bytes());
        self
    }

    pub fn put(&mut self, value: impl Field) -> &mut Self {
        value.put(&mut self.bytes);
        self
    }

    /// The rows. The end of the stream ends them too; no trailer is needed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A value of a column.
pub trait Field {
    /// Appends its length and itself.
    fn put(&self, bytes: &mut Vec<u8>);
}

fn sized(bytes: &mut Vec<u8>, value: &[u8]) {
    // A column cannot hold as much as would not fit; the server would refuse the wrong length.
    bytes.extend(i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
    bytes.extend_from_slice(value);
}

macro_rules! big_endian {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn put(&self, bytes: &mut Vec<u8>) {
                sized(bytes, &self.to_be_bytes());
            }
        }
    )*};
}
big_endian!(i16, i32, i64, f64);

impl Field for bool {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, &[u8::from(*self)]);
    }
}

impl Field for Uuid {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

/// Of `text` and of `json`.
impl Field for &str {
    fn put(&self, bytes: &mut Vec<u8>) {
        sized(bytes, self.as_bytes());
    }
}

/// To the microsecond, rounded down.
impl Field for DateTime<Utc> {
    fn put(&self, bytes: &mut Vec<u8>) {
        (self.timestamp_micros() - EPOCH_MICROS).put(bytes);
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(bytes),
            None => bytes.extend((-1_i32).to_be_bytes()),
        }
    }
}

/// Copies rows into all columns of a table, in the order of the schema.
macro_rules! copy_into {
    ($conn:expr, $table:path, $rows:expr) => {{
        use diesel::prelude::*;
        diesel::copy_from($table)
            .from_raw_data($table, |sink| -> diesel::QueryResult<()> {
                sink.write_all($rows.as_bytes())
                    .map_err(|error| diesel::result::Error::SerializationError(Box::new(error)))
            })
            .with_format(diesel::pg::CopyFormat::Binary)
            .execute($conn)
    }};
}
pub(crate) use copy_into;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_postgresql_reads_them() {
        let mut rows = CopyRows::with_capacity(0);
        let time: DateTime<Utc> = "2000-01-01T00:00:01.0000029Z".parse().unwrap();
        rows.row(5)
            .put(-2_i16)
            .put(Some(true))
            .put(None::<f64>)
            .put("é")
            .put(time);
        let expected: [&[u8]; 6] = [
            &[0, 5],
            &[0, 0, 0, 2, 255, 254],
            &[0, 0, 0, 1, 1],
            &[255, 255, 255, 255],
            &[0, 0, 0, 2, 0xc3, 0xa9],
            &[0, 0, 0, 8, 0, 0, 0, 0, 0, 15, 66, 66],
        ];
        assert_eq!(&rows.as_bytes()[HEADER.len()..], expected.concat());
    }
}
