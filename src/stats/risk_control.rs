//! Above which confidence are errors rare enough, for sure?
//!
//! *Learn then test* (Angelopoulos, Bates, Candès, Jordan and Lei 2021): each threshold is a hypothesis "the error rate above it
//! exceeds the risk". They are tested in a fixed order, from the most confident outputs down, and the first that is not rejected ends
//! the sequence. Where it should begin is a wager: high up few outputs are enough only if hardly any is wrong, and further down more
//! are wrong. So there are `J` starts, from each of which hypotheses are tested at `δ/J` down to the first that is not rejected. A
//! sequence errs only if the first true hypothesis on its way is rejected, which is fixed beforehand; with `J` of them the chance that any
//! threshold named safe is not is at most `δ`. Starts may depend on users and confidences, not on outcomes: they are where so many have
//! been met that no errors at all, a quarter of the risk, or half of it would pass ([`STARTS`]), if users differ as much as if each saw one
//! output ([`fewest_users`]).
//!
//! Two tests of one threshold:
//!
//! * [`binomial_p`]: exact when outputs are independent. Outputs of one user are not.
//! * [`Evidence`]: users are independent, and each counts once, with the share of errors `x` among their covered outputs. The
//!   e-value `1/J·Σ_j Π_u [1 − λ_j·(x_u − risk)]` has a mean of at most 1 if the mean of `x` is `risk` or more, for any bets
//!   `0 <= λ_j < 1/(1 − risk)`, so that its inverse is a p-value by Markov's inequality. It adapts to how much users differ, and
//!   rejects sooner than Hoeffding–Bentkus (Waudby-Smith and Ramdas 2024, with a mixture of constant bets).

use super::beta;

/// Where sequences start: as soon as errors of so much of the risk would pass.
pub const STARTS: [f64; 3] = [0.0, 0.25, 0.5];

/// Bets in the mixture.
const BETS: usize = 10;
/// Where a sequence that would need more begins all the same.
const MOST: u64 = 1_000_000;

/// The chance of so few errors or fewer among `n` independent outputs, if each were one with probability `risk`.
#[must_use]
pub fn binomial_p(errors: u64, n: u64, risk: f64) -> f64 {
    beta::binomial_cdf(errors, n, risk)
}

/// The evidence of users that the mean share of errors is below a risk.
#[derive(Clone, Debug)]
pub struct Evidence {
    risk: f64,
    /// Each bet, and the logarithm of what betting it has made.
    bets: [(f64, f64); BETS],
}

impl Evidence {
    /// For a risk in `(0, 1)`.
    #[must_use]
    pub fn new(risk: f64) -> Evidence {
        let share = |at: usize| (at as f64 + 0.5) / BETS as f64;
        Evidence {
            risk,
            bets: std::array::from_fn(|at| (share(at) / (1.0 - risk), 0.0)),
        }
    }

    /// Counts a user with a share of errors, in place of the share that was counted before, if one was.
    pub fn count(&mut self, share: f64, before: Option<f64>) {
        for (bet, log) in &mut self.bets {
            let factor = |x: f64| (-*bet * (x - self.risk)).ln_1p();
            *log += factor(share) - before.map_or(0.0, factor);
        }
    }

    /// The p-value, in `(0, 1]`.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        let most = self.bets.iter().map(|(_, log)| *log).fold(f64::MIN, f64::max);
        let sum: f64 = self.bets.iter().map(|(_, log)| (log - most).exp()).sum();
        (-(most + (sum / BETS as f64).ln())).exp().min(1.0)
    }
}

/// The fewest independent outputs that pass as below the risk if so large a share of them is wrong.
#[must_use]
pub fn fewest_outputs(risk: f64, share: f64, delta: f64) -> u64 {
    // The share rounds down to a count, so that a few more outputs may fail where fewer pass: one by one.
    (1..MOST)
        .find(|n| binomial_p((*n as f64 * share).floor() as u64, *n, risk) <= delta)
        .unwrap_or(MOST)
}

/// The fewest users that pass as below the risk if so large a share of them sees nothing but errors, and the others none. Where errors are shared more
/// evenly fewer would do; how evenly, is not known before outcomes are looked at, and a test that comes too early ends its sequence.
#[must_use]
pub fn fewest_users(risk: f64, share: f64, delta: f64) -> u64 {
    let one = |shown: f64| {
        let mut evidence = Evidence::new(risk);
        evidence.count(shown, None);
        evidence.bets
    };
    let (right, wrong) = (one(0.0), one(1.0));
    let is_enough = |n: u64| {
        let mut many = Evidence::new(risk);
        for ((_, log), ((_, right), (_, wrong))) in many.bets.iter_mut().zip(right.iter().zip(&wrong)) {
            *log = n as f64 * ((1.0 - share) * right + share * wrong);
        }
        many.p_value() <= delta
    };
    let (mut low, mut high) = (0, MOST);
    while low + 1 < high {
        let middle = u64::midpoint(low, high);
        if is_enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The last of the hypotheses before the first whose p-value is above `delta`, from `first` on; `None` if that is the first.
#[must_use]
pub fn fixed_sequence(p_values: &[f64], first: usize, delta: f64) -> Option<usize> {
    let passed = p_values.iter().skip(first).take_while(|p| **p <= delta).count();
    passed.checked_sub(1).map(|more| first + more)
}

/// The last hypothesis that a sequence from any of the starts rejects, each at its part of `delta`; `None` if none does.
#[must_use]
pub fn fixed_sequences(p_values: &[f64], starts: &[usize], delta: f64) -> Option<usize> {
    let part = delta / starts.len() as f64;
    let reached = starts.iter().map(|first| fixed_sequence(p_values, *first, part));
    reached.max().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_ends_a_sequence() {
        let p = [0.9, 0.01, 0.05, 0.2, 0.001];
        assert_eq!(fixed_sequence(&p, 0, 0.05), None);
        assert_eq!(fixed_sequence(&p, 1, 0.05), Some(2));
        assert_eq!(fixed_sequence(&p, 9, 0.05), None);
        assert_eq!(fixed_sequence(&[], 0, 0.05), None);
    }

    #[test]
    fn the_sequence_that_comes_furthest_counts() {
        let p = [0.01, 0.02, 0.2, 0.001, 0.02, 0.9];
        assert_eq!(fixed_sequences(&p, &[0], 0.05), Some(1));
        assert_eq!(fixed_sequences(&p, &[0, 3], 0.05), Some(4));
        assert_eq!(fixed_sequences(&p, &[0, 3, 5], 0.05), Some(3));
        assert_eq!(fixed_sequences(&p, &[2, 2, 5], 0.05), None);
        assert_eq!(fixed_sequences(&p, &[], 0.05), None);
    }

    #[test]
    fn evidence_grows_with_good_users_and_forgets_what_is_replaced() {
        let mut evidence = Evidence::new(0.1);
        assert_eq!(evidence.p_value(), 1.0);
        for _ in 0..200 {
            evidence.count(0.02, None);
        }
        let p = evidence.p_value();
        assert!(p < 1e-4, "{p}");
        evidence.count(1.0, None);
        assert!(evidence.p_value() > p);
        evidence.count(0.02, Some(1.0));
        evidence.count(0.02, None);
        let mut other = Evidence::new(0.1);
        (0..202).for_each(|_| other.count(0.02, None));
        assert!((evidence.p_value() / other.p_value() - 1.0).abs() < 1e-9);
        assert_eq!(Evidence::new(0.1).bets.len(), BETS);
    }

    #[test]
    fn without_an_error_it_takes_as_many_users_as_bets_allow() {
        let mut evidence = Evidence::new(0.05);
        let mut users = 0;
        while evidence.p_value() > 0.05 {
            evidence.count(0.0, None);
            users += 1;
        }
        assert!((59..120).contains(&users), "{users}");
    }

    #[test]
    fn the_fewest_are_the_fewest() {
        for (risk, delta) in [(0.05, 0.05), (0.2, 0.1), (0.01, 0.01)] {
            let shown = |wrong: u64, users: u64| {
                let mut evidence = Evidence::new(risk);
                (0..users).for_each(|at| evidence.count(f64::from(u8::from(at < wrong)), None));
                evidence.p_value()
            };
            let users = fewest_users(risk, 0.0, delta);
            assert!(shown(0, users - 1) > delta && shown(0, users) <= delta);
            let users = fewest_users(risk, risk / 2.0, delta);
            let wrong = users as f64 * risk / 2.0;
            assert!(shown(wrong.floor() as u64, users) <= delta && shown(wrong.ceil() as u64, users - 1) > delta);
            // Of users who see their errors evenly, many fewer would do.
            let mut evenly = Evidence::new(risk);
            (0..users / 2).for_each(|_| evenly.count(risk / 2.0, None));
            assert!(evenly.p_value() < delta);
            let outputs = fewest_outputs(risk, risk / 2.0, delta);
            assert!(outputs > 0 && binomial_p((outputs as f64 * risk / 2.0) as u64, outputs, risk) <= delta);
            assert!(STARTS.map(|of| fewest_users(risk, of * risk, delta)).is_sorted());
        }
    }
}
