//! How far would a number move if other users had been met? Intervals by drawing clusters with replacement.
//!
//! For statistics that are functions of sums over clusters (Efron 1979): each draw takes as many clusters as there are, adds up their
//! sums, and computes the statistics anew; the interval is between percentiles of what came out. With few clusters it is too
//! narrow, as any such interval is.

use super::level::{Interval, Level};
use super::random::Random;

const DRAWS: usize = 1_000;
/// Clusters below which there is nothing to draw from.
const FEWEST: usize = 5;

/// Percentile intervals of `N` statistics of the sums of clusters, all of the same length. The same input gives the same
/// intervals. A statistic that is undefined in more than a tenth of the draws has none; with fewer than five clusters none has.
#[must_use]
pub fn intervals<const N: usize>(
    clusters: &[Vec<f64>],
    level: Level,
    statistics: impl Fn(&[f64]) -> [Option<f64>; N],
) -> [Option<Interval>; N] {
    let mut found: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(DRAWS));
    let width = clusters.first().map_or(0, Vec::len);
    if clusters.len() >= FEWEST {
        let mut random = Random::new(clusters.len() as u64);
        let mut times = vec![0_u32; clusters.len()];
        for _ in 0..DRAWS {
            times.fill(0);
            for _ in clusters {
                if let Some(times) = times.get_mut(random.below(clusters.len() as u64) as usize) {
                    *times += 1;
                }
            }
            let mut sums = vec![0.0; width];
            for (cluster, times) in clusters.iter().zip(&times).filter(|(_, times)| **times > 0) {
                for (sum, own) in sums.iter_mut().zip(cluster) {
                    *sum += f64::from(*times) * own;
                }
            }
            for (values, value) in found.iter_mut().zip(statistics(&sums)) {
                values.extend(value);
            }
        }
    }
    found.map(|mut values| {
        if values.len() * 10 < DRAWS * 9 {
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
        let [interval, undefined] = intervals(&clusters, Level::default(), |sums| [Some(mean(sums)), None]);
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
            intervals(&clusters[..4], Level::default(), |sums| [Some(mean(sums))]),
            [None]
        );
    }
}
