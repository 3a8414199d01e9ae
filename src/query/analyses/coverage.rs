//! What would the score be, had everything been answered?
//!
//! Outputs are cut into strata: the segments of some dimensions, and within each the bands of confidence, which go with both how
//! often users answer and what they say. The weighted estimate gives each stratum its share of what was shown; the bounds say what
//! the data alone can, whatever lies behind the silence ([`crate::stats::nonresponse`]). What the app took by itself was shown and
//! never decided on by anyone: it is missing like what users left alone.

use std::collections::HashMap;

use diesel::pg::PgConnection;
use polars::prelude::*;

use crate::domain::clock;
use crate::domain::dimension::Dimension;
use crate::domain::window::Window;
use crate::metrics::facts::{self as f, BINS};
use crate::metrics::families::calibration::Target;
use crate::metrics::{self, Estimate, Metric, Reason};
use crate::query::gather::{BUCKET, GROUP, Gathering, Over};
use crate::query::origin::check_kept;
use crate::query::request::{MAX_GROUPS, Query, QueryError};
use crate::query::sources::Sources;
use crate::query::sums::{Slice, Slices};
use crate::stats::calibration::bin_index;
use crate::stats::nonresponse::{Answers, Bounds, Strata, Weighted};
use crate::store::cells::CellId;

/// What to weigh.
#[derive(Clone)]
pub struct Question {
    /// The window, filters, level.
    pub query: Query,
    /// Which score: acceptance is known of what was decided, correctness of what was judged.
    pub target: Target,
    /// The dimensions whose segments are strata.
    pub dimensions: Vec<Dimension>,
}

/// How much of some outputs is known, and the score of that.
#[derive(Clone, Debug)]
pub struct Part {
    pub coverage: Estimate,
    pub score: Estimate,
    pub shown: u64,
}

pub struct Covered {
    pub whole: Part,
    pub weighted: Option<Weighted>,
    pub bounds: Bounds,
    pub strata: usize,
    /// By the values of the dimensions.
    pub segments: Vec<(Vec<Option<String>>, Part)>,
    /// By band of confidence, the last of outputs without one; `None` for bands without outputs.
    pub bands: Vec<Option<Part>>,
    pub window: Window,
    pub log_position: i64,
}

/// Coverage, and the score that it is about.
fn metrics_of(target: Target) -> Vec<&'static Metric> {
    let ids = match target {
        Target::Acceptance => ["response_rate", "acceptance_rate"],
        Target::Correctness => ["judgement_coverage", "correctness_rate"],
    };
    ids.iter()
        .filter_map(|id| metrics::find(id).map(|(_, metric)| metric))
        .collect()
}

/// The sums that count what was shown, what of it is known, and what of that is positive.
fn names_of(target: Target) -> [&'static str; 3] {
    match target {
        Target::Acceptance => ["shown", "decided", "taken"],
        Target::Correctness => ["shown", "judged", "correct"],
    }
}

pub fn run(conn: &mut PgConnection, sources: &Sources, question: &Question) -> Result<Covered, QueryError> {
    let query = &Query {
        group_by: question.dimensions.clone(),
        metrics: metrics_of(question.target),
        ..question.query.clone()
    };
    sources.asked(conn, query, |snapshot, project, window| {
        check_kept(snapshot, &window)?;
        let (values, cells) = snapshot.view.groups(&query.filters, &query.group_by);
        if values.len() > MAX_GROUPS {
            return Err(QueryError::TooManyGroups { found: values.len() });
        }
        let group_of_cell: PlHashMap<CellId, u32> = cells.into_iter().collect();
        let mut names = query.sums_read();
        names.extend(names_of(question.target).map(str::to_owned));
        let sums = metrics::sums_named(&names);
        let mut gathering = Gathering::new(&sums, &[]);
        let columns = gathering.columns([f::CELL, f::SHOWN_AT, f::MISSED, f::CONFIDENCE]);
        for day in snapshot.days_of(&window) {
            let stated = snapshot.segment(day, Some(&columns))?;
            gathering.add(placed(&group_of_cell, &window, stated)?)?;
        }
        let gathered = gathering.finish()?;
        let parts = |over| {
            let mut parts = HashMap::new();
            gathered.each_slice(over, |key, slices, slice| {
                parts.extend(part(slices, slice, query).map(|part| (key, part)));
            });
            parts
        };
        let (mut by_group, mut by_band) = (parts(Over::Buckets), parts(Over::Groups));
        let whole = parts(Over::Everything).remove(&(0, 0));
        let mut found = Strata::new();
        gathered.each_slice(Over::Nothing, |_, slices, slice| {
            found.push(counts(slices, slice, question.target, query));
        });
        drop(gathered);
        Ok(Covered {
            whole: whole.unwrap_or_else(Part::of_nothing),
            weighted: Weighted::estimate(&found),
            bounds: Bounds::new(&found),
            strata: found.len(),
            segments: (0..)
                .zip(values)
                .filter_map(|(number, values)| Some((values, by_group.remove(&(number, 0))?)))
                .collect(),
            bands: (0..=BINS as u32).map(|band| by_band.remove(&(0, band))).collect(),
            window,
            log_position: project.folded_events,
        })
    })
}

/// The shown outputs of the window, with the number of their segment as group and of their band as bucket.
fn placed(group_of_cell: &PlHashMap<CellId, u32>, window: &Window, stated: DataFrame) -> PolarsResult<DataFrame> {
    let cells = stated.column(f::CELL)?.i32()?.iter();
    let times = stated.column(f::SHOWN_AT)?.i64()?.iter();
    let missed = stated.column(f::MISSED)?.bool()?.iter();
    let confidences = stated.column(f::CONFIDENCE)?.f64()?.iter();
    let inside = |time: i64| (window.from..window.to).contains(&clock::from_micros(time));
    let places: Vec<Option<(u32, u32)>> = cells
        .zip(times)
        .zip(missed.zip(confidences))
        .map(|((cell, time), (missed, confidence))| {
            let group = group_of_cell.get(&cell?)?;
            let band = confidence.map_or(BINS, |confidence| bin_index(confidence, BINS));
            (inside(time?) && missed == Some(false)).then_some((*group, band as u32))
        })
        .collect();
    let (groups, bands): (Vec<u32>, Vec<u32>) = places.iter().flatten().copied().unzip();
    let kept: BooleanChunked = places.iter().map(|place| Some(place.is_some())).collect();
    let mut frame = stated.filter(&kept)?;
    frame.with_column(Column::new(GROUP.into(), groups))?;
    frame.with_column(Column::new(BUCKET.into(), bands))?;
    Ok(frame)
}

/// The counts of each user in a stratum.
fn counts(slices: &Slices, slice: &Slice, target: Target, query: &Query) -> Vec<(i64, Answers)> {
    slices.read(slice, query, |statistics| {
        let [shown, observed, positive] = names_of(target).map(|name| statistics.by_cluster(name));
        let counts = shown.into_iter().zip(observed).zip(positive);
        let keys = slices.keys(slice).iter().copied();
        keys.zip(counts)
            .map(|(user, ((shown, observed), positive))| {
                let answers = Answers {
                    shown,
                    observed,
                    positive,
                };
                (user, answers)
            })
            .collect()
    })
}

fn part(slices: &Slices, slice: &Slice, query: &Query) -> Option<Part> {
    let estimates = slices.read(slice, query, |statistics| {
        let metrics = query.metrics.iter();
        metrics.map(|metric| (metric.estimate)(statistics)).collect::<Vec<_>>()
    });
    let [coverage, score] = <[Estimate; 2]>::try_from(estimates).ok()?;
    Some(Part {
        coverage,
        score,
        shown: slice.outputs,
    })
}

impl Part {
    fn of_nothing() -> Part {
        Part {
            coverage: Estimate::none(Reason::NoData),
            score: Estimate::none(Reason::NoData),
            shown: 0,
        }
    }
}
