//! Sums of blocks, and the effects that bring them about.

use std::ops::{AddAssign, Sub};

use super::lines::{OF_A_LINE, about_line, about_lines};
use super::weights::Weights;
use super::{AHEAD, CLOSE, DISTANCES, LAGS};
use crate::stats::logistic::{self, Matrix};

/// Sums of blocks at each of the distances.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments(pub(super) [Row; DISTANCES.len()]);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// `N_L`.
    pub product: f64,
    /// How much an effect of one adds to it at each of the close distances, and at its own.
    close: [f64; CLOSE],
    pub own: f64,
}

impl Row {
    /// The same sum of two rows' numbers, each.
    fn with(mut self, other: &Row, sum: fn(f64, f64) -> f64) -> Row {
        self.product = sum(self.product, other.product);
        self.own = sum(self.own, other.own);
        for (one, other) in self.close.iter_mut().zip(other.close) {
            *one = sum(*one, other);
        }
        self
    }
}

impl AddAssign<&Moments> for Moments {
    fn add_assign(&mut self, other: &Moments) {
        for (row, other) in self.0.iter_mut().zip(&other.0) {
            *row = row.with(other, |one, other| one + other);
        }
    }
}

impl Sub<&Moments> for Moments {
    type Output = Moments;

    fn sub(mut self, other: &Moments) -> Moments {
        for (row, other) in self.0.iter_mut().zip(&other.0) {
            *row = row.with(other, |one, other| one - other);
        }
        self
    }
}

/// One number for each of the distances.
pub(super) type Each = [f64; DISTANCES.len()];

impl Moments {
    /// Adds a block's marks and cases.
    pub(super) fn add(&mut self, marked: &[f64], cases: &[f64], weights: &Weights) {
        let trials = marked.len();
        if trials <= OF_A_LINE {
            return;
        }
        let variance = about_lines(marked, marked) / (trials - OF_A_LINE) as f64;
        let same: Vec<f64> = products(marked, &about_line(cases)).collect();
        for (row, (lag, weight)) in self.0.iter_mut().zip(weights.iter()) {
            let (from, to) = (lag.min(0).unsigned_abs() as usize, lag.max(0) as usize);
            let x = marked.get(from..trials.saturating_sub(to)).unwrap_or_default();
            let y = cases.get(to..trials.saturating_sub(from)).unwrap_or_default();
            let own_trials = same.get(weight.first_own..).unwrap_or_default();
            row.product += about_lines(x, y) - products(own_trials, &weight.own_trials).sum::<f64>();
            row.own += variance * weight.own;
            for (sum, expected) in row.close.iter_mut().zip(weight.close) {
                *sum += variance * expected;
            }
        }
    }

    /// By how much the chance of a case differs 1, 2, … trials after a marked one; `None` where too little is known of any of them.
    #[must_use]
    pub fn effects(&self) -> Option<[f64; LAGS]> {
        let effects = lags(Equations::new(self)?.effects());
        effects.iter().all(|effect| effect.is_finite()).then_some(effects)
    }

    /// What is left of the sums when effects are taken off.
    pub(super) fn unexplained(&self, effects: &Each) -> Each {
        let mut left = [0.0; DISTANCES.len()];
        let rows = self.0.iter().zip(effects).enumerate();
        for (left, (at, (row, effect))) in left.iter_mut().zip(rows) {
            let own = if at < CLOSE { 0.0 } else { row.own * effect };
            let close = products(&row.close, effects);
            *left = row.product - close.sum::<f64>() - own;
        }
        left
    }
}

/// The equations of all people.
pub(super) struct Equations<'a> {
    pooled: &'a Moments,
    inverse: Matrix<CLOSE>,
}

impl<'a> Equations<'a> {
    /// `None` where trials are too few to tell close distances apart.
    pub fn new(pooled: &'a Moments) -> Option<Self> {
        let mut matrix = [[0.0; CLOSE]; CLOSE];
        for (own, row) in matrix.iter_mut().zip(&pooled.0) {
            *own = row.close;
        }
        let inverse = logistic::inverse(&matrix)?;
        Some(Equations { pooled, inverse })
    }

    /// The effects that bring about such sums. Not finite at distances that no one's trials reach.
    pub fn solve(&self, sums: &Each) -> Each {
        let mut close = [0.0; CLOSE];
        for (own, row) in close.iter_mut().zip(&self.inverse) {
            *own = products(row, sums).sum();
        }
        let mut found = [0.0; DISTANCES.len()];
        for ((own, sum), row) in found.iter_mut().zip(sums).zip(&self.pooled.0) {
            *own = (sum - products(&row.close, &close).sum::<f64>()) / row.own;
        }
        for (own, known) in found.iter_mut().zip(close) {
            *own = known;
        }
        found
    }

    pub fn effects(&self) -> Each {
        self.solve(&self.pooled.0.map(|row| row.product))
    }
}

/// Of the distances, those after a marked trial.
pub(super) fn lags(each: Each) -> [f64; LAGS] {
    let mut ahead = [0.0; LAGS];
    for (own, value) in ahead.iter_mut().zip(each.into_iter().skip(AHEAD)) {
        *own = value;
    }
    ahead
}

fn products<'a>(one: &'a [f64], other: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    one.iter().zip(other).map(|(a, b)| a * b)
}
