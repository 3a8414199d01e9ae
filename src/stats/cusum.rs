//! Has a level drifted a little, for a while? The cumulative sums of Page (1954).
//!
//! ```text
//! S⁺ = max(0, S⁺ + x − μ − k),   S⁻ = max(0, S⁻ + μ − x − k),   alarm when either exceeds h
//! ```
//!
//! The allowance `k` is half the shift that matters; `h` sets how rarely false alarms come. On standardised values
//! [`threshold`] chooses `h` by Siegmund's (1985) approximation of the average run length. Outcomes of the same user are not
//! independent, which would make alarms more frequent than promised: give days, with clustered standard errors.

/// Which way a level moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Above the target.
    Up,
    /// Below the target.
    Down,
}

/// A sum that exceeded the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Index of the value that set it off.
    pub at: usize,
    /// Index of the first value since the sum was last 0: the most likely start of the drift (Page 1954).
    pub since: usize,
    /// Which sum.
    pub direction: Direction,
}

/// The settings of a two-sided CUSUM, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cusum {
    /// `μ`, the level that is in order.
    pub target: f64,
    /// `k`.
    pub allowance: f64,
    /// `h`.
    pub threshold: f64,
}

impl Cusum {
    /// All alarms of a series; both sums restart at 0 after each.
    #[must_use]
    pub fn alarms(&self, values: &[f64]) -> Vec<Alarm> {
        let (mut up, mut down) = (Sum::default(), Sum::default());
        let mut alarms = Vec::new();
        for (at, x) in values.iter().enumerate() {
            up.add(x - self.target - self.allowance, at);
            down.add(self.target - x - self.allowance, at);
            for (sum, direction) in [(up, Direction::Up), (down, Direction::Down)] {
                if sum.value > self.threshold {
                    alarms.push(Alarm {
                        at,
                        since: sum.since,
                        direction,
                    });
                    (up, down) = (Sum::default(), Sum::default());
                }
            }
        }
        alarms
    }
}

/// A sum that never falls below 0, and where it last left 0.
#[derive(Clone, Copy, Default)]
struct Sum {
    value: f64,
    since: usize,
}

impl Sum {
    fn add(&mut self, x: f64, at: usize) {
        if self.value == 0.0 {
            self.since = at;
        }
        self.value = (self.value + x).max(0.0);
    }
}

/// Average number of independent standard normal values until a two-sided CUSUM first alarms, when their mean is `shift`.
///
/// Siegmund (1985): `(e^{−2Δb} + 2Δb − 1)/(2Δ²)` for each side, with `Δ = ±shift − k` and `b = h + 1.166` for the overshoot;
/// the sides' rates add up. Within some 5 % of the exact value from 20 on.
#[must_use]
pub fn average_run_length(allowance: f64, threshold: f64, shift: f64) -> f64 {
    const OVERSHOOT: f64 = 1.166;
    // Below this the formula is its limit b², before digits cancel.
    const NO_DRIFT: f64 = 1e-4;
    let b = threshold + OVERSHOOT;
    let side = |drift: f64| {
        if drift.abs() < NO_DRIFT {
            b * b
        } else {
            ((-2.0 * drift * b).exp_m1() + 2.0 * drift * b) / (2.0 * drift * drift)
        }
    };
    1.0 / (1.0 / side(shift - allowance) + 1.0 / side(-shift - allowance))
}

/// The threshold `h` whose false alarms come `run_length` standardised values apart on average.
///
/// 0 when even that would alarm less often. `None` unless `allowance >= 0` and `run_length` is positive and finite.
#[must_use]
pub fn threshold(allowance: f64, run_length: f64) -> Option<f64> {
    const HALVINGS: u32 = 100;
    if !(allowance >= 0.0 && run_length > 0.0 && run_length.is_finite()) {
        return None;
    }
    // Without allowance the run length grows as h²/2, with it faster.
    let (mut low, mut high) = (0.0, 2.0 * run_length.sqrt());
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if average_run_length(allowance, middle, 0.0) < run_length {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn sums_by_hand() {
        let cusum = Cusum {
            target: 0.0,
            allowance: 0.5,
            threshold: 2.0,
        };
        // S⁺: 0.5, 0, 1, 2, 2.5 alarm, then S⁻: 1.5, 3 alarm.
        let alarms = cusum.alarms(&[1.0, -1.0, 1.5, 1.5, 1.0, -2.0, -2.0]);
        let (up, down) = (Direction::Up, Direction::Down);
        let expected = [(4, 2, up), (6, 5, down)].map(|(at, since, direction)| Alarm { at, since, direction });
        assert_eq!(alarms, expected);
        assert!(cusum.alarms(&[]).is_empty());
    }

    #[test]
    fn thresholds_invert_run_lengths() {
        for (k, run_length) in [(0.5, 370.0), (0.25, 100.0), (0.0, 50.0), (1.0, 1e6)] {
            let h = threshold(k, run_length).unwrap();
            assert!((average_run_length(k, h, 0.0) / run_length - 1.0).abs() < 1e-9, "{k}");
        }
        assert_eq!(threshold(0.5, f64::INFINITY), None);
        assert_eq!(threshold(f64::NAN, 10.0), None);
    }

    #[test]
    fn simulated_runs_are_as_long_as_promised() {
        const VALUES: usize = 200_000;
        let mut random = Random::new(1);
        let values: Vec<_> = (0..VALUES).map(|_| random.normal()).collect();
        for (allowance, run_length) in [(0.5, 100.0), (0.25, 200.0)] {
            let threshold = threshold(allowance, run_length).unwrap();
            let cusum = Cusum {
                target: 0.0,
                allowance,
                threshold,
            };
            let simulated = VALUES as f64 / cusum.alarms(&values).len() as f64;
            assert!((simulated / run_length - 1.0).abs() < 0.1, "{simulated} {run_length}");
        }
    }
}
