//! Tables as rows of JSON, for charts.

use serde_json::Value;
use serde_json::value::Serializer;

use super::{Column, Table, written};
use crate::api::respond::Ordered;
use crate::metrics::estimate::plain_number;

impl Table {
    /// An object per row.
    pub fn rows(&self) -> Vec<Ordered<Value>> {
        let cells = |row| {
            self.columns
                .iter()
                .map(move |(name, column)| (name.clone(), cell(column, row)))
        };
        (0..self.height()).map(|row| Ordered(cells(row).collect())).collect()
    }
}

fn cell(column: &Column, row: usize) -> Value {
    match column {
        Column::Text(values) => value(values, row).map_or(Value::Null, Value::from),
        Column::Number(values) => plain_number(&value(values, row), Serializer).unwrap_or_default(),
        Column::Count(values) => value(values, row).map_or(Value::Null, Value::from),
        Column::Truth(values) => value(values, row).map_or(Value::Null, Value::from),
        Column::Time(zone, values) => {
            value(values, row).map_or(Value::Null, |time| written(time.with_timezone(zone)).into())
        }
    }
}

fn value<T: Clone>(values: &[Option<T>], row: usize) -> Option<T> {
    values.get(row).cloned().flatten()
}
