//! Estimates from ten bins and sums, with intervals clustered by user; and the area under the curve.

use super::Target;
use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{BINS, unfixed};
use crate::metrics::statistics::linear_within;
use crate::stats::auroc::{self, GridCount};
use crate::stats::binned as stats;
use crate::stats::calibration::{self, Bin};
use crate::stats::cluster::Sizes;
use crate::stats::level::Interval;

/// The ten bins of a slice.
pub(super) fn bins(s: &Statistics, target: Target) -> Vec<Bin> {
    let name = target.name();
    (0..BINS)
        .map(|bin| Bin {
            n: s.total(&format!("{name}_bin{bin}_n")),
            sum_p: s.real(&format!("{name}_bin{bin}_p")),
            sum_y: s.total(&format!("{name}_bin{bin}_y")),
        })
        .collect()
}

/// The ten bins of each cluster.
fn bins_by_cluster(s: &Statistics, target: Target) -> Vec<Vec<Bin>> {
    let name = target.name();
    let mut clusters = vec![vec![Bin::default(); BINS]; s.cluster_count()];
    for bin in 0..BINS {
        let n = s.by_cluster(&format!("{name}_bin{bin}_n"));
        let p = s.by_cluster(&format!("{name}_bin{bin}_p"));
        let y = s.by_cluster(&format!("{name}_bin{bin}_y"));
        for (cluster, ((n, p), y)) in clusters.iter_mut().zip(n.into_iter().zip(p).zip(y)) {
            if let Some(own) = cluster.get_mut(bin) {
                *own = Bin {
                    n,
                    sum_p: unfixed(p),
                    sum_y: y,
                };
            }
        }
    }
    clusters
}

pub(super) fn ece(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    let Some(value) = calibration::ece(&pooled) else {
        return s.nothing(Reason::NoConfidence);
    };
    let n = pooled.iter().map(|bin| bin.n).sum();
    binned(s, value, n, &bins_by_cluster(s, target))
}

/// An expected error over bins, with its interval from the bins of each cluster.
pub fn binned(s: &Statistics, value: f64, n: f64, clusters: &[Vec<Bin>]) -> Estimate {
    let influence = calibration::ece_influence(clusters).unwrap_or_default();
    let interval = around(s, (value, n), clusters, influence, (0.0, 1.0));
    valued(s, value, n, clusters).within(interval, s.name("linear"))
}

/// Which clusters have an output with a confidence and an outcome: the users that an estimate is about are theirs.
pub(super) fn with_case(s: &Statistics, target: Target) -> impl Iterator<Item = bool> {
    let own = s.by_cluster(&format!("{}_n", target.name()));
    own.into_iter().map(|n| n > 0.0)
}

fn valued(s: &Statistics, value: f64, n: f64, clusters: &[Vec<Bin>]) -> Estimate {
    s.valued_of(value, n, clusters.iter().map(|bins| bins.iter().any(|bin| bin.n > 0.0)))
}

/// The interval of a value from the influence of each cluster, within a range. The clusters may cover more time than the slice.
fn around(
    s: &Statistics,
    (value, n): (f64, f64),
    clusters: &[Vec<Bin>],
    influence: Vec<Option<f64>>,
    range: (f64, f64),
) -> Option<Interval> {
    let sizes: Vec<f64> = clusters.iter().map(|bins| bins.iter().map(|bin| bin.n).sum()).collect();
    let all = Sizes::of(sizes.iter().copied());
    let scale = (all.sum() / n).sqrt();
    let scaled: Vec<Option<f64>> = influence.into_iter().map(|own| Some(own? * scale)).collect();
    let own: Vec<f64> = scaled.iter().flatten().copied().collect();
    s.note_influence(|| (scaled, sizes));
    let error = all.variance(&own).map(f64::sqrt);
    linear_within(value, error, all, s.level, range)
}

pub(super) fn debiased_square(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    let Some(value) = stats::debiased_square(&pooled) else {
        return s.nothing(Reason::NoConfidence);
    };
    let n = pooled.iter().map(|bin| bin.n).sum();
    let clusters = bins_by_cluster(s, target);
    let interval = around(
        s,
        (value, n),
        &clusters,
        stats::square_influence(&clusters),
        (-1.0, 1.0),
    );
    valued(s, value, n, &clusters).within(interval, s.name("linear"))
}

/// The root of the square, and of the ends of its interval.
pub(super) fn debiased(s: &Statistics, target: Target) -> Estimate {
    let square = debiased_square(s, target);
    let root = |square: Option<f64>| square.map(|square| square.clamp(0.0, 1.0).sqrt());
    Estimate {
        value: root(square.value),
        lower: root(square.lower),
        upper: root(square.upper),
        ..square
    }
}

pub(super) fn average(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    let Some(value) = stats::average(&pooled) else {
        return s.nothing(Reason::NoConfidence);
    };
    let n = pooled.iter().map(|bin| bin.n).sum();
    let clusters = bins_by_cluster(s, target);
    let interval = around(
        s,
        (value, n),
        &clusters,
        stats::average_influence(&clusters),
        (0.0, 1.0),
    );
    valued(s, value, n, &clusters).within(interval, s.name("linear"))
}

pub(super) fn mce(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    match calibration::mce(&pooled, 1.0) {
        Some(value) => s.valued_of(value, pooled.iter().map(|bin| bin.n).sum(), with_case(s, target)),
        None => s.nothing(Reason::NoConfidence),
    }
}

pub(super) fn gap(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    let (p, y, n) = (format!("{name}_p"), format!("{name}_y"), format!("{name}_n"));
    let gaps = s
        .by_cluster(&p)
        .into_iter()
        .zip(s.by_cluster(&y))
        .map(|(p, y)| unfixed(p) - y);
    let totals = gaps.zip(s.by_cluster(&n)).collect();
    s.ratio(
        (s.real(&p) - s.total(&y), s.total(&n)),
        totals,
        (-1.0, 1.0),
        Reason::NoConfidence,
    )
}

/// `y(1 − y)` of the mean outcome, and the range that it has over the interval of that.
pub(super) fn uncertainty(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    let rate = s.proportion(&format!("{name}_y"), &format!("{name}_n"), Reason::NoConfidence);
    let of = |y: f64| y * (1.0 - y);
    let interval = rate.lower.zip(rate.upper).map(|(lower, upper)| Interval {
        lower: of(lower).min(of(upper)),
        upper: of(0.5_f64.clamp(lower, upper)),
    });
    match rate.value {
        Some(value) => s
            .valued_of(of(value), rate.n as f64, with_case(s, target))
            .within(interval, rate.method.unwrap_or_else(|| s.name("wilson"))),
        None => rate,
    }
}

pub(super) fn brier(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    s.mean(
        &format!("{name}_squared_error"),
        &format!("{name}_n"),
        (0.0, 1.0),
        Reason::NoConfidence,
    )
}

pub(super) fn log_loss(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    s.mean(
        &format!("{name}_log_loss"),
        &format!("{name}_n"),
        (0.0, f64::INFINITY),
        Reason::NoConfidence,
    )
}

pub(super) fn area(s: &Statistics, target: Target) -> Estimate {
    // Before anything else, so that whoever looks for the sums that are read finds it.
    let with_case = with_case(s, target);
    let counts = match s.histogram(target.histogram(), Reason::NoConfidence) {
        Ok(counts) => counts,
        Err(reason) => return s.nothing(reason),
    };
    let grid: Vec<GridCount> = counts
        .iter()
        // Outputs without a confidence or an outcome are in a bucket below zero where buckets are exact.
        .filter(|(bucket, _, _)| *bucket >= 0)
        .map(|(_, positives, negatives)| GridCount {
            positives: *positives as f64,
            negatives: *negatives as f64,
        })
        .collect();
    match auroc::from_grid(&grid) {
        Some(area) => {
            let n = grid.iter().map(|cell| cell.positives + cell.negatives).sum();
            s.valued_of(area.value, n, with_case)
                .within(auroc::interval(&grid, s.level), "delong_unclustered")
        }
        None if grid.is_empty() => s.nothing(Reason::NoConfidence),
        None => s.nothing(Reason::OneClass),
    }
}
