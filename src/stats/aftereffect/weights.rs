//! What is expected of the sums of a block, whatever its trials were.

use super::lines::{cell, trace};
use super::{CLOSE, DISTANCES};

/// Of blocks of so many trials, at each of the distances.
pub struct Weights([Weight; DISTANCES.len()]);

/// Of the sum of products so far apart.
#[derive(Clone, Debug, Default)]
pub struct Weight {
    /// From which trial on one is its own partner, and with how much of its covariance with itself.
    pub first_own: usize,
    pub own_trials: Vec<f64>,
    /// What an effect of one at each of the close distances, and at its own, adds to it, if the marks have a variance of one.
    pub close: [f64; CLOSE],
    pub own: f64,
}

impl Weights {
    pub fn new(trials: usize) -> Weights {
        Weights(DISTANCES.map(|lag| Weight::new(trials, lag)))
    }

    pub fn iter(&self) -> impl Iterator<Item = (i32, &Weight)> {
        DISTANCES.into_iter().zip(&self.0)
    }
}

impl Weight {
    fn new(trials: usize, lag: i32) -> Weight {
        let apart = lag.unsigned_abs() as usize;
        let pairs = trials.saturating_sub(apart);
        let own_trials: Vec<f64> = (apart..pairs)
            .map(|at| cell(pairs, at, at - apart) / cell(trials, at, at))
            .collect();
        let expected = |distance: i32| {
            let with_own = (apart..pairs).zip(&own_trials).filter_map(|(at, weight)| {
                let other = at
                    .checked_add_signed(distance as isize)
                    .filter(|other| *other < trials)?;
                Some(weight * cell(trials, at, other))
            });
            trace(pairs, distance - lag) - with_own.sum::<f64>()
        };
        Weight {
            close: std::array::from_fn(|at| DISTANCES.get(at).map_or(0.0, |distance| expected(*distance))),
            own: expected(lag),
            first_own: apart,
            own_trials,
        }
    }
}
