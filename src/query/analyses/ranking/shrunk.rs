//! The estimates of a metric over many rows, each pulled towards the rest by how little is known of it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::metrics::{Metric, Unit};
use crate::query::answer::Row;
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::{Interval, Level};
use crate::stats::shrinkage::{Means, Rates};

/// An estimate that knows of the others.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Shrunk {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// How much of it is its own, in [0, 1]; the rest is what all have in common.
    pub own_weight: f64,
    /// How it was made: `beta_binomial`, `common_rate` where rates differ no more than by chance, or `normal`.
    pub method: &'static str,
}

impl Shrunk {
    fn new((value, interval): (f64, Interval), own_weight: f64, method: &'static str) -> Shrunk {
        Shrunk {
            value,
            lower: interval.lower,
            upper: interval.upper,
            own_weight,
            method,
        }
    }
}

/// Shrinks the estimates of one metric, in the order of the rows, which must hold what clusters contribute. `None` for rows without
/// a value, and for all where too few tell how far they differ.
pub fn shrink(metric: &Metric, rows: &[Row], at: usize, level: Level) -> Vec<Option<Shrunk>> {
    let of_each =
        |unit: fn(&Row, usize) -> Option<(f64, f64)>| rows.iter().map(|row| unit(row, at)).collect::<Vec<_>>();
    let trials = of_each(effective);
    if metric.unit == Unit::Share && trials.iter().any(Option::is_some) {
        let known: Vec<(f64, f64)> = trials.iter().copied().flatten().collect();
        let Some(rates) = Rates::fit(&known) else {
            return vec![None; rows.len()];
        };
        let method = match rates {
            Rates::Spread(..) => "beta_binomial",
            Rates::Common { .. } => "common_rate",
        };
        let one = |unit: (f64, f64)| Shrunk::new(rates.unit(unit, level), rates.own_weight(unit.1), method);
        return trials.into_iter().map(|unit| unit.map(one)).collect();
    }
    let values = of_each(|row, at| {
        let estimate = row.estimates.get(at)?;
        Some((estimate.value?, estimate.standard_error.filter(|error| *error > 0.0)?))
    });
    let known: Vec<(f64, f64)> = values.iter().copied().flatten().collect();
    let Some(means) = Means::fit(&known) else {
        return vec![None; rows.len()];
    };
    let one = |unit: (f64, f64)| Shrunk::new(means.unit(unit, level), means.own_weight(unit.1), "normal");
    values.into_iter().map(|unit| unit.map(one)).collect()
}

/// Successes and trials of a rate, as many as it is worth given that the outputs of one user are alike. Only of ratios of sums.
fn effective(row: &Row, at: usize) -> Option<(f64, f64)> {
    let estimate = row.estimates.get(at)?;
    let (value, size) = (estimate.value?, estimate.denominator?);
    let own = row.contributions.get(at)?.as_ref()?;
    let totals: Vec<(f64, f64)> = own.0.iter().filter_map(|own| own.totals).collect();
    let clusters = ClusterRatio::from_totals(&totals);
    // Clusters may cover more time than the row does. All outputs of one cluster are worth one.
    let trials = clusters
        .effective_trials()
        .map_or(1.0, |trials| trials * size / clusters.denominator);
    let trials = trials.min(size);
    Some(((value * trials).min(trials), trials))
}
