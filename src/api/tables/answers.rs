//! The answers to questions as tables.

use chrono::Utc;

use super::{Column, Table};
use crate::domain::dimension::Dimension;
use crate::metrics::{Estimate, Reason};
use crate::query::{Answer, Query, Row};

/// A row per slice and metric.
pub fn long(query: &Query, answer: &Answer) -> Table {
    let rows: Vec<(&Row, &str, &Estimate)> = answer
        .rows
        .iter()
        .flat_map(|row| {
            let estimates = query.metrics.iter().zip(&row.estimates);
            estimates.map(move |(metric, estimate)| (row, metric.id, estimate))
        })
        .collect();
    let text =
        |of: fn(&Estimate) -> Option<String>| Column::Text(rows.iter().map(|(_, _, estimate)| of(estimate)).collect());
    let number = |of: fn(&Estimate) -> Option<f64>| numbers(rows.iter().map(|(_, _, estimate)| *estimate), of);
    let mut table = Table::default();
    push_groups(&mut table, query, || rows.iter().map(|(row, _, _)| *row));
    if query.granularity.is_some() {
        table.push("bucket", buckets(query, rows.iter().map(|(row, _, _)| *row)));
    }
    let ids = rows.iter().map(|(_, id, _)| Some((*id).to_owned()));
    table.push("metric", Column::Text(ids.collect()));
    table.push("value", number(|estimate| estimate.value));
    table.push("lower", number(|estimate| estimate.lower));
    table.push("upper", number(|estimate| estimate.upper));
    table.push("n", counts(rows.iter().map(|(_, _, estimate)| Some(estimate.n))));
    table.push("numerator", number(|estimate| estimate.numerator));
    table.push("denominator", number(|estimate| estimate.denominator));
    table.push("users", counts(rows.iter().map(|(_, _, estimate)| estimate.users)));
    table.push("standard_error", number(|estimate| estimate.standard_error));
    table.push("method", text(|estimate| estimate.method.map(str::to_owned)));
    table.push("reason", text(|estimate| estimate.reason.and_then(word)));
    table
}

/// A row per slice: its time, its group, and per metric the value, its interval and its n. In the order of time, as charts
/// take them.
pub fn wide(query: &Query, answer: &Answer) -> Table {
    let mut rows: Vec<&Row> = answer.rows.iter().collect();
    rows.sort_by_key(|row| row.bucket);
    let mut table = Table::default();
    table.push("time", buckets(query, rows.iter().copied()));
    push_groups(&mut table, query, || rows.iter().copied());
    for (place, metric) in query.metrics.iter().enumerate() {
        let estimates = || rows.iter().filter_map(move |row| row.estimates.get(place));
        table.push(metric.id, numbers(estimates(), |estimate| estimate.value));
        table.push(
            format!("{}_lower", metric.id),
            numbers(estimates(), |estimate| estimate.lower),
        );
        table.push(
            format!("{}_upper", metric.id),
            numbers(estimates(), |estimate| estimate.upper),
        );
        table.push(
            format!("{}_n", metric.id),
            counts(estimates().map(|estimate| Some(estimate.n))),
        );
    }
    table
}

fn push_groups<'a, I: Iterator<Item = &'a Row>>(table: &mut Table, query: &Query, rows: impl Fn() -> I) {
    for (place, name) in query.group_by.iter().map(Dimension::name).enumerate() {
        let values = rows().map(|row| row.group.get(place).cloned().flatten());
        table.push(name, Column::Text(values.collect()));
    }
}

fn buckets<'a>(query: &Query, rows: impl Iterator<Item = &'a Row>) -> Column {
    let starts = rows.map(|row| row.bucket.map(|bucket| bucket.with_timezone(&Utc)));
    Column::Time(query.timezone, starts.collect())
}

fn numbers<'a>(estimates: impl Iterator<Item = &'a Estimate>, of: fn(&Estimate) -> Option<f64>) -> Column {
    Column::Number(
        estimates
            .map(|estimate| of(estimate).filter(|value| value.is_finite()))
            .collect(),
    )
}

fn counts(values: impl Iterator<Item = Option<u64>>) -> Column {
    Column::Count(
        values
            .map(|value| value.and_then(|value| i64::try_from(value).ok()))
            .collect(),
    )
}

fn word(reason: Reason) -> Option<String> {
    let word = serde_json::to_value(reason).ok()?;
    word.as_str().map(str::to_owned)
}
