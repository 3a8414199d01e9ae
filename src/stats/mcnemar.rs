//! Did as many cases get better as got worse?
//!
//! Of pairs that passed or failed on either side only those count that changed: `b` from failing to passing, `c` the other way. If
//! nothing changed but by chance, each is as likely to go one way as the other, so that `min(b, c)` of `b + c` is binomial with ½
//! (McNemar 1947). The exact p-value doubles its tail; the mid-p-value counts what was observed half, which keeps the promised
//! error in practice without being as timid (Fagerland, Lydersen and Laake 2013). Pairs are taken as independent of each other.

use super::beta;

/// Two-sided p-values of no change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    pub exact: f64,
    pub mid: f64,
}

/// From the pairs that changed one way, and the other; `None` when none did.
#[must_use]
pub fn mcnemar(better: u64, worse: u64) -> Option<McNemar> {
    let (fewer, changed) = (better.min(worse), better + worse);
    if changed == 0 {
        return None;
    }
    let at_most = beta::binomial_cdf(fewer, changed, 0.5);
    let below = match fewer.checked_sub(1) {
        Some(less) => beta::binomial_cdf(less, changed, 0.5),
        None => 0.0,
    };
    Some(McNemar {
        exact: (2.0 * at_most).min(1.0),
        mid: (at_most + below).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balance_says_nothing_and_so_does_no_change() {
        assert_eq!(mcnemar(0, 0), None);
        let even = mcnemar(7, 7).unwrap();
        assert!(even.exact == 1.0 && (even.mid - 1.0).abs() < 1e-12);
        assert_eq!(mcnemar(9, 2), mcnemar(2, 9));
    }

    #[test]
    fn one_way_only_is_a_power_of_two() {
        let found = mcnemar(10, 0).unwrap();
        assert!((found.exact - 2.0 / 1024.0).abs() < 1e-15);
        assert!((found.mid - 1.0 / 1024.0).abs() < 1e-15);
    }
}
