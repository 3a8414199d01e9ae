//! Chooses where an answer comes from, and puts it together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;

use super::answer::{Answer, Row, Source};
use super::request::{MAX_BUCKETS, MAX_GROUPS, MAX_ROWS, Query, QueryError};
use super::sums::{Slice, SliceKey, Slices};
use super::{rows, tabulate};
use crate::domain::clock;
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::window::{Bucket, Window};
use crate::metrics::{self, FAMILIES, Family, Statistics, families};
use crate::store::cells::{self, CellId};
use crate::store::projects::{self, Project};
use crate::store::rollups;

/// So many outputs are read at most when the question insists.
pub const MOST_EXACT_OUTPUTS: i64 = 2_000_000;

/// What both sources need to know.
pub struct Plan<'a> {
    pub query: &'a Query,
    pub window: Window,
    pub buckets: Vec<Bucket>,
    /// The cells that pass the filters, with the number of their group.
    pub cells: Vec<(CellId, u32)>,
    /// The values of each group.
    pub groups: Vec<Vec<Option<String>>>,
    /// The families whose sums and histograms are needed.
    pub families: Vec<&'static Family>,
}

impl Plan<'_> {
    pub fn cell_ids(&self) -> Vec<CellId> {
        self.cells.iter().map(|(id, _)| *id).collect()
    }

    pub fn group_of_cell(&self) -> HashMap<CellId, u32> {
        self.cells.iter().copied().collect()
    }

    /// The bucket that contains an instant.
    pub fn bucket_at(&self, time: DateTime<Utc>) -> Option<u32> {
        let after = self.buckets.partition_point(|bucket| bucket.window.from <= time);
        let at = after.checked_sub(1)?;
        (time < self.buckets.get(at)?.window.to).then_some(at as u32)
    }
}

/// Answers a question from one consistent view of the database.
pub fn run(conn: &mut PgConnection, query: &Query, now: DateTime<Utc>) -> Result<Answer, QueryError> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(|conn| answer(conn, query, now))
}

fn answer(conn: &mut PgConnection, query: &Query, now: DateTime<Utc>) -> Result<Answer, QueryError> {
    let project = projects::find(conn, query.project)?;
    check_dimensions(query, &project)?;
    let window = window(conn, query)?;
    let plan = plan(conn, query, window)?;
    let found = rollups::count_outputs(
        conn,
        query.project,
        &plan.cell_ids(),
        clock::hour_of(window.from),
        clock::hour_of(window.to - TimeDelta::microseconds(1)),
    )?;
    let exact = query.exact || found <= query.exact_outputs || !is_hourly(&plan);
    if exact && found > MOST_EXACT_OUTPUTS {
        return Err(QueryError::TooManyOutputs {
            found,
            limit: MOST_EXACT_OUTPUTS,
        });
    }

    let (slices, totals) = if exact {
        rows::slices(conn, &plan)?
    } else {
        tabulate::slices(conn, &plan)?
    };
    let restated = restated(&plan, &slices);
    // By the hour, so that an answer stays the same from one moment to the next.
    let horizon = clock::start_of_hour(now - TimeDelta::seconds(i64::from(project.horizon_seconds)));
    Ok(Answer {
        rows: table(&plan, slices, query.granularity.is_some()),
        totals: totals.map(|totals| table_of_totals(&plan, totals)).unwrap_or_default(),
        window,
        granularity: query.granularity.map(|granularity| granularity.resolve(&window)),
        immature_from: (horizon < window.to).then(|| horizon.max(window.from)),
        restated,
        log_position: project.folded_events,
        source: if exact { Source::Outputs } else { Source::Rollups },
    })
}

fn check_dimensions(query: &Query, project: &Project) -> Result<(), QueryError> {
    let asked = query
        .group_by
        .iter()
        .chain(query.filters.iter().map(|filter| &filter.dimension));
    for dimension in asked {
        if let Dimension::Attribute(name) = dimension
            && project.dimensions.binary_search(name).is_err()
        {
            let built_in = Dimension::BUILT_IN.iter().map(|dimension| dimension.name().to_owned());
            let known = built_in.chain(project.dimensions.iter().cloned()).collect();
            return Err(QueryError::UnknownDimension {
                name: name.clone(),
                known,
            });
        }
    }
    Ok(())
}

/// The range of a question. An end that is not given is the UTC day of the first output, or of the last.
fn window(conn: &mut PgConnection, query: &Query) -> Result<Window, QueryError> {
    if let (Some(from), Some(to)) = (query.from, query.to) {
        return Ok(Window { from, to });
    }
    let (first, last) = rollups::span(conn, query.project)?.unwrap_or_default();
    let (first, last) = (clock::day_of_hour(first), clock::day_of_hour(last) + 1);
    let from = query.from.unwrap_or_else(|| {
        let first = query.to.map_or(first, |to| first.min(clock::day_of(to) - 1));
        clock::midnight(first)
    });
    let to = query
        .to
        .unwrap_or_else(|| clock::midnight(last.max(clock::day_of(from) + 1)));
    Ok(Window { from, to })
}

fn plan<'a>(conn: &mut PgConnection, query: &'a Query, window: Window) -> Result<Plan<'a>, QueryError> {
    let buckets = match query.granularity {
        None => vec![Bucket {
            start: window.from.with_timezone(&query.timezone),
            window,
        }],
        Some(granularity) => granularity
            .buckets(&window, query.timezone, MAX_BUCKETS)
            .ok_or(QueryError::TooManyBuckets)?,
    };
    let matching: Vec<(CellId, Cell)> = cells::of_project(conn, query.project)?
        .into_iter()
        .filter(|(_, cell)| query.filters.iter().all(|filter| filter.accepts(cell)))
        .collect();
    let group = |cell: &Cell| -> Vec<Option<String>> {
        query
            .group_by
            .iter()
            .map(|dimension| cell.value(dimension).map(str::to_owned))
            .collect()
    };
    let mut groups: BTreeMap<Vec<Option<String>>, u32> = matching.iter().map(|(_, cell)| (group(cell), 0)).collect();
    groups.values_mut().zip(0..).for_each(|(number, next)| *number = next);
    if groups.len() > MAX_GROUPS {
        return Err(QueryError::TooManyGroups { found: groups.len() });
    }
    let found = groups.len() * buckets.len();
    if found > MAX_ROWS {
        return Err(QueryError::TooManyRows { found });
    }
    let cells = matching
        .iter()
        .map(|(id, cell)| (*id, groups.get(&group(cell)).copied().unwrap_or_default()))
        .collect();
    Ok(Plan {
        query,
        window,
        buckets,
        cells,
        groups: groups.into_keys().collect(),
        families: families_of(query),
    })
}

/// The families of the metrics, and coverage, which says what was restated.
fn families_of(query: &Query) -> Vec<&'static Family> {
    let wanted: BTreeSet<&str> = query
        .metrics
        .iter()
        .filter_map(|metric| metrics::find(metric.id).map(|(family, _)| family.id))
        .chain([families::coverage::FAMILY.id])
        .collect();
    FAMILIES
        .iter()
        .copied()
        .filter(|family| wanted.contains(family.id))
        .collect()
}

/// Whether all buckets start and end on whole hours, as the rollups do.
fn is_hourly(plan: &Plan) -> bool {
    plan.buckets
        .iter()
        .all(|bucket| clock::is_whole_hour(bucket.window.from) && clock::is_whole_hour(bucket.window.to))
}

fn table(plan: &Plan, mut slices: Slices, bucketed: bool) -> Vec<Row> {
    if plan.query.fill {
        let width = slices.index.len();
        for group in 0..plan.groups.len() as u32 {
            for bucket in 0..plan.buckets.len() as u32 {
                slices
                    .by_key
                    .entry((group, bucket))
                    .or_insert_with(|| Slice::empty(width));
            }
        }
    }
    let start = |bucket: u32| plan.buckets.get(bucket as usize).map(|bucket| bucket.start);
    rows_of(plan, &slices, |(_, bucket)| if bucketed { start(bucket) } else { None })
}

/// Totals have one bucket, and the groups of the rows or a single one.
fn table_of_totals(plan: &Plan, totals: Slices) -> Vec<Row> {
    let mut rows = rows_of(plan, &totals, |_| None);
    if plan.query.granularity.is_none() {
        rows.iter_mut().for_each(|row| row.group.clear());
    }
    rows
}

fn rows_of(plan: &Plan, slices: &Slices, bucket: impl Fn(SliceKey) -> Option<DateTime<chrono_tz::Tz>>) -> Vec<Row> {
    slices
        .by_key
        .iter()
        .map(|(key, slice)| {
            let clusters: Vec<&[i64]> = slice.clusters.iter().map(Vec::as_slice).collect();
            let statistics = Statistics {
                level: plan.query.level,
                interval: plan.query.interval,
                outputs: slice.outputs,
                users: slice.users,
                clustering: slices.clustering,
                index: &slices.index,
                totals: &slice.totals,
                clusters: &clusters,
                histograms: &slice.histograms,
            };
            Row {
                group: plan.groups.get(key.0 as usize).cloned().unwrap_or_default(),
                bucket: bucket(*key),
                estimates: plan
                    .query
                    .metrics
                    .iter()
                    .map(|metric| (metric.estimate)(&statistics))
                    .collect(),
                curve: plan
                    .query
                    .curve
                    .map(|target| families::calibration::curve(&statistics, target)),
            }
        })
        .collect()
}

fn restated(plan: &Plan, slices: &Slices) -> Vec<DateTime<chrono_tz::Tz>> {
    if plan.query.granularity.is_none() {
        return Vec::new();
    }
    let Some(at) = slices.index.get("restated").copied() else {
        return Vec::new();
    };
    let changed: BTreeSet<u32> = slices
        .by_key
        .iter()
        .filter(|(_, slice)| slice.totals.get(at).is_some_and(|restated| *restated > 0))
        .map(|((_, bucket), _)| *bucket)
        .collect();
    changed
        .into_iter()
        .filter_map(|bucket| plan.buckets.get(bucket as usize).map(|bucket| bucket.start))
        .collect()
}
