//! How likely is it better, and what does one lose if it is not?
//!
//! With a flat prior and an estimate that is about normal, the difference is normal around the estimate `d` with its (clustered)
//! standard error `s`, so that
//!
//! ```text
//! P(better) = Φ(d/s),   expected loss = E[max(−difference, 0)] = s·φ(d/s) − d·Φ(−d/s)
//! ```
//!
//! (Stucchio 2015.) Read at one look; who stops when it looks good stops too early, as with any fixed interval.

use super::normal;

/// What a choice is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The probability that the difference is above 0.
    pub better: f64,
    /// What is lost on average by choosing it, in the unit of the difference.
    pub expected_loss: f64,
}

/// Of a difference in which more is better; `None` without a standard error to speak of.
#[must_use]
pub fn choice(difference: f64, standard_error: f64) -> Option<Choice> {
    if !(standard_error > 0.0 && standard_error.is_finite()) {
        return None;
    }
    let score = difference / standard_error;
    Some(Choice {
        better: normal::cdf(score),
        expected_loss: (standard_error * normal::density(score) - difference * normal::cdf(-score)).max(0.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_known_and_nothing_to_lose() {
        assert_eq!(choice(0.1, 0.0), None);
        let even = choice(0.0, 1.0).unwrap();
        assert!((even.better - 0.5).abs() < 1e-12 && (even.expected_loss - normal::density(0.0)).abs() < 1e-12);
        assert!(choice(10.0, 1.0).unwrap().expected_loss < 1e-12);
    }
}
