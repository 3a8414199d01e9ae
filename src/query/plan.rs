//! Chooses where an answer comes from, and puts it together.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;

use super::answer::{Answer, Contribution, Contributions, Row, Source};
use super::filter::Filter;
use super::request::{MAX_BUCKETS, MAX_GROUPS, MAX_ROWS, Query, QueryError};
use super::snapshot::Snapshot;
use super::sources::Sources;
use super::sums::{Slice, SliceKey, Slices};
use super::{rows, tabulate};
use crate::domain::clock;
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::window::{Bucket, Window};
use crate::metrics::index::sums_read;
use crate::metrics::statistics::Trace;
use crate::metrics::{self, FAMILIES, Histogram, Metric, families};
use crate::store::cells::CellId;
use crate::store::projects::{self, Project};

/// The sum that counts outputs which changed after their horizon.
const RESTATED: &str = "restated";

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
    /// The histograms that the metrics may need.
    pub histograms: Vec<Histogram>,
}

impl Plan<'_> {
    pub fn cell_ids(&self) -> Vec<CellId> {
        self.cells.iter().map(|(id, _)| *id).collect()
    }

    pub fn group_of_cell(&self) -> HashMap<CellId, u32> {
        self.cells.iter().copied().collect()
    }

    /// The names of the sums that the estimates read, and of those that say what was restated.
    fn sums_read(&self) -> BTreeSet<String> {
        let mut sums = sums_read(&self.query.metrics, self.query.curve);
        sums.insert(RESTATED.to_owned());
        sums
    }

    /// Whether the rows are of more than one group by what was asked.
    pub fn has_groups(&self) -> bool {
        !self.query.group_by.is_empty() || !self.query.arms.is_empty()
    }

    /// When a bucket starts, in the time zone of the question.
    fn start(&self, bucket: u32) -> Option<DateTime<chrono_tz::Tz>> {
        self.buckets.get(bucket as usize).map(|bucket| bucket.start)
    }

    /// The bucket that contains an instant.
    pub fn bucket_at(&self, time: DateTime<Utc>) -> Option<u32> {
        let after = self.buckets.partition_point(|bucket| bucket.window.from <= time);
        let at = after.checked_sub(1)?;
        (time < self.buckets.get(at)?.window.to).then_some(at as u32)
    }
}

/// Answers a question from one consistent view of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Answer, QueryError> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(|conn| answer(conn, sources, query, now))
}

/// Answers a question in the caller's transaction, which sees one state of the database.
pub fn answer(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Answer, QueryError> {
    let project = projects::find(conn, query.project)?;
    check_dimensions(query, &project)?;
    let mut snapshot = Snapshot::new(conn, sources, &project)?;
    let window = window(&mut snapshot, query)?;
    let view = Arc::clone(&snapshot.view);
    let plan = plan(query, &view.cells, window)?;
    let found = tabulate::count_outputs(&plan, &mut snapshot)?;
    let exact = query.exact || found <= query.exact_outputs || !is_hourly(&plan);
    if exact && found > MOST_EXACT_OUTPUTS {
        return Err(QueryError::TooManyOutputs {
            found,
            limit: MOST_EXACT_OUTPUTS,
        });
    }

    let mut sums = plan.sums_read();
    let (rows, totals) = loop {
        let (rows, totals) = compute(&mut snapshot, &plan, exact, &sums)?;
        if rows.missed.is_empty() {
            break (rows, totals);
        }
        sums.extend(rows.missed);
    };
    // By the hour, so that an answer stays the same from one moment to the next.
    let horizon = clock::start_of_hour(now - TimeDelta::seconds(i64::from(project.horizon_seconds)));
    Ok(Answer {
        rows: rows.rows,
        totals,
        window,
        granularity: query.granularity.map(|granularity| granularity.resolve(&window)),
        immature_from: (horizon < window.to).then(|| horizon.max(window.from)),
        restated: rows.restated.iter().filter_map(|bucket| plan.start(*bucket)).collect(),
        log_position: project.folded_events,
        source: if exact { Source::Segments } else { Source::Rollups },
    })
}

/// The rows and the totals of an answer, from some sums.
fn compute(
    snapshot: &mut Snapshot,
    plan: &Plan,
    exact: bool,
    sums: &BTreeSet<String>,
) -> Result<(Rows, Vec<Row>), QueryError> {
    let sums = metrics::sums_named(sums);
    let mut rows = Rows::default();
    let totals = if exact {
        let (slices, totals) = rows::slices(snapshot, plan, &sums)?;
        rows.add(plan, slices, 0..plan.groups.len() as u32);
        totals
    } else {
        let names: Vec<String> = sums.into_iter().map(|sum| sum.name).collect();
        tabulate::each_slices(plan, &names, snapshot, |slices, groups| rows.add(plan, slices, groups))?;
        tabulate::totals(plan, &names, snapshot)?
    };
    let totals = totals.map(|totals| rows.totals(plan, &totals)).unwrap_or_default();
    Ok((rows, totals))
}

/// How many linked outputs a project has. The caller's transaction sees one state of the database, and `project` in it.
pub fn count_outputs(conn: &mut PgConnection, sources: &Sources, project: &Project) -> Result<i64, QueryError> {
    Snapshot::new(conn, sources, project)?.outputs_of(i32::MIN..i32::MAX)
}

/// Refuses dimensions that the project does not have.
pub fn check_dimensions(query: &Query, project: &Project) -> Result<(), QueryError> {
    let asked = query.group_by.iter().chain(
        query
            .filters
            .iter()
            .chain(query.arms.iter().flatten())
            .map(|filter| &filter.dimension),
    );
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
pub fn window(snapshot: &mut Snapshot, query: &Query) -> Result<Window, QueryError> {
    if let (Some(from), Some(to)) = (query.from, query.to) {
        return Ok(Window { from, to });
    }
    let view = Arc::clone(&snapshot.view);
    let first = snapshot.first_with_outputs(view.days())?.unwrap_or(0);
    let last = snapshot.first_with_outputs(view.days().rev())?.unwrap_or(0) + 1;
    let from = query.from.unwrap_or_else(|| {
        let first = query.to.map_or(first, |to| first.min(clock::day_of(to) - 1));
        clock::midnight(first)
    });
    let to = query
        .to
        .unwrap_or_else(|| clock::midnight(last.max(clock::day_of(from) + 1)));
    Ok(Window { from, to })
}

/// What a question comes to for some cells.
pub fn plan<'a>(query: &'a Query, cells: &'a [(CellId, Cell)], window: Window) -> Result<Plan<'a>, QueryError> {
    let buckets = match query.granularity {
        None => vec![Bucket {
            start: window.from.with_timezone(&query.timezone),
            window,
        }],
        Some(granularity) => granularity
            .buckets(&window, query.timezone, MAX_BUCKETS)
            .ok_or(QueryError::TooManyBuckets)?,
    };
    let matching: Vec<&(CellId, Cell)> = cells
        .iter()
        .filter(|(_, cell)| query.filters.iter().all(|filter| filter.accepts(cell)))
        .collect();
    let (groups, cells) = if query.arms.is_empty() {
        by_dimensions(query, &matching)
    } else {
        by_arms(query, &matching)?
    };
    if groups.len() > MAX_GROUPS {
        return Err(QueryError::TooManyGroups { found: groups.len() });
    }
    let found = groups.len() * buckets.len();
    if found > MAX_ROWS {
        return Err(QueryError::TooManyRows { found });
    }
    Ok(Plan {
        query,
        window,
        buckets,
        cells,
        groups,
        histograms: histograms_of(&query.metrics),
    })
}

/// The values of each group, and the cells with the number of theirs.
type Groups = (Vec<Vec<Option<String>>>, Vec<(CellId, u32)>);

fn by_dimensions(query: &Query, cells: &[&(CellId, Cell)]) -> Groups {
    let values = |cell: &Cell| -> Vec<Option<String>> {
        let dimensions = query.group_by.iter();
        dimensions
            .map(|dimension| cell.value(dimension).map(str::to_owned))
            .collect()
    };
    let mut groups: BTreeMap<Vec<Option<String>>, u32> = cells.iter().map(|(_, cell)| (values(cell), 0)).collect();
    groups.values_mut().zip(0..).for_each(|(number, next)| *number = next);
    let number = |cell: &Cell| groups.get(&values(cell)).copied().unwrap_or_default();
    let cells = cells.iter().map(|(id, cell)| (*id, number(cell))).collect();
    (groups.into_keys().collect(), cells)
}

fn by_arms(query: &Query, cells: &[&(CellId, Cell)]) -> Result<Groups, QueryError> {
    let mut placed = Vec::new();
    for (id, cell) in cells {
        let accepts = |arm: &Vec<Filter>| arm.iter().all(|filter| filter.accepts(cell));
        let mut found = (0..)
            .zip(&query.arms)
            .filter(|(_, arm)| accepts(arm))
            .map(|(arm, _)| arm);
        if let Some(arm) = found.next() {
            placed.push((*id, arm));
        }
        if found.next().is_some() {
            return Err(QueryError::ArmsOverlap {
                example: cell.to_string(),
            });
        }
    }
    Ok((vec![Vec::new(); query.arms.len()], placed))
}

/// The histograms of the metrics' families.
pub fn histograms_of(metrics: &[&Metric]) -> Vec<Histogram> {
    let asked: BTreeSet<&str> = metrics
        .iter()
        .filter_map(|metric| metrics::find(metric.id).map(|(family, _)| family.id))
        .collect();
    let families = FAMILIES.iter().filter(|family| asked.contains(family.id));
    families.flat_map(|family| (family.histograms)()).collect()
}

/// Whether all buckets start and end on whole hours, as the rollups do.
fn is_hourly(plan: &Plan) -> bool {
    plan.buckets
        .iter()
        .all(|bucket| clock::is_whole_hour(bucket.window.from) && clock::is_whole_hour(bucket.window.to))
}

/// The rows of an answer as they come.
#[derive(Default)]
struct Rows {
    rows: Vec<Row>,
    /// Buckets that late events changed after their horizon.
    restated: BTreeSet<u32>,
    /// Sums that estimates turned out to need besides those that were given.
    missed: BTreeSet<String>,
}

impl Rows {
    /// Adds the rows of some groups.
    fn add(&mut self, plan: &Plan, mut slices: Slices, groups: Range<u32>) {
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
    fn totals(&mut self, plan: &Plan, totals: &Slices) -> Vec<Row> {
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
    let query = plan.query;
    slices.by_key.iter().map(move |(key, slice)| {
        slices.read(slice, query.level, query.interval, |statistics| {
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
                group: plan.groups.get(key.0 as usize).cloned().unwrap_or_default(),
                number: key.0,
                bucket: bucket(*key),
                estimates,
                contributions,
                curve: query
                    .curve
                    .map(|target| families::calibration::curve(statistics, target)),
            }
        })
    })
}

fn contributions(keys: &[i64], trace: &Trace) -> Contributions {
    let totals = trace.totals.iter().copied().map(Some).chain(std::iter::repeat(None));
    let own = keys.iter().zip(&trace.influence).zip(totals);
    Contributions(
        own.filter_map(|((cluster, influence), totals)| {
            Some(Contribution {
                cluster: *cluster,
                influence: (*influence)?,
                totals,
            })
        })
        .collect(),
    )
}
