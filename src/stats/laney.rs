//! Which days of a rate are out of the ordinary? The p′ chart of Laney (2002).
//!
//! A plain p-chart compares each day with `p̄ ± 3·√(p̄(1 − p̄)/n)`. With thousands of trials a day that band is so narrow that
//! ordinary differences between days leave it. Laney widens it by how much days differ in fact, told by the moving ranges of
//! the standardised values, which a lasting shift hardly inflates:
//!
//! ```text
//! z_t = (p_t − p̄)/√(p̄(1 − p̄)/n_t),   σ_z = mean|z_t − z_{t−1}|/1.128,   limits p̄ ± 3·σ_z·√(p̄(1 − p̄)/n_t)
//! ```

/// The mean range of two standard normals, `2/√π`, as charts tabulate it.
const MEAN_RANGE: f64 = 1.128;
/// Limits are at three standard deviations.
const LIMITS: f64 = 3.0;

/// A p′ chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// `p̄`, the pooled rate.
    pub centre: f64,
    /// `σ_z`: how many times more days vary than their trials alone would.
    pub sigma_z: f64,
    /// One per bucket; `None` where there were no trials.
    pub points: Vec<Option<Point>>,
}

/// One bucket of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// `p_t`.
    pub rate: f64,
    /// Lower limit, not below 0.
    pub lower: f64,
    /// Upper limit, not above 1.
    pub upper: f64,
    /// `z_t/σ_z`, in standard deviations of this chart.
    pub score: f64,
    /// Whether the score is beyond ±3.
    pub alarm: bool,
}

/// The chart of `(successes, trials)` per bucket; both may be effective and fractional.
///
/// `None` with fewer than two buckets that have trials, when no bucket or every bucket has successes only, and when all
/// buckets are alike, which leaves nothing to measure σ_z by.
#[must_use]
pub fn chart(buckets: &[(f64, f64)]) -> Option<Chart> {
    let observed = || buckets.iter().filter(|(_, n)| *n > 0.0);
    let trials: f64 = observed().map(|(_, n)| n).sum();
    let centre = observed().map(|(k, _)| k).sum::<f64>() / trials;
    let sigma = |n: f64| (centre * (1.0 - centre) / n).sqrt();
    let scores: Vec<f64> = observed().map(|(k, n)| (k / n - centre) / sigma(*n)).collect();
    let steps = scores.iter().zip(scores.iter().skip(1));
    let mean_step = steps.map(|(a, b)| (b - a).abs()).sum::<f64>() / (scores.len() as f64 - 1.0);
    let sigma_z = mean_step / MEAN_RANGE;
    // Also false for the NaN of a missing or certain rate.
    if !(sigma_z > 0.0 && sigma_z.is_finite()) {
        return None;
    }
    let point = |&(k, n): &(f64, f64)| {
        let (rate, band) = (k / n, sigma_z * sigma(n));
        let score = (rate - centre) / band;
        (n > 0.0).then(|| Point {
            rate,
            lower: (centre - LIMITS * band).max(0.0),
            upper: (centre + LIMITS * band).min(1.0),
            score,
            alarm: score.abs() > LIMITS,
        })
    };
    Some(Chart {
        centre,
        sigma_z,
        points: buckets.iter().map(point).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_chart() {
        assert_eq!(chart(&[]), None);
        assert_eq!(chart(&[(3.0, 10.0), (0.0, 0.0)]), None);
        assert_eq!(chart(&[(0.0, 10.0), (0.0, 20.0)]), None);
        assert_eq!(chart(&[(10.0, 10.0), (20.0, 20.0)]), None);
        assert_eq!(chart(&[(3.0, 10.0), (6.0, 20.0)]), None);
    }

    #[test]
    fn an_empty_day_has_no_point_and_does_not_matter() {
        let with = chart(&[(3.0, 10.0), (0.0, 0.0), (12.0, 20.0), (7.0, 20.0)]).unwrap();
        let without = chart(&[(3.0, 10.0), (12.0, 20.0), (7.0, 20.0)]).unwrap();
        assert_eq!(with.points[1], None);
        assert_eq!((with.centre, with.sigma_z), (without.centre, without.sigma_z));
        assert_eq!(with.points[2], without.points[1]);
    }

    #[test]
    fn big_noisy_days_are_ordinary_and_a_collapse_is_not() {
        // Ten thousand trials a day, ±2 points between days: a p-chart would alarm at 1.4 points.
        let mut days: Vec<_> = (0..40)
            .map(|day| (if day % 2 == 0 { 2800.0 } else { 3200.0 }, 1e4))
            .collect();
        let calm = chart(&days).unwrap();
        assert!(calm.sigma_z > 3.0);
        assert!(calm.points.iter().flatten().all(|point| !point.alarm));
        days[20].0 = 100.0;
        let alarms: Vec<_> = chart(&days)
            .unwrap()
            .points
            .iter()
            .flatten()
            .map(|point| point.alarm)
            .collect();
        assert_eq!(alarms.iter().position(|&alarm| alarm), Some(20));
    }
}
