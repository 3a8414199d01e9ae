//! Other numbers: a normal distribution of them, fitted by moments.

use super::LEAST_UNITS;
use crate::stats::level::{Interval, Level};

/// How other numbers differ between units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// `τ²`, 0 when they differ no more than their errors make them.
    pub variance: f64,
    /// `m`.
    units: f64,
    /// `s̄²`.
    error: f64,
}

impl Means {
    /// Learns from `(value, standard error)` of each unit; units with an error that is not positive do not count. `None` below
    /// [`LEAST_UNITS`].
    #[must_use]
    pub fn fit(units: &[(f64, f64)]) -> Option<Self> {
        const HALVINGS: u32 = 200;
        let units: Vec<(f64, f64)> = units.iter().copied().filter(|(_, s)| *s > 0.0).collect();
        if units.len() < LEAST_UNITS {
            return None;
        }
        let weighted = |variance: f64| {
            let weights = units.iter().map(|(v, s)| (v, 1.0 / (s * s + variance)));
            let (sum, total) = weights.fold((0.0, 0.0), |sum, (v, w)| (sum.0 + w * v, sum.1 + w));
            (sum / total, total)
        };
        let excess = |variance: f64| {
            let (mean, _) = weighted(variance);
            let scatter = units.iter().map(|(v, s)| (v - mean).powi(2) / (s * s + variance));
            scatter.sum::<f64>() - (units.len() as f64 - 1.0)
        };
        let (mut low, mut high) = (0.0, 1.0);
        while excess(high) > 0.0 {
            high *= 2.0;
        }
        if excess(0.0) <= 0.0 {
            high = 0.0;
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if excess(middle) > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        let (mean, weight) = weighted(high);
        let errors: f64 = units.iter().map(|(_, s)| s * s / (s * s + high)).sum();
        Some(Self {
            mean,
            standard_error: weight.sqrt().recip(),
            variance: high,
            units: units.len() as f64,
            error: errors / weight,
        })
    }

    /// What is believed of a unit: mean and interval.
    #[must_use]
    pub fn unit(&self, (value, error): (f64, f64), level: Level) -> (f64, Interval) {
        let (m, own) = (self.units, self.own_weight(error));
        let pulled = 1.0 - own;
        let mean = own * value + pulled * self.mean;
        let spread = (self.error + self.variance) / (error * error + self.variance);
        let unsure = 2.0 / (m - 3.0) * pulled * pulled * spread * (value - self.mean).powi(2);
        let variance = error * error * (1.0 - (m - 1.0) / m * pulled) + unsure;
        (mean, Interval::around(mean, level.z() * variance.sqrt()))
    }

    /// How much of what is believed of a unit is its own: `1 − B`.
    #[must_use]
    pub fn own_weight(&self, error: f64) -> f64 {
        1.0 - (self.units - 3.0) / (self.units - 1.0) * error * error / (error * error + self.variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noisy_means_are_pulled_to_the_common_one() {
        let mut units: Vec<_> = (0..10).map(|i| (f64::from(i) / 100.0, 0.002)).collect();
        units.push((0.5, 0.4));
        let means = Means::fit(&units).unwrap();
        assert!(means.unit((0.5, 0.4), Level::default()).0 < 0.16, "{means:?}");
        let alike = Means::fit(&[(0.1, 0.1); 9]).unwrap();
        assert_eq!((alike.variance, alike.own_weight(0.1)), (0.0, 0.25));
        assert!((alike.standard_error - 0.1 / 3.0).abs() < 1e-15);
    }
}
