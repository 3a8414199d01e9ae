//! How far would a number move if other users had been met? Clusters are drawn with replacement (Efron 1979), each so often as a Poisson
//! variable of mean 1 says (Chamandy et al. 2012), and the number is computed anew from each draw.
//!
//! What came out is read in two ways. [`percentiles`] takes the interval between two percentiles of the draws: it stays within the bounds
//! of the statistic, and is too narrow with few clusters, as any such interval is. [`Spread`] takes how far the draws lie from the value,
//! for statistics that are biased: their percentiles need not even hold the value.

use super::cluster::Sizes;
use super::level::{Interval, Level};
use super::random::Random;

/// Draws of [`percentiles`], and clusters below which there is nothing to draw from.
const DRAWS: usize = 1_000;
const FEWEST: usize = 5;

/// Statistics of so many draws of so many clusters. The same seed gives the same draws.
fn draws<T>(clusters: usize, draws: usize, seed: u64, mut statistics: impl FnMut(&[f64]) -> T) -> Vec<T> {
    let mut random = Random::new(seed);
    let mut times = vec![0.0; clusters];
    let draw = |_| {
        times.fill_with(|| f64::from(random.poisson_one()));
        statistics(&times)
    };
    (0..draws).map(draw).collect()
}

/// Whether enough draws have a statistic for its spread to mean something.
fn is_enough(values: &[f64], draws: usize) -> bool {
    10 * values.len() >= 9 * draws.max(2)
}

/// Percentile intervals of `N` statistics of the sums of clusters, all of the same length. The same input gives the same
/// intervals. A statistic that is undefined in more than a tenth of the draws has none; with fewer than five clusters none has.
#[must_use]
pub fn percentiles<const N: usize>(
    clusters: &[Vec<f64>],
    level: Level,
    statistics: impl Fn(&[f64]) -> [Option<f64>; N],
) -> [Option<Interval>; N] {
    if clusters.len() < FEWEST {
        return [None; N];
    }
    let width = clusters.first().map_or(0, Vec::len);
    let drawn = draws(clusters.len(), DRAWS, clusters.len() as u64, |times| {
        let mut sums = vec![0.0; width];
        for (cluster, times) in clusters.iter().zip(times).filter(|(_, times)| **times > 0.0) {
            for (sum, own) in sums.iter_mut().zip(cluster) {
                *sum += times * own;
            }
        }
        statistics(&sums)
    });
    std::array::from_fn(|at| {
        let mut values: Vec<f64> = drawn.iter().filter_map(|values| *values.get(at)?).collect();
        if !is_enough(&values, DRAWS) {
            return None;
        }
        values.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - level.get()) / 2.0;
        Some(Interval {
            lower: percentile(&values, tail)?,
            upper: percentile(&values, 1.0 - tail)?,
        })
    })
}

/// Between the two nearest of sorted values, in proportion.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)?) as f64;
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

/// How a statistic spreads over draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean over draws minus the value that was drawn from: what the value itself is likely to be off.
    pub bias: f64,
    /// The standard deviation over draws.
    pub error: f64,
    pub sizes: Sizes,
}

impl Spread {
    /// `value ± critical·√(error² + bias²)`. Errors of calibration are biased upwards, all the more the less there is to find, and
    /// draws show about as much bias again: taking it off would trust it too far, so that it counts as error.
    #[must_use]
    pub fn interval(&self, value: f64, level: Level) -> Interval {
        Interval::around(value, self.sizes.critical(level) * self.error.hypot(self.bias))
    }
}

/// How statistics of clusters with weights spread. `None` for a statistic that more than a tenth of the draws do not have, and where
/// clusters do not show how they spread.
pub fn spreads(
    sizes: Sizes,
    count: usize,
    seed: u64,
    statistics: impl Fn(&[f64]) -> Vec<Option<f64>>,
) -> Vec<Option<Spread>> {
    let clusters = sizes.clusters as usize;
    let drawn = draws(clusters, count, seed, &statistics);
    let spread = |(at, own): (usize, Option<f64>)| {
        let values: Vec<f64> = drawn.iter().filter_map(|values| *values.get(at)?).collect();
        let (mean, error) = moments(&values);
        (sizes.show_spread() && is_enough(&values, count)).then_some(Spread {
            bias: mean - own?,
            error,
            sizes,
        })
    };
    let own = statistics(&vec![1.0; clusters]);
    own.into_iter().enumerate().map(spread).collect()
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_mean_it_is_about_that_of_its_standard_error() {
        let mut random = Random::new(5);
        let clusters: Vec<Vec<f64>> = (0..200).map(|_| vec![random.normal(), 1.0]).collect();
        let mean = |sums: &[f64]| sums[0] / sums[1];
        let sums = clusters
            .iter()
            .fold(vec![0.0; 2], |a, b| vec![a[0] + b[0], a[1] + b[1]]);
        let [interval, undefined] = percentiles(&clusters, Level::default(), |sums| [Some(mean(sums)), None]);
        let interval = interval.unwrap();
        let (lower, upper) = (
            mean(&sums) - 1.96 / 200.0_f64.sqrt(),
            mean(&sums) + 1.96 / 200.0_f64.sqrt(),
        );
        assert!(
            (interval.lower - lower).abs() < 0.03 && (interval.upper - upper).abs() < 0.03,
            "{interval:?}"
        );
        assert_eq!(undefined, None);
        assert_eq!(
            percentiles(&clusters[..4], Level::default(), |sums| [Some(mean(sums))]),
            [None]
        );
    }
}
