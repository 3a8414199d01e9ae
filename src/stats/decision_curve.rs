//! From which confidence on is showing something worth the interruption?
//!
//! Who shows everything with a confidence of at least `t` says by that how much a useless offer costs next to a useful one: `t/(1 − t)`.
//! The net benefit of a threshold (Vickers and Elkin 2006), in useful offers per output,
//!
//! ```text
//! (useful shown − useless shown · t/(1 − t)) / outputs
//! ```
//!
//! is 0 for showing nothing, and is to be compared with showing everything. It takes `t` at its word, so that confidence should be
//! calibrated first.
//!
//! Who would rather weigh what is shown against what is not than costs has the F-score (van Rijsbergen 1979).

/// What a useless offer costs where the threshold is `t`, in useful ones; `None` unless `0 <= t < 1`.
#[must_use]
pub fn odds(t: f64) -> Option<f64> {
    (0.0..1.0).contains(&t).then(|| t / (1.0 - t))
}

/// The numerator and the denominator of the F-score, which counts recall `beta` times as much as precision:
/// `(1 + β²)·TP/((1 + β²)·TP + β²·FN + FP)`. Both are sums over outputs, so that users' own add up.
#[must_use]
pub fn f_score(useful_shown: f64, shown: f64, useful: f64, beta: f64) -> (f64, f64) {
    let square = beta * beta;
    ((1.0 + square) * useful_shown, shown + square * useful)
}

/// Average precision: the area under the curve of precision against recall, as a step function, `Σ (R_i − R_{i−1})·P_i` over the
/// distinct confidences from the highest down (scikit-learn's `average_precision_score`).
///
/// `counts` are `(positives, negatives)` of each distinct confidence, the lowest first. `None` without positives.
#[must_use]
pub fn average_precision(counts: &[(f64, f64)]) -> Option<f64> {
    let all: f64 = counts.iter().map(|(positives, _)| positives).sum();
    let (mut useful, mut shown, mut area) = (0.0, 0.0, 0.0);
    for (positives, negatives) in counts.iter().rev() {
        useful += positives;
        shown += positives + negatives;
        if shown > 0.0 {
            area += positives / all * (useful / shown);
        }
    }
    (all > 0.0).then_some(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_of_thresholds() {
        assert_eq!((odds(0.0), odds(0.5), odds(1.0)), (Some(0.0), Some(1.0), None));
        assert_eq!((odds(-0.1), odds(f64::NAN)), (None, None));
    }

    #[test]
    fn a_perfect_ranking_is_one_and_a_constant_the_base_rate() {
        assert_eq!(average_precision(&[(0.0, 3.0), (2.0, 0.0)]), Some(1.0));
        assert_eq!(average_precision(&[(2.0, 6.0)]), Some(0.25));
        assert_eq!(average_precision(&[(0.0, 6.0)]), None);
    }
}
