//! The gamma function, its logarithm's derivatives, and the incomplete gamma functions: what chi-square tests and
//! likelihoods of counts are made of.
//!
//! `ln Γ` is Lanczos' approximation (g = 7, nine terms; Numerical Recipes 6.1). The regularised incomplete functions are a
//! series below `a + 1` and a continued fraction above it (DLMF 8.7.1 and 8.9.2, modified Lentz). Against scipy: 1e-12.

use std::f64::consts::PI;

/// `ln Γ(x)` for `x > 0`; infinite at 0.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let series: f64 = (1_u8..)
        .zip(TERMS)
        .fold(FIRST, |sum, (i, term)| sum + term / (x + f64::from(i)));
    let base = x + G + 0.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * base.ln() - base + series.ln()
}

/// `ψ(x) = Γ′(x)/Γ(x)` for `x > 0`: recurrence up to 8, then its asymptotic series (DLMF 5.11.2).
#[must_use]
pub fn digamma(x: f64) -> f64 {
    const ENOUGH: f64 = 8.0;
    let (mut x, mut sum) = (x, 0.0);
    while x < ENOUGH {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = r
        * (1.0 / 12.0
            - r * (1.0 / 120.0
                - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * (691.0 / 32_760.0 - r / 12.0))))));
    sum + x.ln() - 0.5 / x - series
}

/// `ψ′(x)` for `x > 0`: recurrence up to 8, then its asymptotic series (DLMF 5.15.8).
#[must_use]
pub fn trigamma(x: f64) -> f64 {
    const ENOUGH: f64 = 8.0;
    let (mut x, mut sum) = (x, 0.0);
    while x < ENOUGH {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let series = 1.0 / 6.0
        - r * (1.0 / 30.0
            - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0 - r * (691.0 / 2_730.0 - r * 7.0 / 6.0)))));
    sum + 1.0 / x + r / 2.0 + r / x * series
}

/// `P(a, x)`, the regularised lower incomplete gamma function, for `a > 0` and `x >= 0`.
#[must_use]
pub fn regularized_lower(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        0.0
    } else if x < a + 1.0 {
        lower_series(a, x)
    } else {
        1.0 - upper_fraction(a, x)
    }
}

/// `Q(a, x) = 1 − P(a, x)`, accurate where it is small.
#[must_use]
pub fn regularized_upper(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        1.0
    } else if x < a + 1.0 {
        1.0 - lower_series(a, x)
    } else {
        upper_fraction(a, x)
    }
}

/// The probability that a chi-square variable with `df` degrees of freedom exceeds `x`.
#[must_use]
pub fn chi_square_tail(x: f64, df: f64) -> f64 {
    regularized_upper(df / 2.0, x / 2.0)
}

/// `x^a e^−x / Γ(a)`, the factor that both expansions share.
fn leading(a: f64, x: f64) -> f64 {
    (a * x.ln() - x - ln_gamma(a)).exp()
}

fn lower_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    // The terms shrink once n > x, which is at once here.
    while term > sum * f64::EPSILON {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    leading(a, x) * sum
}

fn upper_fraction(a: f64, x: f64) -> f64 {
    const MAX_TERMS: u32 = 100_000;
    let nonzero = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let mut b = x + 1.0 - a;
    let mut c = 1e300;
    let mut d = 1.0 / nonzero(b);
    let mut fraction = d;
    for i in 1..=MAX_TERMS {
        let i = f64::from(i);
        let factor = -i * (i - a);
        b += 2.0;
        d = 1.0 / nonzero(factor * d + b);
        c = nonzero(b + factor / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    leading(a, x) * fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_and_known_values() {
        let mut factorial = 1.0_f64;
        for n in 1..20_u8 {
            assert!(
                (ln_gamma(f64::from(n)) - factorial.ln()).abs() < 1e-13 * factorial.ln().max(1.0),
                "{n}"
            );
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - 0.5 * PI.ln()).abs() < 1e-14);
        assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-14);
        assert!((trigamma(1.0) - PI * PI / 6.0).abs() < 1e-13);
        assert!((trigamma(0.5) - PI * PI / 2.0).abs() < 1e-12);
        // Exponential and, with two degrees of freedom, chi-square.
        for x in [0.01, 0.7, 1.9, 2.1, 30.0_f64] {
            assert!((regularized_upper(1.0, x) / (-x).exp() - 1.0).abs() < 1e-12, "{x}");
            assert!((regularized_lower(1.0, x) + regularized_upper(1.0, x) - 1.0).abs() < 1e-15);
        }
        assert_eq!((regularized_lower(3.0, 0.0), regularized_upper(3.0, 0.0)), (0.0, 1.0));
    }
}
