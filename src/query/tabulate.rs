//! Slices from the rollups: the same cost for any number of outputs.
//!
//! Totals come from the hourly rollup. The variance between users comes from the daily one, which is split by random groups
//! of users: where a bucket is not made of whole UTC days, from the UTC days that cover it. Histograms exist per UTC day.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use chrono::TimeDelta;
use diesel::pg::PgConnection;
use polars::prelude::*;

use super::plan::Plan;
use super::request::QueryError;
use super::sums::{Slice, SliceKey, Slices, add};
use crate::domain::clock;
use crate::domain::window::Window;
use crate::metrics::families::users::USERS;
use crate::metrics::statistics::{Clustering, Counts};
use crate::metrics::{self, facts as f};
use crate::store::histograms::{self, Bucket};
use crate::store::rollups::{self, Narrow};
use crate::store::{StoreError, cursor};

const GROUP: &str = "slice_group";
const OUTPUTS: &str = "outputs";

/// Computes the slices of a plan and, if there is more than one bucket or group, their totals.
pub fn slices(conn: &mut PgConnection, plan: &Plan) -> Result<(Slices, Option<Slices>), QueryError> {
    let names: Vec<String> = metrics::sums_of(&plan.families)
        .into_iter()
        .map(|sum| sum.name)
        .collect();
    let positions = positions(&cursor::read(conn)?.layout, &names)?;
    let cells = plan.cell_ids();
    let days = days_covering(&plan.window);
    let in_days = is_whole_days(&plan.window) && plan.buckets.iter().all(|bucket| is_whole_days(&bucket.window));
    let hourly = if in_days {
        None
    } else {
        let hours = clock::hour_of(plan.window.from)..clock::hour_of(plan.window.to);
        Some(rollups::hourly_sums(
            conn,
            plan.query.project,
            &cells,
            hours,
            &positions,
        )?)
    };
    let daily = rollups::daily_sums(conn, plan.query.project, &cells, days.clone(), &positions)?;
    let wanted: Vec<(i16, &'static str)> = plan
        .families
        .iter()
        .flat_map(|family| (family.histograms)())
        .map(|histogram| (histogram.kind, histogram.name))
        .collect();
    let kinds: Vec<i16> = wanted.iter().map(|(kind, _)| *kind).collect();
    let buckets = if kinds.is_empty() {
        Vec::new()
    } else {
        histograms::of_days(conn, plan.query.project, &cells, &kinds, days.start, days.end)?
    };
    let sources = Sources {
        plan,
        names,
        hourly,
        daily,
        wanted,
        buckets,
    };

    let windows: Vec<Window> = plan.buckets.iter().map(|bucket| bucket.window).collect();
    let slices = sources.cut(&windows, false)?;
    let totals = match plan.query.granularity {
        Some(_) => Some(sources.cut(&[plan.window], false)?),
        None if !plan.query.group_by.is_empty() => Some(sources.cut(&[plan.window], true)?),
        None => None,
    };
    Ok((slices, totals))
}

/// Where sums are in the rollups' arrays. The rollups say so themselves, since they may be of another version of the program
/// for the moment until the fold has recomputed them.
fn positions(layout: &[String], names: &[String]) -> Result<Vec<usize>, StoreError> {
    let at: HashMap<&String, usize> = layout.iter().zip(0..).collect();
    let found: Option<Vec<usize>> = names.iter().map(|name| at.get(name).copied()).collect();
    found.ok_or_else(|| StoreError::Unavailable("the rollups are being recomputed after an upgrade".to_owned()))
}

/// The UTC days that a window touches.
fn days_covering(window: &Window) -> Range<i32> {
    clock::day_of(window.from)..clock::day_of(window.to - TimeDelta::microseconds(1)) + 1
}

fn is_whole_days(window: &Window) -> bool {
    clock::is_whole_day(window.from) && clock::is_whole_day(window.to)
}

struct Sources<'a> {
    plan: &'a Plan<'a>,
    names: Vec<String>,
    /// Only where buckets do not start and end with UTC days: the days add up to the same totals.
    hourly: Option<Vec<Narrow>>,
    daily: Vec<Narrow>,
    wanted: Vec<(i16, &'static str)>,
    buckets: Vec<Bucket>,
}

impl Sources<'_> {
    /// Cuts the rollups into slices; with `pooled`, all groups are one.
    fn cut(&self, windows: &[Window], pooled: bool) -> PolarsResult<Slices> {
        let group_of_cell = self.plan.group_of_cell();
        let group_of = |cell: i32| {
            if pooled {
                0
            } else {
                group_of_cell.get(&cell).copied().unwrap_or_default()
            }
        };
        let by_day = self.merged(&self.daily, group_of, true)?;
        let by_hour = match &self.hourly {
            Some(hourly) => Some(self.merged(hourly, group_of, false)?),
            None => None,
        };
        let (totals, seconds) = match &by_hour {
            Some(by_hour) => (by_hour, 3_600),
            None => (&by_day, 86_400),
        };

        let mut by_key: BTreeMap<SliceKey, Slice> = BTreeMap::new();
        for ((group, time, _), sums) in totals {
            let time = chrono::DateTime::from_timestamp(i64::from(*time) * seconds, 0).unwrap_or_default();
            let after = windows.partition_point(|window| window.from <= time);
            let Some(bucket) = after.checked_sub(1) else { continue };
            let slice = by_key
                .entry((*group, bucket as u32))
                .or_insert_with(|| Slice::empty(self.names.len()));
            let (outputs, sums) = sums.split_first().unwrap_or((&0, &[]));
            slice.outputs += outputs.unsigned_abs();
            slice.users = None;
            add(&mut slice.totals, sums);
        }
        for ((group, bucket), slice) in &mut by_key {
            let Some(window) = windows.get(*bucket as usize) else {
                continue;
            };
            let days = days_covering(window);
            let mut clusters: BTreeMap<i32, Vec<i64>> = BTreeMap::new();
            for ((_, _, user_group), sums) in by_day.range((*group, days.start, i32::MIN)..(*group, days.end, i32::MIN))
            {
                add(
                    clusters.entry(*user_group).or_default(),
                    sums.get(1..).unwrap_or_default(),
                );
            }
            slice.clusters = clusters.into_values().collect();
            for (kind, name) in &self.wanted {
                let counts = is_whole_days(window).then(|| self.counts(*kind, |cell| group_of(cell) == *group, &days));
                if *name == USERS {
                    slice.users = counts.as_ref().map(|counts| counts.len() as u64);
                }
                slice.histograms.insert(name, counts);
            }
        }
        let index = self
            .names
            .iter()
            .enumerate()
            .map(|(at, name)| (name.clone(), at))
            .collect();
        Ok(Slices {
            clustering: Clustering::Groups,
            index,
            by_key,
        })
    }

    /// Rollup rows with cells merged to groups: by group, hour or day, and user group.
    fn merged(
        &self,
        rows: &[Narrow],
        group: impl Fn(i32) -> u32,
        by_user_group: bool,
    ) -> PolarsResult<BTreeMap<(u32, i32, i32), Vec<i64>>> {
        let mut columns = vec![
            Column::new(
                GROUP.into(),
                rows.iter().map(|row| group(row.cell_id)).collect::<Vec<u32>>(),
            ),
            Column::new(f::HOUR.into(), rows.iter().map(|row| row.time).collect::<Vec<i32>>()),
            Column::new(
                f::GROUP.into(),
                rows.iter()
                    .map(|row| if by_user_group { i32::from(row.user_group) } else { 0 })
                    .collect::<Vec<i32>>(),
            ),
            Column::new(OUTPUTS.into(), rows.iter().map(|row| row.outputs).collect::<Vec<i64>>()),
        ];
        for (at, name) in self.names.iter().enumerate() {
            let values: Vec<i64> = rows
                .iter()
                .map(|row| row.sums.get(at).copied().unwrap_or_default())
                .collect();
            columns.push(Column::new(name.as_str().into(), values));
        }
        let mut sums = vec![col(OUTPUTS).sum()];
        sums.extend(self.names.iter().map(|name| col(name.as_str()).sum()));
        let frame = DataFrame::new(rows.len(), columns)?
            .lazy()
            .group_by([col(GROUP), col(f::HOUR), col(f::GROUP)])
            .agg(sums)
            .collect()?;
        let (groups, times) = (frame.column(GROUP)?.u32()?, frame.column(f::HOUR)?.i32()?);
        let user_groups = frame.column(f::GROUP)?.i32()?;
        let mut columns = vec![frame.column(OUTPUTS)?.i64()?];
        for name in &self.names {
            columns.push(frame.column(name)?.i64()?);
        }
        Ok((0..frame.height())
            .map(|row| {
                let key = (
                    groups.get(row).unwrap_or_default(),
                    times.get(row).unwrap_or_default(),
                    user_groups.get(row).unwrap_or_default(),
                );
                (
                    key,
                    columns
                        .iter()
                        .map(|column| column.get(row).unwrap_or_default())
                        .collect(),
                )
            })
            .collect())
    }

    fn counts(&self, kind: i16, in_group: impl Fn(i32) -> bool, days: &Range<i32>) -> Counts {
        let mut counts: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
        for row in &self.buckets {
            if row.kind == kind && days.contains(&row.day) && in_group(row.cell_id) {
                let count = counts.entry(row.bucket).or_default();
                count.0 += row.positives.unsigned_abs();
                count.1 += row.negatives.unsigned_abs();
            }
        }
        counts
            .into_iter()
            .map(|(bucket, (positives, negatives))| (bucket, positives, negatives))
            .collect()
    }
}
