//! Does confidence tell right outputs from wrong ones?
//!
//! The area under the ROC curve is the probability that a random positive scores above a random
//! negative, ties counting ½. It measures discrimination only: a model can rank perfectly and be
//! badly calibrated, or the reverse.
//!
//! Counted on an ascending grid of score cells it needs no raw rows and merges by addition. Pairs
//! that share a cell count as ties, which is off by at most `½·Σ_j (n⁺_j/n⁺)(n⁻_j/n⁻)`. The
//! variance is that of DeLong, DeLong and Clarke-Pearson (1988), from the placements of each
//! class among the other. It treats observations as independent.

use super::calibration::Bin;
use super::level::{Interval, Level};
use super::proportion;

/// Positives and negatives whose score falls in one cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GridCount {
    /// Observations with outcome 1.
    pub positives: f64,
    /// Observations with outcome 0.
    pub negatives: f64,
}

/// The counts of cells of confidence.
#[must_use]
pub fn grid_of(cells: &[Bin]) -> Vec<GridCount> {
    let count = |cell: &Bin| GridCount {
        positives: cell.sum_y,
        negatives: cell.n - cell.sum_y,
    };
    cells.iter().map(count).collect()
}

/// An area under the ROC curve counted on a grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auroc {
    /// The area, in `[0, 1]`; ½ is chance.
    pub value: f64,
    /// Largest possible distance to the area of the ungridded scores; an upper limit on how much
    /// ties inside cells can matter. 0 when no cell holds both classes.
    pub bound: f64,
}

fn totals(grid: &[GridCount]) -> (f64, f64) {
    grid.iter().fold((0.0, 0.0), |(positives, negatives), cell| {
        (positives + cell.positives, negatives + cell.negatives)
    })
}

/// Area from cells in ascending order of score; `None` unless both classes occur.
#[must_use]
pub fn from_grid(grid: &[GridCount]) -> Option<Auroc> {
    let (positives, negatives) = totals(grid);
    if positives <= 0.0 || negatives <= 0.0 {
        return None;
    }
    let pairs = positives * negatives;
    let (mut below, mut won, mut tied) = (0.0, 0.0, 0.0);
    for cell in grid {
        won += cell.positives * below;
        tied += cell.positives * cell.negatives;
        below += cell.negatives;
    }
    let bound = 0.5 * tied / pairs;
    let value = won / pairs + bound;
    Some(Auroc { value, bound })
}

/// Area from raw `(score, outcome)` rows, which it sorts by score; equal scores are ties.
///
/// `None` unless both outcomes occur.
#[must_use]
pub fn exact(scores: &mut [(f64, bool)]) -> Option<f64> {
    scores.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let grid: Vec<GridCount> = scores
        .chunk_by(|a, b| a.0 == b.0)
        .map(|tied| {
            let positives = tied.iter().filter(|(_, positive)| *positive).count();
            GridCount {
                positives: positives as f64,
                negatives: (tied.len() - positives) as f64,
            }
        })
        .collect();
    from_grid(&grid).map(|auroc| auroc.value)
}

/// The area of raw `(score, outcome)` rows, and how far each row moves it, in the order of the rows: its placement less the area,
/// over the size of its class. Sums over a user's rows give a clustered variance; the plain sum of squares is DeLong's but for
/// its correction. `None` unless both outcomes occur.
#[must_use]
pub fn influence(rows: &[(f64, bool)]) -> Option<(f64, Vec<f64>)> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let row = |at: usize| rows.get(at).copied().unwrap_or_default();
    order.sort_unstable_by(|a, b| row(*a).0.total_cmp(&row(*b).0));
    let tied = || order.chunk_by(|a, b| row(*a).0 == row(*b).0);
    let grid: Vec<GridCount> = tied()
        .map(|tied| {
            let positives = tied.iter().filter(|at| row(**at).1).count();
            GridCount {
                positives: positives as f64,
                negatives: (tied.len() - positives) as f64,
            }
        })
        .collect();
    let area = from_grid(&grid)?.value;
    let (positives, negatives) = totals(&grid);
    let (mut positives_below, mut negatives_below) = (0.0, 0.0);
    let mut influence = vec![0.0; rows.len()];
    for (cell, tied) in grid.iter().zip(tied()) {
        let beaten = (negatives_below + 0.5 * cell.negatives) / negatives;
        let beaten_by = 1.0 - (positives_below + 0.5 * cell.positives) / positives;
        for at in tied {
            if let Some(slot) = influence.get_mut(*at) {
                *slot = if row(*at).1 {
                    (beaten - area) / positives
                } else {
                    (beaten_by - area) / negatives
                };
            }
        }
        positives_below += cell.positives;
        negatives_below += cell.negatives;
    }
    Some((area, influence))
}

/// DeLong's variance of the area: the placements' sample variance per class over its size.
///
/// A placement is the share of the other class that the observation beats, ties ½. 0 when the
/// classes separate completely. `None` below two observations of either class.
#[must_use]
pub fn delong_variance(grid: &[GridCount]) -> Option<f64> {
    let (positives, negatives) = totals(grid);
    if positives < 2.0 || negatives < 2.0 {
        return None;
    }
    let area = from_grid(grid)?.value;
    let (mut positives_below, mut negatives_below) = (0.0, 0.0);
    let (mut positive_squares, mut negative_squares) = (0.0, 0.0);
    for cell in grid {
        let beaten = (negatives_below + 0.5 * cell.negatives) / negatives;
        let beaten_by = 1.0 - (positives_below + 0.5 * cell.positives) / positives;
        positive_squares += cell.positives * (beaten - area) * (beaten - area);
        negative_squares += cell.negatives * (beaten_by - area) * (beaten_by - area);
        positives_below += cell.positives;
        negatives_below += cell.negatives;
    }
    Some(positive_squares / (positives - 1.0) / positives + negative_squares / (negatives - 1.0) / negatives)
}

/// The interval of an area of 0 or 1, of which placements show no variance: `pairs` of a positive and a negative, none of them in
/// two pairs, were all lost or all won, each independently and with the probability that the area is. `None` of any other area, or
/// without a pair.
#[must_use]
pub fn separated(area: f64, pairs: f64, level: Level) -> Option<Interval> {
    (area <= 0.0 || area >= 1.0)
        .then(|| proportion::wilson(area * pairs, pairs, level.z()))
        .flatten()
}

/// `AUROC ± z·se` with DeLong's standard error, clipped to `[0, 1]`; [`separated`] when the classes separate completely.
///
/// `None` as [`delong_variance`].
#[must_use]
pub fn interval(grid: &[GridCount], level: Level) -> Option<Interval> {
    let half_width = level.z() * delong_variance(grid)?.sqrt();
    let (area, (positives, negatives)) = (from_grid(grid)?.value, totals(grid));
    let around = Interval::around(area, half_width).clip_to_unit();
    Some(separated(area, positives.min(negatives), level).unwrap_or(around))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(cells: &[(f64, f64)]) -> Vec<GridCount> {
        cells
            .iter()
            .map(|&(positives, negatives)| GridCount { positives, negatives })
            .collect()
    }

    #[test]
    fn needs_both_classes() {
        assert_eq!(from_grid(&[]), None);
        assert_eq!(from_grid(&grid(&[(3.0, 0.0), (2.0, 0.0)])), None);
        assert_eq!(exact(&mut [(0.4, true)]), None);
        assert_eq!(delong_variance(&grid(&[(1.0, 5.0)])), None);
        assert_eq!(interval(&grid(&[(5.0, 1.0)]), Level::default()), None);
    }

    #[test]
    fn perfect_reversed_and_uninformative() {
        let area = |cells: &[(f64, f64)]| from_grid(&grid(cells)).map(|a| (a.value, a.bound));
        assert_eq!(area(&[(0.0, 4.0), (3.0, 0.0)]), Some((1.0, 0.0)));
        assert_eq!(area(&[(3.0, 0.0), (0.0, 4.0)]), Some((0.0, 0.0)));
        assert_eq!(area(&[(3.0, 4.0)]), Some((0.5, 0.5)));
        let separated = interval(&grid(&[(0.0, 4.0), (3.0, 0.0)]), Level::default());
        // Three pairs, all won.
        let pairs = proportion::wilson(3.0, 3.0, Level::default().z());
        assert_eq!(separated, pairs);
        assert!(pairs.is_some_and(|i| i.lower < 0.5 && i.upper == 1.0));
        assert_eq!(super::separated(0.5, 3.0, Level::default()), None);
    }

    #[test]
    fn coarse_grids_stay_within_their_bound() {
        let mut rows: Vec<_> = (0..500_u32)
            .map(|i| (f64::from(i * 7919 % 1000) / 1000.0, i * 31 % 97 < 20 + i * 7919 % 50))
            .collect();
        let exact = exact(&mut rows).unwrap();
        for cells in [2, 5, 20, 100] {
            let mut counts = vec![GridCount::default(); cells];
            for &(score, positive) in &rows {
                let cell = &mut counts[crate::stats::calibration::bin_index(score, cells)];
                cell.positives += f64::from(u8::from(positive));
                cell.negatives += f64::from(u8::from(!positive));
            }
            let Auroc { value, bound } = from_grid(&counts).unwrap();
            assert!((value - exact).abs() <= bound + 1e-15, "{cells}");
        }
    }

    #[test]
    fn squares_of_the_influence_are_delongs_variance() {
        let rows = [
            (0.1, false),
            (0.4, true),
            (0.4, false),
            (0.7, true),
            (0.2, false),
            (0.9, true),
            (0.3, true),
        ];
        let (area, influence) = super::influence(&rows).unwrap();
        assert!((area - exact(&mut rows.clone()).unwrap()).abs() < 1e-15);
        assert!(influence.iter().sum::<f64>().abs() < 1e-15);
        let cells = [(0.0, 1.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (1.0, 0.0), (1.0, 0.0)];
        let of = |positive: bool| rows.iter().zip(&influence).filter(move |(row, _)| row.1 == positive);
        let squares = |positive| of(positive).map(|(_, e)| e * e).sum::<f64>();
        let expected = squares(true) * 4.0 / 3.0 + squares(false) * 3.0 / 2.0;
        assert!((expected - delong_variance(&grid(&cells)).unwrap()).abs() < 1e-15);
    }

    #[test]
    fn swapping_classes_mirrors_the_area_and_keeps_the_variance() {
        let cells = [(1.0, 5.0), (2.0, 3.0), (0.0, 2.0), (6.0, 1.0)];
        let (a, b) = (grid(&cells), grid(&cells.map(|(p, n)| (n, p))));
        let sum = from_grid(&a).unwrap().value + from_grid(&b).unwrap().value;
        assert!((sum - 1.0).abs() < 1e-15);
        let (va, vb) = (delong_variance(&a).unwrap(), delong_variance(&b).unwrap());
        assert!((va / vb - 1.0).abs() < 1e-12);
    }
}
