//! Confidences and outcomes by user: what resampling users, folds of users and claims about users are computed from.

use std::collections::HashMap;

use super::bootstrap::{self, Spread};
use super::calibration::{self, Bin};
use super::cluster::Sizes;

/// Cells of the grid on which confidences are put that are too many to be kept apart.
pub const GRID: usize = 1_000;

/// Observations of one cluster with one confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Number of the cluster, from 0.
    pub cluster: u32,
    /// Number of the cell, in ascending order of confidence.
    pub cell: u32,
    pub n: f64,
    pub y: f64,
}

/// Observations, sorted by cell and within each by cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The mean confidence of each cell.
    pub confidences: Vec<f64>,
    pub entries: Vec<Entry>,
    /// How many clusters there are.
    pub clusters: usize,
}

impl Sample {
    /// From `(cluster, confidence, outcome)`. Clusters are numbered in the order of their keys. Up to `apart` different confidences
    /// are kept apart; more are put on a grid of [`GRID`] cells, with their means.
    #[must_use]
    pub fn new(mut points: Vec<(i64, f64, bool)>, apart: usize) -> Sample {
        points.sort_unstable_by(|one, other| one.1.total_cmp(&other.1).then(one.0.cmp(&other.0)));
        let mut keys: Vec<i64> = points.iter().map(|(key, _, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let numbers: HashMap<i64, u32> = keys.iter().copied().zip(0..).collect();
        let distinct = points.chunk_by(|one, other| one.1 == other.1).count();
        let is_same = |one: &(i64, f64, bool), other: &(i64, f64, bool)| {
            if distinct <= apart {
                one.1 == other.1
            } else {
                calibration::bin_index(one.1, GRID) == calibration::bin_index(other.1, GRID)
            }
        };
        let mut sample = Sample {
            clusters: keys.len(),
            ..Sample::default()
        };
        for (cell, points) in (0..).zip(points.chunk_by(is_same)) {
            let sum: f64 = points.iter().map(|point| point.1).sum();
            sample.confidences.push(match points {
                // A mean of equal numbers may differ from them in the last digit.
                [first, .., last] if first.1 == last.1 => first.1,
                _ => sum / points.len() as f64,
            });
            let mut own: Vec<(u32, bool)> = points
                .iter()
                .filter_map(|(key, _, outcome)| Some((*numbers.get(key)?, *outcome)))
                .collect();
            own.sort_unstable();
            sample
                .entries
                .extend(own.chunk_by(|one, other| one.0 == other.0).filter_map(|same| {
                    Some(Entry {
                        cluster: same.first()?.0,
                        cell,
                        n: same.len() as f64,
                        y: same.iter().filter(|(_, outcome)| *outcome).count() as f64,
                    })
                }));
        }
        sample
    }

    /// Observations.
    #[must_use]
    pub fn n(&self) -> f64 {
        self.entries.iter().map(|entry| entry.n).sum()
    }

    /// The confidence of an entry.
    #[must_use]
    pub fn confidence(&self, entry: &Entry) -> f64 {
        self.confidences.get(entry.cell as usize).copied().unwrap_or_default()
    }

    /// The cells in ascending order, each cluster with a weight; 0 leaves it out.
    #[must_use]
    pub fn weighted(&self, weight: impl Fn(u32) -> f64) -> Vec<Bin> {
        let mut cells = vec![Bin::default(); self.confidences.len()];
        for entry in &self.entries {
            let weight = weight(entry.cluster);
            if let Some(cell) = cells.get_mut(entry.cell as usize) {
                cell.n += weight * entry.n;
                cell.sum_y += weight * entry.y;
            }
        }
        for (cell, confidence) in cells.iter_mut().zip(&self.confidences) {
            cell.sum_p = cell.n * confidence;
        }
        cells
    }

    /// The cells of all observations.
    #[must_use]
    pub fn cells(&self) -> Vec<Bin> {
        self.weighted(|_| 1.0)
    }

    /// Something of each cluster, added up over its entries.
    pub fn by_cluster<T: Clone>(&self, start: &T, mut add: impl FnMut(&mut T, f64, &Entry)) -> Vec<T> {
        let mut found = vec![start.clone(); self.clusters];
        for entry in &self.entries {
            if let Some(own) = found.get_mut(entry.cluster as usize) {
                add(own, self.confidence(entry), entry);
            }
        }
        found
    }

    /// How many observations each cluster has.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        Sizes::of(self.by_cluster(&0.0, |n, _, entry| *n += entry.n))
    }

    /// How some statistics of the cells spread when clusters are drawn again.
    pub fn bootstrap(
        &self,
        draws: usize,
        seed: u64,
        statistics: impl Fn(&[Bin]) -> Vec<Option<f64>>,
    ) -> Vec<Option<Spread>> {
        bootstrap::spreads(self.sizes(), draws, seed, |weights| {
            statistics(&self.weighted(|cluster| weights.get(cluster as usize).copied().unwrap_or_default()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::level::Level;

    #[test]
    fn equal_confidences_share_a_cell_and_users_their_entries() {
        let points = vec![(7, 0.5, true), (3, 0.1, false), (7, 0.5, false), (3, 0.5, true)];
        let sample = Sample::new(points, GRID);
        assert_eq!(sample.confidences, [0.1, 0.5]);
        let entry = |cluster, cell, n, y| Entry { cluster, cell, n, y };
        assert_eq!(
            sample.entries,
            [entry(0, 0, 1.0, 0.0), entry(0, 1, 1.0, 1.0), entry(1, 1, 2.0, 1.0)]
        );
        assert_eq!((sample.clusters, sample.n()), (2, 4.0));
        let without_first = sample.weighted(f64::from);
        assert_eq!(
            without_first[1],
            Bin {
                n: 2.0,
                sum_p: 1.0,
                sum_y: 1.0
            }
        );
        assert_eq!(Sample::new(Vec::new(), GRID), Sample::default());
    }

    #[test]
    fn many_confidences_go_to_a_grid_with_their_means() {
        let points = (0..30_000).map(|i| (i % 10, f64::from(i as i32) / 30_000.0, i % 2 == 0));
        let sample = Sample::new(points.collect(), GRID);
        assert_eq!(sample.confidences.len(), GRID);
        let mean = sample.cells().iter().map(|cell| cell.sum_p).sum::<f64>() / 30_000.0;
        assert!((mean - 29_999.0 / 60_000.0).abs() < 1e-9);
    }

    #[test]
    fn the_bootstrap_finds_the_error_of_a_mean() {
        // Fifty users who each agree with themselves: as good as fifty observations.
        let points = (0..5_000).map(|i| (i % 50, 0.5, i % 50 < 20));
        let sample = Sample::new(points.collect(), GRID);
        let rate = |cells: &[Bin]| {
            let n: f64 = cells.iter().map(|cell| cell.n).sum();
            vec![Some(cells.iter().map(|cell| cell.sum_y).sum::<f64>() / n), None]
        };
        let spreads = sample.bootstrap(2_000, 1, rate);
        let spread = spreads[0].unwrap();
        let expected = (0.4 * 0.6 / 50.0_f64).sqrt();
        assert!(
            (spread.error / expected - 1.0).abs() < 0.06 && spread.bias.abs() < 0.01,
            "{spread:?}"
        );
        let interval = spread.interval(0.4, Level::default());
        assert!((interval.upper - interval.lower - 2.0 * 1.96 * spread.error).abs() < 0.01);
        assert_eq!(spreads[1], None);
        assert_eq!(spreads, sample.bootstrap(2_000, 1, rate), "seeded");
    }
}
