//! Answers as flat rows and as CSV.

use chrono::SecondsFormat;

use super::error::ApiError;
use super::respond::{CsvRows, Ordered, number_cell, safe_cell};
use crate::domain::dimension::Dimension;
use crate::query::{Answer, Query, Row};

const ESTIMATE_COLUMNS: [&str; 11] = [
    "metric",
    "value",
    "lower",
    "upper",
    "n",
    "numerator",
    "denominator",
    "users",
    "standard_error",
    "method",
    "reason",
];

/// A row per slice and metric.
pub fn long_csv(query: &Query, answer: &Answer) -> Result<Vec<u8>, ApiError> {
    let bucketed = query.granularity.is_some();
    let mut header: Vec<&str> = query.group_by.iter().map(Dimension::name).collect();
    header.extend(bucketed.then_some("bucket"));
    header.extend(ESTIMATE_COLUMNS);
    let mut csv = CsvRows::new(header)?;
    for row in &answer.rows {
        for (metric, estimate) in query.metrics.iter().zip(&row.estimates) {
            let mut cells: Vec<String> = row
                .group
                .iter()
                .map(|value| safe_cell(value.as_deref().unwrap_or_default()).into_owned())
                .collect();
            cells.extend(row.bucket.filter(|_| bucketed).map(|bucket| bucket.to_rfc3339()));
            let reason = estimate.reason.and_then(|reason| serde_json::to_value(reason).ok());
            cells.extend([
                metric.id.to_owned(),
                number_cell(estimate.value),
                number_cell(estimate.lower),
                number_cell(estimate.upper),
                estimate.n.to_string(),
                number_cell(estimate.numerator),
                number_cell(estimate.denominator),
                estimate.users.map(|users| users.to_string()).unwrap_or_default(),
                number_cell(estimate.standard_error),
                estimate.method.unwrap_or_default().to_owned(),
                reason
                    .as_ref()
                    .and_then(|reason| reason.as_str())
                    .unwrap_or_default()
                    .to_owned(),
            ]);
            csv.row(&cells)?;
        }
    }
    csv.finish()
}

/// The rows in the order of time, as charts take them.
fn by_time(answer: &Answer) -> Vec<&Row> {
    let mut rows: Vec<&Row> = answer.rows.iter().collect();
    rows.sort_by_key(|row| row.bucket);
    rows
}

/// A row per slice, for charts: its time, its group, and per metric the value, its interval and its n.
pub fn flat_rows(query: &Query, answer: &Answer) -> Vec<Ordered<serde_json::Value>> {
    by_time(answer)
        .into_iter()
        .map(|row| {
            let mut fields = vec![("time".to_owned(), serde_json::json!(time_of(row)))];
            for (dimension, value) in query.group_by.iter().zip(&row.group) {
                fields.push((dimension.name().to_owned(), serde_json::json!(value)));
            }
            for (metric, estimate) in query.metrics.iter().zip(&row.estimates) {
                let estimate_json = serde_json::to_value(estimate).unwrap_or_default();
                for (suffix, part) in [("", "value"), ("_lower", "lower"), ("_upper", "upper"), ("_n", "n")] {
                    let value = estimate_json.get(part).cloned().unwrap_or_default();
                    fields.push((format!("{}{suffix}", metric.id), value));
                }
            }
            Ordered(fields)
        })
        .collect()
}

/// The same as CSV.
pub fn wide_csv(query: &Query, answer: &Answer) -> Result<Vec<u8>, ApiError> {
    let mut header = vec!["time".to_owned()];
    header.extend(query.group_by.iter().map(|dimension| dimension.name().to_owned()));
    for metric in &query.metrics {
        header.extend(["", "_lower", "_upper", "_n"].map(|suffix| format!("{}{suffix}", metric.id)));
    }
    let mut csv = CsvRows::new(header.iter().map(String::as_str))?;
    for row in by_time(answer) {
        let mut cells = vec![time_of(row).unwrap_or_default()];
        cells.extend(
            row.group
                .iter()
                .map(|value| safe_cell(value.as_deref().unwrap_or_default()).into_owned()),
        );
        for estimate in &row.estimates {
            cells.extend([estimate.value, estimate.lower, estimate.upper].map(number_cell));
            cells.push(estimate.n.to_string());
        }
        csv.row(&cells)?;
    }
    csv.finish()
}

fn time_of(row: &Row) -> Option<String> {
    row.bucket
        .map(|bucket| bucket.to_rfc3339_opts(SecondsFormat::Secs, true))
}
