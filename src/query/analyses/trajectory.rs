//! How does trust grow with use?
//!
//! Outputs are put in order of exposure: the first, second, … n-th of a feature that a user met. Rates by exposure mix learning
//! with leaving, since only those who stay reach the later ones; the same rates over users who reached [`REGULAR`] exposures do not,
//! nor does what the same users did at first and later ([`super::growth`]).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use polars::prelude::*;

use super::compare::Between;
use super::exposures::{Exposures, Met, Parts};
use super::fading::{self, Moment};
use super::growth::{self, Growth};
use super::load::{self, Load};
use super::recovery::{self, Lag, Recovery};
use super::staying::{Seen, Staying};
use crate::domain::edits::EditThresholds;
use crate::domain::window::{Granularity, Window};
use crate::metrics::{self, Estimate, Metric, Reason};
use crate::query::gather::{BUCKET, GROUP, Gathering, Over};
use crate::query::plan::histograms_of;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::query::sums::{Slice, SliceKey, Slices};
use crate::stats::contrast::{Contrast, Pair};

/// First exposures of the steps: 1, 2, 3–5, 6–10, 11–20, …
const STEPS: [u32; 11] = [1, 2, 3, 6, 11, 21, 51, 101, 201, 501, 1_001];
/// Exposures of a user who is not a passer-by.
pub const REGULAR: u32 = 21;

/// The metrics of a step of exposures.
#[derive(Clone, Debug)]
pub struct Step {
    /// The first exposure of the step.
    pub from: u32,
    /// The last exposure of the step; null for the last step.
    pub to: Option<u32>,
    /// In the order of the metrics asked for.
    pub estimates: Vec<Estimate>,
}

/// What users do as they meet a feature again and again.
#[derive(Clone, Debug)]
pub struct Trajectory {
    pub window: Window,
    pub log_position: i64,
    pub all: Vec<Step>,
    /// Of users with at least [`REGULAR`] exposures.
    pub regulars: Vec<Step>,
    /// Of users whose first exposure is in the window, and of the others.
    pub newcomers: Vec<Estimate>,
    pub returning: Vec<Estimate>,
    /// Newcomers minus returning users.
    pub newcomers_difference: Vec<Between>,
    /// Acceptance of users later on minus that of the same users at first.
    pub growth: Estimate,
    pub recovery: Vec<Lag>,
    /// Decided outputs after which half of the drop is gone.
    pub half_life: Estimate,
    /// How long newcomers keep using it.
    pub staying: Staying,
    /// Outputs for each hour in which a user was shown one.
    pub load: Estimate,
    pub granularity: Granularity,
    pub edit_thresholds: Option<EditThresholds>,
    pub by_time: Vec<Moment>,
}

/// Whom to follow.
#[derive(Clone)]
pub struct Question {
    /// Metrics, filters, window, level; the granularity is that of calendar time.
    pub query: Query,
    /// Days after which a decision counts half for trust.
    pub half_life_days: f64,
    /// Days of silence after which a user counts as having stopped.
    pub quiet_days: u32,
}

/// Follows the users of the outputs that pass the question's filters.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Trajectory, QueryError> {
    sources.asked(conn, &question.query, |snapshot, project, window| {
        let query = question.query.in_terms_of(project);
        let question = Question { query, ..*question };
        let cells = snapshot.view.cells_where(&question.query.filters);
        let parts = cells.into_iter().map(|cell| (cell, 0)).collect();
        let mut trajectory = follow(snapshot, &question, window, &parts, project.folded_events, now)?;
        let (granularity, by_time) =
            fading::run(snapshot.conn()?, sources, &question.query, question.half_life_days, now)?;
        (trajectory.granularity, trajectory.by_time) = (granularity, by_time);
        Ok(trajectory)
    })
}

/// All but what happened over calendar time.
fn follow(
    snapshot: &mut Snapshot,
    question: &Question,
    window: Window,
    parts: &Parts,
    log_position: i64,
    now: DateTime<Utc>,
) -> Result<Trajectory, QueryError> {
    let query = &question.query;
    let mut names = query.sums_read();
    loop {
        let (sums, histograms) = (metrics::sums_named(&names), histograms_of(&query.metrics));
        let mut gathering = Gathering::new(&sums, &histograms);
        let (mut recovery, mut growth) = (Recovery::default(), Growth::default());
        let (mut seen, mut load) = (Seen::default(), Load::default());
        let read = [&recovery::READ[..], &growth::READ, &load::READ].concat();
        let columns = gathering.columns(read);
        let exposures = Exposures::walk(snapshot, parts, &window, &columns, |met| {
            recovery.add(&met)?;
            growth.add(&met)?;
            seen.add(&met)?;
            load.add(&met)?;
            Ok(gathering.add(placed(met)?)?)
        })?;
        let gathered = gathering.finish()?;
        let (mut all, mut regular) = (BTreeMap::new(), BTreeMap::new());
        let mut missed = gathered.each_slice(Over::Groups, |(_, step), slices, slice| {
            all.insert(step, estimates_of(query, slices, slice));
        });
        let is_regular = |user| exposures.of(0, user) >= REGULAR;
        missed.extend(
            gathered.each_of_clusters(Over::Groups, is_regular, |(_, step), slices, slice| {
                regular.insert(step, estimates_of(query, slices, slice));
            }),
        );
        let kinds = gathered.slices(Over::Buckets);
        let after_bad = recovery.found(query.level);
        let trajectory = Trajectory {
            window,
            log_position,
            all: steps(query, all),
            regulars: steps(query, regular),
            newcomers: estimates(query, &kinds, (0, 0)),
            returning: estimates(query, &kinds, (1, 0)),
            newcomers_difference: query
                .metrics
                .iter()
                .map(|metric| difference(query, &kinds, metric))
                .collect(),
            growth: growth
                .by_part(query.level)
                .remove(&0)
                .unwrap_or_else(|| Estimate::none(Reason::NoData)),
            recovery: after_bad.lags,
            half_life: after_bad.half_life,
            staying: seen.staying(window.to.min(now), question.quiet_days, query.level),
            load: load.per_active_hour(query.level),
            granularity: Granularity::Auto,
            edit_thresholds: query.states_edit_thresholds(),
            by_time: Vec::new(),
        };
        missed.extend(kinds.index.missed());
        if missed.is_empty() {
            return Ok(trajectory);
        }
        names.extend(missed);
    }
}

/// The rows with the number of their step as bucket, and whether the user is returning as group.
fn placed(met: Met) -> PolarsResult<DataFrame> {
    let groups = met.returning.iter().map(|returning| u32::from(*returning)).collect();
    placed_in(groups, met)
}

/// The rows with the number of their step as bucket.
pub fn placed_in(groups: Vec<u32>, met: Met) -> PolarsResult<DataFrame> {
    let steps: Vec<u32> = met.numbers.iter().map(|number| step_of(*number)).collect();
    let mut frame = met.stated;
    frame.with_column(Column::new(GROUP.into(), groups))?;
    frame.with_column(Column::new(BUCKET.into(), steps))?;
    Ok(frame)
}

fn step_of(number: u32) -> u32 {
    STEPS.partition_point(|first| *first <= number).saturating_sub(1) as u32
}

/// The steps up to the last that someone reached, from the estimates of those that someone did.
pub fn steps(query: &Query, mut found: BTreeMap<u32, Vec<Estimate>>) -> Vec<Step> {
    let reached = found.keys().last().map_or(0, |step| *step as usize + 1);
    (0..)
        .zip(STEPS.iter().take(reached))
        .map(|(number, from)| Step {
            from: *from,
            to: STEPS.get(number as usize + 1).map(|next| next - 1),
            estimates: found.remove(&number).unwrap_or_else(|| no_data(query)),
        })
        .collect()
}

fn no_data(query: &Query) -> Vec<Estimate> {
    query.metrics.iter().map(|_| Estimate::none(Reason::NoData)).collect()
}

/// The estimates of a slice.
pub fn estimates_of(query: &Query, slices: &Slices, slice: &Slice) -> Vec<Estimate> {
    slices.read(slice, query, |statistics| {
        let metrics = query.metrics.iter();
        metrics.map(|metric| (metric.estimate)(statistics)).collect()
    })
}

fn estimates(query: &Query, slices: &Slices, key: SliceKey) -> Vec<Estimate> {
    let slice = slices.by_key.get(&key);
    slice.map_or_else(|| no_data(query), |slice| estimates_of(query, slices, slice))
}

/// A metric of newcomers minus that of returning users.
fn difference(query: &Query, kinds: &Slices, metric: &Metric) -> Between {
    let side = |key: SliceKey| match kinds.by_key.get(&key) {
        Some(slice) => kinds.read(slice, query, |statistics| {
            let (estimate, trace) = statistics.traced(metric.estimate);
            (estimate, trace.unwrap_or_default().moved().collect())
        }),
        None => (Estimate::none(Reason::NoData), Vec::new()),
    };
    let [(newcomers, new), (returning, old)] = [(0, 0), (1, 0)].map(side);
    let sides = [&newcomers, &returning];
    let (Some(first), Some(second)) = (returning.value, newcomers.value) else {
        return Between::missing(sides);
    };
    // No user is both.
    let pairs = old
        .into_iter()
        .map(|own| (own, None))
        .chain(new.into_iter().map(|own| (None, own)));
    let contrast = Contrast::new(first, second, &pairs.collect::<Vec<Pair>>());
    Between::of(sides, contrast.difference, contrast.interval(query.level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_every_exposure_once() {
        assert_eq!([1, 2, 3, 5, 6, 20, 21, 5_000].map(step_of), [0, 1, 2, 2, 3, 4, 5, 10]);
    }
}
