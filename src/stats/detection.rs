//! Can users tell right outputs from wrong ones, and how readily do they accept?
//!
//! Signal detection theory (Green and Swets 1966; Macmillan and Creelman 2005) separates the two
//! things acceptance rates mix. The signal is "the output is right", the response "accepted":
//!
//! ```text
//! H = hit rate   F = false-alarm rate
//! d′ = z(H) − z(F)          skill: 0 cannot tell, 1 modest, 3 excellent
//! c  = −½·(z(H) + z(F))     threshold: negative accepts liberally, positive is wary
//! ```
//!
//! Rates take the log-linear correction (Hautus 1995), +½ on the count and +1 on the total, always
//! and not just where a rate of 0 or 1 would make `z` infinite.

use super::normal;

/// Responses to signal and to noise; counts, possibly weighted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Accepted outputs that were right.
    pub hits: f64,
    /// All outputs that were right.
    pub signal: f64,
    /// Accepted outputs that were wrong.
    pub false_alarms: f64,
    /// All outputs that were wrong.
    pub noise: f64,
}

impl Counts {
    /// Sensitivity `d′`, in standard deviations; `None` without signal or without noise.
    #[must_use]
    pub fn d_prime(&self) -> Option<f64> {
        self.scores().map(|(hit, false_alarm)| hit - false_alarm)
    }

    /// Criterion `c`, in standard deviations; `None` without signal or without noise.
    #[must_use]
    pub fn criterion(&self) -> Option<f64> {
        self.scores().map(|(hit, false_alarm)| -f64::midpoint(hit, false_alarm))
    }

    /// `(z(H), z(F))` of the corrected rates.
    fn scores(&self) -> Option<(f64, f64)> {
        let score = |count: f64, total: f64| normal::quantile((count + 0.5) / (total + 1.0));
        (self.signal > 0.0 && self.noise > 0.0)
            .then(|| (score(self.hits, self.signal), score(self.false_alarms, self.noise)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(hits: f64, signal: f64, false_alarms: f64, noise: f64) -> Counts {
        Counts {
            hits,
            signal,
            false_alarms,
            noise,
        }
    }

    #[test]
    fn undefined_without_both_kinds() {
        for c in [
            counts(1.0, 2.0, 0.0, 0.0),
            counts(0.0, 0.0, 1.0, 2.0),
            Counts::default(),
        ] {
            assert_eq!((c.d_prime(), c.criterion()), (None, None));
        }
    }

    #[test]
    fn accepting_everything_alike_shows_no_skill_but_a_threshold() {
        let c = counts(9.0, 9.0, 9.0, 9.0);
        assert_eq!(c.d_prime(), Some(0.0));
        assert!(c.criterion().unwrap() < -1.0);
    }

    #[test]
    fn perfect_users_stay_finite_and_unbiased() {
        let c = counts(20.0, 20.0, 0.0, 20.0);
        assert!((3.0..5.0).contains(&c.d_prime().unwrap()));
        assert!(c.criterion().unwrap().abs() < 1e-15);
    }

    #[test]
    fn swapping_signal_and_noise_flips_skill_only() {
        let (a, b) = (counts(30.0, 40.0, 5.0, 25.0), counts(5.0, 25.0, 30.0, 40.0));
        assert_eq!(a.d_prime().map(|d| -d), b.d_prime());
        assert_eq!(a.criterion(), b.criterion());
    }
}
