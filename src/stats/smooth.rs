//! How far is confidence off, without bins?
//!
//! The smooth calibration error of Błasiok and Nakkiran (2023): the residuals `y − p` are smoothed along confidence with a Gaussian
//! kernel of width `σ` reflected at 0 and 1, and the mean of what is left, in absolute value, is the error at that width.
//!
//! ```text
//! smECE_σ = ∫₀¹ |1/n·Σ_i K_σ(t, p_i)(y_i − p_i)| dt,      smECE = smECE_σ where smECE_σ = σ
//! ```
//!
//! The error falls with the width, so that there is one such width; it is looked for from [`NARROWEST`] up. The reflected Gaussian
//! is `K_σ(t, p) = 1 + 2·Σ_k exp(−(kπσ)²/2)·cos(kπt)·cos(kπp)`, the heat kernel of the interval, whose series ends after a few
//! dozen terms. The integral is a sum over [`POINTS`] midpoints. `relplot` rounds confidences to a grid instead and truncates the
//! kernel, and agrees to about 1e-3.

use std::f64::consts::PI;

use super::calibration::Bin;

/// Points of the integral over confidence.
pub const POINTS: usize = 200;
/// The narrowest kernel: one step between points.
pub const NARROWEST: f64 = 0.005;

/// Terms of the series beyond this many standard deviations are below 1e-12.
const CUT: f64 = 7.5;

/// An error with the width at which it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smooth {
    pub error: f64,
    pub width: f64,
}

/// The residuals of some cells as a cosine series, computed as far as it is asked for.
struct Series {
    /// Twice the cosines of `π·p`, and the last two terms of each cell's recurrence.
    steps: Vec<f64>,
    terms: Vec<(f64, f64)>,
    residuals: Vec<f64>,
    coefficients: Vec<f64>,
}

impl Series {
    /// `None` without observations.
    fn new(cells: &[Bin]) -> Option<Series> {
        let n: f64 = cells.iter().map(|cell| cell.n).sum();
        if n <= 0.0 {
            return None;
        }
        let used = cells.iter().filter_map(|cell| Some((cell.mean_p()?, cell)));
        let (cosines, residuals): (Vec<f64>, Vec<f64>) = used
            .map(|(p, cell)| ((PI * p).cos(), (cell.sum_y - cell.sum_p) / n))
            .unzip();
        Some(Series {
            steps: cosines.iter().map(|cosine| 2.0 * cosine).collect(),
            terms: cosines.iter().map(|cosine| (*cosine, 1.0)).collect(),
            residuals,
            coefficients: Vec::new(),
        })
    }

    /// The coefficients of the first `count` terms: `1/n·Σ_i (y_i − p_i)·cos(kπp_i)`.
    fn coefficients(&mut self, count: usize) -> &[f64] {
        while self.coefficients.len() < count {
            let own = self.residuals.iter().zip(&self.terms);
            let coefficient = own.map(|(residual, (_, term))| residual * term).sum();
            self.coefficients.push(coefficient);
            for (step, (next, term)) in self.steps.iter().zip(&mut self.terms) {
                // cos((k + 2)x) = 2·cos(x)·cos((k + 1)x) − cos(kx)
                (*next, *term) = (step * *next - *term, *next);
            }
        }
        self.coefficients.get(..count).unwrap_or_default()
    }

    fn error(&mut self, width: f64) -> f64 {
        let count = (CUT / (PI * width)).ceil() as usize + 1;
        let damped: Vec<f64> = (0..)
            .zip(self.coefficients(count))
            .map(|(k, coefficient): (u32, &f64)| {
                let frequency = f64::from(k) * PI * width;
                let weight = if k == 0 { 1.0 } else { 2.0 };
                weight * (-frequency * frequency / 2.0).exp() * coefficient
            })
            .collect();
        let at = |point: usize| {
            let cosine = (PI * (point as f64 + 0.5) / POINTS as f64).cos();
            // Clenshaw's recurrence, from the last term to the first.
            let (first, second) = damped.iter().skip(1).rev().fold((0.0, 0.0), |(next, after), value| {
                (value + 2.0 * cosine * next - after, next)
            });
            let constant = damped.first().copied().unwrap_or_default();
            (constant + cosine * first - second).abs()
        };
        (0..POINTS).map(at).sum::<f64>() / POINTS as f64
    }

    /// By halving the width, since narrow kernels cost most, then by false position.
    fn fixed_point(&mut self) -> Smooth {
        const MAX_STEPS: u32 = 60;
        const ENOUGH: f64 = 1e-12;
        let mut high = (1.0, self.error(1.0) - 1.0);
        let mut low;
        loop {
            let width = f64::max(high.0 / 2.0, NARROWEST);
            let error = self.error(width);
            low = (width, error - width);
            if low.1 > 0.0 {
                break;
            }
            if width <= NARROWEST {
                return Smooth { error, width };
            }
            high = low;
        }
        let mut width = low.0;
        for _ in 0..MAX_STEPS {
            width = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
            let excess = self.error(width) - width;
            if excess.abs() <= ENOUGH {
                break;
            }
            // The Illinois variant: the end that stays twice counts half.
            if excess > 0.0 {
                low = (width, excess);
                high.1 /= 2.0;
            } else {
                high = (width, excess);
                low.1 /= 2.0;
            }
        }
        Smooth {
            error: self.error(width),
            width,
        }
    }
}

/// The error at one width, in `[0, 1]`, from cells in any order; `None` without observations.
#[must_use]
pub fn error_at(cells: &[Bin], width: f64) -> Option<f64> {
    Series::new(cells).map(|mut series| series.error(width.max(NARROWEST)))
}

/// The error at the width that equals it; at [`NARROWEST`] where it is less than that. `None` without observations.
#[must_use]
pub fn error(cells: &[Bin]) -> Option<Smooth> {
    Series::new(cells).map(|mut series| series.fixed_point())
}

/// A function of cells that moves as the error does when these cells are drawn again, with one smoothing for each draw: at the width
/// `σ` that these cells have, `smECE_σ/(1 − s)` with `s` the slope of the error in the width. `None` without observations.
#[must_use]
pub fn linearised(cells: &[Bin]) -> Option<impl Fn(&[Bin]) -> Option<f64> + use<>> {
    const STEP: f64 = 1e-3;
    let mut series = Series::new(cells)?;
    let width = series.fixed_point().width;
    let slope = if width > NARROWEST {
        (series.error(width * (1.0 + STEP)) - series.error(width * (1.0 - STEP))) / (2.0 * STEP * width)
    } else {
        0.0
    };
    Some(move |cells: &[Bin]| error_at(cells, width).map(|error| error / (1.0 - slope.min(0.0))))
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
    fn a_constant_bias_is_found_whole() {
        let cells: Vec<Bin> = (1..100)
            .map(|i| {
                let p = f64::from(i) / 100.0;
                cell(p, 50.0, 50.0 * (p - 0.2).max(0.0))
            })
            .collect();
        let bias = cells.iter().map(|cell| cell.sum_p - cell.sum_y).sum::<f64>() / (99.0 * 50.0);
        let found = error(&cells).unwrap();
        assert!((found.error - bias).abs() < 1e-9, "one sign: {found:?} against {bias}");
        assert!((found.error - found.width).abs() < 1e-9);
    }

    #[test]
    fn wider_kernels_see_less_and_calibration_is_little() {
        let wavy: Vec<Bin> = (0..50)
            .map(|i| {
                let p = (f64::from(i) + 0.5) / 50.0;
                cell(p, 100.0, 100.0 * (p + 0.1 * (12.0 * p).sin()).clamp(0.0, 1.0))
            })
            .collect();
        let errors = [0.01, 0.03, 0.1, 0.3].map(|width| error_at(&wavy, width).unwrap());
        assert!(errors.is_sorted_by(|one, other| one > other), "{errors:?}");
        let perfect: Vec<Bin> = (0..50)
            .map(|i| cell(f64::from(i) / 49.0, 10.0, 10.0 * f64::from(i) / 49.0))
            .collect();
        assert!(error(&perfect).unwrap().error < 1e-12);
        assert_eq!(error(&[Bin::default()]), None);
    }

    #[test]
    fn the_linearised_error_moves_as_the_error_does() {
        let cells = |shift: f64| -> Vec<Bin> {
            (0..20)
                .map(|i| {
                    let p = (f64::from(i) + 0.5) / 20.0;
                    cell(p, 100.0, 100.0 * (0.3 + 0.4 * p + shift * (p - 0.3)))
                })
                .collect()
        };
        let linear = linearised(&cells(0.0)).unwrap();
        let moved = |of: &dyn Fn(&[Bin]) -> f64| of(&cells(1e-4)) - of(&cells(-1e-4));
        let expected = moved(&|cells| error(cells).unwrap().error);
        let found = moved(&|cells| linear(cells).unwrap());
        assert!((found / expected - 1.0).abs() < 0.02, "{found} {expected}");
    }

    #[test]
    fn the_series_is_the_reflected_gaussian() {
        let (p, width) = (0.07, 0.05);
        let kernel = |t: f64| {
            let density = |d: f64| (-d * d / (2.0 * width * width)).exp() / (width * (2.0 * PI).sqrt());
            (-2..=2)
                .map(|m| density(t - p - 2.0 * f64::from(m)) + density(t + p - 2.0 * f64::from(m)))
                .sum::<f64>()
        };
        let points = (0..POINTS).map(|at| kernel((at as f64 + 0.5) / POINTS as f64));
        let expected = 0.93 * points.sum::<f64>() / POINTS as f64;
        assert!((error_at(&[cell(p, 1.0, 1.0)], width).unwrap() - expected).abs() < 1e-11);
    }
}
