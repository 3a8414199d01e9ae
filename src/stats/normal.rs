//! The standard normal distribution: from a critical value to a probability and back.
//!
//! `Φ(x)` follows Cody (1969, *Rational Chebyshev approximations for the error function*) in the
//! arrangement of ANORM (Cody 1993, ACM TOMS 715); `Φ⁻¹(p)` is algorithm AS 241, PPND16 (Wichura
//! 1988). Both hold a relative accuracy near 1e-15, in the tails too, which is what lets the
//! rest of the crate quote critical values without a table.

// The published coefficients are kept digit for digit, also where f64 cannot hold them all, and
// without separators, so that they can be compared with the papers.
#![allow(clippy::excessive_precision, clippy::unreadable_literal)]

use std::f64::consts::PI;

/// `coefficients[0] + coefficients[1]·x + …`
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Density `φ(x)`.
#[must_use]
pub fn density(x: f64) -> f64 {
    half_square_exp(x) / (2.0 * PI).sqrt()
}

/// Distribution function `Φ(x) = P(Z <= x)`.
///
/// Accurate relative to the result for negative `x` down to the underflow near −38; for large
/// positive `x` use `cdf(-x)` when the upper tail is what matters. `±∞` give 1 and 0.
#[must_use]
pub fn cdf(x: f64) -> f64 {
    // Below this the centre formula is the accurate one: it is Φ⁻¹(0.75).
    const CENTRE: f64 = 0.67448975;
    if x.abs() <= CENTRE {
        let square = x * x;
        return 0.5 + x * polynomial(square, &CENTRE_P) / polynomial(square, &CENTRE_Q);
    }
    let tail = lower_tail(x.abs());
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// `P(Z > x)` for `x` beyond the centre.
fn lower_tail(x: f64) -> f64 {
    if x.is_infinite() {
        return 0.0;
    }
    let mills = if x * x <= 32.0 {
        polynomial(x, &MIDDLE_P) / polynomial(x, &MIDDLE_Q)
    } else {
        let r = 1.0 / (x * x);
        let correction = r * polynomial(r, &FAR_P) / polynomial(r, &FAR_Q);
        ((2.0 * PI).sqrt().recip() - correction) / x
    };
    half_square_exp(x) * mills
}

/// `exp(−x²/2)` without losing digits to the rounding of `x²`: the part of `x` on a 1/16 grid
/// squares exactly, the rest is small.
fn half_square_exp(x: f64) -> f64 {
    let grid = (x * 16.0).trunc() / 16.0;
    let rest = (x - grid) * (x + grid);
    (-0.5 * grid * grid).exp() * (-0.5 * rest).exp()
}

/// Quantile function `Φ⁻¹(p)`.
///
/// Defined for `0 < p < 1`; outside it returns the limits, `−∞` for `p <= 0` and `+∞` for
/// `p >= 1`. `Φ⁻¹(½)` is exactly 0.
#[must_use]
pub fn quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(r, &QUANTILE_A) / polynomial(r, &QUANTILE_B);
    }
    let r = (-p.min(1.0 - p).ln()).sqrt();
    let magnitude = if r <= 5.0 {
        polynomial(r - 1.6, &QUANTILE_C) / polynomial(r - 1.6, &QUANTILE_D)
    } else {
        polynomial(r - 5.0, &QUANTILE_E) / polynomial(r - 5.0, &QUANTILE_F)
    };
    magnitude.copysign(q)
}

// ANORM, |x| <= 0.67: (Φ(x) − ½)/x in x².
const CENTRE_P: [f64; 5] = [
    18154.981253343561249,
    1067.6894854603709582,
    161.02823106855587881,
    2.2352520354606839287,
    0.065682337918207449113,
];
const CENTRE_Q: [f64; 5] = [
    45507.789335026729956,
    10260.932208618978205,
    976.09855173777669322,
    47.20258190468824187,
    1.0,
];
// ANORM, 0.67 < |x| <= √32: tail(x)·exp(x²/2) in |x|.
const MIDDLE_P: [f64; 9] = [
    9842.7148383839780218,
    11602.651437647350124,
    6848.1904505362823326,
    2494.5375852903726711,
    597.27027639480026226,
    93.506656132177855979,
    8.8831497943883759412,
    0.39894151208813466764,
    1.0765576773720192317e-8,
];
const MIDDLE_Q: [f64; 9] = [
    19685.429676859990727,
    38912.003286093271411,
    34900.952721145977266,
    18615.571640885098091,
    6485.558298266760755,
    1519.377599407554805,
    235.38790178262499861,
    22.266688044328115691,
    1.0,
];
// ANORM, |x| > √32: what the Mills ratio lacks to 1/(x√2π), in 1/x².
const FAR_P: [f64; 6] = [
    2.9112874951168792e-5,
    0.001421619193227893466,
    0.022235277870649807,
    0.1274011611602473639,
    0.21589853405795699,
    0.02307344176494017303,
];
const FAR_Q: [f64; 6] = [
    7.29751555083966205e-5,
    0.00378239633202758244,
    0.0659881378689285515,
    0.468238212480865118,
    1.28426009614491121,
    1.0,
];
// AS 241, |p − ½| <= 0.425.
const QUANTILE_A: [f64; 8] = [
    3.387132872796366608,
    133.14166789178437745,
    1971.5909503065514427,
    13731.693765509461125,
    45921.953931549871457,
    67265.770927008700853,
    33430.575583588128105,
    2509.0809287301226727,
];
const QUANTILE_B: [f64; 8] = [
    1.0,
    42.313330701600911252,
    687.1870074920579083,
    5394.1960214247511077,
    21213.794301586595867,
    39307.89580009271061,
    28729.085735721942674,
    5226.495278852545925,
];
// AS 241, √(−ln tail) <= 5.
const QUANTILE_C: [f64; 8] = [
    1.42343711074968357734,
    4.6303378461565452959,
    5.7694972214606914055,
    3.64784832476320460504,
    1.27045825245236838258,
    0.24178072517745061177,
    0.0227238449892691845833,
    7.7454501427834140764e-4,
];
const QUANTILE_D: [f64; 8] = [
    1.0,
    2.05319162663775882187,
    1.6763848301838038494,
    0.68976733498510000455,
    0.14810397642748007459,
    0.0151986665636164571966,
    5.475938084995344946e-4,
    1.05075007164441684324e-9,
];
// AS 241, √(−ln tail) > 5.
const QUANTILE_E: [f64; 8] = [
    6.6579046435011037772,
    5.4637849111641143699,
    1.7848265399172913358,
    0.29656057182850489123,
    0.026532189526576123093,
    0.0012426609473880784386,
    2.71155556874348757815e-5,
    2.01033439929228813265e-7,
];
const QUANTILE_F: [f64; 8] = [
    1.0,
    0.59983220655588793769,
    0.13692988092273580531,
    0.0148753612908506148525,
    7.868691311456132591e-4,
    1.8463183175100546818e-5,
    1.4215117583164458887e-7,
    2.04426310338993978564e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_inverts_cdf_across_the_branches() {
        for step in -370..=50 {
            let x = f64::from(step) / 10.0;
            let back = quantile(cdf(x));
            // Above 0 the probability itself rounds, by ε/φ(x) in x.
            let tolerance = 1e-13 * x.abs().max(1.0) + f64::EPSILON / density(x.max(0.0));
            assert!((back - x).abs() <= tolerance, "{x} {back}");
        }
    }

    #[test]
    fn symmetric_and_monotone() {
        for step in 0..4000 {
            let x = f64::from(step) / 500.0;
            assert!((cdf(x) + cdf(-x) - 1.0).abs() < 1e-15, "{x}");
            assert!(cdf(-x - 0.002) < cdf(-x), "{x}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(quantile(0.5), 0.0);
        assert_eq!(quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(quantile(1.5), f64::INFINITY);
        assert_eq!(cdf(0.0), 0.5);
        assert_eq!(cdf(f64::NEG_INFINITY), 0.0);
        assert_eq!(cdf(f64::INFINITY), 1.0);
        assert!(quantile(f64::NAN).is_nan() && cdf(f64::NAN).is_nan());
    }
}
