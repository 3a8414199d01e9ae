//! From which confidence on should the feature fire?
//!
//! For each threshold: how many offers would be left, how many of them useful, and the net benefit ([`crate::stats::decision_curve`])
//! against showing everything and showing nothing. Only what was shown can be judged: thresholds below the one that the feature
//! uses now are out of sight, and so is what it missed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::compare::Between;
use crate::domain::clock;
use crate::domain::window::Window;
use crate::metrics::estimate::plain_number;
use crate::metrics::facts::{self as f, decision};
use crate::metrics::families::acceptance::persistent;
use crate::metrics::{Estimate, Histogram, Reason, Sum};
use crate::query::answer::Row;
use crate::query::blocks::days_covering;
use crate::query::gather::{BUCKET, GROUP, Gathered, Over};
use crate::query::plan::{self, MOST_EXACT_OUTPUTS};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::cluster::ClusterRatio;
use crate::stats::decision_curve::{average_precision, odds};
use crate::stats::level::Level;

/// Thresholds lie at multiples of 1/20, from 0 up to below 1.
const STEPS: u32 = 20;
const KNOWN: &str = "known";
const USEFUL: &str = "useful";
/// Confidences are told apart to this many parts of one for the average precision: all of them, or with very many outputs so many
/// that their counts stay small.
const FINE: f64 = 1e10;
const COARSE: f64 = 1e4;

/// What makes an offer useful.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Usefulness {
    /// The user took it and, as far as anyone looked, kept it.
    #[default]
    Persistence,
    /// The user took it, whatever came later.
    Acceptance,
    /// It was judged right.
    Correctness,
}

impl Usefulness {
    /// Whether it is known of an output.
    fn known(self) -> Expr {
        match self {
            Usefulness::Persistence | Usefulness::Acceptance => decision::decided(),
            Usefulness::Correctness => col(f::CORRECT).is_not_null(),
        }
    }

    fn useful(self) -> Expr {
        match self {
            Usefulness::Persistence => persistent(),
            Usefulness::Acceptance => decision::taken(),
            Usefulness::Correctness => col(f::CORRECT),
        }
    }

    fn sums(self) -> Vec<Sum> {
        vec![
            Sum::new(KNOWN, f::count(self.known())),
            Sum::new(USEFUL, f::count(self.useful())),
        ]
    }

    /// The useful and the useless by confidence.
    fn histogram(self, fineness: f64) -> Histogram {
        Histogram {
            kind: 0,
            name: USEFUL,
            bucket: f::only(self.known(), col(f::CONFIDENCE) * lit(fineness) + lit(0.5)),
            exact_bucket: None,
            positive: self.useful(),
        }
    }
}

/// What would be, were only outputs with at least this confidence shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ThresholdStep {
    pub threshold: f64,
    /// Share of the outputs that would still be shown.
    pub shown: Estimate,
    /// Share of useful ones among those.
    pub precision: Estimate,
    /// Of the useful outputs that were shown, the share that still would be. What was missed is not in it.
    pub recall_of_shown: Estimate,
    /// Useful offers per output, less useless ones times what each costs at this threshold.
    pub net_benefit: Estimate,
    /// The net benefit of showing everything.
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub net_benefit_of_all: Option<f64>,
    /// Net benefit minus that of showing everything: above zero, the threshold is worth having at its own cost.
    pub advantage: Between,
}

/// What to look at.
#[derive(Clone)]
pub struct Question {
    /// The headline metrics, the window, filters, level.
    pub query: Query,
    pub usefulness: Usefulness,
}

pub struct Triggered {
    /// The headline metrics.
    pub headline: Option<Row>,
    /// Outputs with a confidence of which the usefulness is known.
    pub outputs: u64,
    /// Share of useful ones among them: the precision of showing everything.
    pub base_rate: Estimate,
    pub average_precision: Option<f64>,
    pub steps: Vec<ThresholdStep>,
    pub window: Window,
    pub log_position: i64,
}

pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Triggered, QueryError> {
    let query = &question.query;
    sources.read(conn, query.project, |snapshot, project| {
        let answer = plan::answer(snapshot.conn, sources, query, now)?;
        let window = answer.window;
        let cells = snapshot.view.cells_where(&query.filters);
        let outputs = snapshot.outputs_of(clock::day_of(window.from)..clock::day_of(window.to) + 1)?;
        let fineness = if outputs > MOST_EXACT_OUTPUTS { COARSE } else { FINE };
        let (sums, histograms) = (question.usefulness.sums(), [question.usefulness.histogram(fineness)]);
        let mut gathered = Gathered::new(&sums, &histograms);
        for day in days_covering(&window) {
            let stated = snapshot.segment(day, None)?;
            let inside = |cell: i32, time: i64| {
                cells.contains(&cell) && (window.from..window.to).contains(&clock::from_micros(time))
            };
            gathered.add(placed(stated, inside)?)?;
        }
        let slices = gathered.slices(Over::Nothing)?;
        let mut users: HashMap<i64, Vec<Counts>> = HashMap::new();
        for ((step, _), slice) in &slices.by_key {
            let [known, useful] = slices.read(slice, query.level, query.interval, |statistics| {
                [KNOWN, USEFUL].map(|name| statistics.by_cluster(name))
            });
            for (user, own) in slices.keys(slice).iter().zip(known.into_iter().zip(useful)) {
                let counts = users
                    .entry(*user)
                    .or_insert_with(|| vec![(0.0, 0.0); STEPS as usize + 1]);
                if let Some(slot) = counts.get_mut(*step as usize) {
                    *slot = (slot.0 + own.0, slot.1 + own.1);
                }
            }
        }
        let curve = Curve::new(users);
        let whole = gathered.slices(Over::Groups)?;
        let distinct = whole
            .by_key
            .get(&(0, 0))
            .and_then(|slice| slice.histograms.get(USEFUL)?.as_ref());
        let counts: Vec<(f64, f64)> = distinct
            .into_iter()
            .flatten()
            .map(|(_, useful, useless)| (*useful as f64, *useless as f64))
            .collect();
        Ok(Triggered {
            headline: answer.rows.into_iter().next(),
            outputs: curve.known() as u64,
            base_rate: curve.share(|own| (own.useful_above(0), own.known_above(0)), query.level),
            average_precision: average_precision(&counts),
            steps: (0..STEPS).filter_map(|step| curve.step(step, query.level)).collect(),
            window,
            log_position: project.folded_events,
        })
    })
}

/// The outputs that count and have a confidence, with the number of the highest threshold that they reach as group.
fn placed(stated: DataFrame, inside: impl Fn(i32, i64) -> bool) -> PolarsResult<DataFrame> {
    let cells = stated.column(f::CELL)?.i32()?.iter();
    let times = stated.column(f::SHOWN_AT)?.i64()?.iter();
    let missed = stated.column(f::MISSED)?.bool()?.iter();
    let confidences = stated.column(f::CONFIDENCE)?.f64()?.iter();
    let places: Vec<Option<u32>> = cells
        .zip(times)
        .zip(missed.zip(confidences))
        .map(|((cell, time), (missed, confidence))| {
            let confidence = confidence.filter(|_| missed == Some(false))?;
            inside(cell?, time?).then_some(reached(confidence))
        })
        .collect();
    let steps: Vec<u32> = places.iter().flatten().copied().collect();
    let kept: BooleanChunked = places.iter().map(|place| Some(place.is_some())).collect();
    let mut frame = stated.filter(&kept)?;
    frame.with_column(Column::new(BUCKET.into(), vec![0_u32; steps.len()]))?;
    frame.with_column(Column::new(GROUP.into(), steps))?;
    Ok(frame)
}

fn threshold(step: u32) -> f64 {
    f64::from(step) / f64::from(STEPS)
}

/// The highest threshold that a confidence is not below.
fn reached(confidence: f64) -> u32 {
    // The product may round to either side of a threshold: the comparison decides.
    let near = (confidence * f64::from(STEPS)).round() as u32;
    if threshold(near) <= confidence {
        near
    } else {
        near.saturating_sub(1)
    }
}

/// Outputs of which the usefulness is known, and useful ones.
type Counts = (f64, f64);

/// The counts of each user, by the highest threshold reached.
struct Curve {
    users: Vec<User>,
}

/// One user's counts at each threshold and above.
struct User(Vec<Counts>);

impl User {
    fn known_above(&self, step: u32) -> f64 {
        self.0.get(step as usize).map_or(0.0, |own| own.0)
    }

    fn useful_above(&self, step: u32) -> f64 {
        self.0.get(step as usize).map_or(0.0, |own| own.1)
    }

    /// Useful offers less useless ones times what each costs.
    fn benefit(&self, step: u32, cost: f64) -> f64 {
        let useful = self.useful_above(step);
        useful - cost * (self.known_above(step) - useful)
    }
}

impl Curve {
    fn new(users: HashMap<i64, Vec<Counts>>) -> Curve {
        let mut sorted: Vec<(i64, Vec<Counts>)> = users.into_iter().collect();
        sorted.sort_unstable_by_key(|(user, _)| *user);
        let users = sorted.into_iter().map(|(_, mut own)| {
            let mut above = (0.0, 0.0);
            for counts in own.iter_mut().rev() {
                above = (above.0 + counts.0, above.1 + counts.1);
                *counts = above;
            }
            User(own)
        });
        Curve { users: users.collect() }
    }

    fn known(&self) -> f64 {
        self.users.iter().map(|own| own.known_above(0)).sum()
    }

    fn ratio(&self, totals: impl Fn(&User) -> Counts) -> ClusterRatio {
        ClusterRatio::from_totals(&self.users.iter().map(totals).collect::<Vec<_>>())
    }

    /// A share of outputs.
    fn share(&self, totals: impl Fn(&User) -> Counts, level: Level) -> Estimate {
        let ratio = self.ratio(totals);
        estimate(&ratio, |ratio| ratio.wilson(level), "wilson_cluster_exact")
    }

    fn step(&self, step: u32, level: Level) -> Option<ThresholdStep> {
        let threshold = threshold(step);
        let cost = odds(threshold)?;
        let benefit = self.ratio(|own| (own.benefit(step, cost), own.known_above(0)));
        let of_all = self.ratio(|own| (own.benefit(0, cost), own.known_above(0)));
        let advantage = self.ratio(|own| (own.benefit(step, cost) - own.benefit(0, cost), own.known_above(0)));
        Some(ThresholdStep {
            threshold,
            shown: self.share(|own| (own.known_above(step), own.known_above(0)), level),
            precision: self.share(|own| (own.useful_above(step), own.known_above(step)), level),
            recall_of_shown: self.share(|own| (own.useful_above(step), own.useful_above(0)), level),
            net_benefit: estimate(&benefit, |ratio| ratio.linear(level), "linear_cluster_exact"),
            net_benefit_of_all: of_all.ratio(),
            advantage: advantage.ratio().map_or(Between::point(None), |value| {
                Between::interval(value, advantage.linear(level))
            }),
        })
    }
}

fn estimate(
    ratio: &ClusterRatio,
    interval: impl Fn(&ClusterRatio) -> Option<crate::stats::level::Interval>,
    method: &'static str,
) -> Estimate {
    match ratio.ratio() {
        Some(value) => Estimate {
            users: Some(ratio.clusters),
            ..Estimate::point(value, ratio.denominator as u64)
                .of(ratio.numerator, ratio.denominator)
                .within(interval(ratio), method)
                .with_standard_error(ratio.standard_error())
        },
        None => Estimate::none(Reason::NoCases),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_reaches_the_threshold_that_it_equals() {
        for step in 0..=STEPS {
            let exact = threshold(step);
            assert_eq!(reached(exact), step);
            assert_eq!(reached(exact + 1e-9), step);
            assert_eq!(reached(exact - 1e-9), step.saturating_sub(1));
        }
    }

    #[test]
    fn net_benefit_is_that_of_its_definition() {
        let mut counts = vec![(0.0, 0.0); STEPS as usize + 1];
        counts[4] = (10.0, 1.0);
        counts[16] = (10.0, 9.0);
        let curve = Curve::new(HashMap::from([(1, counts.clone()), (2, counts)]));
        let half = curve.step(10, Level::default()).unwrap();
        assert_eq!(half.precision.value, Some(0.9));
        assert_eq!(half.recall_of_shown.value, Some(0.9));
        assert!((half.net_benefit.value.unwrap() - (18.0 - 2.0) / 40.0).abs() < 1e-15);
        assert!((half.net_benefit_of_all.unwrap() - (20.0 - 20.0) / 40.0).abs() < 1e-15);
        assert!((half.advantage.value.unwrap() - 0.4).abs() < 1e-15);
        let all = curve.step(0, Level::default()).unwrap();
        assert_eq!((all.shown.value, all.advantage.value), (Some(1.0), Some(0.0)));
    }
}
