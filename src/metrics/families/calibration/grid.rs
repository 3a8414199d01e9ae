//! Estimates from the confidences themselves: each apart where outputs are at hand, on a grid of a thousand cells in rollups.
//!
//! Neither knows users, so that these estimates come without intervals; the calibration of a feature adds them by drawing users
//! again.

use super::Target;
use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{BINS, GRID, SCALE};
use crate::metrics::statistics::Clustering;
use crate::stats::calibration::{self, Bin};
use crate::stats::murphy::Corp;
use crate::stats::selective::Areas;
use crate::stats::{binned, murphy, recalibration, selective, smooth};

/// The cells of a slice in ascending order of confidence, or why there are none.
pub(super) fn cells(s: &Statistics, target: Target) -> Result<Vec<Bin>, Reason> {
    let counts = s.histogram(target.histogram(), Reason::NoConfidence)?;
    let confidence = |bucket: i64| match s.clustering {
        Clustering::Exact => bucket as f64 / SCALE,
        Clustering::Groups => (bucket as f64 + 0.5) / GRID as f64,
    };
    let mut cells: Vec<Bin> = counts
        .iter()
        // Outputs without a confidence or an outcome are in a bucket below zero where buckets are exact.
        .filter(|(bucket, _, _)| *bucket >= 0)
        .map(|(bucket, positives, negatives)| {
            let n = (positives + negatives) as f64;
            Bin {
                n,
                sum_p: n * confidence(*bucket),
                sum_y: *positives as f64,
            }
        })
        .collect();
    if cells.is_empty() {
        return Err(Reason::NoConfidence);
    }
    if s.clustering == Clustering::Groups {
        move_to_means(s, target, &mut cells);
    }
    Ok(cells)
}

/// Moves the cells of each tenth from their middles so that its mean confidence is exact: round confidences lie on edges.
fn move_to_means(s: &Statistics, target: Target, cells: &mut [Bin]) {
    let tenth = |cell: &Bin| cell.mean_p().map_or(0, |p| calibration::bin_index(p, BINS));
    for cells in cells.chunk_by_mut(|one, other| tenth(one) == tenth(other)) {
        let number = cells.first().map_or(0, tenth);
        let exact = s.real(&format!("{}_bin{number}_p", target.name()));
        let (n, sum_p) = cells
            .iter()
            .fold((0.0, 0.0), |(n, p), cell| (n + cell.n, p + cell.sum_p));
        let half = 0.5 / GRID as f64;
        let shift = ((exact - sum_p) / n).clamp(-half, half);
        cells.iter_mut().for_each(|cell| cell.sum_p += cell.n * shift);
    }
}

/// An estimate that is a function of the cells.
fn of_cells(s: &Statistics, target: Target, value: impl Fn(&[Bin]) -> Option<f64>) -> Estimate {
    let cells = match cells(s, target) {
        Ok(cells) => cells,
        Err(reason) => return s.nothing(reason),
    };
    match value(&cells) {
        Some(value) => s.valued(value, cells.iter().map(|cell| cell.n).sum()),
        None => s.nothing(undefined(&cells)),
    }
}

/// Why a function of cells has no value.
fn undefined(cells: &[Bin]) -> Reason {
    let (n, y) = cells
        .iter()
        .fold((0.0, 0.0), |(n, y), cell| (n + cell.n, y + cell.sum_y));
    if y == 0.0 || y == n {
        Reason::OneClass
    } else {
        Reason::TooFew
    }
}

pub(super) fn ece_equal_mass(s: &Statistics, target: Target) -> Estimate {
    of_cells(s, target, |cells| calibration::ece(&binned::equal_mass(cells, BINS)))
}

pub(super) fn adaptive(s: &Statistics, target: Target) -> Estimate {
    of_cells(s, target, |cells| binned::average(&binned::equal_mass(cells, BINS)))
}

pub(super) fn smooth(s: &Statistics, target: Target) -> Estimate {
    of_cells(s, target, |cells| smooth::error(cells).map(|found| found.error))
}

fn corp(s: &Statistics, target: Target, part: fn(Corp) -> f64) -> Estimate {
    of_cells(s, target, |cells| murphy::corp(cells).map(part))
}

pub(super) fn miscalibration(s: &Statistics, target: Target) -> Estimate {
    corp(s, target, |parts| parts.miscalibration)
}

pub(super) fn discrimination(s: &Statistics, target: Target) -> Estimate {
    corp(s, target, |parts| parts.discrimination)
}

pub(super) fn uncertainty(s: &Statistics, target: Target) -> Estimate {
    corp(s, target, |parts| parts.uncertainty)
}

pub(super) fn slope(s: &Statistics, target: Target) -> Estimate {
    of_cells(s, target, |cells| recalibration::cox(cells).map(|line| line.slope))
}

pub(super) fn intercept(s: &Statistics, target: Target) -> Estimate {
    of_cells(s, target, |cells| recalibration::cox(cells).map(|line| line.intercept))
}

pub(super) fn spiegelhalter_z(s: &Statistics, target: Target) -> Estimate {
    of_cells(s, target, murphy::spiegelhalter_z)
}

fn selective(s: &Statistics, target: Target, area: fn(Areas) -> f64) -> Estimate {
    of_cells(s, target, |cells| selective::areas(cells).map(area))
}

pub(super) fn aurc(s: &Statistics, target: Target) -> Estimate {
    selective(s, target, |areas| areas.aurc)
}

pub(super) fn e_aurc(s: &Statistics, target: Target) -> Estimate {
    selective(s, target, |areas| areas.excess)
}

pub(super) fn augrc(s: &Statistics, target: Target) -> Estimate {
    selective(s, target, |areas| areas.generalised)
}
