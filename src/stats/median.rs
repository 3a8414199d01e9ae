//! Where is the middle of what users contribute, when each contributes many values?
//!
//! The median itself is the usual one, the mean of the two middle values of an even number. The ends of its interval are order
//! statistics: the share of values at or below the true median is ½, and of `n` values from users who resemble each other as sure as of
//!
//! ```text
//! n* = F(1 − F) / Var(F)      F: the share of values at or below the median, clustered by user
//! ```
//!
//! independent ones, at most `n`. The ends are the values of the ranks `n·(½ ∓ c·½/√n*)`, rounded outwards, with the critical
//! value `c` of the number of users (Woodruff 1952; Korn and Graubard 1998 for the effective number). A rank beyond the values is
//! the end of the range that they can be in. Where many values are the same, as weights of advice at 0, both ends may be that value: the
//! middle is then known as exactly.

use std::collections::BTreeMap;

use super::cluster::ClusterRatio;
use super::level::{Interval, Level};

/// A median with its interval, in the unit of the values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Median {
    pub value: f64,
    /// `None` below two clusters.
    pub interval: Option<Interval>,
}

/// The median of values with the clusters that they are of, all within `range`; `None` without values.
#[must_use]
pub fn clustered(values: &[(i64, f64)], range: (f64, f64), level: Level) -> Option<Median> {
    let mut sorted: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    let (below, above) = (sorted.get(n.checked_sub(1)? / 2)?, sorted.get(n / 2)?);
    let value = f64::midpoint(*below, *above);

    let mut totals: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for (cluster, own) in values {
        let total = totals.entry(*cluster).or_default();
        total.0 += f64::from(u8::from(*own <= value));
        total.1 += 1.0;
    }
    let totals: Vec<(f64, f64)> = totals.into_values().collect();
    let share = ClusterRatio::from_totals(&totals);
    let interval = share.effective_trials().map(|trials| {
        let half = share.critical(level) * 0.5 / trials.sqrt();
        let rank = |share: f64| n as f64 * share;
        // Ranks count from 1.
        let at = |rank: f64, beyond: f64| match rank {
            rank if rank >= 1.0 => sorted.get(rank as usize - 1).copied().unwrap_or(beyond),
            _ => beyond,
        };
        Interval {
            lower: at(rank(0.5 - half).floor(), range.0),
            upper: at(rank(0.5 + half).ceil().max(1.0), range.1),
        }
    });
    Some(Median { value, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: (f64, f64) = (0.0, 1.0);

    fn of(values: &[(i64, f64)]) -> Option<Median> {
        clustered(values, UNIT, Level::default())
    }

    #[test]
    fn little_data_says_little() {
        assert_eq!(of(&[]), None);
        let alone = of(&[(1, 0.2), (1, 0.4)]).unwrap();
        assert!((alone.value - 0.3).abs() < 1e-15);
        assert_eq!(alone.interval, None);
        // Two users are too few to leave any of the range out.
        let two = of(&[(1, 0.2), (2, 0.4)]).unwrap();
        let whole = Interval { lower: 0.0, upper: 1.0 };
        assert_eq!(two.interval, Some(whole));
    }

    #[test]
    fn users_who_resemble_each_other_make_it_less_sure() {
        let value = |number: i64| number as f64 / 1_000.0;
        let apart: Vec<(i64, f64)> = (0..1_000).map(|number| (number, value(number))).collect();
        let alike: Vec<(i64, f64)> = (0..1_000).map(|number| (number / 20, value(number))).collect();
        let width = |values| of(values).and_then(|median| median.interval).unwrap();
        let (apart, alike) = (width(&apart), width(&alike));
        // Binomial ranks: 500 ∓ 1.96·√1000/2 = 469, 531.
        assert!(
            (apart.lower - 0.468).abs() < 0.002 && (apart.upper - 0.531).abs() < 0.002,
            "{apart:?}"
        );
        assert!(
            alike.upper - alike.lower > 3.0 * (apart.upper - apart.lower),
            "{alike:?}"
        );
    }

    #[test]
    fn a_middle_that_most_values_share_is_known() {
        let values: Vec<(i64, f64)> = (0..600)
            .map(|number| (number, if number % 3 == 0 { 0.7 } else { 0.0 }))
            .collect();
        let median = of(&values).unwrap();
        let nothing = Interval { lower: 0.0, upper: 0.0 };
        assert_eq!((median.value, median.interval), (0.0, Some(nothing)));
    }
}
