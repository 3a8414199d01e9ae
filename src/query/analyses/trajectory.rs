//! How does trust grow with use?
//!
//! Outputs are put in order of exposure: the first, second, … n-th of a feature that a user met. Rates by exposure mix learning
//! with leaving, since only those who stay reach the later ones; the same rates over users who reached [`REGULAR`] exposures do not.

use std::collections::{BTreeSet, HashSet};

use polars::prelude::*;

use super::exposures::{Exposures, Met};
use super::recovery::{Lag, Recovery};
use crate::domain::window::Window;
use crate::metrics::index::sums_read;
use crate::metrics::{self, Estimate, Metric, Reason};
use crate::query::dimensions;
use crate::query::gather::{BUCKET, GROUP, Gathered, Over};
use crate::query::plan::{self, histograms_of};
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::query::sums::{SliceKey, Slices};
use crate::store::cells::CellId;

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
    pub recovery: Vec<Lag>,
}

/// Follows the users of the outputs that pass the question's filters.
pub fn run(conn: &mut diesel::PgConnection, sources: &Sources, query: &Query) -> Result<Trajectory, QueryError> {
    sources.read(conn, query.project, |snapshot, project| {
        dimensions::check(query, project)?;
        let window = plan::window(snapshot, query)?;
        let cells = snapshot.view.cells_where(&query.filters);
        follow(snapshot, query, window, &cells, project.folded_events)
    })
}

fn follow(
    snapshot: &mut Snapshot,
    query: &Query,
    window: Window,
    cells: &HashSet<CellId>,
    log_position: i64,
) -> Result<Trajectory, QueryError> {
    let mut names = sums_read(&query.metrics, None);
    loop {
        let (sums, histograms) = (metrics::sums_named(&names), histograms_of(&query.metrics));
        let mut gathered = Gathered::new(&sums, &histograms);
        let mut recovery = Recovery::default();
        let exposures = Exposures::walk(snapshot, cells, &window, |met| {
            recovery.add(&met)?;
            Ok(gathered.add(placed(met)?)?)
        })?;
        let regular = gathered.of_clusters(|user| exposures.of(user) >= REGULAR)?;
        let (all, regular) = (gathered.slices(Over::Groups)?, regular.slices(Over::Groups)?);
        let kinds = gathered.slices(Over::Buckets)?;
        let trajectory = Trajectory {
            window,
            log_position,
            all: steps(query, &all),
            regulars: steps(query, &regular),
            newcomers: estimates(query, &kinds, (0, 0)),
            returning: estimates(query, &kinds, (1, 0)),
            recovery: recovery.lags(query.level),
        };
        let missed: BTreeSet<String> = [all, regular, kinds]
            .iter()
            .flat_map(|slices| slices.index.missed())
            .collect();
        if missed.is_empty() {
            return Ok(trajectory);
        }
        names.extend(missed);
    }
}

/// The rows with the number of their step as bucket, and whether the user is returning as group.
fn placed(met: Met) -> PolarsResult<DataFrame> {
    let steps: Vec<u32> = met.numbers.iter().map(|number| step_of(*number)).collect();
    let groups: Vec<u32> = met.returning.iter().map(|returning| u32::from(*returning)).collect();
    let mut frame = met.stated;
    frame.with_column(Column::new(GROUP.into(), groups))?;
    frame.with_column(Column::new(BUCKET.into(), steps))?;
    Ok(frame)
}

fn step_of(number: u32) -> u32 {
    STEPS.partition_point(|first| *first <= number).saturating_sub(1) as u32
}

fn steps(query: &Query, slices: &Slices) -> Vec<Step> {
    let reached = slices
        .by_key
        .keys()
        .map(|(_, step)| *step as usize + 1)
        .max()
        .unwrap_or_default();
    (0..)
        .zip(STEPS.iter().take(reached))
        .map(|(number, from)| Step {
            from: *from,
            to: STEPS.get(number as usize + 1).map(|next| next - 1),
            estimates: estimates(query, slices, (0, number)),
        })
        .collect()
}

fn estimates(query: &Query, slices: &Slices, key: SliceKey) -> Vec<Estimate> {
    let metrics = query.metrics.iter();
    match slices.by_key.get(&key) {
        Some(slice) => slices.read(slice, query.level, query.interval, |statistics| {
            metrics.map(|metric: &&Metric| (metric.estimate)(statistics)).collect()
        }),
        None => metrics.map(|_| Estimate::none(Reason::NoData)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_cover_every_exposure_once() {
        assert_eq!([1, 2, 3, 5, 6, 20, 21, 5_000].map(step_of), [0, 1, 2, 2, 3, 4, 5, 10]);
    }
}
