//! What do bins of confidence say besides the expected calibration error?
//!
//! ```text
//! squared error   = Σ_b n_b/N · [(ȳ_b − p̄_b)² − ȳ_b(1 − ȳ_b)/(n_b − 1)]
//! average error   = mean over bins with an observation of |ȳ_b − p̄_b|
//! ```
//!
//! The second term of the squared error is what chance adds to the first (Bröcker 2012; Ferro and Fricker 2012; Kumar, Liang and
//! Ma 2019); without it the estimate is unbiased for independent observations, and may be negative. The average error is the
//! *average calibration error* of Neumann, Zisserman and Vedaldi (2018) over bins of equal width, and the *adaptive calibration
//! error* of Nixon et al. (2019) over bins of equal mass, whose two classes have the same gaps.

use super::calibration::{self, Bin};

/// Bins of equal mass from cells in ascending order of confidence: the observation of rank `i` of `n`, from 0, is in bin
/// `⌊i·bins/n⌋`. A cell on an edge is shared out in proportion, its outcomes with it, so that the order of equal confidences
/// does not matter. Fewer bins where there are fewer observations.
#[must_use]
pub fn equal_mass(cells: &[Bin], bins: usize) -> Vec<Bin> {
    let n: f64 = cells.iter().map(|cell| cell.n).sum();
    // The first rank of bin `b` is the least `i` with `i·bins >= b·n`.
    let first_rank = |bin: usize| (bin as f64 * n / bins as f64).ceil();
    let mut found = vec![Bin::default(); bins];
    let (mut bin, mut rank) = (0, 0.0);
    for cell in cells {
        let mut left = cell.n;
        while left > 0.0 {
            while bin + 1 < bins && rank >= first_rank(bin + 1) {
                bin += 1;
            }
            let room = if bin + 1 < bins {
                first_rank(bin + 1) - rank
            } else {
                left
            };
            let taken = left.min(room);
            let share = taken / cell.n;
            if let Some(own) = found.get_mut(bin) {
                own.merge(&Bin {
                    n: taken,
                    sum_p: cell.sum_p * share,
                    sum_y: cell.sum_y * share,
                });
            }
            left -= taken;
            rank += taken;
        }
    }
    found.retain(|bin| bin.n > 0.0);
    found
}

/// The least and the greatest confidence of each of the bins that [`equal_mass`] made of cells: the means of the cells that hold its
/// first and its last observation. A cell on an edge is an end of both bins.
#[must_use]
pub fn ends(cells: &[Bin], bins: &[Bin]) -> Vec<[f64; 2]> {
    let reached: Vec<f64> = cells
        .iter()
        .scan(0.0, |rank, cell| {
            *rank += cell.n;
            Some(*rank)
        })
        .collect();
    let confidence = |cell: usize| cells.get(cell).and_then(Bin::mean_p);
    let mut rank = 0.0;
    bins.iter()
        .filter_map(|bin| {
            let first = reached.partition_point(|end| *end <= rank);
            rank += bin.n;
            let last = reached.partition_point(|end| *end < rank);
            Some([confidence(first)?, confidence(last)?])
        })
        .collect()
}

/// The squared calibration error without its bias, in `[−1, 1]`; bins with one observation have no such term. `None` without
/// observations.
#[must_use]
pub fn debiased_square(bins: &[Bin]) -> Option<f64> {
    let n: f64 = bins.iter().map(|bin| bin.n).sum();
    let of_bin = |bin: &Bin| {
        let (gap, y) = (bin.gap()?, bin.mean_y()?);
        let chance = if bin.n > 1.0 {
            y * (1.0 - y) / (bin.n - 1.0)
        } else {
            0.0
        };
        Some(bin.n * (gap * gap - chance))
    };
    (n > 0.0).then(|| bins.iter().filter_map(of_bin).sum::<f64>() / n)
}

/// The root of [`debiased_square`], 0 where that is negative.
#[must_use]
pub fn debiased(bins: &[Bin]) -> Option<f64> {
    debiased_square(bins).map(|square| square.max(0.0).sqrt())
}

/// Mean absolute gap of the bins with an observation, in `[0, 1]`; `None` if none has.
#[must_use]
pub fn average(bins: &[Bin]) -> Option<f64> {
    let gaps: Vec<f64> = bins.iter().filter_map(Bin::gap).map(f64::abs).collect();
    (!gaps.is_empty()).then(|| gaps.iter().sum::<f64>() / gaps.len() as f64)
}

/// Each cluster's influence on [`debiased_square`], from its own bins:
/// `Σ_b [2·gap_b·Σ(y − p)_gb − gap_b²·n_gb]/N − square·n_g/N`; `None` for clusters without observations. The term against bias
/// is of a smaller order and held.
#[must_use]
pub fn square_influence(clusters: &[Vec<Bin>]) -> Vec<Option<f64>> {
    let pooled = calibration::pool(clusters);
    let n: f64 = pooled.iter().map(|bin| bin.n).sum();
    let gaps: Vec<f64> = pooled.iter().map(|bin| bin.gap().unwrap_or_default()).collect();
    let square: f64 = pooled
        .iter()
        .zip(&gaps)
        .map(|(bin, gap)| bin.n * gap * gap)
        .sum::<f64>()
        / n;
    let influence = |bins: &Vec<Bin>| {
        let own = bins.iter().zip(&gaps);
        let moved: f64 = own
            .map(|(bin, gap)| 2.0 * gap * (bin.sum_y - bin.sum_p) - (gap * gap + square) * bin.n)
            .sum();
        moved / n
    };
    clusters
        .iter()
        .map(|bins| has_any(bins).then(|| influence(bins)))
        .collect()
}

/// Each cluster's influence on [`average`], the signs of the gaps held: `Σ_b s_b·[Σ(y − p)_gb − gap_b·n_gb]/n_b` over the
/// number of bins; `None` for clusters without observations.
#[must_use]
pub fn average_influence(clusters: &[Vec<Bin>]) -> Vec<Option<f64>> {
    let pooled = calibration::pool(clusters);
    let used = pooled.iter().filter(|bin| bin.n > 0.0).count() as f64;
    let influence = |bins: &Vec<Bin>| {
        let own = bins.iter().zip(&pooled).filter_map(|(bin, all)| {
            let gap = all.gap()?;
            let sign = if gap == 0.0 { 0.0 } else { gap.signum() };
            Some(sign * (bin.sum_y - bin.sum_p - gap * bin.n) / all.n)
        });
        own.sum::<f64>() / used
    };
    clusters
        .iter()
        .map(|bins| has_any(bins).then(|| influence(bins)))
        .collect()
}

fn has_any(bins: &[Bin]) -> bool {
    bins.iter().any(|bin| bin.n > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(p: f64, n: f64, y: f64) -> Bin {
        Bin {
            n,
            sum_p: p * n,
            sum_y: y,
        }
    }

    #[test]
    fn ranks_go_where_the_rule_says() {
        let cells: Vec<Bin> = (0..13).map(|i| cell(f64::from(i) / 13.0, 1.0, 0.0)).collect();
        let expected = (0..13).fold([0.0; 5], |mut counts, rank| {
            counts[rank * 5 / 13] += 1.0;
            counts
        });
        let found: Vec<f64> = equal_mass(&cells, 5).iter().map(|bin| bin.n).collect();
        assert_eq!(found, expected);
        assert_eq!(equal_mass(&cells[..2], 5).len(), 2);
        assert!(equal_mass(&[], 5).is_empty());
    }

    #[test]
    fn equal_confidences_share_their_outcomes() {
        let bins = equal_mass(&[cell(0.5, 10.0, 4.0)], 2);
        assert_eq!(bins, [cell(0.5, 5.0, 2.0), cell(0.5, 5.0, 2.0)]);
    }

    #[test]
    fn bins_end_with_the_cells_that_they_hold_something_of() {
        let cells = [cell(0.25, 2.0, 0.0), cell(0.5, 3.0, 0.0), cell(0.75, 1.0, 0.0)];
        let check = |bins: usize, expected: &[[f64; 2]]| {
            assert_eq!(ends(&cells, &equal_mass(&cells, bins)), expected);
        };
        check(1, &[[0.25, 0.75]]);
        check(2, &[[0.25, 0.5], [0.5, 0.75]]);
        check(3, &[[0.25, 0.25], [0.5, 0.5], [0.5, 0.75]]);
        assert!(ends(&[], &[]).is_empty());
    }

    #[test]
    fn nothing_is_none_and_chance_is_taken_off() {
        assert_eq!((debiased_square(&[]), average(&[Bin::default()])), (None, None));
        let bins = [cell(0.5, 10.0, 5.0)];
        assert_eq!(debiased(&bins), Some(0.0));
        assert!((debiased_square(&bins).unwrap() + 0.25 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn influences_are_derivatives() {
        let clusters = [
            vec![cell(0.2, 40.0, 20.0), cell(0.9, 30.0, 10.0)],
            vec![cell(0.3, 10.0, 8.0), cell(0.8, 60.0, 30.0)],
            vec![cell(0.25, 20.0, 9.0), cell(0.7, 20.0, 5.0)],
        ];
        let pooled = |weight: f64| {
            let mut all = vec![Bin::default(); 2];
            for (number, bins) in clusters.iter().enumerate() {
                let weight = if number == 1 { weight } else { 1.0 };
                for (sum, bin) in all.iter_mut().zip(bins) {
                    sum.merge(&Bin {
                        n: weight * bin.n,
                        sum_p: weight * bin.sum_p,
                        sum_y: weight * bin.sum_y,
                    });
                }
            }
            all
        };
        let square = |bins: &[Bin]| {
            let n: f64 = bins.iter().map(|bin| bin.n).sum();
            bins.iter().map(|bin| bin.n * bin.gap().unwrap().powi(2)).sum::<f64>() / n
        };
        let step = 1e-6;
        let slope = |of: &dyn Fn(&[Bin]) -> f64| (of(&pooled(1.0 + step)) - of(&pooled(1.0 - step))) / (2.0 * step);
        let found = square_influence(&clusters);
        assert!((found[1].unwrap() - slope(&square)).abs() < 1e-9, "{found:?}");
        let found = average_influence(&clusters);
        assert!((found[1].unwrap() - slope(&|bins| average(bins).unwrap())).abs() < 1e-9);
        assert!(found.iter().flatten().sum::<f64>().abs() < 1e-12);
        assert_eq!(average_influence(&[Vec::new()]), [None]);
    }
}
