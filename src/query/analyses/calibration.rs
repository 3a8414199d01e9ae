//! Does confidence mean what it says, with an interval for every number?
//!
//! Most errors of calibration are functions of the confidences themselves, which have no simple variance. Where an answer comes from
//! outputs, their intervals come from drawing users with replacement, [`DRAWS`] times and seeded, so that the same outputs give the
//! same interval: the value ± the critical value times what draws differ from it by (root mean square). Cox's line has a
//! sandwich instead.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::outcomes::{self, outcomes};
use crate::metrics::facts;
use crate::metrics::families::calibration::{Target, of_draws};
use crate::metrics::{Estimate, Metric, Unit};
use crate::query::answer::{Answer, Row, Source};
use crate::query::gather::{BUCKET, GROUP};
use crate::query::plan::{self, Plan};
use crate::query::request::{Query, QueryError};
use crate::query::rows::placed;
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::query::sums::SliceKey;
use crate::stats::bootstrap::Spread;
use crate::stats::calibration::Bin;
use crate::stats::cluster::ROUNDING;
use crate::stats::level::Level;
use crate::stats::recalibration;
use crate::stats::sample::{GRID, Sample};
use crate::store::projects;

/// Draws of users for each slice.
pub const DRAWS: usize = 200;
/// Answers of more slices come without drawn intervals.
pub const MOST_DRAWN: usize = 50;

const SEED: u64 = 20_210_609;

/// Answers a question about metrics of one target of the calibration family.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    target: Target,
    now: DateTime<Utc>,
) -> Result<Answer, QueryError> {
    let (mut answer, samples) = conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let answer = plan::answer(conn, sources, query, now)?;
        let mut samples = Vec::new();
        if answer.source == Source::Segments && answer.rows.len() <= MOST_DRAWN {
            let project = projects::find(conn, query.project)?;
            let mut snapshot = Snapshot::new(conn, sources, &project)?;
            let view = Arc::clone(&snapshot.view);
            let refined = plan::refine(&mut snapshot, query, &project, &answer.window)?;
            let plan = plan::plan(query, &view.cells, refined.as_ref(), answer.window)?;
            let mut by_place = self::samples(&mut snapshot, &plan, target)?;
            samples.extend(answer.rows.iter().map(|row| by_place.remove(&place_of(&plan, row))));
        }
        Ok::<_, QueryError>((answer, samples))
    })?;
    // The transaction is over: drawing takes longer than reading.
    for (row, sample) in answer.rows.iter_mut().zip(samples) {
        if let Some(sample) = sample {
            sources.check()?;
            draw(query, target, row, &sample);
        }
    }
    Ok(answer)
}

/// The number of a row's group, and of its bucket.
fn place_of(plan: &Plan, row: &Row) -> SliceKey {
    let mut starts = plan.buckets.iter().map(|bucket| bucket.start);
    let bucket = row.bucket.and_then(|start| starts.position(|other| other == start));
    (row.number, bucket.unwrap_or_default() as u32)
}

/// The confidences of each slice of a plan.
fn samples(snapshot: &mut Snapshot, plan: &Plan, target: Target) -> Result<HashMap<SliceKey, Sample>, QueryError> {
    let group_of_cell = plan.group_of_cell();
    let mut points: HashMap<SliceKey, Vec<(i64, f64, bool)>> = HashMap::new();
    let attributes = plan.refined.map(|_| facts::ATTRIBUTES);
    let columns: Vec<&str> = outcomes::COLUMNS.into_iter().chain(attributes).collect();
    for day in snapshot.days(&plan.window) {
        let stated = placed(plan, &group_of_cell, snapshot.segment(day, Some(&columns))?)?;
        for (outcome, place) in outcomes(stated, target, &[GROUP, BUCKET])? {
            if let [group, bucket] = place[..] {
                let own = points.entry((group, bucket)).or_default();
                own.push((outcome.cluster, outcome.confidence, outcome.positive));
            }
        }
    }
    Ok(points
        .into_iter()
        .map(|(key, points)| (key, Sample::new(points, GRID)))
        .collect())
}

/// Gives a row the intervals that take its users.
fn draw(query: &Query, target: Target, row: &mut Row, sample: &Sample) {
    let cells = sample.cells();
    let of_draws = of_draws(&cells);
    let statistics = |cells: &[Bin]| of_draws.iter().map(|(_, of)| of(cells)).collect();
    let spreads = sample.bootstrap(DRAWS, SEED, statistics);
    let drawn = of_draws
        .iter()
        .zip(spreads)
        .map(|((name, _), spread)| (*name, spread, "bootstrap_cluster"));
    let sizes = sample.sizes();
    let line = line_errors(sample, &cells).filter(|_| sizes.show_spread());
    let of_line = |at: fn([f64; 2]) -> f64| {
        line.map(|errors| Spread {
            bias: 0.0,
            error: at(errors),
            sizes,
        })
    };
    let line = [
        (
            "calibration_intercept",
            of_line(|[intercept, _]| intercept),
            "sandwich_cluster",
        ),
        ("calibration_slope", of_line(|[_, slope]| slope), "sandwich_cluster"),
    ];
    for (name, spread, method) in drawn.chain(line) {
        let id = format!("{name}_{}", target.name());
        let asked = query.metrics.iter().zip(&mut row.estimates);
        for (metric, estimate) in asked.filter(|(metric, _)| metric.id == id) {
            give(metric, estimate, spread, method, query.level);
        }
    }
}

fn give(metric: &Metric, estimate: &mut Estimate, spread: Option<Spread>, method: &'static str, level: Level) {
    let Some(value) = estimate.value else { return };
    // Draws that all say the same do not tell how far off it may be.
    let spread = spread.filter(|spread| spread.error.hypot(spread.bias) > ROUNDING);
    if spread.is_none() && estimate.lower.is_some() {
        return;
    }
    let interval = spread.map(|spread| {
        let interval = spread.interval(value, level);
        match metric.unit {
            Unit::Share => interval.clip_to_unit(),
            _ => interval,
        }
    });
    let error = spread.map(|spread| spread.error);
    *estimate = estimate.clone().within(interval, method).with_standard_error(error);
}

/// The standard errors of Cox's line, clustered.
fn line_errors(sample: &Sample, cells: &[Bin]) -> Option<[f64; 2]> {
    let line = recalibration::cox(cells)?;
    let scores = sample.by_cluster(&[0.0; 2], |sum, confidence, entry| {
        let [intercept, slope] = line.score(confidence, entry.n, entry.y);
        *sum = [sum[0] + intercept, sum[1] + slope];
    });
    line.clustered_variances(&scores)
        .map(|variances| variances.map(f64::sqrt))
}
