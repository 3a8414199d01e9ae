//! Which logistic curve fits the outcomes?
//!
//! `P(y = 1) = 1/(1 + exp(−x·β))` by maximum likelihood without a penalty (Newton's method, which is iteratively reweighted least
//! squares), over rows that share their regressors. The covariance that respects clusters is the sandwich
//!
//! ```text
//! Var(β) = G/(G − 1) · H⁻¹ (Σ_g s_g s_gᵀ) H⁻¹,    s_g = Σ_i∈g x_i (y_i − μ_i)
//! ```
//!
//! of Liang and Zeger (1986), with the factor for few clusters that everything else here has. statsmodels'
//! `Logit.fit(cov_type="cluster")` multiplies by `(n − 1)/(n − k)` too.

/// Observations with the same regressors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<const K: usize> {
    pub x: [f64; K],
    /// Observations, and those of them with outcome 1.
    pub n: f64,
    pub y: f64,
}

/// A square matrix by rows.
pub type Matrix<const K: usize> = [[f64; K]; K];

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit<const K: usize> {
    pub coefficients: [f64; K],
    /// The inverse of the information: the covariance for independent observations.
    pub covariance: Matrix<K>,
    pub log_likelihood: f64,
}

/// `1/(1 + e^−x)`.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `ln(p/(1 − p))`.
#[must_use]
pub fn logit(p: f64) -> f64 {
    p.ln() - (-p).ln_1p()
}

fn dot<const K: usize>(one: &[f64; K], other: &[f64; K]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

fn times<const K: usize>(matrix: &Matrix<K>, vector: &[f64; K]) -> [f64; K] {
    matrix.each_ref().map(|row| dot(row, vector))
}

fn add_square<const K: usize>(matrix: &mut Matrix<K>, vector: &[f64; K], weight: f64) {
    for (row, a) in matrix.iter_mut().zip(vector) {
        for (cell, b) in row.iter_mut().zip(vector) {
            *cell += weight * a * b;
        }
    }
}

/// The inverse by elimination of a matrix whose pivots are positive, as those of symmetric positive definite ones are; `None` if it is
/// singular to working precision.
pub(super) fn inverse<const K: usize>(matrix: &Matrix<K>) -> Option<Matrix<K>> {
    const SINGULAR: f64 = 1e-13;
    let unit = |at: usize| std::array::from_fn(|other| f64::from(u8::from(at == other)));
    let mut rows: Vec<([f64; K], [f64; K])> = matrix.iter().enumerate().map(|(at, row)| (*row, unit(at))).collect();
    for pivot in 0..K {
        let (left, right) = *rows.get(pivot)?;
        let size = *left.get(pivot)?;
        let original = *matrix.get(pivot)?.get(pivot)?;
        if size.is_nan() || size <= SINGULAR * original {
            return None;
        }
        let scaled = (left.map(|cell| cell / size), right.map(|cell| cell / size));
        for (at, row) in rows.iter_mut().enumerate() {
            if at == pivot {
                *row = scaled;
                continue;
            }
            let factor = *row.0.get(pivot)?;
            let cells = row.0.iter_mut().zip(scaled.0).chain(row.1.iter_mut().zip(scaled.1));
            cells.for_each(|(cell, other)| *cell -= factor * other);
        }
    }
    let mut inverse = [[0.0; K]; K];
    inverse.iter_mut().zip(rows).for_each(|(row, (_, right))| *row = right);
    Some(inverse)
}

/// `Σ y·ln μ + (n − y)·ln(1 − μ)`.
fn log_likelihood<const K: usize>(rows: &[Row<K>], coefficients: &[f64; K]) -> f64 {
    // ln μ = −ln(1 + e^−η), in the form that does not overflow.
    let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    let of_row = |row: &Row<K>| {
        let eta = dot(&row.x, coefficients);
        -row.y * softplus(-eta) - (row.n - row.y) * softplus(eta)
    };
    rows.iter().map(of_row).sum()
}

/// The fit; `None` where the regressors do not determine it or the outcomes are separable, so that no maximum exists.
#[must_use]
pub fn fit<const K: usize>(rows: &[Row<K>]) -> Option<Fit<K>> {
    const MAX_STEPS: u32 = 100;
    const ENOUGH: f64 = 1e-12;
    // Near the maximum the likelihood moves by less than its rounding.
    const ROUNDING: f64 = 1e-12;
    let mut coefficients = [0.0; K];
    let mut reached = log_likelihood(rows, &coefficients);
    for _ in 0..MAX_STEPS {
        let (mut gradient, mut information) = ([0.0; K], [[0.0; K]; K]);
        for row in rows {
            let mu = sigmoid(dot(&row.x, &coefficients));
            let residual = row.y - row.n * mu;
            gradient
                .iter_mut()
                .zip(&row.x)
                .for_each(|(sum, x)| *sum += x * residual);
            add_square(&mut information, &row.x, row.n * mu * (1.0 - mu));
        }
        let covariance = inverse(&information)?;
        let step = times(&covariance, &gradient);
        let size = step.iter().zip(&coefficients).map(|(s, c)| s.abs() / (1.0 + c.abs()));
        let is_settled = size.fold(0.0, f64::max) <= ENOUGH;
        // A full step may overshoot far from the maximum.
        let mut share = 1.0;
        let (next, likelihood) = loop {
            let next: [f64; K] = std::array::from_fn(|at| {
                let (from, by) = (coefficients.get(at).copied(), step.get(at).copied());
                from.unwrap_or_default() + share * by.unwrap_or_default()
            });
            let likelihood = log_likelihood(rows, &next);
            if likelihood >= reached - ROUNDING * reached.abs() || share < 1e-6 {
                break (next, likelihood);
            }
            share /= 2.0;
        };
        (coefficients, reached) = (next, likelihood);
        if is_settled {
            return Some(Fit {
                coefficients,
                covariance,
                log_likelihood: reached,
            });
        }
    }
    None
}

/// The sandwich covariance from the score of each cluster; `None` below two clusters.
#[must_use]
pub fn sandwich<const K: usize>(covariance: &Matrix<K>, scores: &[[f64; K]]) -> Option<Matrix<K>> {
    let clusters = scores.len() as f64;
    if clusters < 2.0 {
        return None;
    }
    let mut found = [[0.0; K]; K];
    for score in scores {
        add_square(&mut found, &times(covariance, score), clusters / (clusters - 1.0));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saturated_model_has_the_observed_rates() {
        let rows = [
            Row {
                x: [1.0, 0.0],
                n: 10.0,
                y: 3.0,
            },
            Row {
                x: [1.0, 1.0],
                n: 20.0,
                y: 15.0,
            },
        ];
        let found = fit(&rows).unwrap();
        let [a, b] = found.coefficients;
        assert!((sigmoid(a) - 0.3).abs() < 1e-12 && (sigmoid(a + b) - 0.75).abs() < 1e-12);
        // The variance of a logit is 1/(n·p·(1 − p)).
        assert!((found.covariance[0][0] - 1.0 / 2.1).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_maximum_has_no_fit() {
        let separated = [
            Row {
                x: [1.0, -1.0],
                n: 5.0,
                y: 0.0,
            },
            Row {
                x: [1.0, 1.0],
                n: 5.0,
                y: 5.0,
            },
        ];
        assert_eq!(fit(&separated), None);
        let same = [Row {
            x: [1.0, 2.0],
            n: 5.0,
            y: 2.0,
        }];
        assert_eq!((fit(&same), fit::<2>(&[])), (None, None));
        assert_eq!(sandwich(&[[1.0]], &[[1.0]]), None);
    }
}
