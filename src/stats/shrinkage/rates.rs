//! Rates: a beta distribution of them, fitted by maximum likelihood.

use super::LEAST_UNITS;
use crate::stats::gamma::{digamma, ln_gamma, trigamma};
use crate::stats::level::{Interval, Level};
use crate::stats::trust_memory::Trust;

/// A prior worth more trials than this is a single common rate.
const MOST_TRIALS: f64 = 1e6;

/// How rates differ between units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rates {
    /// As Beta(α, β): the prior is worth `α + β` trials. Beside it, the covariance of `(ln α, ln β)`.
    Spread(Trust, [[f64; 2]; 2]),
    /// No more than chance makes them: all have one rate. Holds the rate, its variance, and the least number of trials that a prior may
    /// be worth for the likelihood to be within half of its maximum.
    Common { rate: f64, variance: f64, least: f64 },
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
        // Single trials cannot say whether units differ, nor can those that all end alike.
        if k > 0.0 && k < n && units.iter().any(|(_, n)| *n > 1.0) {
            let prior = climb(&units, start(&units, k / n, n));
            if prior.alpha + prior.beta < MOST_TRIALS {
                let (_, [[a, b], [_, c]]) = slopes(&units, &prior);
                let determinant = a * c - b * b;
                let covariance = [[-c / determinant, b / determinant], [b / determinant, -a / determinant]];
                return Some(Self::Spread(prior, covariance));
            }
        }
        // Jeffreys' prior keeps the variance from vanishing.
        let belief = Trust {
            alpha: k + 0.5,
            beta: n - k + 0.5,
        };
        Some(Self::Common {
            rate: k / n,
            variance: belief.mean() * (1.0 - belief.mean()) / (n + 2.0),
            least: least_worth(&units, belief.mean()),
        })
    }

    /// What is believed of a unit: mean and equal-tailed interval.
    #[must_use]
    pub fn unit(&self, (k, n): (f64, f64), level: Level) -> (f64, Interval) {
        let (mean, variance) = match *self {
            Self::Spread(Trust { alpha, beta }, [[va, cov], [_, vb]]) => {
                let size = n + alpha + beta;
                let mean = (k + alpha) / size;
                let (by_alpha, by_beta) = (alpha * (1.0 - mean) / size, -beta * mean / size);
                let moved = by_alpha * by_alpha * va + 2.0 * by_alpha * by_beta * cov + by_beta * by_beta * vb;
                (mean, mean * (1.0 - mean) / (size + 1.0) + moved)
            }
            Self::Common { rate, variance, least } => (rate, variance + rate * (1.0 - rate) / (least + n + 1.0)),
        };
        // However little is known of the prior, the unit's own trials are known.
        let most = mean * (1.0 - mean) / (n.min(MOST_TRIALS) + 2.0);
        let size = mean * (1.0 - mean) / variance.min(most) - 1.0;
        let belief = Trust {
            alpha: mean * size,
            beta: (1.0 - mean) * size,
        };
        let interval = if mean > 0.0 && mean < 1.0 {
            belief.interval(level)
        } else {
            Interval::around(mean, level.z() * variance.sqrt()).clip_to_unit()
        };
        (mean, interval)
    }

    /// How much of what is believed of a unit is its own: `n/(n + α + β)`.
    #[must_use]
    pub fn own_weight(&self, n: f64) -> f64 {
        match self {
            Self::Spread(Trust { alpha, beta }, _) => n / (n + alpha + beta),
            Self::Common { .. } => 0.0,
        }
    }
}

/// The least number of trials that a prior with this mean may be worth, for the likelihood to be within half of that of one common
/// rate; 0 where even less would do.
fn least_worth(units: &[(f64, f64)], mean: f64) -> f64 {
    const HALVINGS: u32 = 60;
    let height = |worth: f64| {
        let prior = Trust {
            alpha: mean * worth,
            beta: (1.0 - mean) * worth,
        };
        likelihood(units, &prior)
    };
    let enough = height(MOST_TRIALS) - 0.5;
    let (mut low, mut high) = (1e-3_f64.ln(), MOST_TRIALS.ln());
    if height(low.exp()) >= enough {
        return 0.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if height(middle.exp()) < enough {
            low = middle;
        } else {
            high = middle;
        }
    }
    high.exp()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_differ_by_chance_alone_are_one() {
        let alike: Vec<_> = (0..20).map(|i| (30.0 + f64::from(i % 2), 61.0)).collect();
        let rates = Rates::fit(&alike).unwrap();
        assert!(matches!(rates, Rates::Common { rate: 0.5, .. }), "{rates:?}");
        assert_eq!(rates.unit((31.0, 61.0), Level::default()).0, 0.5);
        assert_eq!(rates.own_weight(61.0), 0.0);
        for degenerate in [[(1.0, 1.0), (0.0, 1.0)], [(0.0, 9.0), (0.0, 4.0)]] {
            let units = degenerate.repeat(5);
            assert!(matches!(Rates::fit(&units), Some(Rates::Common { .. })));
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
}
