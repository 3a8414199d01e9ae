//! A question asked again and again as time goes by: what was known at the end of some days of its window.
//!
//! Sums add up, cluster by cluster: the days of a user are added before anything is squared. So the outputs, or the rollups, are
//! read once, and the numbers are those of asking about the time from the start to each of the days.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::answer::Row;
use super::assembly;
use super::blocks::days_covering;
use super::gather::Over;
use super::origin::is_exact;
use super::plan::{self, Plan};
use super::request::{Query, QueryError};
use super::snapshot::Snapshot;
use super::sources::Sources;
use super::sums::{Slice, Slices};
use super::{merge, rows, tabulate};
use crate::domain::clock;
use crate::domain::window::{Bucket, Window};
use crate::metrics;
use crate::metrics::families::users::USERS;
use crate::metrics::statistics::{Clustering, Counts};
use crate::store::projects;

/// Reads the rows of the groups of a question, one for each, as of the end of every so many UTC days and of the window, in the
/// caller's transaction.
pub fn each<T>(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    days: usize,
    read: impl Fn(DateTime<Utc>, &[Row]) -> T,
) -> Result<Vec<T>, QueryError> {
    stretched(conn, sources, query, days, None, read)
}

/// The same as of the end of every UTC day, of nothing but the last so many days.
pub fn trailing<T>(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    days: usize,
    read: impl Fn(DateTime<Utc>, &[Row]) -> T,
) -> Result<Vec<T>, QueryError> {
    stretched(conn, sources, query, 1, Some(days), read)
}

/// By stretches of some days: of all so far, or of the last of them.
fn stretched<T>(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    days: usize,
    last: Option<usize>,
    read: impl Fn(DateTime<Utc>, &[Row]) -> T,
) -> Result<Vec<T>, QueryError> {
    let project = projects::find(conn, query.project)?;
    let query = &query.in_terms_of(&project);
    let mut snapshot = Snapshot::new(conn, sources, &project)?;
    let window = plan::window(&mut snapshot, query)?;
    let view = Arc::clone(&snapshot.view);
    let refined = plan::refine(&mut snapshot, query, &project, &window)?;
    let mut plan = plan::plan(query, &view.cells, refined.as_ref(), window)?;
    let exact = is_exact(&mut snapshot, &plan)?;
    plan.buckets = stretches(&plan, days);

    let mut sums = plan.sums_read();
    loop {
        let named = metrics::sums_named(&sums);
        let slices = if exact {
            rows::gathered(&mut snapshot, &plan, &named)?.slices(Over::Nothing)
        } else {
            let names: Vec<String> = named.into_iter().map(|sum| sum.name).collect();
            tabulate::slices(&plan, &names, &mut snapshot)?
        };
        let (found, missed) = read_each(&plan, &slices, last, &read);
        if missed.is_empty() {
            return Ok(found);
        }
        sums.extend(missed);
    }
}

/// Cuts the window of a plan into stretches of so many whole UTC days, but for its ends: no day of the rollups is in two of them.
fn stretches(plan: &Plan, days: usize) -> Vec<Bucket> {
    let Window { from, to } = plan.window;
    let edges = days_covering(&plan.window)
        .step_by(days.max(1))
        .skip(1)
        .map(clock::midnight);
    let ends = edges.chain([to]);
    let mut start = from;
    ends.map(|end| {
        let window = Window { from: start, to: end };
        start = end;
        Bucket {
            start: window.from.with_timezone(&plan.query.timezone),
            window,
        }
    })
    .collect()
}

/// What is read as of the end of each bucket, of all so far or of the last ones, and the sums that were missed on the way.
fn read_each<T>(
    plan: &Plan,
    slices: &Slices,
    last: Option<usize>,
    read: impl Fn(DateTime<Utc>, &[Row]) -> T,
) -> (Vec<T>, BTreeSet<String>) {
    let mut groups: Vec<Running> = plan.groups.iter().map(|_| Running::new(slices)).collect();
    let mut missed = BTreeSet::new();
    let mut found = Vec::with_capacity(plan.buckets.len());
    for (number, bucket) in (0_u32..).zip(&plan.buckets) {
        let mut rows = Vec::with_capacity(groups.len());
        for (group, running) in (0..).zip(&mut groups) {
            let mut first = number;
            if let Some(last) = last {
                // Sums of clusters are not taken away again: what is over a bucket is added up anew.
                missed.extend(running.slices.index.missed());
                *running = Running::new(slices);
                first = (number + 1).saturating_sub(u32::try_from(last).unwrap_or(u32::MAX));
            }
            let own = (first..=number).filter_map(|number| slices.by_key.get(&(group, number)));
            own.for_each(|slice| running.add(slices, slice));
            rows.push(assembly::row(plan, &running.slices, &running.so_far, group));
        }
        found.push(read(bucket.window.to, &rows));
    }
    for running in &groups {
        missed.extend(running.slices.index.missed());
    }
    (found, missed)
}

/// A group with what it has come to so far.
struct Running {
    slices: Slices,
    so_far: Slice,
}

impl Running {
    /// Nothing yet, of the same sums as some slices.
    fn new(like: &Slices) -> Running {
        let so_far = Slice {
            users: (like.clustering == Clustering::Exact).then_some(0),
            ..Slice::empty(like.columns.len())
        };
        Running {
            slices: Slices::empty(like.clustering, like.index.clone()),
            so_far,
        }
    }

    /// Adds one slice of `all`.
    fn add(&mut self, all: &Slices, slice: &Slice) {
        let own = slice.clusters.clone();
        let places = merge::places(&self.slices.keys, all.keys(slice), |key| *key);
        for (ours, theirs) in self.slices.columns.iter_mut().zip(&all.columns) {
            *ours = merge::values(
                &places,
                ours,
                theirs.get(own.clone()).unwrap_or_default(),
                i64::saturating_add,
            );
        }
        self.slices.keys = merge::values(&places, &self.slices.keys, all.keys(slice), |key, _| key);
        let is_user = all.is_user.get(own).unwrap_or_default();
        self.slices.is_user = merge::values(&places, &self.slices.is_user, is_user, |one, other| one || other);

        let so_far = &mut self.so_far;
        so_far.outputs += slice.outputs;
        so_far.clusters = 0..self.slices.keys.len();
        for (sum, more) in so_far.totals.iter_mut().zip(&slice.totals) {
            *sum = sum.saturating_add(*more);
        }
        for (name, more) in &slice.histograms {
            let counts = so_far.histograms.entry(*name).or_insert_with(|| Some(Counts::new()));
            *counts = counts
                .take()
                .zip(more.as_ref())
                .map(|(counts, more)| merge::counts(counts, more));
        }
        so_far.users = match self.slices.clustering {
            Clustering::Exact => Some(self.slices.is_user.iter().filter(|is_user| **is_user).count() as u64),
            Clustering::Groups => {
                let users = so_far.histograms.get(USERS).and_then(Option::as_ref);
                users.map(|counts| counts.len() as u64)
            }
        };
    }
}
