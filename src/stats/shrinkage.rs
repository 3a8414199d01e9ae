//! Which of many are really high, when some of them are small?
//!
//! A segment with three outputs has the highest rate, or the lowest, by chance. Empirical Bayes learns from all units how much they
//! really differ, and pulls each towards the rest by how little is known of it (Efron and Morris 1975).
//!
//! Rates: `k_i ~ BetaBinomial(n_i, α, β)`, fitted by maximum likelihood; unit `i` is then Beta(k_i + α, n_i − k_i + β). `k` and `n` are
//! real numbers, since the honest `n` of correlated trials is an effective one ([`super::cluster::ClusterRatio::effective_trials`]).
//!
//! Other numbers: `v_i ~ N(θ_i, s_i²)`, `θ_i ~ N(μ, τ²)`, with `τ²` after Paule and Mandel (1982): the value with which
//! `Σ (v_i − μ)²/(s_i² + τ²) = m − 1`.
//!
//! How far units differ cannot be learned from few of them: below [`LEAST_UNITS`] nothing is shrunk.

use super::gamma::{digamma, ln_gamma, trigamma};
use super::level::{Interval, Level};
use super::trust_memory::Trust;

/// Units below which nothing is shrunk.
pub const LEAST_UNITS: usize = 8;

/// A prior worth more trials than this is a single common rate.
const MOST_TRIALS: f64 = 1e6;

/// How rates differ between units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rates {
    /// As Beta(α, β): the prior is worth `α + β` trials.
    Spread(Trust),
    /// No more than chance makes them: all have one rate. Holds successes and trials of all.
    Common(f64, f64),
}

impl Rates {
    /// Learns from `(successes, trials)` of each unit; units without trials do not count. `None` below [`LEAST_UNITS`].
    #[must_use]
    pub fn fit(units: &[(f64, f64)]) -> Option<Self> {
        let units: Vec<(f64, f64)> = units.iter().copied().filter(|(_, n)| *n > 0.0).collect();
        if units.len() < LEAST_UNITS {
            return None;
        }
        let (k, n) = units
            .iter()
            .fold((0.0, 0.0), |sum, unit| (sum.0 + unit.0, sum.1 + unit.1));
        let common = Self::Common(k, n);
        // Single trials cannot say whether units differ, nor can those that all end alike.
        if k <= 0.0 || k >= n || units.iter().all(|(_, n)| *n <= 1.0) {
            return Some(common);
        }
        let prior = climb(&units, start(&units, k / n, n));
        Some(if prior.alpha + prior.beta < MOST_TRIALS {
            Self::Spread(prior)
        } else {
            common
        })
    }

    /// What is believed of a unit: mean and equal-tailed credible interval.
    #[must_use]
    pub fn unit(&self, (k, n): (f64, f64), level: Level) -> (f64, Interval) {
        let belief = match *self {
            Self::Spread(Trust { alpha, beta }) => Trust {
                alpha: alpha + k,
                beta: beta + n - k,
            },
            // Jeffreys' prior.
            Self::Common(k, n) => Trust {
                alpha: k + 0.5,
                beta: n - k + 0.5,
            },
        };
        let mean = match *self {
            Self::Common(k, n) => k / n,
            Self::Spread(_) => belief.mean(),
        };
        (mean, belief.interval(level))
    }

    /// How much of what is believed of a unit is its own: `n/(n + α + β)`.
    #[must_use]
    pub fn own_weight(&self, n: f64) -> f64 {
        match self {
            Self::Spread(Trust { alpha, beta }) => n / (n + alpha + beta),
            Self::Common(..) => 0.0,
        }
    }
}

/// A prior by moments: the intraclass correlation of weighted analysis of variance (Kleinman 1973).
fn start(units: &[(f64, f64)], mean: f64, trials: f64) -> Trust {
    let m = units.len() as f64;
    let squares: f64 = units.iter().map(|(_, n)| n * n).sum();
    let between: f64 = units.iter().map(|(k, n)| n * (k / n - mean).powi(2)).sum::<f64>() / (m - 1.0);
    let inside: f64 = units.iter().map(|(k, n)| k * (1.0 - k / n)).sum::<f64>() / (trials - m).max(1.0);
    let size = (trials - squares / trials) / (m - 1.0);
    let correlation = ((between - inside) / (between + (size - 1.0) * inside)).clamp(1e-3, 0.9);
    let worth = (1.0 - correlation) / correlation;
    Trust {
        alpha: mean * worth,
        beta: (1.0 - mean) * worth,
    }
}

/// Newton's method on `(ln α, ln β)`, damped until the likelihood rises (Levenberg and Marquardt).
fn climb(units: &[(f64, f64)], mut prior: Trust) -> Trust {
    const MAX_STEPS: u32 = 500;
    const CONVERGED: f64 = 1e-14;
    let mut height = likelihood(units, &prior);
    let mut damping = 1e-3;
    for _ in 0..MAX_STEPS {
        let ([g0, g1], [[h00, h01], [_, h11]]) = slopes(units, &prior);
        let (a, b, c) = (damping - h00, -h01, damping - h11);
        let determinant = a * c - b * b;
        let step = [(c * g0 - b * g1) / determinant, (a * g1 - b * g0) / determinant];
        let next = Trust {
            alpha: prior.alpha * step[0].exp(),
            beta: prior.beta * step[1].exp(),
        };
        let found = likelihood(units, &next);
        let downhill = !(a > 0.0 && determinant > 0.0);
        let small = step.iter().all(|step| step.abs() < 1e-7);
        // Near the top the likelihood is flat to the last digit: Newton's step is right all the same.
        if !downhill && (found > height || small) {
            (prior, height) = (next, found.max(height));
            damping = (damping / 10.0).max(1e-12);
            if step.iter().all(|step| step.abs() < CONVERGED) || prior.alpha + prior.beta > MOST_TRIALS {
                break;
            }
        } else {
            damping *= 10.0;
            if damping > 1e12 {
                break;
            }
        }
    }
    prior
}

/// `Σ ln B(k + α, n − k + β) − ln B(α, β)`.
fn likelihood(units: &[(f64, f64)], &Trust { alpha, beta }: &Trust) -> f64 {
    let whole = ln_gamma(alpha + beta) - ln_gamma(alpha) - ln_gamma(beta);
    units
        .iter()
        .map(|(k, n)| ln_gamma(k + alpha) + ln_gamma(n - k + beta) - ln_gamma(n + alpha + beta) + whole)
        .sum()
}

/// First and second derivatives of the likelihood by `ln α` and `ln β`.
fn slopes(units: &[(f64, f64)], &Trust { alpha, beta }: &Trust) -> ([f64; 2], [[f64; 2]; 2]) {
    let m = units.len() as f64;
    let (first, second) = (digamma(alpha + beta), trigamma(alpha + beta));
    let mut by = [m * (first - digamma(alpha)), m * (first - digamma(beta))];
    let mut twice = [m * (second - trigamma(alpha)), m * (second - trigamma(beta))];
    let mut cross = m * second;
    for (k, n) in units {
        let (first, second) = (digamma(n + alpha + beta), trigamma(n + alpha + beta));
        by[0] += digamma(k + alpha) - first;
        by[1] += digamma(n - k + beta) - first;
        twice[0] += trigamma(k + alpha) - second;
        twice[1] += trigamma(n - k + beta) - second;
        cross -= second;
    }
    let gradient = [alpha * by[0], beta * by[1]];
    let mixed = alpha * beta * cross;
    let curvature = [
        [alpha * alpha * twice[0] + gradient[0], mixed],
        [mixed, beta * beta * twice[1] + gradient[1]],
    ];
    (gradient, curvature)
}

/// How other numbers differ between units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Means {
    pub mean: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// `τ²`, 0 when they differ no more than their errors make them.
    pub variance: f64,
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
        Some(Self {
            mean,
            standard_error: weight.sqrt().recip(),
            variance: high,
        })
    }

    /// What is believed of a unit: mean, and an interval that allows for not knowing the common mean.
    #[must_use]
    pub fn unit(&self, (value, error): (f64, f64), level: Level) -> (f64, Interval) {
        let own = self.own_weight(error);
        let mean = own * value + (1.0 - own) * self.mean;
        let variance = own * error * error + ((1.0 - own) * self.standard_error).powi(2);
        (mean, Interval::around(mean, level.z() * variance.sqrt()))
    }

    /// How much of what is believed of a unit is its own: `τ²/(τ² + s²)`.
    #[must_use]
    pub fn own_weight(&self, error: f64) -> f64 {
        self.variance / (self.variance + error * error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_units_teach_nothing() {
        assert_eq!(Rates::fit(&[(1.0, 2.0); 7]), None);
        assert_eq!(Means::fit(&[(1.0, 2.0); 7]), None);
        let mut with_empty = [(0.0, 0.0); 9];
        with_empty[..7].fill((1.0, 2.0));
        assert_eq!(Rates::fit(&with_empty), None);
    }

    #[test]
    fn units_that_differ_by_chance_alone_are_one() {
        let alike: Vec<_> = (0..20).map(|i| (30.0 + f64::from(i % 2), 61.0)).collect();
        let rates = Rates::fit(&alike).unwrap();
        assert_eq!(rates, Rates::Common(610.0, 1_220.0));
        assert_eq!(rates.unit((31.0, 61.0), Level::default()).0, 0.5);
        assert_eq!(rates.own_weight(61.0), 0.0);
        for degenerate in [[(1.0, 1.0), (0.0, 1.0)], [(0.0, 9.0), (0.0, 4.0)]] {
            let units = degenerate.repeat(5);
            assert!(matches!(Rates::fit(&units), Some(Rates::Common(..))));
        }
    }

    #[test]
    fn the_small_do_not_lead() {
        let mut units: Vec<_> = (0..10).map(|i| (f64::from(20 + 6 * i), 100.0)).collect();
        units.push((3.0, 3.0));
        let rates = Rates::fit(&units).unwrap();
        let believed = |unit| rates.unit(unit, Level::default()).0;
        assert!(believed((3.0, 3.0)) < believed((74.0, 100.0)));
        assert!((believed((74.0, 100.0)) - 0.74).abs() < 0.02);
        assert!(rates.own_weight(3.0) < 0.5 && rates.own_weight(100.0) > 0.9);
    }

    #[test]
    fn extremes_stay_finite() {
        let all_or_nothing = [(9.0, 9.0), (0.0, 7.0)].repeat(5);
        let rates = Rates::fit(&all_or_nothing).unwrap();
        let (mean, interval) = rates.unit((9.0, 9.0), Level::default());
        assert!(
            mean > 0.9 && interval.lower >= 0.0 && interval.upper <= 1.0,
            "{rates:?}"
        );
    }

    #[test]
    fn noisy_means_are_pulled_to_the_common_one() {
        let mut units: Vec<_> = (0..10).map(|i| (f64::from(i) / 100.0, 0.002)).collect();
        units.push((0.5, 0.4));
        let means = Means::fit(&units).unwrap();
        assert!(means.unit((0.5, 0.4), Level::default()).0 < 0.06, "{means:?}");
        let alike = Means::fit(&[(0.1, 0.1); 9]).unwrap();
        assert_eq!((alike.variance, alike.own_weight(0.1)), (0.0, 0.0));
        assert!((alike.standard_error - 0.1 / 3.0).abs() < 1e-15);
    }
}
