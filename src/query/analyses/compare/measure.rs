//! A difference between two sides, with what each cluster contributes to it.

use std::collections::BTreeMap;

use super::finding::{Between, NaiveDifference};
use crate::metrics::statistics::Clustering;
use crate::metrics::{Estimate, Reason};
use crate::query::answer::{Answer, Contribution, Row};
use crate::query::merge;
use crate::stats::contrast::{Contrast, Moved, Pair};
use crate::stats::cuped;
use crate::stats::level::{Interval, Level};
use crate::stats::sequence;
use crate::stats::two_proportions::{newcombe, z_pooled};

/// The rows of the two sides.
pub struct Sides<'a> {
    pub baseline: Option<&'a Row>,
    pub candidate: Option<&'a Row>,
}

impl<'a> Sides<'a> {
    pub fn of(rows: &'a [Row]) -> Sides<'a> {
        let side = |number| rows.iter().find(|row| row.number == number);
        Sides {
            baseline: side(0),
            candidate: side(1),
        }
    }

    pub fn estimates(&self, metric: usize) -> [Estimate; 2] {
        [self.baseline, self.candidate].map(|row| {
            let found = row.and_then(|row| row.estimates.get(metric).cloned());
            found.unwrap_or_else(|| Estimate::none(Reason::NoData))
        })
    }

    /// The difference of a metric that is a share of outputs, as if those were independent; `None` of other metrics, and where a side has
    /// nothing to count.
    pub fn naive(&self, metric: usize, level: Level) -> Option<NaiveDifference> {
        // Wilson's interval says that the numerator is a number of outputs.
        let counts = |side: &Estimate| {
            side.method.filter(|method| method.starts_with("wilson"))?;
            Some((side.numerator?, side.denominator?))
        };
        let [baseline, candidate] = self.estimates(metric);
        let (first, second) = (counts(&baseline)?, counts(&candidate)?);
        let interval = newcombe(first, second, level)?;
        // In groups users are not told apart. Apart, as many of them as outputs have one each, and none is on both sides.
        let is_exact = self.baseline.is_some_and(|row| row.clustering == Clustering::Exact);
        let clusters = self.influences(metric).count() as f64;
        Some(NaiveDifference {
            value: second.0 / second.1 - first.0 / first.1,
            lower: interval.lower,
            upper: interval.upper,
            method: "newcombe",
            p_value: z_pooled(first, second),
            test: "z_pooled",
            is_valid: is_exact && clusters == first.1 + second.1,
        })
    }

    /// Whether it is known how far each user moves a metric, on which its comparison rests.
    pub fn is_comparable(&self, metric: usize) -> bool {
        let mut rows = self.baseline.into_iter().chain(self.candidate);
        rows.any(|row| row.contributions.get(metric).is_some_and(Option::is_some))
    }

    /// Each cluster and how far it moves a metric on each side, in the order of the clusters.
    fn influences(&self, metric: usize) -> impl Iterator<Item = (i64, Pair)> {
        let of = |row: Option<&'a Row>| -> &'a [Contribution] {
            let found = row.and_then(|row| row.contributions.get(metric)?.as_ref());
            found.map_or(&[], |contributions| &contributions.0)
        };
        let (one, two) = (of(self.baseline), of(self.candidate));
        let places = merge::places(one, two, |own| own.cluster);
        places.into_iter().filter_map(move |(first, second)| {
            let (first, second) = (first.and_then(|at| one.get(at)), second.and_then(|at| two.get(at)));
            let cluster = first.or(second)?.cluster;
            Some((
                cluster,
                (first.map(Contribution::moved), second.map(Contribution::moved)),
            ))
        })
    }
}

/// A difference and what it is worth.
pub struct Measured {
    values: [f64; 2],
    influences: Vec<Pair>,
    pub contrast: Contrast,
    /// Independent users behind it.
    pub users: f64,
}

impl Measured {
    /// The difference of a metric; `None` where a side has no value.
    pub fn new(sides: &Sides, metric: usize) -> Option<Measured> {
        let [baseline, candidate] = sides.estimates(metric);
        let values = [baseline.value?, candidate.value?];
        let influences: Vec<Pair> = sides.influences(metric).map(|(_, pair)| pair).collect();
        let contrast = Contrast::new(values[0], values[1], &influences);
        let [one, two, both] = contrast.clusters;
        let clusters = (one + two - both) as f64;
        // Those of the larger side at least: how many are on both is not known of groups.
        let users = baseline.users.zip(candidate.users);
        let users = users.map_or(0.0, |(one, two)| one.max(two) as f64);
        let is_grouped = sides.baseline.is_some_and(|row| row.clustering == Clustering::Groups);
        Some(Measured {
            values,
            influences,
            contrast,
            // Where clusters are groups of users, the users themselves are what is independent.
            users: if is_grouped { users.max(clusters) } else { clusters },
        })
    }

    /// Of the sum of both sides, a confidence sequence.
    pub fn sum(&self, tuning: f64, level: Level) -> Option<Interval> {
        let [first, second] = self.values;
        let turned = |(a, b): &Pair| (a.map(|own| Moved { by: -own.by, ..own }), *b);
        let turned: Vec<Pair> = self.influences.iter().map(turned).collect();
        let sum = Contrast::new(-first, second, &turned);
        let error = sum.standard_error?;
        Some(sequence::interval(sum.difference, error, self.users, tuning, level))
    }

    /// Candidate divided by baseline.
    pub fn ratio(&self, sides: [&Estimate; 2], level: Level) -> Between {
        let [first, second] = self.values;
        match Contrast::log_ratio(first, second, &self.influences) {
            Some(ratio) => {
                let interval = ratio.interval(level).map(|interval| Interval {
                    lower: interval.lower.exp(),
                    upper: interval.upper.exp(),
                });
                Between::of(sides, ratio.difference.exp(), interval)
            }
            None => Between::none(Reason::NoCases),
        }
    }

    /// Takes what users did before off the noise of a difference. Gives the share of the variance that it explains.
    pub fn take_off(&mut self, sides: &Sides, before: &Answer, metric: usize) -> Option<f64> {
        let earlier = before.rows.first()?.contributions.get(metric)?.as_ref()?;
        let count = earlier.0.len() as f64;
        let earlier: BTreeMap<i64, f64> = earlier
            .0
            .iter()
            .map(|own| (own.cluster, own.influence * count))
            .collect();
        let covariates: Vec<f64> = sides
            .influences(metric)
            .map(|(cluster, _)| earlier.get(&cluster).copied().unwrap_or_default())
            .collect();
        let [one, two, _] = self.contrast.clusters.map(|clusters| clusters.max(1) as f64);
        let mean = |of: fn(&Pair) -> Option<Moved>, clusters: f64| {
            let pairs = self.influences.iter().zip(&covariates);
            pairs.filter_map(|(own, x)| of(own).map(|_| x)).sum::<f64>() / clusters
        };
        let means = [mean(|own| own.0, one), mean(|own| own.1, two)];
        let moved: Vec<(Option<f64>, Option<f64>)> = self
            .influences
            .iter()
            .zip(&covariates)
            .map(|((a, b), x)| (a.map(|_| (x - means[0]) / one), b.map(|_| (x - means[1]) / two)))
            .collect();
        let difference = |(a, b): &(Option<f64>, Option<f64>)| b.unwrap_or_default() - a.unwrap_or_default();
        let by = |(a, b): &Pair| (a.map(|own| own.by), b.map(|own| own.by));
        let pairs = self.influences.iter().zip(&moved);
        let theta = cuped::theta(
            &pairs
                .map(|(y, x)| (difference(&by(y)), difference(x)))
                .collect::<Vec<_>>(),
        )?;
        let raw = self.contrast.standard_error?;
        for ((a, b), (x1, x2)) in self.influences.iter_mut().zip(&moved) {
            for (own, x) in [(a, x1), (b, x2)] {
                if let (Some(own), Some(x)) = (own, x) {
                    own.by -= theta * x;
                }
            }
        }
        // The sides are moved to where they would be if both had done the same before.
        let overall = (means[0] * one + means[1] * two) / (one + two);
        for (value, mean) in self.values.iter_mut().zip(means) {
            *value -= theta * (mean - overall);
        }
        self.contrast = Contrast::new(self.values[0], self.values[1], &self.influences);
        let left = self.contrast.standard_error?;
        (raw > 0.0).then(|| 1.0 - (left / raw).powi(2))
    }
}
