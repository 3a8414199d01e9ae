//! The reliability curve.

use super::Target;
use super::estimates::bins;
use super::grid::cells;
use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{BINS, GRID, SCALE};
use crate::stats::calibration::{self, Bin};
use crate::stats::hosmer_lemeshow::{HosmerLemeshow, hosmer_lemeshow};
use crate::stats::level::Interval;
use crate::stats::murphy::{self, Murphy};
use crate::stats::{binned, consistency};

/// The reliability curve of a slice, and what it takes to read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// From the least confident band to the most.
    pub bands: Vec<Band>,
    /// What the calibration error of a perfectly calibrated model of this size would be about.
    pub ece_expected_if_calibrated: Option<f64>,
    /// How much better than always saying the base rate: 1 is perfect, below 0 is worse.
    pub brier_skill: Option<f64>,
    /// Ten bands with as many outputs each. None where the confidences of the slice are not kept apart.
    pub equal_mass: Vec<MassBand>,
    /// The parts of the Brier score over the bands.
    pub parts: Option<Murphy>,
    /// A test over bands with as many outputs each.
    pub hosmer_lemeshow: Option<HosmerLemeshow>,
}

/// One band of confidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub mean_confidence: Option<f64>,
    /// The share of positive outcomes.
    pub outcome: Estimate,
    /// Where that share would be if the confidence were right, of independent outputs.
    pub consistent: Option<Interval>,
    /// Of all outputs with a confidence and an outcome.
    pub share: Estimate,
}

/// One of the bands that have as many outputs each.
#[derive(Clone, Debug, PartialEq)]
pub struct MassBand {
    pub bin: Bin,
    /// The least and the greatest confidence in it, rounded outward to the grid.
    pub ends: [f64; 2],
    pub consistent: Option<Interval>,
}

pub fn curve(s: &Statistics, target: Target) -> Curve {
    let name = target.name();
    let bins = bins(s, target);
    let bands = (0..).zip(&bins).map(|(number, bin): (usize, &Bin)| Band {
        mean_confidence: bin.mean_p(),
        outcome: s.proportion(
            &format!("{name}_bin{number}_y"),
            &format!("{name}_bin{number}_n"),
            Reason::NoCases,
        ),
        consistent: consistency::bar(bin, s.level),
        share: s.proportion(
            &format!("{name}_bin{number}_n"),
            &format!("{name}_n"),
            Reason::NoConfidence,
        ),
    });
    let n = s.total(&format!("{name}_n"));
    let base_rate = s.total(&format!("{name}_y")) / n;
    let brier = calibration::brier(s.real(&format!("{name}_squared_error")), n);
    let cells = cells(s, target).unwrap_or_default();
    let mass = binned::equal_mass(&cells, BINS);
    let ends = binned::ends(&cells, &mass);
    let equal_mass = mass.into_iter().zip(ends).map(|(bin, ends)| MassBand {
        consistent: consistency::bar(&bin, s.level),
        ends: outward(ends),
        bin,
    });
    // Round confidences lie on edges.
    let in_bin = |cell: &Bin| cell.mean_p().map(|p| calibration::bin_index(stored(p) / SCALE, BINS));
    Curve {
        bands: bands.collect(),
        ece_expected_if_calibrated: calibration::ece_expected_if_calibrated(&bins),
        brier_skill: brier.and_then(|brier| calibration::brier_skill(brier, base_rate)),
        equal_mass: equal_mass.collect(),
        hosmer_lemeshow: hosmer_lemeshow(&cells),
        parts: murphy::over_groups(cells.chunk_by(|one, other| in_bin(one) == in_bin(other))),
    }
}

/// A confidence in the units it is stored in: the mean of equal ones may be off in the last digit.
fn stored(p: f64) -> f64 {
    (p * SCALE).round()
}

/// Two confidences, rounded outward to the grid: what is between them is so however exactly they are known.
fn outward([from, to]: [f64; 2]) -> [f64; 2] {
    let grid = GRID as f64;
    let edge = |p: f64, round: fn(f64) -> f64| round(stored(p) / (SCALE / grid)) / grid;
    [edge(from, f64::floor), edge(to, f64::ceil)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_rounded_outward_and_round_ones_stay() {
        assert_eq!(outward([0.1, 0.1 + 0.2]), [0.1, 0.3]);
        assert_eq!(outward([0.1234, 0.5671]), [0.123, 0.568]);
        assert_eq!(outward([0.0, 1.0]), [0.0, 1.0]);
    }
}
