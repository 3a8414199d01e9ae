//! Random draws, and how randomness is split into streams.
//!
//! Every user, every output and every delivery draws from a stream of its own, named by the seed and a few numbers. A
//! change to one feature's texts therefore leaves every other output as it was, and an output can be computed again on
//! its own. The generator is ChaCha, which is the same on every platform.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What a stream is for: the first part of its name, so that two uses never share one.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Person = 1,
    Activity = 2,
    Visits = 3,
    Output = 4,
    Rollout = 5,
    Delivery = 6,
    Tag = 7,
    Generation = 8,
    Advice = 9,
}

/// A source of draws.
pub(super) struct Draw(StdRng);

impl Draw {
    pub fn stream(seed: u64, purpose: Purpose, name: &[u64]) -> Draw {
        Draw(StdRng::seed_from_u64(digest(seed, purpose, name)))
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform in `[0, n)`; 0 for an empty range.
    pub fn index(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { self.0.random_range(0..n) }
    }

    pub fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.index(words.len())).copied().unwrap_or_default()
    }

    /// One row of a table, as often as its weight says. `None` only for an empty table.
    pub fn weighted<'a, T>(&mut self, rows: &'a [T], weight: impl Fn(&T) -> f64) -> Option<&'a T> {
        let mut left = self.unit() * rows.iter().map(&weight).sum::<f64>();
        let hit = rows.iter().find(|row| {
            left -= weight(row);
            left < 0.0
        });
        hit.or(rows.last())
    }

    /// Standard normal, by Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (self.between(-1.0, 1.0), self.between(-1.0, 1.0));
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                return u * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * (sigma * self.normal()).exp()
    }

    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Uniform on the logarithm: as likely between 1 and 10 as between 10 and 100.
    pub fn log_uniform(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    /// Gamma with scale 1: Marsaglia & Tsang (2000), with their power of a uniform for shapes under 1.
    fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            let small = (1.0 - self.unit()).powf(shape.recip());
            return self.gamma(shape + 1.0) * small;
        }
        let d = shape - 1.0 / 3.0;
        let c = (9.0 * d).sqrt().recip();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }

    /// Beta by its mean and its concentration `a + b`: the larger, the closer to the mean.
    pub fn beta(&mut self, mean: f64, concentration: f64) -> f64 {
        let a = self.gamma(mean * concentration);
        let b = self.gamma((1.0 - mean) * concentration);
        if a + b > 0.0 { a / (a + b) } else { mean }
    }
}

/// A fixed number in `[0, 1)` for a name, for what must be answered the same each time it is asked.
pub(super) fn fixed_unit(seed: u64, purpose: Purpose, name: &[u64]) -> f64 {
    (digest(seed, purpose, name) >> 11) as f64 / (1u64 << 53) as f64
}

/// 64 well-mixed bits of a name.
pub(super) fn digest(seed: u64, purpose: Purpose, name: &[u64]) -> u64 {
    name.iter()
        .fold(mix(mix(seed) ^ purpose as u64), |state, part| mix(state ^ part))
}

/// The SplitMix64 step (Steele, Lea & Flood 2014): a bijection, so that distinct short names stay distinct.
fn mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(n: usize, mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..n).map(|_| draw()).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64)
    }

    #[test]
    fn beta_has_its_mean_and_variance() {
        let mut draw = Draw::stream(1, Purpose::Output, &[]);
        for (mean, concentration) in [(0.5, 2.4), (0.9, 3.0), (0.2, 20.0)] {
            let (m, v) = moments(40_000, || draw.beta(mean, concentration));
            assert!((m - mean).abs() < 0.006, "{m} for {mean}");
            assert!((v / (mean * (1.0 - mean) / (concentration + 1.0)) - 1.0).abs() < 0.05);
        }
    }

    #[test]
    fn log_normal_has_its_median_and_exponential_its_mean() {
        let mut draw = Draw::stream(2, Purpose::Output, &[]);
        let below = (0..20_000).filter(|_| draw.log_normal(30.0, 0.8) < 30.0).count();
        assert!((below as f64 / 20_000.0 - 0.5).abs() < 0.015);
        assert!((moments(40_000, || draw.exponential(5.0)).0 - 5.0).abs() < 0.12);
    }

    #[test]
    fn weights_are_kept() {
        let mut draw = Draw::stream(3, Purpose::Output, &[]);
        let rows = [("a", 3.0), ("b", 1.0)];
        let a = (0..20_000)
            .filter(|_| draw.weighted(&rows, |row| row.1).is_some_and(|row| row.0 == "a"))
            .count();
        assert!((a as f64 / 20_000.0 - 0.75).abs() < 0.015);
    }
}
