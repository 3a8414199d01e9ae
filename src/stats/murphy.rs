//! What is a Brier score made of?
//!
//! ```text
//! BS = reliability − resolution + uncertainty                                 (Murphy 1973)
//! BS = reliability − resolution + uncertainty + WBV − 2·WBC                   (Stephenson, Coelho and Jolliffe 2008)
//! BS = miscalibration − discrimination + uncertainty                          (Dimitriadis, Gneiting and Jordan 2021)
//! ```
//!
//! The first holds for groups of equal confidences; with as many groups as observations it says nothing. Bins need the variance
//! of confidence within them and its covariance with the outcome. The third replaces the groups by the isotonic fit and has
//! nothing to choose.

use super::calibration::Bin;
use super::isotonic;

/// The parts of a Brier score over groups of observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Murphy {
    /// `Σ n_b/N·(p̄_b − ȳ_b)²`: 0 is calibrated.
    pub reliability: f64,
    /// `Σ n_b/N·(ȳ_b − ȳ)²`: how far the groups differ in what happened.
    pub resolution: f64,
    /// `ȳ(1 − ȳ)`: what always saying the base rate costs.
    pub uncertainty: f64,
    /// Variance of confidence within groups, WBV; 0 for groups of equal confidences.
    pub within_variance: f64,
    /// Covariance of confidence and outcome within groups, WBC.
    pub within_covariance: f64,
}

impl Murphy {
    /// The score that the parts add up to.
    #[must_use]
    pub fn brier(&self) -> f64 {
        self.reliability - self.resolution + self.uncertainty + self.within_variance - 2.0 * self.within_covariance
    }
}

/// The parts of a Brier score against its isotonic fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corp {
    /// What recalibrating would take off the score.
    pub miscalibration: f64,
    /// How much better than the base rate the recalibrated confidence would be.
    pub discrimination: f64,
    pub uncertainty: f64,
}

fn base_rate(cells: &[Bin]) -> Option<(f64, f64)> {
    let n: f64 = cells.iter().map(|cell| cell.n).sum();
    let y: f64 = cells.iter().map(|cell| cell.sum_y).sum();
    (n > 0.0).then(|| (n, y / n))
}

/// The decomposition over groups of cells; in a cell all confidences are equal. `None` without observations.
#[must_use]
pub fn over_groups<'a>(groups: impl IntoIterator<Item = &'a [Bin]>) -> Option<Murphy> {
    let groups: Vec<&[Bin]> = groups.into_iter().collect();
    let pooled: Vec<Bin> = groups.iter().map(|cells| merged(cells)).collect();
    let (n, base) = base_rate(&pooled)?;
    let mut parts = Murphy {
        reliability: 0.0,
        resolution: 0.0,
        uncertainty: base * (1.0 - base),
        within_variance: 0.0,
        within_covariance: 0.0,
    };
    for (cells, all) in groups.iter().zip(&pooled) {
        let (Some(p), Some(y)) = (all.mean_p(), all.mean_y()) else {
            continue;
        };
        parts.reliability += all.n * (p - y) * (p - y) / n;
        parts.resolution += all.n * (y - base) * (y - base) / n;
        for cell in *cells {
            let Some(own) = cell.mean_p() else { continue };
            parts.within_variance += cell.n * (own - p) * (own - p) / n;
            parts.within_covariance += (cell.sum_y - cell.n * y) * (own - p) / n;
        }
    }
    Some(parts)
}

/// The decomposition over equal confidences, one cell each.
#[must_use]
pub fn exact(cells: &[Bin]) -> Option<Murphy> {
    over_groups(cells.chunks(1))
}

fn merged(cells: &[Bin]) -> Bin {
    cells.iter().fold(Bin::default(), |mut sum, cell| {
        sum.merge(cell);
        sum
    })
}

/// Mean squared error of one value per cell against its outcomes.
fn score(cells: &[Bin], values: impl Iterator<Item = f64>, n: f64) -> f64 {
    let errors = cells
        .iter()
        .zip(values)
        .map(|(cell, q)| cell.n * q * q - 2.0 * q * cell.sum_y + cell.sum_y);
    errors.sum::<f64>() / n
}

/// The decomposition against the isotonic fit, from cells in ascending order. `None` without observations.
#[must_use]
pub fn corp(cells: &[Bin]) -> Option<Corp> {
    let (n, base) = base_rate(cells)?;
    let raw = score(cells, cells.iter().map(|cell| cell.mean_p().unwrap_or_default()), n);
    let blocks = isotonic::pool(cells);
    let pooled: Vec<Bin> = blocks.iter().map(|block| block.pooled).collect();
    let fitted = score(&pooled, blocks.iter().map(isotonic::Block::value), n);
    let uncertainty = base * (1.0 - base);
    Some(Corp {
        miscalibration: raw - fitted,
        discrimination: uncertainty - fitted,
        uncertainty,
    })
}

/// Spiegelhalter's Z (1986): `Σ(y − p)(1 − 2p) / √Σ(1 − 2p)²p(1 − p)`, standard normal if confidence is calibrated and
/// observations are independent. `None` where every confidence is 0, ½ or 1.
#[must_use]
pub fn spiegelhalter_z(cells: &[Bin]) -> Option<f64> {
    let (mut sum, mut variance) = (0.0, 0.0);
    for cell in cells {
        let Some(p) = cell.mean_p() else { continue };
        let weight = 1.0 - 2.0 * p;
        sum += weight * (cell.sum_y - cell.sum_p);
        variance += cell.n * weight * weight * p * (1.0 - p);
    }
    (variance > 0.0).then(|| sum / variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Vec<Bin> {
        [(0.1, 10.0, 2.0), (0.35, 6.0, 1.0), (0.4, 8.0, 5.0), (0.9, 4.0, 3.0)]
            .into_iter()
            .map(|(p, n, sum_y)| Bin { n, sum_p: p * n, sum_y })
            .collect()
    }

    #[test]
    fn parts_add_up_to_the_score() {
        let cells = cells();
        let brier = score(&cells, cells.iter().map(|cell| cell.sum_p / cell.n), 28.0);
        let binned = over_groups([&cells[..1], &cells[1..3], &cells[3..]]).unwrap();
        for parts in [exact(&cells).unwrap(), binned] {
            assert!((parts.brier() - brier).abs() < 1e-15);
        }
        assert!(binned.within_variance > 0.0);
        let corp = corp(&cells).unwrap();
        assert!((corp.miscalibration - corp.discrimination + corp.uncertainty - brier).abs() < 1e-15);
        assert!(corp.miscalibration >= 0.0 && corp.discrimination >= 0.0);
    }

    #[test]
    fn nothing_has_no_parts() {
        assert_eq!((exact(&[]), corp(&[Bin::default()])), (None, None));
        let half = Bin {
            n: 3.0,
            sum_p: 1.5,
            sum_y: 2.0,
        };
        assert_eq!(spiegelhalter_z(&[half]), None);
    }
}
