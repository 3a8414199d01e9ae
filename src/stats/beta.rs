//! The beta distribution: what a share is when `a − 1` successes and `b − 1` failures were seen, and by it the exact
//! binomial distribution.
//!
//! `I_x(a, b)` is evaluated by its continued fraction (DLMF 8.17.22, modified Lentz) on whichever side of the mean converges.

use super::gamma::ln_gamma;

/// `ln B(a, b)` for positive `a` and `b`.
#[must_use]
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// `I_x(a, b)`: the probability that a Beta(a, b) variable is at most `x`; `a`, `b` > 0.
#[must_use]
pub fn cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let leading = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        leading / a * beta_fraction(a, b, x)
    } else {
        1.0 - leading / b * beta_fraction(b, a, 1.0 - x)
    }
}

/// The `x` with `I_x(a, b) = p`: Newton's method kept inside a shrinking bracket.
#[must_use]
pub fn quantile(p: f64, a: f64, b: f64) -> f64 {
    const MAX_STEPS: u32 = 200;
    if p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return 1.0;
    }
    let constant = ln_beta(a, b);
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    for _ in 0..MAX_STEPS {
        let error = cdf(x, a, b) - p;
        if error > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = ((a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p() - constant).exp();
        let mut next = x - error / density;
        if !(next > low && next < high) {
            next = f64::midpoint(low, high);
        }
        if (next - x).abs() <= 4.0 * f64::EPSILON * x {
            return next;
        }
        x = next;
    }
    x
}

/// `P(X <= k)` for X binomial with `n` trials of probability `p`: `I_{1−p}(n − k, k + 1)`.
#[must_use]
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    cdf(1.0 - p, (n - k) as f64, k as f64 + 1.0)
}

/// The continued fraction of `I_x(a, b)`, without its leading factor `x^a·(1−x)^b/(a·B(a, b))`.
pub(super) fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    // About √max(a, b) terms are needed.
    const MAX_TERMS: u32 = 10_000;
    // A zero denominator is nudged, as Lentz's method prescribes.
    let nonzero = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..=MAX_TERMS {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / nonzero(1.0 + even * d);
        c = nonzero(1.0 + even / c);
        fraction *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / nonzero(1.0 + odd * d);
        c = nonzero(1.0 + odd / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        for x in [1e-6, 0.1, 0.5, 0.93, 1.0 - 1e-6_f64] {
            assert!((cdf(x, 1.0, 1.0) - x).abs() < 1e-14);
            assert!((cdf(x, 3.0, 1.0) / x.powi(3) - 1.0).abs() < 1e-12);
            assert!((cdf(x, 2.5, 7.0) + cdf(1.0 - x, 7.0, 2.5) - 1.0).abs() < 1e-13);
        }
        assert_eq!((cdf(0.0, 2.0, 3.0), cdf(1.0, 2.0, 3.0)), (0.0, 1.0));
        // Two of three fair coins or fewer: 7/8.
        assert!((binomial_cdf(2, 3, 0.5) - 0.875).abs() < 1e-15);
        assert_eq!(binomial_cdf(3, 3, 0.2), 1.0);
    }

    #[test]
    fn quantile_inverts_cdf() {
        for (a, b) in [(0.5, 0.5), (1.0, 9.0), (30.0, 4.0), (2000.0, 8000.0)] {
            for p in [1e-4, 0.025, 0.5, 0.975] {
                let back = cdf(quantile(p, a, b), a, b);
                assert!((back / p - 1.0).abs() < 1e-9, "{a} {b} {p} {back}");
            }
        }
        assert_eq!((quantile(0.0, 2.0, 2.0), quantile(1.0, 2.0, 2.0)), (0.0, 1.0));
    }
}
