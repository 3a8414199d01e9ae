//! From which confidence on should the feature fire?
//!
//! For each threshold: how many offers would be left, how many of them useful, and the net benefit ([`crate::stats::decision_curve`])
//! against showing everything and showing nothing. Only what was shown can be judged: thresholds below the one that the feature
//! uses now are out of sight, and so is what it missed.

mod curve;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use polars::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::curve::{Counts, Curve, STEPS, reached};
pub use self::curve::{ThresholdStep, Weights};
use crate::domain::clock;
use crate::domain::window::Window;
use crate::metrics::facts::{self as f, decision};
use crate::metrics::families::acceptance::persistent;
use crate::metrics::{Estimate, Histogram, Sum};
use crate::query::answer::Row;
use crate::query::gather::{BUCKET, GROUP, Gathering, Over};
use crate::query::origin::{MOST_EXACT_OUTPUTS, check_kept};
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::decision_curve::average_precision;

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

/// What to look at.
#[derive(Clone)]
pub struct Question {
    /// The headline metrics, the window, filters, level.
    pub query: Query,
    pub usefulness: Usefulness,
    pub weights: Weights,
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
        let answer = plan::answer(snapshot.conn()?, sources, query, now)?;
        let window = answer.window;
        check_kept(snapshot, &window)?;
        let cells = snapshot.view.cells_where(&query.filters);
        let outputs = snapshot.outputs_of(clock::day_of(window.from)..clock::day_of(window.to) + 1)?;
        let fineness = if outputs > MOST_EXACT_OUTPUTS { COARSE } else { FINE };
        let (sums, histograms) = (question.usefulness.sums(), [question.usefulness.histogram(fineness)]);
        let mut gathering = Gathering::new(&sums, &histograms);
        let columns = gathering.columns([f::CELL, f::SHOWN_AT, f::MISSED, f::CONFIDENCE]);
        for day in snapshot.days_of(&window) {
            let stated = snapshot.segment(day, Some(&columns))?;
            let inside = |cell: i32, time: i64| {
                cells.contains(&cell) && (window.from..window.to).contains(&clock::from_micros(time))
            };
            gathering.add(placed(stated, inside)?)?;
        }
        let gathered = gathering.finish()?;
        let mut users: HashMap<i64, (bool, Vec<Counts>)> = HashMap::new();
        gathered.each_slice(Over::Nothing, |(step, _), slices, slice| {
            let (is_user, [known, useful]) = slices.read(slice, query, |statistics| {
                let sums = [KNOWN, USEFUL].map(|name| statistics.by_cluster(name));
                (statistics.is_user.to_vec(), sums)
            });
            let keys = slices.keys(slice).iter().zip(is_user);
            for ((user, is_user), own) in keys.zip(known.into_iter().zip(useful)) {
                let (_, counts) = users
                    .entry(*user)
                    .or_insert_with(|| (is_user, vec![(0.0, 0.0); STEPS as usize + 1]));
                if let Some(slot) = counts.get_mut(step as usize) {
                    *slot = (slot.0 + own.0, slot.1 + own.1);
                }
            }
        });
        let curve = Curve::new(users);
        let whole = gathered.slices(Over::Groups);
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
            steps: (0..STEPS)
                .filter_map(|step| curve.step(step, question.weights, query.level))
                .collect(),
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
