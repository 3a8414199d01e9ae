//! Estimates over outputs of which users have many: sums of what each output has, by user.

use std::collections::{BTreeMap, HashSet};

use super::opinions::Discussed;
use crate::metrics::statistics::linear_within;
use crate::metrics::{Estimate, Reason};
use crate::stats::cluster::{ClusterRatio, Sizes};
use crate::stats::level::{Interval, Level};
use crate::stats::{auroc, median, proportion};

/// What an output is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its user, or itself.
    pub cluster: i64,
    pub has_user: bool,
}

impl From<&Discussed> for Member {
    fn from(output: &Discussed) -> Member {
        Member {
            cluster: output.cluster,
            has_user: output.has_user,
        }
    }
}

/// Outputs as the estimates see them: which cluster each is in, and how many users there are.
pub struct Clusters {
    of: Vec<Member>,
    pub users: u64,
}

impl Clusters {
    pub fn new(outputs: impl Iterator<Item = impl Into<Member>>) -> Clusters {
        let of: Vec<Member> = outputs.map(Into::into).collect();
        let users: HashSet<i64> = of
            .iter()
            .filter(|output| output.has_user)
            .map(|output| output.cluster)
            .collect();
        Clusters {
            users: users.len() as u64,
            of,
        }
    }

    pub fn outputs(&self) -> u64 {
        self.of.len() as u64
    }

    /// How many clusters there are, and how many outputs each has.
    pub fn sizes(&self) -> Sizes {
        Sizes::of(self.sums(self.of.iter().map(|_| [1.0])).into_iter().map(|[size]| size))
    }

    /// What the values of each cluster add up to.
    pub fn totals(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        self.sums(values.map(|value| [value]))
            .into_iter()
            .map(|[sum]| sum)
            .collect()
    }

    /// Sums by cluster of something that each output has.
    fn sums<const N: usize>(&self, values: impl Iterator<Item = [f64; N]>) -> Vec<[f64; N]> {
        let mut sums: BTreeMap<i64, [f64; N]> = BTreeMap::new();
        for (output, own) in self.of.iter().zip(values) {
            let sum = sums.entry(output.cluster).or_insert([0.0; N]);
            sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        sums.into_values().collect()
    }

    /// A share of outputs: per output whether it counts at all, and whether it is one of those.
    pub fn share(&self, values: impl Iterator<Item = Option<bool>>, level: Level, empty: Reason) -> Estimate {
        share(&self.ratio(values), self.users, level, empty)
    }

    pub fn ratio(&self, values: impl Iterator<Item = Option<bool>>) -> ClusterRatio {
        let counted = values.map(|value| value.map_or([0.0; 2], |is| [f64::from(u8::from(is)), 1.0]));
        let totals: Vec<(f64, f64)> = self.sums(counted).into_iter().map(|[n, d]| (n, d)).collect();
        ClusterRatio::from_totals(&totals)
    }

    /// A mean of values from 0 to 1; of outputs that are all alike the interval is that of a share.
    pub fn mean(&self, values: impl Iterator<Item = f64>, level: Level, empty: Reason) -> Estimate {
        let totals: Vec<(f64, f64)> = self
            .sums(values.map(|value| [value, 1.0]))
            .into_iter()
            .map(|[n, d]| (n, d))
            .collect();
        let ratio = ClusterRatio::from_totals(&totals);
        if ratio.standard_error().is_some_and(|error| error <= 0.0) {
            return share(&ratio, self.users, level, empty);
        }
        let Some(value) = ratio.ratio() else {
            return Estimate::none(empty);
        };
        let interval = ratio.linear(level).map(Interval::clip_to_unit);
        self.with_users(Estimate::point(value, ratio.denominator as u64))
            .of(ratio.numerator, ratio.denominator)
            .with_standard_error(ratio.standard_error())
            .within(interval, "linear_cluster_exact")
    }

    /// A ratio of sums of two counts that each output has, which may be above 1.
    pub fn rate(&self, counts: impl Iterator<Item = [usize; 2]>, level: Level, empty: Reason) -> Estimate {
        let counts = counts.map(|counts| counts.map(|count| count as f64));
        let estimate = self.ratio_of_sums(counts, (0.0, f64::INFINITY), level, empty);
        Estimate {
            n: estimate.denominator.unwrap_or_default() as u64,
            ..estimate
        }
    }

    /// A ratio of sums of two numbers that each output has, the second of which is not negative.
    pub fn ratio_of_sums(
        &self,
        terms: impl Iterator<Item = [f64; 2]>,
        range: (f64, f64),
        level: Level,
        empty: Reason,
    ) -> Estimate {
        let totals: Vec<(f64, f64)> = self.sums(terms).into_iter().map(|[n, d]| (n, d)).collect();
        let ratio = ClusterRatio::from_totals(&totals);
        let Some(value) = ratio.ratio() else {
            return Estimate::none(empty);
        };
        let interval = linear_within(value, ratio.standard_error(), ratio.sizes(), level, range);
        self.with_users(Estimate::point(value, self.outputs()))
            .of(ratio.numerator, ratio.denominator)
            .with_standard_error(ratio.standard_error())
            .within(interval, "linear_cluster_exact")
    }

    /// The median of a value of each output, within a range.
    pub fn median(
        &self,
        values: impl Iterator<Item = f64>,
        range: (f64, f64),
        level: Level,
        empty: Reason,
    ) -> Estimate {
        let clusters = self.of.iter().map(|output| output.cluster);
        let values: Vec<(i64, f64)> = clusters.zip(values).collect();
        match median::clustered(&values, range, level) {
            None => Estimate::none(empty),
            Some(median) => self
                .with_users(Estimate::point(median.value, self.outputs()))
                .within(median.interval, "order_statistics_cluster_exact"),
        }
    }

    /// A mean of differences of shares.
    pub fn mean_difference(&self, values: impl Iterator<Item = f64>, level: Level) -> Estimate {
        let values: Vec<f64> = values.collect();
        let n = values.len() as f64;
        if values.is_empty() {
            return Estimate::none(Reason::NoCases);
        }
        let mean = values.iter().sum::<f64>() / n;
        self.within(mean, values.iter().map(|value| (value - mean) / n), (-1.0, 1.0), level)
    }

    /// Any statistic, from how far each output moves it. Without an interval where outputs of all clusters move it alike.
    pub fn linear(&self, value: f64, influence: impl Iterator<Item = f64>, level: Level) -> Estimate {
        self.within(value, influence, (f64::NEG_INFINITY, f64::INFINITY), level)
    }

    /// The same of a statistic that cannot leave a range. Where nothing varies, as many outputs may differ as so many that all agree
    /// allow, each as far as the range goes.
    pub fn within(
        &self,
        value: f64,
        influence: impl Iterator<Item = f64>,
        range: (f64, f64),
        level: Level,
    ) -> Estimate {
        let sums = self.sums(influence.map(|own| [own, 1.0]));
        let influence: Vec<f64> = sums.iter().map(|[own, _]| *own).collect();
        let sizes = Sizes::of(sums.iter().map(|[_, size]| *size));
        let error = sizes.variance(&influence).map(f64::sqrt);
        let interval = linear_within(value, error, sizes, level, range);
        self.with_users(Estimate::point(value, self.outputs()))
            .with_standard_error(error)
            .within(interval, "linear_cluster_exact")
    }

    /// The area under the ROC curve of a score and an outcome of each output; `None` unless both outcomes occur. Where the scores tell all
    /// outcomes apart, its interval is that of pairs of clusters.
    pub fn area(&self, rows: &[(f64, bool)], level: Level) -> Option<Estimate> {
        let (area, influence) = auroc::influence(rows)?;
        let estimate = self.within(area, influence.into_iter(), (0.0, 1.0), level);
        let with = |outcome: bool| {
            let own = self.of.iter().zip(rows).filter(|(_, row)| row.1 == outcome);
            own.map(|(output, _)| output.cluster).collect::<HashSet<i64>>()
        };
        let (positives, negatives) = (with(true), with(false));
        let pairs = positives.len().min(negatives.len());
        let pairs = pairs.min(positives.union(&negatives).count() / 2);
        match auroc::separated(area, pairs as f64, level) {
            Some(interval) => Some(estimate.within(Some(interval), "wilson_of_pairs")),
            None if area <= 0.0 || area >= 1.0 => Some(estimate.within(None, "wilson_of_pairs")),
            None => Some(estimate),
        }
    }

    pub fn with_users(&self, mut estimate: Estimate) -> Estimate {
        estimate.users = Some(self.users);
        estimate
    }
}

/// A share of outputs, from its counts by cluster. Where no cluster has two there is nothing to be clustered.
pub fn share(ratio: &ClusterRatio, users: u64, level: Level, empty: Reason) -> Estimate {
    let Some(value) = ratio.ratio() else {
        return Estimate::none(empty);
    };
    let estimate = Estimate {
        users: Some(users),
        ..Estimate::point(value, ratio.denominator as u64)
    };
    let estimate = estimate.of(ratio.numerator, ratio.denominator);
    if ratio.is_independent() {
        let interval = proportion::wilson(ratio.numerator, ratio.denominator, level.z());
        let variance = value * (1.0 - value) / ratio.denominator;
        return estimate
            .with_standard_error(Some(variance.sqrt()))
            .within(interval, "wilson");
    }
    estimate
        .with_standard_error(ratio.standard_error())
        .within(ratio.wilson(level), "wilson_cluster_exact")
}
