//! Symmetric matrices, and positive semi-definite systems of equations by Cholesky's factor `A = L·Lᵀ`.
//!
//! Where `A` is singular, as with effects of which one is free, an unknown that earlier ones already determine is set to zero.

#![expect(
    clippy::indexing_slicing,
    reason = "rows and columns come from the matrix's own size"
)]

/// Pivots below this share of their diagonal are rounding.
const ROUNDING: f64 = 1e-9;

/// The lower triangle of a symmetric matrix, row by row.
#[derive(Clone, Debug)]
pub struct Symmetric(Vec<Vec<f64>>);

impl Symmetric {
    #[must_use]
    pub fn zeros(size: usize) -> Symmetric {
        Symmetric((1..=size).map(|length| vec![0.0; length]).collect())
    }

    /// Adds to an entry and its mirror image; `column <= row < size`.
    pub fn add(&mut self, row: usize, column: usize, value: f64) {
        self.0[row][column] += value;
    }

    /// The entry at two places, whichever of them is its row; 0 outside.
    #[must_use]
    pub fn get(&self, one: usize, other: usize) -> f64 {
        let row = self.0.get(one.max(other));
        row.and_then(|row| row.get(one.min(other))).copied().unwrap_or_default()
    }

    #[must_use]
    pub fn factored(mut self) -> Factor {
        let matrix = &mut self.0;
        for row in 0..matrix.len() {
            let least = ROUNDING * matrix[row][row];
            for column in 0..row {
                let known: f64 = (0..column).map(|at| matrix[row][at] * matrix[column][at]).sum();
                matrix[row][column] = divided(matrix[row][column] - known, matrix[column][column]);
            }
            let known: f64 = matrix[row][..row].iter().map(|own| own * own).sum();
            let pivot = matrix[row][row] - known;
            if pivot > least {
                matrix[row][row] = pivot.sqrt();
            } else {
                matrix[row].fill(0.0);
            }
        }
        Factor(self.0)
    }
}

/// `L`; a row of zeros belongs to an unknown that is free.
pub struct Factor(Vec<Vec<f64>>);

impl Factor {
    /// The `x` of `A·x = sums`, which has as many as `A` has rows.
    #[must_use]
    pub fn solve(&self, mut sums: Vec<f64>) -> Vec<f64> {
        let factor = &self.0;
        for row in 0..factor.len() {
            let known: f64 = factor[row][..row].iter().zip(&sums).map(|(own, x)| own * x).sum();
            sums[row] = divided(sums[row] - known, factor[row][row]);
        }
        for row in (0..factor.len()).rev() {
            let below = row + 1..factor.len();
            let known: f64 = below.map(|below| factor[below][row] * sums[below]).sum();
            sums[row] = divided(sums[row] - known, factor[row][row]);
        }
        sums
    }
}

/// Zero where there is nothing to divide by.
fn divided(sum: f64, pivot: f64) -> f64 {
    if pivot > 0.0 { sum / pivot } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solution(rows: &[&[f64]], sums: &[f64]) -> Vec<f64> {
        let mut matrix = Symmetric::zeros(rows.len());
        for (row, own) in rows.iter().enumerate() {
            own.iter()
                .enumerate()
                .for_each(|(column, value)| matrix.add(row, column, *value));
        }
        matrix.factored().solve(sums.to_vec())
    }

    #[test]
    fn a_definite_system_has_its_solution() {
        let found = solution(&[&[4.0], &[2.0, 5.0], &[-2.0, 1.0, 6.0]], &[2.0, 15.0, 18.0]);
        for (found, expected) in found.iter().zip([1.0, 2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
        assert!(solution(&[], &[]).is_empty());
    }

    #[test]
    fn what_earlier_unknowns_determine_is_zero() {
        let found = solution(&[&[1.0], &[-1.0, 1.0]], &[3.0, -3.0]);
        assert_eq!(found, [3.0, 0.0]);
    }
}
