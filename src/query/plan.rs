//! Chooses where an answer comes from, and puts it together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use polars::prelude::PlHashMap;

use super::answer::{Answer, Row, Source};
use super::assembly::Rows;
use super::blocks::days_covering;
use super::dimensions::undeclared;
use super::filter::Filter;
use super::origin::{Part, check_exact, parts, source_of};
use super::refined::Refined;
use super::request::{MAX_BUCKETS, MAX_GROUPS, MAX_ROWS, Query, QueryError};
use super::snapshot::Snapshot;
use super::sources::Sources;
use super::{rows, tabulate};
use crate::domain::clock;
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::window::{Bucket, Window};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::index::sums_read;
use crate::metrics::{self, FAMILIES, Histogram, Metric, facts};
use crate::store::cells::CellId;
use crate::store::projects::{self, Project};

/// The sum that counts outputs which changed after their horizon.
pub const RESTATED: &str = "restated";

/// What both sources need to know.
#[derive(Clone)]
pub struct Plan<'a> {
    pub query: &'a Query,
    pub window: Window,
    pub buckets: Vec<Bucket>,
    /// The parts of the cells, if the question is about attributes that are not declared.
    pub refined: Option<&'a Refined>,
    /// The cells that pass the filters, or their parts, with the number of their group.
    pub cells: Vec<(CellId, u32)>,
    /// The values of each group.
    pub groups: Vec<Vec<Option<String>>>,
    /// The histograms that the metrics may need.
    pub histograms: Vec<Histogram>,
}

impl Plan<'_> {
    pub fn cell_ids(&self) -> impl Iterator<Item = CellId> {
        self.cells.iter().map(|(id, _)| *id)
    }

    pub fn group_of_cell(&self) -> PlHashMap<CellId, u32> {
        self.cells.iter().copied().collect()
    }

    /// The names of the sums that the estimates read, and of those that say what was restated.
    pub fn sums_read(&self) -> BTreeSet<String> {
        let mut sums = self.query.sums_read();
        sums.insert(RESTATED.to_owned());
        sums
    }

    /// The columns of outputs that say where each of them is placed.
    pub fn placed_by(&self) -> impl Iterator<Item = &'static str> {
        let attributes = self.refined.map(|_| facts::ATTRIBUTES);
        [facts::CELL, facts::SHOWN_AT].into_iter().chain(attributes)
    }

    /// Whether the rows are of more than one group by what was asked.
    pub fn has_groups(&self) -> bool {
        !self.query.group_by.is_empty() || !self.query.arms.is_empty()
    }

    /// Whether slices have histograms besides their sums.
    pub fn has_histograms(&self) -> bool {
        self.query.counts_users || !self.histograms.is_empty()
    }

    /// When a bucket starts, in the time zone of the question.
    pub fn start(&self, bucket: u32) -> Option<DateTime<chrono_tz::Tz>> {
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
    answer_in(&mut Snapshot::new(conn, sources, &project)?, &project, query, now)
}

/// Answers a question of the project's current state from what is in memory, if that is all it takes; else says
/// [`QueryError::NotInMemory`]. Each time that the database is waited for is one more at which others may be given the processor.
pub fn recall(sources: &Sources, project: &Project, query: &Query, now: DateTime<Utc>) -> Result<Answer, QueryError> {
    answer_in(&mut Snapshot::in_memory(sources, project)?, project, query, now)
}

fn answer_in(
    snapshot: &mut Snapshot,
    project: &Project,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Answer, QueryError> {
    let query = &query.in_terms_of(project);
    let window = window(snapshot, query)?;
    let view = Arc::clone(&snapshot.view);
    let days = days_covering(&window);
    let gone = view.last_gone(days.clone());
    let refined = refine(snapshot, query, project, &window)?;
    let plan = plan(query, &view.cells, refined.as_ref(), window)?;
    let parts = parts(snapshot, &plan)?;

    let mut sums = plan.sums_read();
    let (mut rows, mut totals) = loop {
        let (rows, totals) = compute(snapshot, &plan, &parts, &sums)?;
        if rows.missed.is_empty() {
            break (rows, totals);
        }
        sums.extend(rows.missed);
    };
    for (place, metric) in query.metrics.iter().enumerate() {
        if gone.is_some() && view.lacks(days.clone(), &sums_read(&[metric], None, query.edit_thresholds)) {
            let estimates = rows.rows.iter_mut().chain(&mut totals).map(|row| &mut row.estimates);
            estimates
                .filter_map(|estimates| estimates.get_mut(place))
                .for_each(|estimate| *estimate = Estimate::none(Reason::NotKept));
        }
    }
    let horizon = horizon(project, now);
    Ok(Answer {
        rows: rows.rows,
        totals,
        window,
        granularity: query.granularity.map(|granularity| granularity.resolve(&window)),
        immature_from: (horizon < window.to).then(|| horizon.max(window.from)),
        edit_thresholds: query.states_edit_thresholds(),
        restated: rows.restated.iter().filter_map(|bucket| plan.start(*bucket)).collect(),
        log_position: project.folded_events,
        source: source_of(&parts),
    })
}

/// Outputs shown before this instant have had time to be decided. By the hour, so that an answer stays the same from one moment to the
/// next.
pub fn horizon(project: &Project, now: DateTime<Utc>) -> DateTime<Utc> {
    clock::start_of_hour(now - TimeDelta::seconds(i64::from(project.horizon_seconds)))
}

/// Splits the cells by attributes that are not declared, if the question names any.
pub fn refine(
    snapshot: &mut Snapshot,
    query: &Query,
    project: &Project,
    window: &Window,
) -> Result<Option<Refined>, QueryError> {
    let undeclared = undeclared(query.dimensions(), project)?;
    if undeclared.is_empty() {
        return Ok(None);
    }
    let known = |filter: &&Filter| !undeclared.contains(filter.dimension.name());
    let filters: Vec<&Filter> = query.filters.iter().filter(known).collect();
    let accepted = |cell: &Cell| filters.iter().all(|filter| filter.accepts(cell));
    let view = Arc::clone(&snapshot.view);
    let cells: Vec<(CellId, Cell)> = view.cells.iter().filter(|(_, cell)| accepted(cell)).cloned().collect();
    check_exact(tabulate::count_outputs(
        cells.iter().map(|(id, _)| *id),
        window,
        snapshot,
    )?)?;
    Refined::read(snapshot, query, window, undeclared.into_iter().collect(), &cells).map(Some)
}

/// The rows and the totals of an answer, from some sums.
fn compute(
    snapshot: &mut Snapshot,
    plan: &Plan,
    parts: &[Part],
    sums: &BTreeSet<String>,
) -> Result<(Rows, Vec<Row>), QueryError> {
    let sums = metrics::sums_named(sums);
    let names: Vec<String> = sums.iter().map(|sum| sum.name.clone()).collect();
    let mut rows = Rows::default();
    let mut totals = None;
    for (part, source) in parts {
        if *source == Source::Segments {
            let (slices, own) = rows::slices(snapshot, part, &sums)?;
            rows.add(part, slices, 0..part.groups.len() as u32);
            totals = own;
        } else {
            tabulate::each_slices(part, &names, snapshot, |slices, groups| rows.add(part, slices, groups))?;
        }
    }
    if source_of(parts) != Source::Segments {
        totals = tabulate::totals(plan, &names, snapshot)?;
    }
    if parts.len() > 1 {
        rows.rows.sort_by_key(|row| row.number);
    }
    let totals = totals.map(|totals| rows.totals(plan, &totals)).unwrap_or_default();
    Ok((rows, totals))
}

/// How many linked outputs a project has. The caller's transaction sees one state of the database, and `project` in it.
pub fn count_outputs(conn: &mut PgConnection, sources: &Sources, project: &Project) -> Result<i64, QueryError> {
    Snapshot::new(conn, sources, project)?.outputs_of(i32::MIN..i32::MAX)
}

/// The range of a question. An end that is not given is the UTC day of the first output, or of the last.
pub fn window(snapshot: &mut Snapshot, query: &Query) -> Result<Window, QueryError> {
    if let (Some(from), Some(to)) = (query.from, query.to) {
        return Ok(Window { from, to });
    }
    let view = Arc::clone(&snapshot.view);
    let first = snapshot.first_with_outputs(view.days(), |_| true)?.unwrap_or(0);
    let last = snapshot.first_with_outputs(view.days().rev(), |_| true)?.unwrap_or(0) + 1;
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
pub fn plan<'a>(
    query: &'a Query,
    cells: &'a [(CellId, Cell)],
    refined: Option<&'a Refined>,
    window: Window,
) -> Result<Plan<'a>, QueryError> {
    let buckets = match query.granularity {
        None => vec![Bucket {
            start: window.from.with_timezone(&query.timezone),
            window,
        }],
        Some(granularity) => granularity
            .buckets(&window, query.timezone, MAX_BUCKETS)
            .ok_or(QueryError::TooManyBuckets)?,
    };
    let matching: Vec<&(CellId, Cell)> = refined
        .map_or(cells, |refined| &refined.cells)
        .iter()
        .filter(|(_, cell)| query.filters.iter().all(|filter| filter.accepts(cell)))
        .collect();
    let (groups, cells) = if query.arms.is_empty() {
        by_dimensions(&query.group_by, &matching)
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
        refined,
        cells,
        groups,
        histograms: histograms_of(&query.metrics),
    })
}

/// The values of each group, and the cells with the number of theirs.
pub type Groups = (Vec<Vec<Option<String>>>, Vec<(CellId, u32)>);

/// The groups of cells with the same values of some dimensions, in the order of the values.
pub fn by_dimensions(dimensions: &[Dimension], cells: &[&(CellId, Cell)]) -> Groups {
    let values = |cell: &Cell| -> Vec<Option<String>> {
        dimensions
            .iter()
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
