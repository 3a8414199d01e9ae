//! Is the eval about what users meet, and still so?
//!
//! A case stands for the segments of the output that it was made from. The share of production that a set covers is that of the
//! segments which it has a case of at all; by feature of everything that was shown, by anything else of what was shown by the features
//! of the set. These are counts, not samples, so that they have no intervals.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::dimension::{Cell, Dimension};
use crate::domain::key::ProjectId;
use crate::query::request::QueryError;
use crate::store::cells::CellId;
use crate::store::evals::cases::Fact;
use crate::store::evals::production::{self, Volume};

/// Segments that are answered of each kind.
const MOST_SEGMENTS: usize = 10;
/// Outputs whose inputs are looked at, the newest.
pub const MOST_INPUTS: i64 = 20_000;
const CONFIDENCE: &str = "confidence";

/// A segment of production.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalSegment {
    /// Of confidence a band, as in `0.8-0.9`; null of outputs without a value.
    #[schema(required = true)]
    pub value: Option<String>,
    pub outputs: u64,
    /// Of all outputs that are looked at.
    pub share: f64,
    /// Cases of the set.
    pub cases: u64,
}

/// How much of production a set is about, cut by one dimension.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalDimension {
    /// A dimension, or `confidence`.
    pub dimension: String,
    pub outputs: u64,
    /// The share of outputs in segments that the set has a case of; null when nothing was shown.
    #[schema(required = true)]
    pub covered_share: Option<f64>,
    pub segments: u64,
    pub covered_segments: u64,
    /// The largest segments that the set has no case of.
    pub missed: Vec<EvalSegment>,
    /// The largest segments that it has cases of.
    pub covered: Vec<EvalSegment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalCoverage {
    /// Cases whose output is known, which is what they are placed by.
    pub placed: u64,
    /// Cases of no output, or of one that retention has taken.
    pub unplaced: u64,
    pub dimensions: Vec<EvalDimension>,
}

/// A version that the set has cases of, and nobody was shown.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalGoneVersion {
    #[schema(required = true)]
    pub version: Option<String>,
    pub cases: u64,
}

/// How far the set is from what users meet now.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalStaleness {
    pub cases: u64,
    /// Since they were added; null without cases.
    #[schema(required = true)]
    pub median_age_days: Option<f64>,
    /// Cases whose output was shown in the time that is looked at.
    pub shown_recently: u64,
    /// Cases of versions that were not shown in that time.
    pub of_gone_versions: u64,
    /// Those versions, of most cases first.
    pub gone_versions: Vec<EvalGoneVersion>,
    /// Cases with an input.
    pub with_input: u64,
    /// Those of them whose input was met in that time, letter case and outer white space aside.
    pub inputs_seen: u64,
    /// Outputs whose inputs were looked at: the newest.
    pub inputs_looked_at: u64,
    /// Whether those are all that there are in that time.
    pub all_inputs_looked_at: bool,
}

fn band(band: Option<i16>) -> Option<String> {
    band.map(|tenth| format!("{:.1}-{:.1}", f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0))
}

fn band_of(case: &Fact) -> Option<String> {
    band(
        case.confidence
            .map(|confidence| (confidence * 10.0).floor().min(9.0) as i16),
    )
}

/// Outputs and cases by value.
fn dimension(
    name: &str,
    volume: impl Iterator<Item = (Option<String>, u64)>,
    cases: impl Iterator<Item = Option<String>>,
) -> EvalDimension {
    let mut found: BTreeMap<Option<String>, (u64, u64)> = BTreeMap::new();
    for (value, outputs) in volume {
        found.entry(value).or_default().0 += outputs;
    }
    for value in cases {
        found.entry(value).or_default().1 += 1;
    }
    let outputs: u64 = found.values().map(|(outputs, _)| outputs).sum();
    let mut segments: Vec<EvalSegment> = found
        .into_iter()
        .filter(|(_, (outputs, _))| *outputs > 0)
        .map(|(value, (own, cases))| EvalSegment {
            value,
            outputs: own,
            share: own as f64 / outputs as f64,
            cases,
        })
        .collect();
    segments.sort_by_key(|segment| std::cmp::Reverse(segment.outputs));
    let all = segments.len();
    let (mut covered, mut missed): (Vec<_>, Vec<_>) = segments.into_iter().partition(|segment| segment.cases > 0);
    let shown: u64 = covered.iter().map(|segment| segment.outputs).sum();
    let covered_segments = covered.len() as u64;
    covered.truncate(MOST_SEGMENTS);
    missed.truncate(MOST_SEGMENTS);
    EvalDimension {
        dimension: name.to_owned(),
        outputs,
        covered_share: (outputs > 0).then(|| shown as f64 / outputs as f64),
        segments: all as u64,
        covered_segments,
        missed,
        covered,
    }
}

/// How much of what was shown the cases stand for.
pub fn covered(volume: &[Volume], cases: &[Fact], cells: &HashMap<CellId, Cell>, declared: &[String]) -> EvalCoverage {
    let placed: Vec<(&Fact, &Cell)> = cases
        .iter()
        .filter_map(|case| Some((case, cells.get(&case.cell_id?)?)))
        .collect();
    let features: HashSet<&str> = features_of(cases, cells).into_iter().collect();
    let shown = |of_set: bool| {
        let shown = volume.iter().filter_map(|own| Some((own, cells.get(&own.cell_id)?)));
        let features = &features;
        shown.filter(move |(_, cell)| !of_set || features.contains(cell.feature.as_str()))
    };
    let by_cell = |dimension_: Dimension| {
        let is_feature = dimension_ == Dimension::Feature;
        let value = |cell: &Cell| cell.value(&dimension_).map(str::to_owned);
        dimension(
            dimension_.name(),
            shown(!is_feature).map(|(own, cell)| (value(cell), own.outputs.unsigned_abs())),
            placed.iter().map(|(_, cell)| value(cell)),
        )
    };
    let built_in = [Dimension::Feature, Dimension::Version, Dimension::Model];
    let declared = declared.iter().map(|name| Dimension::Attribute(name.clone()));
    let mut dimensions: Vec<EvalDimension> = built_in.into_iter().chain(declared).map(by_cell).collect();
    dimensions.push(dimension(
        CONFIDENCE,
        shown(true).map(|(own, _): (&Volume, _)| (band(own.band), own.outputs.unsigned_abs())),
        placed.iter().map(|(case, _)| band_of(case)),
    ));
    EvalCoverage {
        placed: placed.len() as u64,
        unplaced: (cases.len() - placed.len()) as u64,
        dimensions,
    }
}

/// How far the cases are from what was shown, `volume`, in a range that ends now.
pub fn stale(
    conn: &mut PgConnection,
    (project, set): (ProjectId, Uuid),
    volume: &[Volume],
    (cases, cells): (&[Fact], &HashMap<CellId, Cell>),
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<EvalStaleness, QueryError> {
    let running: HashSet<(&str, Option<&str>)> = volume
        .iter()
        .filter_map(|own| cells.get(&own.cell_id))
        .map(|cell| (cell.feature.as_str(), cell.version.as_deref()))
        .collect();
    let mut gone: BTreeMap<Option<&str>, u64> = BTreeMap::new();
    for cell in cases.iter().filter_map(|case| cells.get(&case.cell_id?)) {
        let version = cell.version.as_deref();
        if !running.contains(&(cell.feature.as_str(), version)) {
            *gone.entry(version).or_default() += 1;
        }
    }
    let of_gone_versions = gone.values().sum();
    let mut gone_versions: Vec<EvalGoneVersion> = gone
        .into_iter()
        .map(|(version, cases)| EvalGoneVersion {
            version: version.map(str::to_owned),
            cases,
        })
        .collect();
    gone_versions.sort_by_key(|gone| std::cmp::Reverse(gone.cases));
    gone_versions.truncate(MOST_SEGMENTS);
    let mut ages: Vec<f64> = cases
        .iter()
        .map(|case| (to - case.added_at).num_seconds().max(0) as f64 / 86_400.0)
        .collect();
    ages.sort_unstable_by(f64::total_cmp);
    let seen = production::inputs_seen(conn, project, set, from, to, MOST_INPUTS)?;
    Ok(EvalStaleness {
        cases: cases.len() as u64,
        median_age_days: ages.get(ages.len() / 2).copied(),
        shown_recently: cases
            .iter()
            .filter(|case| case.shown_at.is_some_and(|at| at >= from))
            .count() as u64,
        of_gone_versions,
        gone_versions,
        with_input: seen.cases.unsigned_abs(),
        inputs_seen: seen.seen.unsigned_abs(),
        inputs_looked_at: seen.outputs.unsigned_abs(),
        all_inputs_looked_at: seen.outputs < MOST_INPUTS,
    })
}

/// The features that a set has cases of, in order.
pub fn features_of<'a>(cases: &'a [Fact], cells: &'a HashMap<CellId, Cell>) -> Vec<&'a str> {
    let own = cases.iter().filter_map(|case| cells.get(&case.cell_id?));
    let mut features: Vec<&str> = own.map(|cell| cell.feature.as_str()).collect();
    features.sort_unstable();
    features.dedup();
    features
}
