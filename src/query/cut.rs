//! Cuts the rollups of a project into slices.
//!
//! Totals come from the hours. The variance between users comes from the days, which are split by random groups of users: where a
//! bucket is not made of whole UTC days, from the UTC days that cover it. Histograms exist per UTC day.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chrono::TimeDelta;

use super::blocks::{Blocks, days_covering, is_whole_days};
use super::grouping::{Grouped, Grouping};
use super::plan::Plan;
use super::request::QueryError;
use super::snapshot::{OUTPUTS, Snapshot};
use super::sums::{Slice, Slices};
use super::tally::Tally;
use super::users;
use crate::domain::clock;
use crate::domain::key::USER_GROUPS;
use crate::domain::window::Window;
use crate::metrics::families::users::{FAMILY, USERS, USERS_KIND};
use crate::metrics::index::Index;
use crate::metrics::statistics::{Clustering, Counts};
use crate::rollup::{Axis, Column};

pub const GROUPS: usize = USER_GROUPS as usize;
/// The place of what is left out.
const NOWHERE: u32 = u32::MAX;

/// How cells and time are cut.
pub struct Cut<'a> {
    pub windows: &'a [Window],
    pub grouping: &'a Grouping,
    /// The groups to cut now.
    pub groups: Range<u32>,
}

/// What a cut is made of: outputs and some sums by group of users, and by hour where a bucket is not made of whole days.
pub struct Tables {
    columns: usize,
    by_users: Vec<Grouped>,
    by_hour: Vec<Grouped>,
}

impl Cut<'_> {
    /// Reads what any groups of the cut are made of.
    pub fn tables(&self, names: &[String], snapshot: &mut Snapshot) -> Result<Tables, QueryError> {
        let columns: Vec<i16> = [OUTPUTS].into_iter().chain(snapshot.view.places(names)?).collect();
        let days = Blocks::new(&self.spans()).days();
        Ok(Tables {
            columns: columns.len(),
            by_users: snapshot.grouped(Axis::Groups, days, &columns, self.grouping)?,
            by_hour: match self.is_in_days() {
                true => Vec::new(),
                false => self.hours(snapshot, &columns)?,
            },
        })
    }

    fn spans(&self) -> Vec<Range<i32>> {
        self.windows.iter().map(days_covering).collect()
    }

    fn is_in_days(&self) -> bool {
        self.windows.iter().all(is_whole_days)
    }

    pub fn slices(
        &self,
        plan: &Plan,
        names: &[String],
        tables: &Tables,
        snapshot: &mut Snapshot,
    ) -> Result<Slices, QueryError> {
        let spans = self.spans();
        let blocks = Blocks::new(&spans);
        let mut clusters = vec![vec![0; self.groups.len() * blocks.ranges.len() * GROUPS]; tables.columns];
        self.add_users(&tables.by_users, &blocks, &mut clusters);

        let in_days = self.is_in_days();
        let mut totals = vec![vec![0; self.groups.len() * self.windows.len()]; tables.columns];
        self.add_hours(&tables.by_hour, &mut totals);
        let mut by_key = BTreeMap::new();
        for (number, group) in (0..).zip(self.groups.clone()) {
            for (bucket, span) in spans.iter().enumerate() {
                let block = number * blocks.ranges.len() + blocks.of(span);
                let range = block * GROUPS..(block + 1) * GROUPS;
                let mut sums: Vec<i64> = if in_days {
                    let own = clusters
                        .iter()
                        .map(|column| column.get(range.clone()).unwrap_or_default());
                    own.map(total).collect()
                } else {
                    let at = number * self.windows.len() + bucket;
                    totals
                        .iter()
                        .map(|column| column.get(at).copied().unwrap_or_default())
                        .collect()
                };
                let outputs = sums.remove(0).unsigned_abs();
                if outputs > 0 {
                    let slice = Slice {
                        outputs,
                        totals: sums,
                        clusters: range,
                        ..Slice::default()
                    };
                    by_key.insert((group, bucket as u32), slice);
                }
            }
        }
        let outputs = clusters.remove(0);
        let mut slices = Slices {
            clustering: Clustering::Groups,
            index: Index::new(names),
            by_key,
            is_user: Vec::new(),
            keys: (0..GROUPS as i64).cycle().take(outputs.len()).collect(),
            columns: clusters,
        };
        leave_out_empty(&mut slices, &outputs);
        self.add_histograms(plan, snapshot, &mut slices)?;
        Ok(slices)
    }

    /// Adds sums by group of users: to `sums`, per column, by group, block and group of users.
    fn add_users(&self, tables: &[Grouped], blocks: &Blocks, sums: &mut [Vec<i64>]) {
        for table in tables {
            for block in blocks.with(table.day) {
                for (number, group) in self.groups.clone().enumerate() {
                    let from = group as usize * GROUPS;
                    let to = (number * blocks.ranges.len() + block) * GROUPS;
                    for (column, sums) in table.columns.iter().zip(sums.iter_mut()) {
                        column.add_run(from..from + GROUPS, sums.get_mut(to..to + GROUPS).unwrap_or_default());
                    }
                }
            }
        }
    }

    /// Some columns by hour, of all groups.
    pub fn hours(&self, snapshot: &mut Snapshot, columns: &[i16]) -> Result<Vec<Grouped>, QueryError> {
        let (Some(first), Some(last)) = (self.windows.first(), self.windows.last()) else {
            return Ok(Vec::new());
        };
        let days = days_covering(&Window {
            from: first.from,
            to: last.to,
        });
        snapshot.grouped(Axis::Hours, days, columns, self.grouping)
    }

    /// Adds sums by hour: to `sums`, per column, by group and bucket.
    pub fn add_hours(&self, tables: &[Grouped], sums: &mut [Vec<i64>]) {
        for table in tables {
            let buckets: Vec<Option<usize>> = (0..Axis::Hours.width())
                .map(|hour| self.bucket_of(table.day, hour as i64))
                .collect();
            let places: Vec<u32> = (0..self.groups.len())
                .flat_map(|number| buckets.iter().map(move |bucket| (number, *bucket)))
                .map(|(number, bucket)| bucket.map_or(NOWHERE, |bucket| (number * self.windows.len() + bucket) as u32))
                .collect();
            let first = self.groups.start as usize * Axis::Hours.width();
            for (column, sums) in table.columns.iter().zip(sums.iter_mut()) {
                column.scatter(first, &places, sums);
            }
        }
    }

    /// The bucket in which an hour begins.
    fn bucket_of(&self, day: i32, hour: i64) -> Option<usize> {
        let time = clock::midnight(day) + TimeDelta::hours(hour);
        let after = self.windows.partition_point(|window| window.from <= time);
        let at = after.checked_sub(1)?;
        (time < self.windows.get(at)?.to).then_some(at)
    }

    fn add_histograms(&self, plan: &Plan, snapshot: &mut Snapshot, slices: &mut Slices) -> Result<(), QueryError> {
        let spans: Vec<Range<i32>> = self.windows.iter().map(days_covering).collect();
        let whole: Vec<bool> = self.windows.iter().map(is_whole_days).collect();
        let has_users = plan.histograms.iter().any(|histogram| histogram.name == USERS);
        let users = (plan.query.counts_users && !has_users).then(FAMILY.histograms);
        for histogram in plan.histograms.iter().chain(users.iter().flatten()) {
            let mut counts = self.counts(snapshot, Axis::Histogram(histogram.kind), &spans)?;
            for ((group, bucket), slice) in &mut slices.by_key {
                let own = counts.remove(&(*group, *bucket)).unwrap_or_default();
                let own = whole.get(*bucket as usize).copied().unwrap_or_default().then_some(own);
                if histogram.name == USERS {
                    slice.users = own.as_ref().map(|counts| counts.len() as u64);
                }
                slice.histograms.insert(histogram.name, own);
            }
        }
        Ok(())
    }

    /// One histogram by slice, over the days that cover its bucket.
    fn counts(
        &self,
        snapshot: &mut Snapshot,
        axis: Axis,
        spans: &[Range<i32>],
    ) -> Result<HashMap<(u32, u32), Counts>, QueryError> {
        let days = Blocks::new(spans).days();
        if axis == Axis::Histogram(USERS_KIND) {
            return users::counts(snapshot, spans, days, self.grouping, &self.groups);
        }
        let mut tally = Tally::default();
        for part in snapshot.histograms(axis, days, self.grouping)? {
            let numbers: Vec<u32> = (0..)
                .zip(spans)
                .filter(|(_, span)| span.contains(&part.day))
                .map(|(number, _)| number)
                .collect();
            let mut columns = part
                .columns()
                .map(|column| column.map(Column::to_vec).unwrap_or_default());
            let (positives, negatives) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
            for ((group, bucket), (positives, negatives)) in part.keys().zip(positives.into_iter().zip(negatives)) {
                let group = group as u32;
                if self.groups.contains(&group) {
                    for number in &numbers {
                        tally.add((group, *number), bucket, positives, negatives);
                    }
                }
            }
        }
        Ok(tally.finish())
    }
}

/// The sum, at the end of the range if it is beyond.
fn total(values: &[i64]) -> i64 {
    let sum: i128 = values.iter().map(|value| i128::from(*value)).sum();
    sum.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// Leaves out the groups of users that have no outputs: they are no clusters.
fn leave_out_empty(slices: &mut Slices, outputs: &[i64]) {
    if outputs.iter().all(|outputs| *outputs != 0) {
        return;
    }
    let mut before = Vec::with_capacity(outputs.len() + 1);
    let mut count = 0;
    before.push(count);
    for outputs in outputs {
        count += usize::from(*outputs != 0);
        before.push(count);
    }
    let at = |place: usize| before.get(place).copied().unwrap_or(count);
    for slice in slices.by_key.values_mut() {
        slice.clusters = at(slice.clusters.start)..at(slice.clusters.end);
    }
    for column in slices.columns.iter_mut().chain([&mut slices.keys]) {
        let mut outputs = outputs.iter();
        column.retain(|_| outputs.next().is_some_and(|outputs| *outputs != 0));
    }
}
