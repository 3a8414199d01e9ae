//! From the sums of a slice to its calibration.

use super::Target;
use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{BINS, unfixed};
use crate::stats::auroc::{self, GridCount};
use crate::stats::calibration::{self, Bin};

/// The ten bins of a slice.
fn bins(s: &Statistics, target: Target) -> Vec<Bin> {
    let name = target.name();
    (0..BINS)
        .map(|bin| Bin {
            n: s.total(&format!("{name}_bin{bin}_n")),
            sum_p: s.real(&format!("{name}_bin{bin}_p")),
            sum_y: s.total(&format!("{name}_bin{bin}_y")),
        })
        .collect()
}

/// The ten bins of each cluster.
fn bins_by_cluster(s: &Statistics, target: Target) -> Vec<Vec<Bin>> {
    let name = target.name();
    let mut clusters = vec![vec![Bin::default(); BINS]; s.cluster_count()];
    for bin in 0..BINS {
        let n = s.by_cluster(&format!("{name}_bin{bin}_n"));
        let p = s.by_cluster(&format!("{name}_bin{bin}_p"));
        let y = s.by_cluster(&format!("{name}_bin{bin}_y"));
        for (cluster, ((n, p), y)) in clusters.iter_mut().zip(n.into_iter().zip(p).zip(y)) {
            if let Some(own) = cluster.get_mut(bin) {
                *own = Bin {
                    n,
                    sum_p: unfixed(p),
                    sum_y: y,
                };
            }
        }
    }
    clusters
}

/// The reliability curve of a slice, and what it takes to read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// From the least confident band to the most.
    pub bands: Vec<Band>,
    /// What the calibration error of a perfectly calibrated model of this size would be about.
    pub ece_expected_if_calibrated: Option<f64>,
    /// How much better than always saying the base rate: 1 is perfect, below 0 is worse.
    pub brier_skill: Option<f64>,
}

/// One band of confidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub mean_confidence: Option<f64>,
    /// The share of positive outcomes.
    pub outcome: Estimate,
    /// Of all outputs with a confidence and an outcome.
    pub share: Estimate,
}

pub fn curve(s: &Statistics, target: Target) -> Curve {
    let name = target.name();
    let bins = bins(s, target);
    let bands = (0..).zip(&bins).map(|(number, bin): (usize, &Bin)| Band {
        mean_confidence: bin.mean_p(),
        outcome: Estimate {
            // The users of the slice are not those of the band.
            users: None,
            ..s.proportion(
                &format!("{name}_bin{number}_y"),
                &format!("{name}_bin{number}_n"),
                Reason::NoCases,
            )
        },
        share: s.proportion(
            &format!("{name}_bin{number}_n"),
            &format!("{name}_n"),
            Reason::NoConfidence,
        ),
    });
    let n = s.total(&format!("{name}_n"));
    let base_rate = s.total(&format!("{name}_y")) / n;
    let brier = calibration::brier(s.real(&format!("{name}_squared_error")), n);
    Curve {
        bands: bands.collect(),
        ece_expected_if_calibrated: calibration::ece_expected_if_calibrated(&bins),
        brier_skill: brier.and_then(|brier| calibration::brier_skill(brier, base_rate)),
    }
}

pub(super) fn ece(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    let Some(value) = calibration::ece(&pooled) else {
        return s.nothing(Reason::NoConfidence);
    };
    let n = pooled.iter().map(|bin| bin.n).sum();
    binned(s, value, n, &bins_by_cluster(s, target))
}

/// An expected error over bins, with its interval from the bins of each cluster.
pub fn binned(s: &Statistics, value: f64, n: f64, clusters: &[Vec<Bin>]) -> Estimate {
    s.note_influence(|| {
        let covered: f64 = clusters.iter().flatten().map(|bin| bin.n).sum();
        let scale = (covered / n).sqrt();
        let influence = calibration::ece_influence(clusters).unwrap_or_default();
        influence.into_iter().map(|own| own * scale).collect()
    });
    let interval = calibration::ece_interval_of_part(value, n, clusters, s.level);
    s.valued(value, n).within(interval, s.name("linear"))
}

pub(super) fn mce(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    match calibration::mce(&pooled, 1.0) {
        Some(value) => s.valued(value, pooled.iter().map(|bin| bin.n).sum()),
        None => s.nothing(Reason::NoConfidence),
    }
}

pub(super) fn gap(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    let (p, y, n) = (format!("{name}_p"), format!("{name}_y"), format!("{name}_n"));
    let gaps = s
        .by_cluster(&p)
        .into_iter()
        .zip(s.by_cluster(&y))
        .map(|(p, y)| unfixed(p) - y);
    let totals = gaps.zip(s.by_cluster(&n)).collect();
    s.ratio(
        (s.real(&p) - s.total(&y), s.total(&n)),
        totals,
        (-1.0, 1.0),
        Reason::NoConfidence,
    )
}

pub(super) fn brier(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    s.mean(
        &format!("{name}_squared_error"),
        &format!("{name}_n"),
        (0.0, 1.0),
        Reason::NoConfidence,
    )
}

pub(super) fn log_loss(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    s.mean(
        &format!("{name}_log_loss"),
        &format!("{name}_n"),
        (0.0, f64::INFINITY),
        Reason::NoConfidence,
    )
}

pub(super) fn area(s: &Statistics, target: Target) -> Estimate {
    let counts = match s.histogram(target.histogram(), Reason::NoConfidence) {
        Ok(counts) => counts,
        Err(reason) => return s.nothing(reason),
    };
    let grid: Vec<GridCount> = counts
        .iter()
        // Outputs without a confidence or an outcome are in a bucket below zero where buckets are exact.
        .filter(|(bucket, _, _)| *bucket >= 0)
        .map(|(_, positives, negatives)| GridCount {
            positives: *positives as f64,
            negatives: *negatives as f64,
        })
        .collect();
    match auroc::from_grid(&grid) {
        Some(area) => {
            let n = grid.iter().map(|cell| cell.positives + cell.negatives).sum();
            s.valued(area.value, n)
                .within(auroc::interval(&grid, s.level), "delong_unclustered")
        }
        None if grid.is_empty() => s.nothing(Reason::NoConfidence),
        None => s.nothing(Reason::OneClass),
    }
}
