//! Makes the rows of an answer of slices.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::DateTime;

use super::answer::{Contribution, Contributions, Row};
use super::plan::{Plan, RESTATED};
use super::sums::{Slice, SliceKey, Slices};
use crate::metrics::families;
use crate::metrics::statistics::Trace;

/// The rows of an answer as they come.
#[derive(Default)]
pub struct Rows {
    pub rows: Vec<Row>,
    /// Buckets that late events changed after their horizon.
    pub restated: BTreeSet<u32>,
    /// Sums that estimates turned out to need besides those that were given.
    pub missed: BTreeSet<String>,
}

impl Rows {
    /// Adds the rows of some groups.
    pub fn add(&mut self, plan: &Plan, mut slices: Slices, groups: Range<u32>) {
        let bucketed = plan.query.granularity.is_some();
        if bucketed && let Some(at) = slices.index.get(RESTATED) {
            let restated = |slice: &Slice| slice.totals.get(at).is_some_and(|restated| *restated > 0);
            let found = slices.by_key.iter().filter(|(_, slice)| restated(slice));
            self.restated.extend(found.map(|((_, bucket), _)| *bucket));
        }
        if plan.query.fill {
            let width = slices.index.len();
            for key in groups.flat_map(|group| (0..plan.buckets.len() as u32).map(move |bucket| (group, bucket))) {
                slices.by_key.entry(key).or_insert_with(|| Slice::empty(width));
            }
        }
        let start = |(_, bucket): SliceKey| if bucketed { plan.start(bucket) } else { None };
        self.rows.extend(rows_of(plan, &slices, start));
        self.missed.extend(slices.index.missed());
    }

    /// Totals have one bucket, and the groups of the rows or a single one.
    pub fn totals(&mut self, plan: &Plan, totals: &Slices) -> Vec<Row> {
        let mut rows: Vec<Row> = rows_of(plan, totals, |_| None).collect();
        if plan.query.granularity.is_none() {
            rows.iter_mut().for_each(|row| row.group.clear());
        }
        self.missed.extend(totals.index.missed());
        rows
    }
}

fn rows_of<'a>(
    plan: &'a Plan,
    slices: &'a Slices,
    bucket: impl Fn(SliceKey) -> Option<DateTime<chrono_tz::Tz>> + 'a,
) -> impl Iterator<Item = Row> + 'a {
    slices.by_key.iter().map(move |(key, slice)| Row {
        bucket: bucket(*key),
        ..row(plan, slices, slice, key.0)
    })
}

/// The row of one slice of a group.
pub fn row(plan: &Plan, slices: &Slices, slice: &Slice, group: u32) -> Row {
    let query = plan.query;
    slices.read(slice, query, |statistics| {
        let metrics = query.metrics.iter();
        let (estimates, contributions) = if query.contributions {
            let traced = metrics.map(|metric| {
                let (estimate, trace) = statistics.traced(metric.estimate);
                (estimate, trace.map(|trace| contributions(slices.keys(slice), &trace)))
            });
            traced.unzip()
        } else {
            (
                metrics.map(|metric| (metric.estimate)(statistics)).collect(),
                Vec::new(),
            )
        };
        Row {
            group: plan.groups.get(group as usize).cloned().unwrap_or_default(),
            number: group,
            bucket: None,
            clustering: slices.clustering,
            users: slice.users,
            estimates,
            contributions,
            curve: query
                .curve
                .map(|target| families::calibration::curve(statistics, target)),
        }
    })
}

fn contributions(keys: &[i64], trace: &Trace) -> Contributions {
    let totals = trace.totals.iter().copied().map(Some).chain(std::iter::repeat(None));
    let own = keys.iter().zip(trace.moved()).zip(totals);
    Contributions(
        own.filter_map(|((cluster, moved), totals)| {
            let moved = moved?;
            Some(Contribution {
                cluster: *cluster,
                influence: moved.by,
                size: moved.size,
                totals,
            })
        })
        .collect(),
    )
}
