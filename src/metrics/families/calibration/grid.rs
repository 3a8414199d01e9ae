//! Estimates from the confidences themselves: each apart where outputs are at hand, on a grid of a thousand cells in rollups.
//!
//! Neither knows users, so that these estimates come without intervals; the calibration of a feature adds them by drawing users
//! again.

use super::Target;
use super::estimates::with_case;
use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{BINS, GRID, SCALE};
use crate::metrics::statistics::Clustering;
use crate::stats::calibration::{self, Bin};
pub(super) use crate::stats::murphy::spiegelhalter_z;
use crate::stats::{auroc, binned, murphy, recalibration, selective, smooth};

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

/// A function of the cells of a slice.
type OfCells = fn(&[Bin]) -> Option<f64>;

/// An estimate that is a function of the cells.
pub(super) fn of_cells(s: &Statistics, target: Target, value: OfCells) -> Estimate {
    // Before anything else, so that whoever looks for the sums that are read finds it.
    let with_case = with_case(s, target);
    let cells = match cells(s, target) {
        Ok(cells) => cells,
        Err(reason) => return s.nothing(reason),
    };
    match value(&cells) {
        Some(value) => s.valued_of(value, cells.iter().map(|cell| cell.n).sum(), with_case),
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

/// Metrics whose intervals come from drawing users again, by their ids without the target.
const DRAWN: [(&str, OfCells); 8] = [
    ("ece_equal_mass_10", ece_equal_mass),
    ("adaptive_calibration_error_10", adaptive),
    ("miscalibration", miscalibration),
    ("discrimination", discrimination),
    ("auroc", area),
    ("aurc", aurc),
    ("e_aurc", e_aurc),
    ("augrc", augrc),
];

/// A function of a draw, under the id of its metric without the target.
pub type OfDraw = (&'static str, Box<dyn Fn(&[Bin]) -> Option<f64>>);

/// What is to be computed of each draw from some cells so that its spread is the error of each metric.
pub fn of_draws(cells: &[Bin]) -> Vec<OfDraw> {
    let plain = DRAWN.into_iter().map(|(id, of)| -> OfDraw { (id, Box::new(of)) });
    let smooth = smooth::linearised(cells).map(|of| -> OfDraw { ("smooth_ece", Box::new(of)) });
    plain.chain(smooth).collect()
}

pub(super) fn ece_equal_mass(cells: &[Bin]) -> Option<f64> {
    calibration::ece(&binned::equal_mass(cells, BINS))
}

pub(super) fn adaptive(cells: &[Bin]) -> Option<f64> {
    binned::average(&binned::equal_mass(cells, BINS))
}

pub(super) fn smooth_error(cells: &[Bin]) -> Option<f64> {
    smooth::error(cells).map(|found| found.error)
}

pub(super) fn miscalibration(cells: &[Bin]) -> Option<f64> {
    murphy::corp(cells).map(|parts| parts.miscalibration)
}

pub(super) fn discrimination(cells: &[Bin]) -> Option<f64> {
    murphy::corp(cells).map(|parts| parts.discrimination)
}

pub(super) fn slope(cells: &[Bin]) -> Option<f64> {
    recalibration::cox(cells).map(|line| line.slope)
}

pub(super) fn intercept(cells: &[Bin]) -> Option<f64> {
    recalibration::cox(cells).map(|line| line.intercept)
}

fn area(cells: &[Bin]) -> Option<f64> {
    auroc::from_grid(&auroc::grid_of(cells)).map(|area| area.value)
}

pub(super) fn aurc(cells: &[Bin]) -> Option<f64> {
    selective::areas(cells).map(|areas| areas.aurc)
}

pub(super) fn e_aurc(cells: &[Bin]) -> Option<f64> {
    selective::areas(cells).map(|areas| areas.excess)
}

pub(super) fn augrc(cells: &[Bin]) -> Option<f64> {
    selective::areas(cells).map(|areas| areas.generalised)
}
