//! Random numbers that repeat: what simulations and resampling draw from.
//!
//! SplitMix64 (Steele, Lea and Flood 2014): one addition and three xor-shift-multiply rounds per number, a period of
//! 2⁶⁴, and good enough for Monte Carlo. The same seed gives the same numbers on every machine. Not for secrets.

use super::normal;

/// A generator; its state is the seed plus the numbers drawn so far.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Any seed will do, 0 included.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Uniform in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        (self.next_u64() >> 11) as f64 / STEPS
    }

    /// Uniform on `0..n`; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        // The high half of a 128-bit product (Lemire 2019); the bias is n/2⁶⁴.
        let product = u128::from(self.next_u64()) * u128::from(n);
        (product >> 64) as u64
    }

    /// Standard normal, by inversion.
    pub fn normal(&mut self) -> f64 {
        // Half a step up, because the quantile of 0 is infinite.
        const HALF_STEP: f64 = 1.0 / (1_u64 << 54) as f64;
        normal::quantile(self.uniform() + HALF_STEP)
    }

    /// Poisson with mean 1, by inversion: how often a unit is drawn in a bootstrap of many.
    pub fn poisson_one(&mut self) -> u32 {
        let u = self.uniform();
        let mut probability = (-1.0_f64).exp();
        let (mut k, mut cumulated) = (0, probability);
        // Beyond 20 the probabilities no longer add up to anything in an f64.
        while u >= cumulated && k < 20 {
            k += 1;
            probability /= f64::from(k);
            cumulated += probability;
        }
        k
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // Vigna's splitmix64.c with seed 1234567.
        let mut random = Random::new(1_234_567);
        let first = [random.next_u64(), random.next_u64(), random.next_u64()];
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn moments() {
        const N: u32 = 100_000;
        let mut random = Random::new(1);
        let mut moments = |draw: &dyn Fn(&mut Random) -> f64| {
            let (mut sum, mut squares) = (0.0, 0.0);
            for _ in 0..N {
                let x = draw(&mut random);
                sum += x;
                squares += x * x;
            }
            let mean = sum / f64::from(N);
            (mean, squares / f64::from(N) - mean * mean)
        };
        let near = |(mean, variance): (f64, f64), (m, v): (f64, f64)| {
            assert!((mean - m).abs() < 0.015, "{mean} {m}");
            assert!((variance / v - 1.0).abs() < 0.03, "{variance} {v}");
        };
        near(moments(&Random::uniform), (0.5, 1.0 / 12.0));
        near(moments(&Random::normal), (0.0, 1.0));
        near(moments(&|r| f64::from(r.poisson_one())), (1.0, 1.0));
        near(moments(&|r| r.below(3) as f64), (1.0, 2.0 / 3.0));
    }
}
