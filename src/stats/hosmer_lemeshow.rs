//! Do outcomes differ from confidence by more than chance, band by band?
//!
//! With `O_g` outcomes in `n_g` observations of mean confidence `p̄_g`, over bands that have as many observations each,
//!
//! ```text
//! Ĉ = Σ_g (O_g − n_g·p̄_g)²/(n_g·p̄_g·(1 − p̄_g))
//! ```
//!
//! is about `χ²` of independent observations if confidence is right (Hosmer and Lemeshow 1980). Confidences are given from outside, and
//! not fitted to the outcomes that they are held against, so that it has as many degrees of freedom as there are bands; the usual
//! `g − 2` is for a model that was fitted to them (Hosmer, Lemeshow and Sturdivant 2013, 5.2.2).

use super::calibration::{Bin, EPSILON};
use super::gamma::chi_square_tail;

/// Bands: deciles.
pub const BANDS: usize = 10;

/// The test of some cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HosmerLemeshow {
    pub statistic: f64,
    /// Degrees of freedom: the bands.
    pub df: u32,
    pub p_value: f64,
}

/// From cells in ascending order of confidence. Equal confidences stay together, in the band of the first of them: there are fewer
/// than [`BANDS`] where they are many. Mean confidences are clipped to `[EPSILON, 1 − EPSILON]`. `None` without observations.
#[must_use]
pub fn hosmer_lemeshow(cells: &[Bin]) -> Option<HosmerLemeshow> {
    let n: f64 = cells.iter().map(|cell| cell.n).sum();
    let mut bands = [Bin::default(); BANDS];
    let mut rank = 0.0;
    for cell in cells {
        let band = (rank * BANDS as f64 / n).floor();
        rank += cell.n;
        if let Some(own) = bands.get_mut(band as usize) {
            own.merge(cell);
        }
    }
    let terms = bands.iter().filter_map(|band| {
        let p = band.mean_p()?.clamp(EPSILON, 1.0 - EPSILON);
        Some((band.sum_y - band.n * p).powi(2) / (band.n * p * (1.0 - p)))
    });
    let (df, statistic) = terms.fold((0_u32, 0.0), |(df, sum), term| (df + 1, sum + term));
    (df > 0).then(|| HosmerLemeshow {
        statistic,
        df,
        p_value: chi_square_tail(statistic, f64::from(df)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(n: f64, p: f64, y: f64) -> Bin {
        Bin {
            n,
            sum_p: n * p,
            sum_y: y,
        }
    }

    #[test]
    fn what_is_right_fits_and_equal_confidences_are_one_band() {
        assert_eq!(hosmer_lemeshow(&[]), None);
        let found = hosmer_lemeshow(&[cell(60.0, 0.5, 30.0), cell(40.0, 0.75, 30.0)]).unwrap();
        assert_eq!((found.statistic, found.df, found.p_value), (0.0, 2, 1.0));
    }

    #[test]
    fn certainty_that_errs_is_refuted_and_one_that_does_not_is_not() {
        let of = |y: f64| hosmer_lemeshow(&[cell(50.0, 1.0, y)]).unwrap();
        assert!(of(50.0).p_value > 0.99);
        assert!(of(49.0).p_value < 1e-9 && of(49.0).statistic.is_finite());
    }
}
