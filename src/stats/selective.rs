//! How many errors are left when only the most confident outputs count?
//!
//! Sorted by falling confidence, the risk at coverage `k/n` is the share of errors among the first `k`.
//!
//! ```text
//! AURC   = 1/n·Σ_k risk(k)                                  (Geifman and El-Yaniv 2017)
//! E-AURC = AURC − [r + (1 − r)·ln(1 − r)],  r = error rate  (Geifman, Uziel and El-Yaniv 2019)
//! AUGRC  = (1 − AUROC)·r(1 − r) + r²/2                      (Traub et al. 2024)
//! ```
//!
//! Errors among equal confidences are spread evenly over them, so that the order of rows does not matter.

use super::auroc;
use super::calibration::Bin;
use super::gamma::digamma;

/// The areas under the curves of risk by coverage; 0 is best in all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Areas {
    /// Mean risk over all coverages, in `[0, 1]`.
    pub aurc: f64,
    /// What of it a perfect order would save.
    pub excess: f64,
    /// Mean share of outputs that are both covered and wrong, in `[0, ½]`.
    pub generalised: f64,
}

/// From cells in ascending order of confidence, whose outcomes are 1 where the output was right. `None` without observations.
#[must_use]
pub fn areas(cells: &[Bin]) -> Option<Areas> {
    let (mut covered, mut wrong, mut sum) = (0.0, 0.0, 0.0);
    for cell in cells.iter().rev().filter(|cell| cell.n > 0.0) {
        let errors = cell.n - cell.sum_y;
        let rate = errors / cell.n;
        // Σ_j (wrong + rate·j)/(covered + j) over the cell's observations; harmonic numbers by way of digamma.
        let harmonic = digamma(covered + cell.n + 1.0) - digamma(covered + 1.0);
        sum += rate * cell.n + (wrong - rate * covered) * harmonic;
        covered += cell.n;
        wrong += errors;
    }
    if covered <= 0.0 {
        return None;
    }
    let (aurc, risk) = (sum / covered, wrong / covered);
    let perfect = if risk < 1.0 {
        risk + (1.0 - risk) * (-risk).ln_1p()
    } else {
        1.0
    };
    Some(Areas {
        aurc,
        excess: aurc - perfect,
        generalised: generalised(cells, risk),
    })
}

fn generalised(cells: &[Bin], risk: f64) -> f64 {
    // With one class only there is nothing to rank, and the first term is 0.
    let area = auroc::from_grid(&auroc::grid_of(cells)).map_or(1.0, |area| area.value);
    (1.0 - area) * risk * (1.0 - risk) + risk * risk / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(p: f64, n: f64, y: f64) -> Bin {
        Bin {
            n,
            sum_p: p * n,
            sum_y: y,
        }
    }

    #[test]
    fn a_small_case_by_hand() {
        // From the most confident: right; two of which one is wrong; wrong.
        let found = areas(&[cell(0.1, 1.0, 0.0), cell(0.5, 2.0, 1.0), cell(0.9, 1.0, 1.0)]).unwrap();
        let expected = (0.0 + 0.5 / 2.0 + 1.0 / 3.0 + 2.0 / 4.0) / 4.0;
        assert!((found.aurc - expected).abs() < 1e-12, "{found:?}");
        // Trapezia under 0, 0, ½, 1, 2 wrong of 4, by coverage.
        let generalised = (0.0 + 0.25 + 0.75 + 1.5) / 16.0;
        assert!((found.generalised - generalised).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn all_right_all_wrong_and_nothing() {
        let right = areas(&[cell(0.5, 5.0, 5.0)]).unwrap();
        assert_eq!((right.aurc, right.excess, right.generalised), (0.0, 0.0, 0.0));
        let wrong = areas(&[cell(0.5, 5.0, 0.0)]).unwrap();
        assert!((wrong.aurc - 1.0).abs() < 1e-12 && wrong.excess.abs() < 1e-12 && wrong.generalised == 0.5);
        assert_eq!(areas(&[Bin::default()]), None);
    }
}
