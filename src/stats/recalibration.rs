//! What should the model have said?
//!
//! Maps from stated confidence to the frequency with which it came true:
//!
//! ```text
//! platt        σ(a + b·logit p)                    (Platt 1999)
//! temperature  σ(logit p / T)                      (Guo et al. 2017)
//! beta         σ(c + a·ln p − b·ln(1 − p))         (Kull, Silva Filho and Flach 2017)
//! isotonic     the best curve that never falls     (Zadrozny and Elkan 2002)
//! ```
//!
//! all by maximum likelihood without a penalty or constraint. Confidences are clipped to `[ε, 1 − ε]` before a logarithm is taken.

use super::calibration::{Bin, EPSILON};
use super::isotonic;
use super::logistic::{self, Matrix, Row, logit, sigmoid};

/// The form of a map, the plainest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Temperature,
    Platt,
    Beta,
    Isotonic,
}

impl Form {
    pub const ALL: [Form; 4] = [Form::Temperature, Form::Platt, Form::Beta, Form::Isotonic];
}

/// A fitted map from `[0, 1]` to `[0, 1]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Map {
    Temperature { temperature: f64 },
    Platt { a: f64, b: f64 },
    Beta { a: f64, b: f64, c: f64 },
    Isotonic { knots: Vec<(f64, f64)> },
}

fn clipped(p: f64) -> f64 {
    p.clamp(EPSILON, 1.0 - EPSILON)
}

fn rows<const K: usize>(cells: &[Bin], regressors: impl Fn(f64) -> [f64; K]) -> Vec<Row<K>> {
    let row = |cell: &Bin| {
        Some(Row {
            x: regressors(clipped(cell.mean_p()?)),
            n: cell.n,
            y: cell.sum_y,
        })
    };
    cells.iter().filter_map(row).collect()
}

impl Map {
    /// Fits a map to cells in ascending order of confidence. `None` where the outcomes do not determine it, as when they are all
    /// the same.
    #[must_use]
    pub fn fit(form: Form, cells: &[Bin]) -> Option<Map> {
        match form {
            Form::Temperature => {
                let [slope] = logistic::fit(&rows(cells, |p| [logit(p)]))?.coefficients;
                // Confidence that means the opposite of what it says has no temperature.
                (slope > 0.0).then(|| Map::Temperature {
                    temperature: 1.0 / slope,
                })
            }
            Form::Platt => {
                let [a, b] = logistic::fit(&rows(cells, |p| [1.0, logit(p)]))?.coefficients;
                Some(Map::Platt { a, b })
            }
            Form::Beta => {
                let [c, a, b] = logistic::fit(&rows(cells, |p| [1.0, p.ln(), -(-p).ln_1p()]))?.coefficients;
                Some(Map::Beta { a, b, c })
            }
            Form::Isotonic => {
                let knots = isotonic::knots(&isotonic::pool(cells));
                (!knots.is_empty()).then_some(Map::Isotonic { knots })
            }
        }
    }

    #[must_use]
    pub fn apply(&self, confidence: f64) -> f64 {
        let p = clipped(confidence);
        match self {
            Map::Temperature { temperature } => sigmoid(logit(p) / temperature),
            Map::Platt { a, b } => sigmoid(a + b * logit(p)),
            Map::Beta { a, b, c } => sigmoid(c + a * p.ln() - b * (-p).ln_1p()),
            Map::Isotonic { knots } => isotonic::interpolate(knots, confidence).unwrap_or(confidence),
        }
    }
}

/// Cox's calibration (1958): the line `logit P(y = 1) = intercept + slope·logit p`. 0 and 1 is calibrated; a slope below 1 says
/// that confidences are spread too far, an intercept below 0 that they are too high in the middle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cox {
    pub intercept: f64,
    pub slope: f64,
    /// For independent observations: the inverse of the information.
    pub covariance: Matrix<2>,
}

/// `None` where the outcomes do not determine the line.
#[must_use]
pub fn cox(cells: &[Bin]) -> Option<Cox> {
    let fit = logistic::fit(&rows(cells, |p| [1.0, logit(p)]))?;
    let [intercept, slope] = fit.coefficients;
    Some(Cox {
        intercept,
        slope,
        covariance: fit.covariance,
    })
}

impl Cox {
    /// What some observations of one confidence add to the score of their cluster.
    #[must_use]
    pub fn score(&self, confidence: f64, n: f64, y: f64) -> [f64; 2] {
        let x = logit(clipped(confidence));
        let residual = y - n * sigmoid(self.intercept + self.slope * x);
        [residual, x * residual]
    }

    /// The variances of intercept and slope that respect clusters, from the score of each; `None` below two.
    #[must_use]
    pub fn clustered_variances(&self, scores: &[[f64; 2]]) -> Option<[f64; 2]> {
        let [[intercept, _], [_, slope]] = logistic::sandwich(&self.covariance, scores)?;
        Some([intercept, slope])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cells whose outcomes are exactly what a curve says of their confidence.
    fn following(curve: impl Fn(f64) -> f64) -> Vec<Bin> {
        (1..100)
            .map(|i| {
                let p = f64::from(i) / 100.0;
                Bin {
                    n: 1_000.0,
                    sum_p: 1_000.0 * p,
                    sum_y: 1_000.0 * curve(p),
                }
            })
            .collect()
    }

    #[test]
    fn each_form_finds_its_own_curve() {
        let close = |form: Form, curve: &dyn Fn(f64) -> f64| {
            let map = Map::fit(form, &following(curve)).unwrap();
            for p in [0.01, 0.2, 0.5, 0.77, 0.99] {
                assert!((map.apply(p) - curve(p)).abs() < 1e-9, "{map:?} at {p}");
            }
        };
        close(Form::Temperature, &|p| sigmoid(logit(p) / 2.5));
        close(Form::Platt, &|p| sigmoid(-0.4 + 0.7 * logit(p)));
        close(Form::Beta, &|p| sigmoid(0.2 + 0.8 * p.ln() - 0.3 * (-p).ln_1p()));
        close(Form::Isotonic, &|p| p * p);
    }

    #[test]
    fn the_ends_stay_within_the_unit_interval() {
        for form in Form::ALL {
            let map = Map::fit(form, &following(|p| 0.2 + 0.6 * p)).unwrap();
            assert!(
                [0.0, 1.0].map(|p| map.apply(p)).iter().all(|q| (0.0..=1.0).contains(q)),
                "{map:?}"
            );
        }
    }

    #[test]
    fn one_class_and_reversed_confidence_have_no_curve() {
        assert_eq!(Map::fit(Form::Platt, &following(|_| 1.0)), None);
        assert_eq!(Map::fit(Form::Temperature, &following(|p| 1.0 - p)), None);
        assert_eq!((Map::fit(Form::Isotonic, &[]), cox(&[])), (None, None));
    }
}
