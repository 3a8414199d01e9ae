//! Outputs as a Parquet file, made a group of rows at a time.

use super::rows::{self, OutputRow};
use super::stream::Writer;
use crate::api::error::ApiError;
use crate::api::tables::ParquetFile;

/// Rows of a group, and bytes of their texts: a group is in memory as a whole before it is written.
const GROUP_ROWS: usize = 10_000;
const GROUP_BYTES: usize = 8 * 1024 * 1024;

pub struct Parquet {
    file: ParquetFile,
    group: Vec<OutputRow>,
    /// Bytes of the texts of the group.
    bytes: usize,
}

impl Parquet {
    pub fn new() -> Result<Parquet, ApiError> {
        Ok(Parquet {
            file: ParquetFile::new(&rows::table(Vec::new()))?,
            group: Vec::new(),
            bytes: 0,
        })
    }

    fn write(&mut self, to: &mut Vec<u8>) -> Result<(), ApiError> {
        let group = rows::table(std::mem::take(&mut self.group));
        self.bytes = 0;
        to.extend(self.file.write(&group)?);
        Ok(())
    }
}

impl Writer for Parquet {
    fn row(&mut self, to: &mut Vec<u8>, row: OutputRow) -> Result<(), ApiError> {
        self.bytes += row.output.text_bytes();
        self.group.push(row);
        match self.group.len() >= GROUP_ROWS || self.bytes >= GROUP_BYTES {
            true => self.write(to),
            false => Ok(()),
        }
    }

    fn end(&mut self, to: &mut Vec<u8>) -> Result<(), ApiError> {
        self.write(to)?;
        to.extend(self.file.end()?);
        Ok(())
    }
}
