//! How likely is it better, and what does one lose if it is not?
//!
//! With a flat prior and an estimate that is about normal, the difference is distributed around the estimate `d` like Student's t with
//! the `ν` degrees of freedom of its (clustered) standard error `s`, so that with `z = d/s`
//!
//! ```text
//! P(better) = F(z),   expected loss = E[max(−difference, 0)] = s·[f(z)·(ν + z²)/(ν − 1) − z·F(−z)]
//! ```
//!
//! which with many clusters is `Φ(z)` and `s·[φ(z) − z·Φ(−z)]` (Stucchio 2015). Read at one look; who stops when it looks good stops too
//! early, as with any fixed interval.

use super::student::{cdf, density};

/// What a choice is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The probability that the difference is above 0.
    pub better: f64,
    /// What is lost on average by choosing it, in the unit of the difference.
    pub expected_loss: f64,
}

/// Of a difference in which more is better; infinite degrees of freedom are the normal distribution. `None` without a standard error to
/// speak of, and with one degree of freedom, whose loss has no mean.
#[must_use]
pub fn choice(difference: f64, standard_error: f64, degrees_of_freedom: f64) -> Option<Choice> {
    if !(standard_error > 0.0 && standard_error.is_finite() && degrees_of_freedom > 1.0) {
        return None;
    }
    let score = difference / standard_error;
    let wider = if degrees_of_freedom.is_finite() {
        (degrees_of_freedom + score * score) / (degrees_of_freedom - 1.0)
    } else {
        1.0
    };
    let loss = density(score, degrees_of_freedom) * wider - score * cdf(-score, degrees_of_freedom);
    Some(Choice {
        better: cdf(score, degrees_of_freedom),
        expected_loss: (standard_error * loss).max(0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_and_nothing_to_lose() {
        let of_many = |difference, error| choice(difference, error, f64::INFINITY);
        assert_eq!(of_many(0.1, 0.0), None);
        let even = of_many(0.0, 1.0).unwrap();
        let density = density(0.0, f64::INFINITY);
        assert!((even.better - 0.5).abs() < 1e-12 && (even.expected_loss - density).abs() < 1e-12);
        assert!(of_many(10.0, 1.0).unwrap().expected_loss < 1e-12);
    }

    /// `scipy.stats.t.cdf(2, 3)`, and the mean of what is below zero of `0.1 + 0.05·t` with three degrees of freedom by quadrature.
    #[test]
    fn few_users_are_less_sure() {
        let found = choice(0.1, 0.05, 3.0).unwrap();
        assert!((found.better - 0.930_337_015_720_578_5).abs() < 1e-12, "{found:?}");
        assert!(
            (found.expected_loss - 0.004_847_892_188_239_1).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(choice(0.1, 0.05, 1.0), None);
    }
}
