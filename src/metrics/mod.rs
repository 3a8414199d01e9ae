//! The registry of metrics.
//!
//! A metric family is declared once, in one file of `families`: the sums and histograms it needs from each output, and how
//! they become estimates. The rollups, the query, the catalogue, the documentation and the OpenAPI text read this registry.
//! To add a family, write its file and add one line to [`FAMILIES`]; the rollups notice and are recomputed.

pub mod estimate;
pub mod facts;
pub mod families;
pub mod index;
pub mod number;
pub mod statistics;

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use polars::prelude::*;

pub use estimate::{Estimate, Reason};
pub use statistics::Statistics;

use families as f;

/// Every family, in the order of the catalogue.
pub static FAMILIES: [&Family; 18] = [
    &f::coverage::FAMILY,
    &f::acceptance::FAMILY,
    &f::persistence::FAMILY,
    &f::edits::FAMILY,
    &f::volumes::FAMILY,
    &f::decision_time::FAMILY,
    &f::generation::FAMILY,
    &f::retries::FAMILY,
    &f::ratings::FAMILY,
    &f::correctness::FAMILY,
    &f::calibration::FAMILY,
    &f::reliance::FAMILY,
    &f::advice::FAMILY,
    &f::team::FAMILY,
    &f::trust::FAMILY,
    &f::trigger::FAMILY,
    &f::approvals::FAMILY,
    &f::users::FAMILY,
];

/// Metrics that answer one question from the same statistics.
pub struct Family {
    pub id: &'static str,
    /// The question it answers.
    pub question: &'static str,
    /// Additive statistics of one output.
    pub sums: fn() -> Vec<Sum>,
    /// Additive counts by bucket.
    pub histograms: fn() -> Vec<Histogram>,
    pub metrics: &'static [Metric],
}

/// One number with its definition.
pub struct Metric {
    /// The stable id: what queries, dashboards and columns call it.
    pub id: &'static str,
    pub title: &'static str,
    /// One sentence a product manager understands.
    pub summary: &'static str,
    pub formula: &'static str,
    pub unit: Unit,
    pub direction: Direction,
    /// How the interval is made.
    pub interval: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    pub estimate: fn(&Statistics) -> Estimate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    /// A share in [0, 1].
    Share,
    /// A difference of shares in [-1, 1].
    ShareDifference,
    Milliseconds,
    /// In the units of the rating's own scale.
    Rating,
    Nats,
    /// A plain number, 1 where nothing is off.
    Ratio,
    /// Standard deviations of the standard normal distribution.
    StandardDeviations,
    Characters,
    /// A number of outputs that need not be whole.
    Outputs,
}

impl Unit {
    /// Between which ends all values of this unit are, and what those are.
    pub fn ends(self) -> Option<(f64, f64, &'static str)> {
        match self {
            Unit::Share => Some((0.0, 1.0, "a share: from 0 to 1")),
            Unit::ShareDifference => Some((-1.0, 1.0, "a difference of shares: from -1 to 1")),
            Unit::Count => Some((0.0, f64::INFINITY, "a count: 0 or more")),
            Unit::Characters => Some((0.0, f64::INFINITY, "characters: 0 or more")),
            Unit::Outputs => Some((0.0, f64::INFINITY, "outputs: 0 or more")),
            Unit::Milliseconds | Unit::Rating | Unit::Nats | Unit::Ratio | Unit::StandardDeviations => None,
        }
    }

    /// The unit of differences of values of this one.
    pub fn of_differences(self) -> Unit {
        match self {
            Unit::Share => Unit::ShareDifference,
            other => other,
        }
    }
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    HigherIsBetter,
    LowerIsBetter,
    CloserToZeroIsBetter,
    /// Neither way is better by itself.
    Neutral,
}

/// An additive statistic: an integer per output, summed. Real numbers are fixed-point (see [`facts::fixed`]), so that sums
/// do not depend on the order of addition.
#[derive(Clone)]
pub struct Sum {
    pub name: String,
    pub expr: Expr,
}

impl Sum {
    pub fn new(name: impl Into<String>, expr: Expr) -> Sum {
        Sum {
            name: name.into(),
            expr,
        }
    }
}

/// Additive counts by bucket, kept per UTC day.
#[derive(Clone)]
pub struct Histogram {
    /// The number under which it is stored. Never reuse one.
    pub kind: i16,
    pub name: &'static str,
    /// The bucket of an output; null leaves the output out.
    pub bucket: Expr,
    /// A finer bucket, used where the outputs themselves are at hand.
    pub exact_bucket: Option<Expr>,
    /// Whether the output counts among the positives; among the negatives otherwise.
    pub positive: Expr,
}

/// A family without histograms.
pub fn no_histograms() -> Vec<Histogram> {
    Vec::new()
}

/// The distinct sums of all families, in the order of the layout. Families may declare the same sum; it is kept once.
pub fn all_sums() -> &'static [Sum] {
    // Every question picks some of them, and expressions take longer to make than few numbers to add up.
    static SUMS: LazyLock<Vec<Sum>> = LazyLock::new(|| {
        let mut seen = HashSet::new();
        FAMILIES
            .iter()
            .flat_map(|family| (family.sums)())
            .filter(|sum| seen.insert(sum.name.clone()))
            .collect()
    });
    &SUMS
}

/// The sums with these names, in the order of the layout.
pub fn sums_named(names: &BTreeSet<String>) -> Vec<Sum> {
    let named = all_sums().iter().filter(|sum| names.contains(&sum.name));
    named.cloned().collect()
}

/// The names of all sums: the columns of the rollups, in order.
pub fn layout() -> Vec<String> {
    all_sums().iter().map(|sum| sum.name.clone()).collect()
}

pub fn all_histograms() -> Vec<Histogram> {
    FAMILIES.iter().flat_map(|family| (family.histograms)()).collect()
}

/// A metric and its family.
pub fn find(id: &str) -> Option<(&'static Family, &'static Metric)> {
    FAMILIES.iter().find_map(|family| {
        family
            .metrics
            .iter()
            .find(|metric| metric.id == id)
            .map(|metric| (*family, metric))
    })
}

/// Every metric, in the order of the catalogue.
pub fn all() -> impl Iterator<Item = (&'static Family, &'static Metric)> {
    FAMILIES
        .iter()
        .flat_map(|family| family.metrics.iter().map(|metric| (*family, metric)))
}
