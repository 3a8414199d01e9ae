//! Which of several is best, when they are compared two at a time?
//!
//! Each has a strength `θ`, and the first of two wins with the chance
//!
//! ```text
//! P(i beats j) = 1/(1 + exp(θ_j − θ_i))
//! ```
//!
//! (Bradley and Terry 1952), a tie counting half for each. Strengths are logits: one that is ahead by 1 wins 73 % of comparisons. Only
//! differences are known, so that they add up to zero. They are the maximum of the likelihood, by Newton's method on its gradient
//! `Σ_j (w_ij − n_ij·P(i beats j))`, whose derivative is the Laplacian matrix of the comparisons with weights `n_ij·P·(1 − P)`.
//!
//! A maximum exists where each can be reached from every other along wins (Ford 1957): one that always wins has no finite strength.
//! [`Wins::core`] is the largest set of which that is true.
//!
//! Comparisons on one case are not independent. With `L⁺` the Laplacian's inverse on differences, a cluster moves the strengths by
//! `L⁺ Σ (y − P)·(e_i − e_j)` over its comparisons ([`Fit::influence`]), which gives the sandwich of Liang and Zeger (1986) that
//! [`super::logistic`] has too.

#![expect(
    clippy::indexing_slicing,
    reason = "rows and columns come from the matrix's own size"
)]

use super::logistic::sigmoid;
use super::symmetric::{Factor, Symmetric};

/// How often each won against each other, ties counting half for both.
#[derive(Clone, Debug, PartialEq)]
pub struct Wins(Vec<Vec<f64>>);

impl Wins {
    #[must_use]
    pub fn new(size: usize) -> Wins {
        Wins(vec![vec![0.0; size]; size])
    }

    /// A comparison, of which the first of two won a share: 1, ½ or 0. Both are below the size, and not the same.
    pub fn add(&mut self, first: usize, second: usize, won: f64) {
        self.0[first][second] += won;
        self.0[second][first] += 1.0 - won;
    }

    /// The largest set of which each can be reached from every other along wins; the earliest of those as large. In ascending order;
    /// fewer than two cannot be compared.
    #[must_use]
    pub fn core(&self) -> Vec<usize> {
        let size = self.0.len();
        let mut reaches: Vec<Vec<bool>> = self
            .0
            .iter()
            .map(|row| row.iter().map(|wins| *wins > 0.0).collect())
            .collect();
        for by in 0..size {
            for from in 0..size {
                for to in 0..size {
                    reaches[from][to] |= reaches[from][by] && reaches[by][to];
                }
            }
        }
        let mutual = |one: usize| -> Vec<usize> {
            let is_mutual = |other: &usize| one == *other || (reaches[one][*other] && reaches[*other][one]);
            (0..size).filter(is_mutual).collect()
        };
        (0..size).map(mutual).rev().max_by_key(Vec::len).unwrap_or_default()
    }

    /// Those among some, numbered anew in that order.
    #[must_use]
    pub fn among(&self, some: &[usize]) -> Wins {
        let row = |one: &usize| some.iter().map(|other| self.0[*one][*other]).collect();
        Wins(some.iter().map(row).collect())
    }

    /// The strengths; `None` below two, and where they have no maximum.
    #[must_use]
    pub fn fit(&self) -> Option<Fit> {
        const MAX_STEPS: u32 = 100;
        const ENOUGH: f64 = 1e-12;
        // Near the maximum the likelihood moves by less than its rounding.
        const ROUNDING: f64 = 1e-12;
        let size = self.0.len();
        if size < 2 || self.core().len() < size {
            return None;
        }
        let mut strengths = vec![0.0; size];
        let mut reached = self.log_likelihood(&strengths);
        for _ in 0..MAX_STEPS {
            let factor = self.information(&strengths).factored();
            let step = centred(factor.solve(self.gradient(&strengths)));
            let is_settled = step
                .iter()
                .zip(&strengths)
                .all(|(step, own)| step.abs() <= ENOUGH * (1.0 + own.abs()));
            // A full step may overshoot far from the maximum.
            let mut share = 1.0;
            let (next, likelihood) = loop {
                let next: Vec<f64> = strengths
                    .iter()
                    .zip(&step)
                    .map(|(from, by)| from + share * by)
                    .collect();
                let likelihood = self.log_likelihood(&next);
                if likelihood >= reached - ROUNDING * reached.abs() || share < 1e-6 {
                    break (next, likelihood);
                }
                share /= 2.0;
            };
            (strengths, reached) = (next, likelihood);
            if is_settled {
                let factor = self.information(&strengths).factored();
                return Some(Fit { strengths, factor });
            }
        }
        None
    }

    fn log_likelihood(&self, strengths: &[f64]) -> f64 {
        let row = |(one, row): (usize, &Vec<f64>)| -> f64 {
            let of = |(other, wins): (usize, &f64)| {
                let ahead = strengths[one] - strengths[other];
                // ln P, in the form that does not overflow.
                wins * (ahead.min(0.0) - (-ahead.abs()).exp().ln_1p())
            };
            row.iter().enumerate().map(of).sum()
        };
        self.0.iter().enumerate().map(row).sum()
    }

    /// What each won beyond what its strength expects.
    fn gradient(&self, strengths: &[f64]) -> Vec<f64> {
        let each = |one: usize| {
            let beyond = |other: usize| {
                let (won, lost) = (self.0[one][other], self.0[other][one]);
                won - (won + lost) * sigmoid(strengths[one] - strengths[other])
            };
            (0..strengths.len()).map(beyond).sum()
        };
        (0..strengths.len()).map(each).collect()
    }

    fn information(&self, strengths: &[f64]) -> Symmetric {
        let mut laplacian = Symmetric::zeros(strengths.len());
        for one in 0..strengths.len() {
            for other in 0..one {
                let chance = sigmoid(strengths[one] - strengths[other]);
                let weight = (self.0[one][other] + self.0[other][one]) * chance * (1.0 - chance);
                laplacian.add(one, one, weight);
                laplacian.add(other, other, weight);
                laplacian.add(one, other, -weight);
            }
        }
        laplacian
    }
}

/// Strengths that add up to zero.
pub struct Fit {
    pub strengths: Vec<f64>,
    /// Of the Laplacian, of which one unknown is free.
    factor: Factor,
}

impl Fit {
    /// What a comparison of two leaves unexplained, given the share that the first of them won.
    #[must_use]
    pub fn residual(&self, first: usize, second: usize, won: f64) -> f64 {
        won - sigmoid(self.strengths[first] - self.strengths[second])
    }

    /// How far a cluster moves each strength, from the sum of the [residuals](Self::residual) of its comparisons for each: added for the
    /// first of two, taken off for the second.
    #[must_use]
    pub fn influence(&self, residuals: Vec<f64>) -> Vec<f64> {
        centred(self.factor.solve(residuals))
    }
}

fn centred(mut values: Vec<f64>) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|value| *value -= mean);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wins(rows: &[(usize, usize, f64, u32)]) -> Wins {
        let size = rows
            .iter()
            .map(|(one, other, ..)| one.max(other) + 1)
            .max()
            .unwrap_or(0);
        let mut wins = Wins::new(size);
        for (first, second, won, times) in rows {
            (0..*times).for_each(|_| wins.add(*first, *second, *won));
        }
        wins
    }

    #[test]
    fn two_are_apart_by_the_logit_of_the_win_rate() {
        let found = wins(&[(0, 1, 1.0, 6), (0, 1, 0.5, 2), (0, 1, 0.0, 2)]).fit().unwrap();
        let expected = 0.5 * (0.7_f64 / 0.3).ln();
        assert!((found.strengths[0] - expected).abs() < 1e-12 && (found.strengths[1] + expected).abs() < 1e-12);
        assert!((found.residual(0, 1, 1.0) - 0.3).abs() < 1e-12);
        // Of two, L⁺ halves what is left over the weight n·p·(1 − p).
        let moved = found.influence(vec![0.3, -0.3]);
        assert!((moved[0] - 0.5 * 0.3 / 2.1).abs() < 1e-12 && (moved[0] + moved[1]).abs() < 1e-15);
    }

    #[test]
    fn strengths_join_those_that_never_met() {
        let found = wins(&[(0, 1, 1.0, 3), (0, 1, 0.0, 1), (1, 2, 1.0, 3), (1, 2, 0.0, 1)])
            .fit()
            .unwrap();
        for (found, expected) in found.strengths.iter().zip([1.0, 0.0, -1.0]) {
            assert!((found - expected * 3.0_f64.ln()).abs() < 1e-12, "{found}");
        }
    }

    #[test]
    fn what_always_wins_or_never_meets_has_no_strength() {
        let above = wins(&[(0, 1, 1.0, 4), (0, 2, 1.0, 4), (1, 2, 0.5, 3)]);
        assert!(above.fit().is_none());
        assert_eq!(above.core(), [1, 2]);
        assert_eq!(above.among(&above.core()).fit().unwrap().strengths, [0.0, 0.0]);
        let apart = wins(&[(0, 1, 0.5, 1), (2, 3, 0.5, 9), (3, 4, 0.5, 1)]);
        assert_eq!(apart.core(), [2, 3, 4]);
        let line = wins(&[(0, 1, 1.0, 4), (1, 2, 1.0, 4)]);
        assert_eq!((line.core().len(), Wins::new(0).core().len()), (1, 0));
        assert!(line.fit().is_none() && Wins::new(1).fit().is_none() && Wins::new(0).fit().is_none());
    }
}
