//! What does a marked trial do to the person's next ones?
//!
//! A person's trials, one after another, are each marked or not and a case or not. Asked is by how much the chance of a case differs `L`
//! trials after a marked one from that after another. Three things look like such an effect and are none: people differ; people change with
//! use, so that marked trials come early and cases late; and what was marked once is not among what comes after it (Nickell 1981, Miller and
//! Sanjurjo 2018), which makes five points of twenty trials a person.
//!
//! So trials are compared within blocks of neighbouring ones, freed of a straight line each. With `x` the marks, `y` the cases, of a block of
//! `T` trials, `m = T − |L|` pairs and the projection `M` of `m` places that removes level and slope,
//!
//! ```text
//! N_L = Σ_ab M_ab x_a y_b+L,   E N_L = Σ_d C_d·τ_m(d − L),   τ_m(o) = Σ_a M_a,a+o
//! τ_m(o) = m·[o = 0] − n/m − (n(n² − 1) − 3no²)/(m(m² − 1)),   n = m − |o|
//! ```
//!
//! where `C_d` is the covariance of a mark with the case `d` trials on. `C_0`, of a trial with itself, is estimated in each block from
//! `N_0 = C_0·(T − 2)` and taken off: without an effect the rest is zero on average over all orders of a block's trials, exactly, and so it is where
//! chances move along a line. With effects, `C_d = v·δ_d`, where `v` is the variance of the marks about their line: what those of
//! [`CLOSE`] distances do to the sums of others, by way of the level and slope that are removed, is solved for.
//!
//! Blocks are of 16, 32, and from then on 64 trials, since learning is fast at first: a line leaves little of a curve that flattens. Steeper bends
//! within a block, and marked trials that come in bursts with the same causes as cases, are not told from an effect.

mod block;
mod course;

use std::ops::{AddAssign, Sub};

use self::block::{Block, OF_A_LINE, about_lines, trace};
pub use self::course::{After, Course};
use super::logistic::{self, Matrix};

/// How many trials after a marked one are looked at.
pub const LAGS: usize = 10;

/// Distances whose effects are allowed for in the sums of all others; the first of [`DISTANCES`].
const CLOSE: usize = 4;
const DISTANCES: [i32; CLOSE + LAGS - 2] = [-2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/// Place of the first lag among the distances.
const AHEAD: usize = 2;

impl Course {
    /// What the person adds to the sums of all.
    #[must_use]
    pub fn moments(&self) -> Moments {
        let mut moments = Moments::default();
        for block in self.0.iter().filter(|block| block.trials > OF_A_LINE) {
            moments.add(block);
        }
        moments
    }
}

/// Sums of blocks at each of the distances.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments([Row; DISTANCES.len()]);

#[derive(Clone, Copy, Debug, Default)]
struct Row {
    /// `N_L` less what the trials' covariance with themselves brings about.
    product: f64,
    /// How much an effect of one adds to it at each of the close distances, and at its own.
    close: [f64; CLOSE],
    own: f64,
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
type Each = [f64; DISTANCES.len()];

/// The equations of all people.
struct Equations<'a> {
    pooled: &'a Moments,
    inverse: Matrix<CLOSE>,
}

impl<'a> Equations<'a> {
    /// `None` where trials are too few to tell close distances apart.
    fn new(pooled: &'a Moments) -> Option<Self> {
        let mut matrix = [[0.0; CLOSE]; CLOSE];
        for (own, row) in matrix.iter_mut().zip(&pooled.0) {
            *own = row.close;
        }
        let inverse = logistic::inverse(&matrix)?;
        Some(Equations { pooled, inverse })
    }

    /// The effects that bring about such sums. Not finite at distances that no one's trials reach.
    fn solve(&self, sums: &Each) -> Each {
        let mut close = [0.0; CLOSE];
        for (own, row) in close.iter_mut().zip(&self.inverse) {
            *own = row.iter().zip(sums).map(|(cell, sum)| cell * sum).sum();
        }
        let mut found = [0.0; DISTANCES.len()];
        for ((own, sum), row) in found.iter_mut().zip(sums).zip(&self.pooled.0) {
            *own = (sum - dot(&row.close, &close)) / row.own;
        }
        for (own, known) in found.iter_mut().zip(close) {
            *own = known;
        }
        found
    }

    fn effects(&self) -> Each {
        self.solve(&self.pooled.0.map(|row| row.product))
    }
}

impl Moments {
    fn add(&mut self, block: &Block) {
        let trials = block.trials;
        let same = block.product(0) / trace(trials, 0);
        let variance = about_lines(block.marked, block.marked, trials) / trace(trials, 0);
        for (row, lag) in self.0.iter_mut().zip(DISTANCES) {
            let pairs = trials.saturating_sub(lag.unsigned_abs());
            let of_same = trace(pairs, lag);
            let expected = |distance: i32| {
                variance * (trace(pairs, distance - lag) - of_same * trace(trials, distance) / trace(trials, 0))
            };
            row.product += block.product(lag) - same * of_same;
            row.own += expected(lag);
            for (sum, distance) in row.close.iter_mut().zip(DISTANCES) {
                *sum += expected(distance);
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
    fn unexplained(&self, effects: &Each) -> Each {
        let mut left = [0.0; DISTANCES.len()];
        let rows = self.0.iter().zip(effects).enumerate();
        for (left, (at, (row, effect))) in left.iter_mut().zip(rows) {
            let own = if at < CLOSE { 0.0 } else { row.own * effect };
            let close = row.close.iter().zip(effects).map(|(one, other)| one * other);
            *left = row.product - close.sum::<f64>() - own;
        }
        left
    }
}

/// By how much the chance of a case differs so many trials after a marked one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effect {
    pub value: Option<f64>,
    /// Between people; `None` with fewer than two.
    pub standard_error: Option<f64>,
    /// People who had both kinds of trials in a block long enough.
    pub people: u64,
}

/// The effects 1, 2, … trials after a marked one. The last digit depends on the order of the people.
#[must_use]
pub fn effects(people: &[Course]) -> [Effect; LAGS] {
    let mut pooled = Moments::default();
    people.iter().for_each(|own| pooled += &own.moments());
    let mut found = [Effect::default(); LAGS];
    let Some(equations) = Equations::new(&pooled) else {
        return found;
    };
    let effects = equations.effects();
    let (mut squares, mut known) = ([0.0; LAGS], [0_u64; LAGS]);
    for own in people.iter().map(Course::moments) {
        let influences = lags(equations.solve(&own.unexplained(&effects)));
        let rows = own.0.iter().skip(AHEAD);
        for (((square, known), influence), row) in squares.iter_mut().zip(&mut known).zip(influences).zip(rows) {
            *square += influence * influence;
            *known += u64::from(row.own > 0.0);
        }
    }
    for (((found, value), square), people) in found.iter_mut().zip(lags(effects)).zip(squares).zip(known) {
        let variance = (people > 1).then(|| square * people as f64 / (people as f64 - 1.0));
        *found = Effect {
            value: Some(value).filter(|value| value.is_finite()),
            standard_error: variance.map(f64::sqrt).filter(|error| error.is_finite()),
            people,
        };
    }
    found
}

/// Of the distances, those after a marked trial.
fn lags(each: Each) -> [f64; LAGS] {
    let mut ahead = [0.0; LAGS];
    for (own, value) in ahead.iter_mut().zip(each.into_iter().skip(AHEAD)) {
        *own = value;
    }
    ahead
}

fn dot<const K: usize>(one: &[f64; K], other: &[f64; K]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(trials: &[(bool, bool)]) -> Course {
        let mut course = Course::default();
        trials
            .iter()
            .for_each(|(is_marked, is_case)| course.push(*is_marked, *is_case));
        course
    }

    fn each_order(trials: &mut Vec<(bool, bool)>, from: usize, take: &mut impl FnMut(&[(bool, bool)])) {
        if from == trials.len() {
            return take(trials);
        }
        for at in from..trials.len() {
            trials.swap(from, at);
            each_order(trials, from + 1, take);
            trials.swap(from, at);
        }
    }

    #[test]
    fn the_order_alone_brings_about_nothing_on_average_over_all_orders() {
        let (bad, good, wrong) = ((true, false), (false, true), (true, true));
        for trials in [
            vec![bad, good, good, good, bad, wrong, good, bad],
            vec![good, wrong, bad, good],
            vec![bad; 4],
        ] {
            let (mut sums, mut orders) = ([0.0; DISTANCES.len()], 0.0);
            let mut largest: f64 = 0.0;
            each_order(&mut trials.clone(), 0, &mut |order| {
                for (sum, row) in sums.iter_mut().zip(course(order).moments().0) {
                    *sum += row.product;
                    largest = largest.max(row.product.abs());
                }
                orders += 1.0;
            });
            assert!(
                sums.iter().all(|sum| (sum / orders).abs() < 1e-12),
                "{trials:?}: {sums:?}"
            );
            assert!(largest > 0.1 || trials.len() == 4, "{trials:?}: {largest}");
        }
    }

    #[test]
    fn too_few_trials_say_nothing() {
        let short = course(&[(true, false), (false, true), (true, false), (false, true)]);
        assert_eq!(effects(&vec![short; 50])[0].value, None);
        assert_eq!(effects(&[])[0], Effect::default());
        assert_eq!(Moments::default().effects(), None);
    }

    #[test]
    fn sums_of_groups_add_up_to_those_of_all() {
        let one = course(&[
            (true, false),
            (false, true),
            (false, false),
            (true, true),
            (false, true),
        ]);
        let other = course(&[
            (false, false),
            (true, true),
            (true, false),
            (false, true),
            (true, true),
            (true, false),
        ]);
        let mut both = one.moments();
        both += &other.moments();
        let left = both - &one.moments();
        for (found, expected) in left.0.iter().zip(other.moments().0) {
            assert!((found.product - expected.product).abs() < 1e-12 && (found.own - expected.own).abs() < 1e-12);
        }
    }
}
