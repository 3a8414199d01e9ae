//! How well users tell right outputs from wrong ones, as signal detection measures it.

use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::statistics::Moves;
use crate::stats::detection::Counts;
use crate::stats::normal;

/// A signal-detection measure; `combine` makes it of the two normal deviates, and is linear in them.
pub(super) fn detect(s: &Statistics, measure: fn(&Counts) -> Option<f64>, combine: fn(f64, f64) -> f64) -> Estimate {
    let counts = Counts {
        hits: s.total("right_relied"),
        signal: s.total("right_decided"),
        false_alarms: s.total("wrong_relied"),
        noise: s.total("wrong_decided"),
    };
    let Some(value) = measure(&counts) else {
        return s.nothing(Reason::NoCases);
    };
    let hits = Deviate::new(s, "right_relied", "right_decided");
    let alarms = Deviate::new(s, "wrong_relied", "wrong_decided");
    let both = |one: &[f64], other: &[f64], of: fn(f64, f64) -> f64| -> Vec<f64> {
        one.iter().zip(other).map(|(one, other)| of(*one, *other)).collect()
    };
    let moves = Moves {
        sizes: both(&hits.sizes, &alarms.sizes, |right, wrong| right + wrong),
        influence: both(&hits.influence, &alarms.influence, combine),
        unseen: combine(1.0, 0.0).powi(2) * hits.unseen + combine(0.0, 1.0).powi(2) * alarms.unseen,
    };
    let range = (f64::NEG_INFINITY, f64::INFINITY);
    s.linearised(value, counts.signal + counts.noise, &moves, range)
}

/// A normal deviate of a share: how many outputs each cluster has, how far it moves the deviate, and the variance that clusters do not
/// show.
struct Deviate {
    sizes: Vec<f64>,
    influence: Vec<f64>,
    unseen: f64,
}

impl Deviate {
    /// One cluster moves a deviate by its excess of cases, divided by the density where the deviate lies. Clusters that cover
    /// more time than the slice count as if they had as many cases as it has. Where all are cases, or none, clusters do not vary: it is
    /// then as unsure as the corrected share of so many independent outputs as they are worth (Gourevitch and Galanter 1967; Kish).
    fn new(s: &Statistics, cases: &str, all: &str) -> Deviate {
        let (total, size) = (s.total(cases), s.total(all));
        let (own, sizes) = (s.by_cluster(cases), s.by_cluster(all));
        let covered: f64 = sizes.iter().sum();
        let covered_rate = (own.iter().sum::<f64>() + 0.5) / (covered + 1.0);
        let rate = (total + 0.5) / (size + 1.0);
        let density = normal::density(normal::quantile(rate));
        let slope = (size / covered).sqrt() / (density * (size + 1.0));
        let squares: f64 = sizes.iter().map(|n| n * n).sum();
        let worth = (size * covered / squares).min(size);
        Deviate {
            influence: own
                .into_iter()
                .zip(&sizes)
                .map(|(k, n)| (k - covered_rate * n) * slope)
                .collect(),
            sizes,
            unseen: if total > 0.0 && total < size {
                0.0
            } else {
                rate * (1.0 - rate) / (worth * density * density)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::statistics::built::of_users;

    /// Discernment of users who relied on so many right outputs of so many, and on so many wrong ones of so many.
    fn d_prime(users: &[[i64; 4]]) -> Estimate {
        let names = ["right_relied", "right_decided", "wrong_relied", "wrong_decided"];
        of_users(names, users, |s| detect(s, Counts::d_prime, |hit, alarm| hit - alarm))
    }

    #[test]
    fn users_of_whom_nothing_was_judged_make_nothing_surer() {
        let few = [[8, 10, 3, 10], [6, 10, 5, 10], [9, 10, 2, 10], [7, 10, 6, 10]];
        let alone = d_prime(&few);
        let silent: Vec<[i64; 4]> = few.into_iter().chain([[0; 4]; 400]).collect();
        let among = d_prime(&silent);
        assert_eq!((among.value, among.users), (alone.value, Some(4)));
        assert_eq!((among.lower, among.upper), (alone.lower, alone.upper));
    }

    #[test]
    fn a_few_who_make_no_mistake_are_not_certain() {
        let right_or_wrong: Vec<[i64; 4]> = [[1, 1, 0, 0], [0, 0, 0, 1]].repeat(10);
        let found = d_prime(&right_or_wrong);
        let (lower, upper) = (found.lower.unwrap(), found.upper.unwrap());
        assert!(lower < 2.0 && upper > 5.0, "{found:?}");
        let of_many = d_prime(&[[1, 1, 0, 0], [0, 0, 0, 1]].repeat(1_000));
        assert!(
            of_many.upper.unwrap() - of_many.lower.unwrap() < upper - lower,
            "{of_many:?}"
        );
    }
}
