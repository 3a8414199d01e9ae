//! How far from the diagonal may a calibrated model stray?
//!
//! Consistency bars of a reliability diagram (Bröcker and Smith 2007): if confidence is right, the outcomes of a band are about
//! binomial with its mean confidence, and their share falls between two quantiles of that distribution. The bar says what chance
//! does to a calibrated model; the interval of the outcome says what is known of this one. Observations are taken as independent.

use super::beta;
use super::calibration::Bin;
use super::level::{Interval, Level};

/// The bar of a band: `binom.ppf((1 ± level)/2, n, p̄)/n`. `None` when empty.
#[must_use]
pub fn bar(bin: &Bin, level: Level) -> Option<Interval> {
    let p = bin.mean_p()?.clamp(0.0, 1.0);
    let tail = (1.0 - level.get()) / 2.0;
    let n = bin.n.round() as u64;
    let share = |probability: f64| binomial_quantile(probability, n, p) as f64 / n as f64;
    (n > 0).then(|| Interval {
        lower: share(tail),
        upper: share(1.0 - tail),
    })
}

/// The least `k` with `P(X <= k) >= probability`.
fn binomial_quantile(probability: f64, n: u64, p: f64) -> u64 {
    // Rounding of the distribution function must not move a quantile that sits on a step.
    const ROUNDING: f64 = 1e-13;
    let (mut below, mut enough) = (None, n);
    while below.map_or(0, |k: u64| k + 1) < enough {
        let middle = u64::midpoint(below.map_or(0, |k| k + 1), enough);
        if beta::binomial_cdf(middle, n, p) + ROUNDING >= probability {
            enough = middle;
        } else {
            below = Some(middle);
        }
    }
    enough
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_least_that_reach() {
        for (n, p) in [(1, 0.3), (20, 0.05), (300, 0.71)] {
            for probability in [0.025, 0.5, 0.975] {
                let k = binomial_quantile(probability, n, p);
                assert!(beta::binomial_cdf(k, n, p) >= probability);
                assert!(k == 0 || beta::binomial_cdf(k - 1, n, p) < probability);
            }
        }
    }

    #[test]
    fn certain_confidence_has_no_room_and_nothing_no_bar() {
        let bin = |p: f64, n: f64| Bin {
            n,
            sum_p: p * n,
            sum_y: 0.0,
        };
        let certain = bar(&bin(1.0, 50.0), Level::default()).unwrap();
        assert_eq!((certain.lower, certain.upper), (1.0, 1.0));
        assert_eq!(bar(&bin(0.5, 0.0), Level::default()), None);
    }
}
