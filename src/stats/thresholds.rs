//! How does the error rate fall as fewer outputs are let through, and where is it low enough?
//!
//! From the most confident outputs down, one threshold after another with what is above it and the p-values of the two tests of
//! [`risk_control`]. Thresholds are edges of a grid of confidence, at most [`STEPS`] of them, and depend on confidences alone.

use super::calibration::bin_index;
use super::cluster::ClusterRatio;
use super::risk_control::{self, Evidence, STARTS};
use super::sample::{GRID, Sample};

/// Thresholds of a descent, about: each lets through at least one more of so many parts of the observations.
pub const STEPS: usize = 200;

/// What is above one threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Observations with a confidence above this are covered.
    pub above: f64,
    pub n: u64,
    pub errors: u64,
    /// Users with a covered observation.
    pub users: u64,
    /// The mean over those users of their share of errors; `None` without users.
    pub mean_share: Option<f64>,
    /// That the mean share is above the risk, users being independent.
    pub p_users: f64,
    /// That the error rate is above the risk, observations being independent.
    pub p_outputs: f64,
    /// The error rate with its clustered variance.
    pub ratio: ClusterRatio,
}

/// The thresholds from the highest down, of a sample whose outcomes are 1 where the output was right. `is_user` says of each cluster whether it
/// is one: an output of nobody known is evidence about outputs, and about no user, since two of them may be of the same.
#[must_use]
pub fn descend(sample: &Sample, is_user: &[bool], risk: f64) -> Vec<Threshold> {
    let step = sample.n() / STEPS as f64;
    let mut clusters = vec![(0.0, 0.0); sample.clusters];
    let mut evidence = Evidence::new(risk);
    let (mut n, mut errors, mut shares, mut seen, mut last) = (0.0, 0.0, 0.0, 0_u64, 0.0);
    let mut found = Vec::new();
    let mut cells = sample
        .entries
        .chunk_by(|one, other| one.cell == other.cell)
        .rev()
        .peekable();
    while let Some(entries) = cells.next() {
        for entry in entries {
            let number = entry.cluster as usize;
            let Some((own, is_user)) = clusters.get_mut(number).zip(is_user.get(number)) else {
                continue;
            };
            let (wrong, before) = (entry.n - entry.y, share(*own));
            *own = (own.0 + wrong, own.1 + entry.n);
            (n, errors) = (n + entry.n, errors + wrong);
            if *is_user {
                let now = own.0 / own.1;
                evidence.count(now, before);
                shares += now - before.unwrap_or_default();
                seen += u64::from(before.is_none());
            }
        }
        let confidence = entries.first().map_or(0.0, |entry| sample.confidence(entry));
        if n - last >= step || cells.peek().is_none() {
            last = n;
            found.push(Threshold {
                above: bin_index(confidence, GRID) as f64 / GRID as f64,
                n: n as u64,
                errors: errors as u64,
                users: seen,
                mean_share: share((shares, seen as f64)).map(|mean| mean.clamp(0.0, 1.0)),
                p_users: evidence.p_value(),
                p_outputs: risk_control::binomial_p(errors as u64, n as u64, risk),
                ratio: ClusterRatio::from_totals(&clusters),
            });
        }
    }
    found
}

fn share((errors, n): (f64, f64)) -> Option<f64> {
    (n > 0.0).then(|| errors / n)
}

/// The lowest threshold at which the mean share of errors of users is at most `risk` with confidence `1 − delta`, users being
/// independent: its place in the descent.
#[must_use]
pub fn safe_for_users(thresholds: &[Threshold], risk: f64, delta: f64) -> Option<usize> {
    let p: Vec<f64> = thresholds.iter().map(|threshold| threshold.p_users).collect();
    risk_control::fixed_sequences(&p, &user_starts(thresholds, risk, delta), delta)
}

/// Where the sequences of tests that share `delta` start: at the first threshold that enough users have met, else at the last. Those that would start
/// at one place are one.
#[must_use]
pub fn user_starts(thresholds: &[Threshold], risk: f64, delta: f64) -> Vec<usize> {
    let mut starts = STARTS
        .map(|of| risk_control::fewest_users(risk, of * risk, delta / STARTS.len() as f64))
        .map(|fewest| first(thresholds, |threshold| threshold.users >= fewest))
        .to_vec();
    starts.dedup();
    starts
}

/// The same for the error rate, observations being independent: in one sequence, from where so many are covered that half the risk would
/// show.
#[must_use]
pub fn safe_for_outputs(thresholds: &[Threshold], risk: f64, delta: f64) -> Option<usize> {
    let fewest = risk_control::fewest_outputs(risk, risk / 2.0, delta);
    let p: Vec<f64> = thresholds.iter().map(|threshold| threshold.p_outputs).collect();
    risk_control::fixed_sequence(&p, first(thresholds, |threshold| threshold.n >= fewest), delta)
}

/// Where a sequence begins: at the first threshold with enough above it, else at the last.
fn first(thresholds: &[Threshold], is_enough: impl Fn(&Threshold) -> bool) -> usize {
    let found = thresholds.iter().position(is_enough);
    found.unwrap_or(thresholds.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users with ten outputs each, of which those at or below a confidence are wrong.
    fn sample(users: i64, wrong_until: f64) -> Sample {
        let points = (0..10 * users).map(|at| {
            let confidence = (at / users) as f64 / 10.0 + 0.1;
            (at % users, confidence, confidence > wrong_until)
        });
        Sample::new(points.collect(), 0)
    }

    #[test]
    fn what_is_above_is_counted() {
        let found = descend(&sample(50, 0.55), &[true; 50], 0.1);
        assert_eq!(found.len(), 10);
        let above: Vec<f64> = found.iter().map(|threshold| threshold.above).collect();
        assert!(
            (above[0] - 0.999).abs() < 1e-12 && above.is_sorted_by(|one, other| one > other),
            "{above:?}"
        );
        let half = &found[4];
        assert_eq!((half.n, half.errors, half.users), (250, 0, 50));
        let all = &found[9];
        assert_eq!((all.n, all.errors), (500, 250));
        assert!((all.mean_share.unwrap() - 0.5).abs() < 1e-12 && (all.ratio.ratio().unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_lowest_safe_threshold_is_found() {
        let found = descend(&sample(400, 0.35), &[true; 400], 0.1);
        assert_eq!(safe_for_users(&found, 0.1, 0.05), Some(6));
        assert_eq!(safe_for_outputs(&found, 0.1, 0.05), Some(6));
        assert_eq!(
            safe_for_users(&descend(&sample(400, 2.0), &[true; 400], 0.1), 0.1, 0.05),
            None
        );
    }

    #[test]
    fn few_users_are_not_enough_however_many_outputs_they_have() {
        let points = (0..10_000).map(|at| (at % 20, 0.9, true));
        let found = descend(&Sample::new(points.collect(), 0), &[true; 20], 0.05);
        assert_eq!(safe_for_users(&found, 0.05, 0.05), None);
        assert_eq!(safe_for_outputs(&found, 0.05, 0.05), Some(0));
        assert_eq!(safe_for_users(&[], 0.05, 0.05), None);
    }

    #[test]
    fn outputs_of_nobody_are_outputs_and_no_users() {
        let half: Vec<bool> = (0..400).map(|cluster| cluster < 200).collect();
        let mixed = descend(&sample(400, 0.35), &half, 0.1);
        let users = descend(&sample(200, 0.35), &[true; 200], 0.1);
        for (one, other) in mixed.iter().zip(&users) {
            assert_eq!(
                (one.n, one.errors, one.users),
                (2 * other.n, 2 * other.errors, other.users)
            );
            assert_eq!((one.mean_share, one.p_users), (other.mean_share, other.p_users));
        }
        let nobody = descend(&sample(400, 0.0), &[false; 400], 0.1);
        assert_eq!(
            (nobody[9].users, nobody[9].mean_share, nobody[9].p_users),
            (0, None, 1.0)
        );
        assert_eq!(safe_for_users(&nobody, 0.1, 0.05), None);
        assert_eq!(safe_for_outputs(&nobody, 0.1, 0.05), Some(9));
    }
}
