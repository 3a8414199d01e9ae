//! How many clusters a variance is known from, and how unequal they are.
//!
//! A variance between `G` clusters of about equal size has about `G − 1` degrees of freedom. Where one user has most outputs it has far
//! fewer, however many other users there are: the estimate is little else than that user's, whose own distance from the mean of users
//! cannot be seen. Kish's effective number of clusters of sizes `D_g` (1965, ch. 8),
//!
//! ```text
//! G* = (ΣD)²/ΣD²
//! ```
//!
//! is `G` when all are alike and 1 when one has everything. Where it is far below `G`, or one of few has nearly everything, it takes its
//! place, so that critical values are Student's with `G* − 1` degrees of freedom (Carter, Schnepel and Steigerwald 2017 derive such a
//! number from the variance of a clustered estimate; MacKinnon and Webb 2017 show how far tests reject too often without). Below two,
//! nothing is known about the spread.

use std::cell::RefCell;

use crate::stats::level::Level;
use crate::stats::student;

/// From this many clusters on, normal critical values replace Student's.
pub const LARGE: u64 = 50;

/// Clusters are unequal where fewer than one in so many of them count. Users whose activity merely differs, by a log-normal factor of
/// 0.8 say, count for about half.
const UNEQUAL: f64 = 4.0;

/// However few clusters there are, they are unequal where so few count: one has nine tenths of everything.
const NEARLY_ONE: f64 = 1.2;

/// The sizes of clusters: how many units each has of what is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sizes {
    /// Clusters that have anything to say.
    pub clusters: u64,
    sum: f64,
    squares: f64,
}

impl Sizes {
    /// Clusters of size 0 have nothing to say and do not count.
    #[must_use]
    pub fn of(sizes: impl IntoIterator<Item = f64>) -> Sizes {
        sizes
            .into_iter()
            .filter(|size| *size != 0.0)
            .fold(Sizes::default(), Sizes::with)
    }

    /// So many clusters of one size.
    #[must_use]
    pub fn equal(clusters: u64) -> Sizes {
        Sizes {
            clusters,
            sum: clusters as f64,
            squares: clusters as f64,
        }
    }

    /// The same with one cluster more, whatever its size.
    #[must_use]
    pub fn with(self, size: f64) -> Sizes {
        Sizes {
            clusters: self.clusters + 1,
            sum: self.sum + size,
            squares: self.squares + size * size,
        }
    }

    /// The units of all clusters.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// `ΣD²`.
    pub(super) fn squares(&self) -> f64 {
        self.squares
    }

    /// `G*`, at most `G`; `G` where all sizes are 0.
    #[must_use]
    pub fn effective(&self) -> f64 {
        if self.squares > 0.0 {
            self.sum * (self.sum / self.squares)
        } else {
            self.clusters as f64
        }
    }

    fn are_unequal(&self) -> bool {
        let effective = self.effective();
        UNEQUAL * effective < self.clusters as f64 || (self.clusters > 1 && effective < NEARLY_ONE)
    }

    /// How many clusters count: `G*` where they are unequal, else `G`.
    #[must_use]
    pub fn counting(&self) -> f64 {
        if self.are_unequal() {
            self.effective()
        } else {
            self.clusters as f64
        }
    }

    /// Whether at least two count, without which nothing is known about how they spread.
    #[must_use]
    pub fn show_spread(&self) -> bool {
        self.counting() >= 2.0
    }

    /// The same after parameters were fitted to the clusters: so many of them are spent.
    #[must_use]
    pub fn spending(self, fitted: u64) -> Sizes {
        let clusters = self.clusters.saturating_sub(fitted);
        let left = clusters as f64 / self.clusters.max(1) as f64;
        Sizes {
            clusters,
            sum: self.sum * left,
            squares: self.squares * left,
        }
    }

    /// Of two sets of clusters, that which knows less.
    #[must_use]
    pub fn scarcer(self, other: Sizes) -> Sizes {
        if other.counting() < self.counting() {
            other
        } else {
            self
        }
    }

    /// Of a variance between these clusters: one less than those that count below [`LARGE`], infinite from there on. 0 where they do not
    /// [`Self::show_spread`].
    #[must_use]
    pub fn degrees_of_freedom(&self) -> f64 {
        if self.show_spread() {
            degrees_of_freedom(self.counting())
        } else {
            0.0
        }
    }

    /// Two-sided critical value: Student's t with [`Self::degrees_of_freedom`], which is [`critical`] of clusters that are much alike.
    ///
    /// Infinite where nothing is known about the spread.
    #[must_use]
    pub fn critical(&self, level: Level) -> f64 {
        if self.are_unequal() {
            level.t(self.degrees_of_freedom())
        } else {
            critical(self.clusters, level)
        }
    }

    /// Two-sided p-value of a statistic that is a value divided by its standard error from these clusters, against the distribution of
    /// [`Self::critical`]. 1 where nothing is known about the spread.
    #[must_use]
    pub fn p_value(&self, statistic: f64) -> f64 {
        if !self.show_spread() {
            return 1.0;
        }
        2.0 * student::cdf(-statistic.abs(), self.degrees_of_freedom())
    }

    /// [`super::linearised_variance`] of a statistic from the influence of each cluster; `None` where nothing is known about the spread.
    #[must_use]
    pub fn variance(&self, influence: &[f64]) -> Option<f64> {
        super::linearised_variance(influence).filter(|_| self.show_spread())
    }
}

/// Of a variance between so many clusters that count.
fn degrees_of_freedom(clusters: f64) -> f64 {
    if clusters < LARGE as f64 {
        clusters - 1.0
    } else {
        f64::INFINITY
    }
}

/// Two-sided critical value for a variance estimated from so many clusters that are much alike: Student's t with
/// `clusters − 1` degrees of freedom below [`LARGE`], normal from there on.
///
/// Infinite below two clusters, where nothing is known about the spread.
#[must_use]
pub fn critical(clusters: u64, level: Level) -> f64 {
    // A question computes thousands of intervals at one level, and Student's quantile takes longer than all the rest.
    thread_local! {
        static KNOWN: RefCell<(Level, Vec<Option<f64>>)> = RefCell::new((Level::default(), vec![None; LARGE as usize + 1]));
    }
    let compute = || level.t(degrees_of_freedom(clusters as f64));
    KNOWN.with_borrow_mut(|(known, values)| {
        if *known != level {
            *known = level;
            values.fill(None);
        }
        match values.get_mut(clusters.min(LARGE) as usize) {
            Some(value) => *value.get_or_insert_with(compute),
            None => compute(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: fn() -> Level = Level::default;

    /// One cluster of a size among others of another.
    fn one_among(large: f64, others: usize, small: f64) -> Sizes {
        Sizes::of(std::iter::once(large).chain(std::iter::repeat_n(small, others)))
    }

    #[test]
    fn of_few_clusters_one_may_have_nearly_everything() {
        for others in 1..=6 {
            let sizes = std::iter::once(2_000.0).chain((0..others).map(|_| 1.0));
            assert!(!Sizes::of(sizes).show_spread(), "{others}");
        }
        assert!(Sizes::of([3.0, 2.0]).show_spread() && Sizes::of([5.0, 1.0, 1.0]).show_spread());
    }

    #[test]
    fn p_values_and_critical_values_agree() {
        for clusters in [2, 10, 49, 50, 1_000] {
            let p = Sizes::equal(clusters).p_value(critical(clusters, LEVEL()));
            assert!((p - 0.05).abs() < 1e-9, "{clusters}: {p}");
        }
        let unequal = one_among(500.0, 60, 10.0);
        assert!((unequal.p_value(unequal.critical(LEVEL())) - 0.05).abs() < 1e-9);
        assert_eq!(
            (Sizes::equal(1).p_value(9.0), critical(1, LEVEL())),
            (1.0, f64::INFINITY)
        );
    }

    #[test]
    fn clusters_that_are_much_alike_count_each() {
        let alike = Sizes::of((1..=60).map(f64::from).chain([0.0; 9]));
        assert_eq!((alike.clusters, alike.critical(LEVEL())), (60, LEVEL().z()));
        assert!(alike.effective() < 46.0);
        assert_eq!(Sizes::equal(12).degrees_of_freedom(), 11.0);
        // Two that differ are two, until one has nearly everything: what it does is then nearly the whole, whose spread seems to be nothing.
        assert_eq!(Sizes::of([1.0, 9.0]).degrees_of_freedom(), 1.0);
        assert_eq!(Sizes::of([1.0, 99.0]).degrees_of_freedom(), 0.0);
        assert_eq!(Sizes::of([0.0, 0.0]), Sizes::default());
    }

    #[test]
    fn one_that_has_most_leaves_few_degrees_of_freedom() {
        let unequal = one_among(500.0, 60, 10.0);
        let effective = 1_100.0_f64.powi(2) / 256_000.0;
        assert!((unequal.effective() - effective).abs() < 1e-12);
        assert!((unequal.critical(LEVEL()) - LEVEL().t(effective - 1.0)).abs() < 1e-12);
        assert!(unequal.show_spread() && unequal.critical(LEVEL()) > 2.7);
    }

    #[test]
    fn one_that_has_nearly_all_is_one() {
        let alone = one_among(4_000.0, 60, 3.0);
        assert!(!alone.show_spread() && alone.effective() < 1.1);
        assert_eq!(
            (alone.critical(LEVEL()), alone.degrees_of_freedom()),
            (f64::INFINITY, 0.0)
        );
        assert_eq!(alone.variance(&[0.1, -0.1]), None);
    }

    #[test]
    fn what_is_spent_leaves_fewer_as_unequal_as_before() {
        let left = one_among(500.0, 60, 10.0).spending(1);
        assert_eq!(left.clusters, 60);
        assert!((left.effective() / 60.0 - one_among(500.0, 60, 10.0).effective() / 61.0).abs() < 1e-12);
        assert_eq!(Sizes::equal(5).spending(1).degrees_of_freedom(), 3.0);
        assert_eq!(Sizes::equal(60).scarcer(Sizes::equal(5)), Sizes::equal(5));
    }
}
