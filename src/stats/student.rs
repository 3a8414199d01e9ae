//! Student's t distribution: critical values when the number of clusters is small.
//!
//! With `x = ν/(ν + t²)` the tail is `P(T > t) = ½·I_x(ν/2, ½)`. The regularised incomplete beta
//! function is evaluated by its continued fraction ([`super::beta`]), on whichever
//! side of the mean of the beta distribution converges. Its normalising constant needs
//! `Γ(ν/2 + ½)/Γ(ν/2)` only, which is computed as a ratio: the difference of two log-gammas
//! would lose one digit for every power of ten in ν. Beyond ν = 10⁴ the fraction starts to lose
//! digits, and Fisher's (1925) expansion around the normal is better for any |t| < 8.
//!
//! Degrees of freedom may be fractional (Welch). `ν = ∞` is the normal distribution; for `ν <= 0`
//! the limit ν → 0 applies, all mass at ±∞.

use super::beta::beta_fraction;
use super::normal;
use std::f64::consts::PI;

/// Degrees of freedom beyond which the expansion takes over from the continued fraction.
const NEARLY_NORMAL: f64 = 1e4;

/// Distribution function `P(T <= t)` with `df` degrees of freedom.
///
/// Accurate relative to the result for negative `t`; for large positive `t` use `cdf(-t)` when
/// the upper tail is what matters.
#[must_use]
pub fn cdf(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() {
        return f64::NAN;
    }
    if t.abs() < 1.0 {
        return 0.5 + centre(t.abs(), df).copysign(t);
    }
    let tail = tail(t.abs(), df);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// Quantile function: the `t` with `P(T <= t) = p`.
///
/// Defined for `0 < p < 1`; outside it returns the limits `±∞`. Accurate relative to the
/// result to 1e-14 for small `df`, and to 1e-12 at worst, around `df` = 10⁴.
#[must_use]
pub fn quantile(p: f64, df: f64) -> f64 {
    if p.is_nan() || df.is_nan() {
        return f64::NAN;
    }
    let offset = p - 0.5;
    if offset == 0.0 {
        return 0.0;
    }
    let outer = p.min(1.0 - p);
    if outer <= 0.0 || df <= 0.0 {
        return f64::INFINITY.copysign(offset);
    }
    let score = normal::quantile(outer).abs();
    if df > NEARLY_NORMAL {
        return from_normal_score(score, df).copysign(offset);
    }
    // Solve for whichever of tail and centre is the smaller number: it carries the digits.
    let t = if outer < 0.25 {
        solve(score, df, outer, |t| -tail(t, df))
    } else {
        solve(score, df, offset.abs(), |t| centre(t, df))
    };
    t.copysign(offset)
}

/// The `t` where `|mass(t)| = target`, for a `mass` whose derivative is the density.
///
/// Newton's method on `ln |mass|` as a function of `ln t`: there a power-law tail is a straight
/// line, and a few steps do where plain Newton would crawl. A step that leaves the shrinking
/// bracket is replaced by its geometric mean.
fn solve(start: f64, df: f64, target: f64, mass: impl Fn(f64) -> f64) -> f64 {
    // Quadratic convergence: the step after one this small is below rounding.
    const LAST_STEP: f64 = 1e-9;
    let (mut low, mut high) = (f64::MIN_POSITIVE, f64::MAX);
    let mut t = start;
    for _ in 0..200 {
        let mass = mass(t);
        let error = (mass.abs() / target).ln();
        if error * mass < 0.0 {
            low = t;
        } else {
            high = t;
        }
        let mut next = t * (-error * mass / (t * density(t, df))).exp();
        if !(low..=high).contains(&next) {
            next = low.sqrt() * high.sqrt();
        }
        if (next - t).abs() <= LAST_STEP * t {
            return next;
        }
        t = next;
    }
    t
}

/// `P(T > t)` for `t >= 0`.
fn tail(t: f64, df: f64) -> f64 {
    if df <= 0.0 {
        return 0.5;
    }
    if t.is_infinite() {
        return 0.0;
    }
    if df > NEARLY_NORMAL {
        return normal::cdf(-normal_score(t, df));
    }
    let ratio = t * (t / df);
    let x = 1.0 / (1.0 + ratio);
    let a = df / 2.0;
    if x > (a + 1.0) / (a + 2.5) {
        return 0.5 - centre(t, df);
    }
    // The factor ½·x^a·(1−x)^½/(a·B(a,½)) of the fraction, written with the density.
    t / df * density(t, df) * beta_fraction(a, 0.5, x)
}

/// `P(0 < T <= t)` for `t >= 0`.
fn centre(t: f64, df: f64) -> f64 {
    if df <= 0.0 {
        return 0.0;
    }
    if df > NEARLY_NORMAL {
        return normal::cdf(normal_score(t, df)) - 0.5;
    }
    let x = 1.0 / (1.0 + t * (t / df));
    let a = df / 2.0;
    if x <= (a + 1.0) / (a + 2.5) {
        return 0.5 - tail(t, df);
    }
    t * density(t, df) * beta_fraction(0.5, a, t * (t / df) * x)
}

/// The normal value that is as far out as `t >= 0` is with `df` degrees of freedom, by Wallace's (1959) approximation
///
/// ```text
/// z = (8ν + 1)/(8ν + 3)·√(ν·ln(1 + t²/ν))
/// ```
///
/// which has no tail to underflow: within 1 % of it up to one in a thousand from 5 degrees of freedom on, and smaller below.
#[must_use]
pub fn as_normal(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return t;
    }
    if df <= 0.0 {
        return 0.0;
    }
    (8.0 * df + 1.0) / (8.0 * df + 3.0) * (df * (t * t / df).ln_1p()).sqrt()
}

/// Density at `t` for `df > 0`.
#[must_use]
pub fn density(t: f64, df: f64) -> f64 {
    if df.is_infinite() {
        return normal::density(t);
    }
    let constant = gamma_half_step(df / 2.0) / (df * PI).sqrt();
    constant * (-f64::midpoint(df, 1.0) * (t * (t / df)).ln_1p()).exp()
}

/// `Γ(a + ½)/Γ(a)`, by Stirling's series for the ratio once `a` is large enough for six terms.
fn gamma_half_step(a: f64) -> f64 {
    const ENOUGH: f64 = 16.0;
    let (mut a, mut factor) = (a, 1.0);
    while a < ENOUGH {
        factor *= a / (a + 0.5);
        a += 1.0;
    }
    let r = 1.0 / (a * a);
    let series = (1.0 / 8.0) - r * (1.0 / 192.0 - r * (1.0 / 640.0 - r * (17.0 / 14336.0 - r * 31.0 / 18432.0)));
    factor * a.sqrt() * (-series / a).exp()
}

/// The normal score of `t`, so that `P(T <= t) = Φ(score)`: Fisher's expansion in `1/ν`.
fn normal_score(t: f64, df: f64) -> f64 {
    let s = t * t;
    let first = (s + 1.0) / 4.0;
    let second = ((13.0 * s + 8.0) * s + 3.0) / 96.0;
    let third = (((35.0 * s + 19.0) * s + 1.0) * s - 15.0) / 384.0;
    let fourth = ((((6271.0 * s + 3224.0) * s - 102.0) * s - 1680.0) * s - 945.0) / 92160.0;
    t * (1.0 - (first - (second - (third - fourth / df) / df) / df) / df)
}

/// The inverse of [`normal_score`]: the Cornish–Fisher expansion of `t`.
fn from_normal_score(z: f64, df: f64) -> f64 {
    let s = z * z;
    let first = (s + 1.0) / 4.0;
    let second = ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    let third = (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    let fourth = ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92160.0;
    z * (1.0 + (first + (second + (third + fourth / df) / df) / df) / df)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        // ν = 1 is Cauchy; ν = 2 has t = (2p − 1)·√(2/(4p(1 − p))).
        for p in [0.001, 0.1, 0.3, 0.6, 0.9, 0.975, 0.9999] {
            let cauchy = (PI * (p - 0.5)).tan();
            assert!((quantile(p, 1.0) / cauchy - 1.0).abs() < 1e-12, "{p}");
            let two = (2.0 * p - 1.0) * (2.0 / (4.0 * p * (1.0 - p))).sqrt();
            assert!((quantile(p, 2.0) / two - 1.0).abs() < 1e-12, "{p}");
        }
    }

    #[test]
    fn quantile_inverts_cdf() {
        for df in [0.5, 1.0, 2.7, 10.0, 49.0, 1e3, 9.9e3, 1.1e4, 1e12, f64::INFINITY] {
            for p in [1e-12, 1e-4, 0.02, 0.24, 0.26, 0.49, 0.7, 0.975, 0.999] {
                let back = cdf(quantile(p, df), df);
                assert!((back / p - 1.0).abs() < 1e-11, "{p} {df} {back}");
            }
        }
    }

    #[test]
    fn no_seam_between_fraction_and_expansion() {
        for t in [0.1, 1.0, 2.0, 6.0] {
            let (below, above) = (tail(t, NEARLY_NORMAL), tail(t, NEARLY_NORMAL.next_up()));
            assert!((below / above - 1.0).abs() < 1e-11, "{t}");
        }
    }

    #[test]
    fn as_far_out_as_a_normal_value() {
        for df in [5.0, 8.5, 30.0, 1e3] {
            for p in [0.3, 0.1, 0.025, 0.001] {
                let (t, exact) = (-quantile(p, df), -normal::quantile(p));
                assert!((as_normal(t, df) / exact - 1.0).abs() < 0.01, "{p} {df}");
            }
        }
        assert!(as_normal(-quantile(0.001, 2.0), 2.0) < -normal::quantile(0.001));
        assert_eq!((as_normal(3.0, f64::INFINITY), as_normal(3.0, 0.0)), (3.0, 0.0));
    }

    #[test]
    fn limits() {
        assert_eq!(quantile(0.5, 3.0), 0.0);
        assert_eq!(quantile(1.0, 3.0), f64::INFINITY);
        assert_eq!(quantile(0.1, 0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(0.9, f64::INFINITY), normal::quantile(0.9));
        assert_eq!(cdf(f64::INFINITY, 3.0), 1.0);
        assert_eq!(cdf(f64::NEG_INFINITY, 3.0), 0.0);
        assert_eq!(cdf(7.0, 0.0), 0.5);
        assert!(cdf(1.0, f64::NAN).is_nan() && quantile(0.9, f64::NAN).is_nan());
    }
}
