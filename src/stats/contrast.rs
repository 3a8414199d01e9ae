//! Is one side better than the other, when the same users may be on both?
//!
//! Each side has an estimate `R` and the influence `e_g` of each cluster (user) on it, so that `R − truth ≈ Σe_g`. With `G` clusters on
//! a side and `c = G/(G−1)`,
//!
//! ```text
//! Var(R₂ − R₁) = c₁·Σe₁² + c₂·Σe₂² − 2·√(c₁c₂)·Σe₁e₂
//! ```
//!
//! where the last sum runs over clusters on both sides. Without such clusters this is the sum of two cluster-robust variances with
//! Welch's degrees of freedom, from as many clusters of each side as [`Sizes::counting`] says; when all are on both sides it is the paired variance. Deng, Knoblich and Lu 2018; the ratio by the
//! delta method on the logarithm. On both sides together a cluster is as large as the sum of its parts of each.

use super::cluster::{LARGE, ROUNDING, Sizes};
use super::level::{Interval, Level};
use super::student;

/// How far a cluster moves an estimate, and how large a part of it it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moved {
    pub by: f64,
    /// Units of what is counted.
    pub size: f64,
}

impl Moved {
    /// Of one of clusters of one size.
    #[must_use]
    pub fn alike(by: f64) -> Moved {
        Moved { by, size: 1.0 }
    }

    fn over(self, divisor: f64) -> Moved {
        Moved {
            by: self.by / divisor,
            ..self
        }
    }
}

/// How far a cluster moves the first and the second estimate; `None` where it is not on that side.
pub type Pair = (Option<Moved>, Option<Moved>);

/// A difference `second − first` with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contrast {
    pub difference: f64,
    /// Its standard error; `None` when the clusters of a side do not show how they spread, and where nothing varies: clusters that all agree do not say
    /// how far off they may be.
    pub standard_error: Option<f64>,
    /// Clusters on the first side, on the second, and on both.
    pub clusters: [usize; 3],
    /// Welch's degrees of freedom, at most those of the clusters of both sides together.
    welch: f64,
}

impl Contrast {
    /// From the estimates of both sides, and the influence of each cluster on them.
    #[must_use]
    pub fn new(first: f64, second: f64, influences: &[Pair]) -> Contrast {
        let side = |of: fn(&Pair) -> Option<Moved>| Side::new(influences.iter().filter_map(of));
        let (one, two) = (side(|pair| pair.0), side(|pair| pair.1));
        let both = influences
            .iter()
            .filter_map(|(a, b)| Some((*a.as_ref()?, *b.as_ref()?)));
        let products: f64 = both.clone().map(|(a, b)| (a.by - one.mean) * (b.by - two.mean)).sum();
        let shared = both.count();
        let variance = one.variance().zip(two.variance()).map(|(a, b)| {
            let covariance = (one.correction() * two.correction()).sqrt() * products;
            (a + b - 2.0 * covariance).max(0.0)
        });
        let part =
            |own: Option<Moved>, side: &Side| own.map_or(0.0, |own| own.size / side.sizes.sum().max(f64::MIN_POSITIVE));
        let union = Sizes::of(influences.iter().map(|(a, b)| part(*a, &one) + part(*b, &two)));
        let welch = one.variance().zip(two.variance()).map_or(0.0, |(a, b)| {
            let squares = a * a / (one.sizes.counting() - 1.0) + b * b / (two.sizes.counting() - 1.0);
            if squares > 0.0 {
                (a + b) * (a + b) / squares
            } else {
                f64::INFINITY
            }
        });
        Contrast {
            difference: second - first,
            standard_error: variance.map(f64::sqrt).filter(|error| *error > ROUNDING),
            clusters: [one.clusters, two.clusters, shared],
            welch: welch.min(union.counting() - 1.0),
        }
    }

    /// The same for `ln(second / first)`; `None` unless both estimates are positive.
    #[must_use]
    pub fn log_ratio(first: f64, second: f64, influences: &[Pair]) -> Option<Contrast> {
        if !(first > 0.0 && second > 0.0) {
            return None;
        }
        let relative: Vec<_> = influences
            .iter()
            .map(|(a, b)| (a.map(|own| own.over(first)), b.map(|own| own.over(second))))
            .collect();
        Some(Contrast::new(first.ln(), second.ln(), &relative))
    }

    /// Two-sided interval: Student's t with few clusters, normal from [`LARGE`] on, as everywhere.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let critical = level.t(self.degrees_of_freedom());
        self.standard_error
            .map(|error| Interval::around(self.difference, critical * error))
    }

    /// Two-sided p-value of no difference; `None` without a standard error.
    #[must_use]
    pub fn p_value(&self) -> Option<f64> {
        let error = self.standard_error?;
        Some(2.0 * student::cdf(-(self.difference / error).abs(), self.degrees_of_freedom()))
    }

    /// Of the standard error; infinite from [`LARGE`] clusters on.
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        if self.welch + 1.0 >= LARGE as f64 {
            f64::INFINITY
        } else {
            self.welch
        }
    }
}

/// The influences of one side.
struct Side {
    clusters: usize,
    sizes: Sizes,
    mean: f64,
    squares: f64,
}

impl Side {
    fn new(influences: impl Iterator<Item = Moved> + Clone) -> Side {
        let clusters = influences.clone().count();
        let mean = influences.clone().map(|own| own.by).sum::<f64>() / clusters.max(1) as f64;
        Side {
            clusters,
            sizes: Sizes::of(influences.clone().map(|own| own.size)),
            mean,
            squares: influences.map(|own| (own.by - mean) * (own.by - mean)).sum(),
        }
    }

    fn correction(&self) -> f64 {
        self.clusters as f64 / (self.clusters as f64 - 1.0)
    }

    fn variance(&self) -> Option<f64> {
        self.sizes.show_spread().then(|| self.correction() * self.squares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::cluster::{self, ClusterRatio};

    /// Ratios and influences of two sides from totals per cluster.
    fn contrast(totals: &[(f64, f64, f64, f64)]) -> (Contrast, [ClusterRatio; 2]) {
        let (one, two): (Vec<_>, Vec<_>) = totals.iter().map(|t| ((t.0, t.1), (t.2, t.3))).unzip();
        let sides = [one, two].map(|side| ClusterRatio::from_totals(&side));
        let [a, b] = sides.map(|side| side.ratio().unwrap());
        let influences: Vec<_> = totals
            .iter()
            .map(|(n1, d1, n2, d2)| {
                let own = |n: &f64, d: &f64, side: ClusterRatio, r: f64| {
                    (*d > 0.0).then(|| Moved {
                        by: (n - r * d) / side.denominator,
                        size: *d,
                    })
                };
                (own(n1, d1, sides[0], a), own(n2, d2, sides[1], b))
            })
            .collect();
        (Contrast::new(a, b, &influences), sides)
    }

    #[test]
    fn disjoint_users_add_variances_and_the_same_users_are_paired() {
        let disjoint = [
            (1.0, 4.0, 0.0, 0.0),
            (3.0, 4.0, 0.0, 0.0),
            (0.0, 0.0, 2.0, 8.0),
            (0.0, 0.0, 5.0, 9.0),
            (0.0, 0.0, 5.0, 6.0),
        ];
        let (apart, sides) = contrast(&disjoint);
        let variances: f64 = sides.iter().map(|side| side.variance().unwrap()).sum();
        assert!((apart.standard_error.unwrap().powi(2) - variances).abs() < 1e-15);
        assert_eq!(apart.clusters, [2, 3, 0]);
        let same = [(1.0, 4.0, 2.0, 5.0), (3.0, 4.0, 4.0, 4.0), (2.0, 7.0, 1.0, 3.0)];
        let (paired, _) = contrast(&same);
        let expected = cluster::difference(&same).unwrap();
        assert!((paired.difference + expected.value).abs() < 1e-15);
        assert!((paired.standard_error.unwrap() - expected.standard_error.unwrap()).abs() < 1e-15);
        assert_eq!((paired.clusters, paired.degrees_of_freedom()), ([3, 3, 3], 2.0));
    }

    #[test]
    fn too_little_is_none() {
        let alone = Contrast::new(
            0.5,
            0.7,
            &[
                (Some(Moved::alike(0.0)), None),
                (None, Some(Moved::alike(0.1))),
                (None, Some(Moved::alike(-0.1))),
            ],
        );
        assert_eq!(
            (alone.standard_error, alone.interval(Level::default()), alone.p_value()),
            (None, None, None)
        );
        assert_eq!(Contrast::log_ratio(0.0, 0.5, &[]), None);
        // Two users on each side who all did the same.
        let unanimous = [
            (Some(Moved::alike(0.0)), None),
            (Some(Moved::alike(0.0)), None),
            (None, Some(Moved::alike(0.0))),
            (None, Some(Moved::alike(0.0))),
        ];
        let unanimous = Contrast::new(1.0, 1.0, &unanimous);
        assert_eq!(
            (unanimous.interval(Level::default()), unanimous.p_value()),
            (None, None)
        );
    }
}
