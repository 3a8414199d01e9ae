//! Tables as Arrow IPC streams and as Parquet files.
//!
//! The same table makes the same bytes: clients read a Parquet file in pieces.

use polars_arrow::array::{Array, BooleanArray, Float64Array, Int64Array, Utf8Array};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field, TimeUnit};
use polars_arrow::io::ipc::write::{StreamWriter, WriteOptions as StreamOptions};
use polars_arrow::record_batch::RecordBatch;
use polars_parquet::write::{
    CompressionOptions, Encoding, FileWriter, RowGroupIterator, StatisticsOptions, Version, WriteOptions,
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
    let batch = batch(table)?;
    let (schema, height) = (batch.schema().clone(), batch.height());
    let options = WriteOptions {
        statistics: StatisticsOptions::default(),
        version: Version::V1,
        compression: CompressionOptions::Zstd(None),
        data_page_size: None,
    };
    let encodings: Vec<Vec<Encoding>> = schema.iter_values().map(|_| vec![Encoding::Plain]).collect();
    // Readers take a file without groups for an empty table, but not all of them a group without rows.
    let batches = (height > 0).then_some(Ok(batch)).into_iter();
    let groups = RowGroupIterator::try_new(batches, &schema, options, encodings.into()).map_err(ApiError::internal)?;
    let mut writer = FileWriter::try_new(Vec::new(), schema.clone(), options).map_err(ApiError::internal)?;
    for group in groups {
        let written = group.and_then(|group| writer.write(height as u64, group));
        written.map_err(ApiError::internal)?;
    }
    writer.end(None).map_err(ApiError::internal)?;
    Ok(writer.into_inner())
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
