//! Tables as Arrow IPC streams and as Parquet files.
//!
//! The same table makes the same bytes: clients read a Parquet file in pieces.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use polars_arrow::array::{Array, BooleanArray, Float64Array, Int64Array, Utf8Array};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};
use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions as StreamOptions};
use polars_arrow::record_batch::RecordBatch;
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, StatisticsOptions, Version, WriteOptions, row_group_iter,
};

use super::{Column, Table};
use crate::api::error::ApiError;

pub fn stream(table: &Table) -> Result<Vec<u8>, ApiError> {
    let batch = batch(table)?;
    let mut writer = StreamWriter::new(Vec::new(), StreamOptions { compression: None });
    let written = writer
        .start(batch.schema(), None)
        .and_then(|()| writer.write(&batch, None))
        .and_then(|()| writer.finish());
    written.map_err(ApiError::internal)?;
    Ok(writer.into_inner())
}

/// One group of rows: an answer is far smaller than what readers split a file for.
pub fn parquet(table: &Table) -> Result<Vec<u8>, ApiError> {
    let mut file = ParquetFile::new(table)?;
    Ok([file.write(table)?, file.end()?].concat())
}

/// A Parquet file that is made a group of rows at a time; memory holds one group, and where the others are.
pub struct ParquetFile {
    writer: FileWriter<Written>,
    written: Written,
}

impl ParquetFile {
    /// A file with the columns of a table.
    pub fn new(columns: &Table) -> Result<ParquetFile, ApiError> {
        let options = WriteOptions {
            statistics: StatisticsOptions::default(),
            version: Version::V1,
            compression: CompressionOptions::Zstd(None),
            data_page_size: None,
        };
        let (schema, written) = (batch(columns)?.schema().clone(), Written::default());
        let writer = FileWriter::try_new(written.clone(), schema, options).map_err(ApiError::internal)?;
        Ok(ParquetFile { writer, written })
    }

    /// Adds a group of rows, and gives the bytes that it makes.
    pub fn write(&mut self, group: &Table) -> Result<Vec<u8>, ApiError> {
        let batch = batch(group)?;
        let height = batch.height();
        // Readers take a file without groups for an empty table, but not all of them a group without rows.
        if height > 0 {
            let encodings: Vec<Vec<Encoding>> = vec![vec![Encoding::Plain]; self.writer.schema().len()];
            let fields = self.writer.parquet_schema().fields().to_vec();
            let columns = row_group_iter(batch, encodings.into(), fields, self.writer.options());
            self.writer.write(height as u64, columns).map_err(ApiError::internal)?;
        }
        Ok(self.written.take())
    }

    /// Says where everything is, which readers look at first.
    pub fn end(&mut self) -> Result<Vec<u8>, ApiError> {
        self.writer.end(None).map_err(ApiError::internal)?;
        Ok(self.written.take())
    }
}

/// What a writer has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes())
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn batch(table: &Table) -> Result<RecordBatch, ApiError> {
    let arrays: Vec<Box<dyn Array>> = table.columns.iter().map(|(_, column)| array(column)).collect();
    let fields = table
        .columns
        .iter()
        .zip(&arrays)
        .map(|((name, _), array)| Field::new(name.as_str().into(), array.dtype().clone(), true));
    let schema: ArrowSchema = fields.collect();
    RecordBatch::try_new(table.height(), schema.into(), arrays).map_err(ApiError::internal)
}

fn array(column: &Column) -> Box<dyn Array> {
    match column {
        Column::Text(values) => Utf8Array::<i64>::from(values).boxed(),
        Column::Number(values) => Float64Array::from(values).boxed(),
        Column::Count(values) => Int64Array::from(values).boxed(),
        Column::Truth(values) => BooleanArray::from(values).boxed(),
        Column::Time(zone, values) => {
            let micros: Vec<Option<i64>> = values
                .iter()
                .map(|time| time.map(|time| time.timestamp_micros()))
                .collect();
            let zone = Some(zone.name().into());
            Int64Array::from(micros)
                .to(ArrowDataType::Timestamp(TimeUnit::Microsecond, zone))
                .boxed()
        }
    }
}
