//! How persistence is estimated.
//!
//! `persistence_30s` and its like are about the accepted outputs. Whether one was taken back is known of all of them, since an undo
//! is an event of its own; how much of it is in place is known only where a client reports it. To count the undone and the
//! reported ones together would make what is rarely reported look short-lived: with no report at all, the undone ones would be all
//! that is known. So persistence is a product:
//!
//! ```text
//! (1 − taken back by then / accepted) · (kept / reported, of those not taken back by then)
//! ```
//!
//! It is the share of accepted outputs that were kept if those whose state was reported are like the others that were not taken back.
//! Where every state is known it is just that share, and where nothing is undone, the kept share of the reported. An output without
//! a report is a failure nowhere.
//!
//! Persistent acceptance is that times the acceptance rate: dividing the kept by all decided outputs would lose the unreported ones
//! above the line and keep the rejected ones, which are always known, below it.

use super::{KEPT, name};
use crate::metrics::Statistics;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::statistics::Moves;

/// The share of the accepted outputs of which it is known whether they were in place.
pub(super) fn known(s: &Statistics, horizon: usize) -> Estimate {
    let [back, reported] = ["taken_back", "reported"].map(|what| name(what, horizon));
    let totals = sizes(s, &back, &reported).into_iter().zip(s.by_cluster("taken"));
    let sums = (s.total(&back) + s.total(&reported), s.total("taken"));
    s.ratio(sums, totals.collect(), (0.0, 1.0), Reason::NoCases)
}

/// How many outputs of each cluster are known.
fn sizes(s: &Statistics, back: &str, reported: &str) -> Vec<f64> {
    let (back, reported) = (s.by_cluster(back), s.by_cluster(reported));
    back.into_iter().zip(reported).map(|(one, other)| one + other).collect()
}

/// Persistence at a horizon and a share, by their places in `HORIZONS` and `SHARES`.
pub(super) fn persisting(s: &Statistics, horizon: usize, share: usize) -> Estimate {
    let [back, reported, kept] = sums_read(horizon, share);
    let [undone, followed, accepted] = [&*back, &*reported, "taken"].map(|sum| s.total(sum));
    // Nothing is guessed: these are proportions, and their sums are whole.
    if accepted <= undone + followed {
        return s.proportion(&kept, "taken", Reason::NoCases);
    }
    if undone == 0.0 || followed == 0.0 {
        return s.proportion(&kept, &reported, Reason::NoCases);
    }
    let (value, influence) = product(s, horizon, share);
    s.share(value, undone + followed, sizes(s, &back, &reported), &influence)
}

fn sums_read(horizon: usize, share: usize) -> [String; 3] {
    ["taken_back", "reported", KEPT.get(share).copied().unwrap_or_default()].map(|what| name(what, horizon))
}

/// Persistence, and how far each cluster moves it. Something must be accepted, and reported.
fn product(s: &Statistics, horizon: usize, share: usize) -> (f64, Vec<f64>) {
    let [back, reported, kept] = sums_read(horizon, share);
    let left = 1.0 - s.total(&back) / s.total("taken");
    let kept_of_reported = s.total(&kept) / s.total(&reported);
    let (backs, keeps) = (s.ratio_influence(&back, "taken"), s.ratio_influence(&kept, &reported));
    let influence = backs
        .into_iter()
        .zip(keeps)
        .map(|(back, kept)| left * kept - kept_of_reported * back);
    (left * kept_of_reported, influence.collect())
}

/// Of all decided outputs. Where all reported ones were kept, or none, linearisation would take that for certain.
pub(super) fn persistently_accepted(s: &Statistics, horizon: usize, share: usize) -> Estimate {
    let [back, reported, kept] = sums_read(horizon, share);
    let [undone, followed, kept] = [&back, &reported, &kept].map(|sum| s.total(sum));
    let [accepted, decided] = ["taken", "decided"].map(|sum| s.total(sum));
    if decided <= 0.0 {
        return s.nothing(Reason::NoDecisions);
    }
    let rate = accepted / decided;
    if followed <= 0.0 || accepted <= 0.0 {
        // What was all taken back, or never taken, is known without a report.
        return match accepted <= undone {
            true => s.valued(0.0, decided).within(None, "linear"),
            false => s.nothing(Reason::NoCases),
        };
    }
    let (persistence, moves) = product(s, horizon, share);
    if kept == 0.0 || kept == followed {
        return s.valued(rate * persistence, decided).within(None, "linear");
    }
    let rates = s.ratio_influence("taken", "decided").into_iter().zip(moves);
    let moves = Moves {
        sizes: s.by_cluster("decided"),
        influence: rates.map(|(own, kept)| persistence * own + rate * kept).collect(),
        unseen: 0.0,
    };
    s.linearised(rate * persistence, decided, &moves, (0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::metrics::families::persistence::MOST;
    use crate::metrics::index::Index;
    use crate::metrics::statistics::{Clustering, IntervalKind};

    const SUMS: [&str; 5] = ["taken", "taken_back_30s", "reported_30s", "kept_mostly_30s", "decided"];

    /// Reads statistics of users with these sums.
    fn of<T>(users: &[[i64; 5]], read: impl FnOnce(&Statistics) -> T) -> T {
        let names = SUMS.map(str::to_owned);
        let columns: Vec<Vec<i64>> = (0..SUMS.len())
            .map(|sum| users.iter().map(|user| user[sum]).collect())
            .collect();
        let totals: Vec<i64> = columns.iter().map(|column| column.iter().sum()).collect();
        let clusters: Vec<&[i64]> = columns.iter().map(Vec::as_slice).collect();
        read(&Statistics {
            level: Default::default(),
            interval: IntervalKind::Clustered,
            edit_thresholds: Default::default(),
            outputs: 1_000,
            users: Some(users.len() as u64),
            clustering: Clustering::Exact,
            index: &Index::new(&names),
            totals: &totals,
            clusters: &clusters,
            is_user: &vec![true; users.len()],
            histograms: &HashMap::new(),
            trace: None,
        })
    }

    fn persistence(users: &[[i64; 5]]) -> Estimate {
        of(users, |s| persisting(s, 0, MOST))
    }

    fn accepted_and_kept(users: &[[i64; 5]]) -> Estimate {
        of(users, |s| persistently_accepted(s, 0, MOST))
    }

    /// Users who accept, take back and keep differently often; one in `every` of what they did not take back is reported.
    fn users(every: i64) -> Vec<[i64; 5]> {
        (0..120)
            .map(|user| {
                let left = 16 * (1 + user % 5);
                let back = 3 * (user % 3);
                let kept = left / 4 * (1 + user % 4);
                [left + back, back, left / every, kept / every, 2 * left + 3]
            })
            .collect()
    }

    #[test]
    fn rare_reports_do_not_make_outputs_short_lived() {
        let all = users(1);
        let (n, kept) = all.iter().fold((0, 0), |(n, kept), user| (n + user[0], kept + user[3]));
        let whole = persistence(&all);
        assert_eq!(
            (whole.numerator, whole.denominator),
            (Some(kept as f64), Some(n as f64))
        );
        let some = persistence(&users(4));
        assert!((some.value.unwrap() - whole.value.unwrap()).abs() < 1e-12);
        assert!(some.n < whole.n && some.lower < some.value && some.upper > some.value);
        // What the undone and the reported ones together would say.
        let pooled = users(4)
            .iter()
            .fold((0, 0), |(n, kept), user| (n + user[1] + user[2], kept + user[3]));
        assert!((pooled.1 as f64 / pooled.0 as f64) < 0.9 * some.value.unwrap());
    }

    #[test]
    fn its_error_is_that_of_leaving_users_out() {
        for estimate in [persistence, accepted_and_kept] {
            let all = users(2);
            let whole = estimate(&all);
            let without: Vec<f64> = (0..all.len())
                .map(|out| {
                    let rest = all.iter().enumerate().filter(|(user, _)| *user != out);
                    estimate(&rest.map(|(_, user)| *user).collect::<Vec<_>>())
                        .value
                        .unwrap()
                })
                .collect();
            let g = without.len() as f64;
            let mean = without.iter().sum::<f64>() / g;
            let squares: f64 = without.iter().map(|value| (value - mean).powi(2)).sum();
            let jackknife = ((g - 1.0) / g * squares).sqrt();
            let found = whole.standard_error.unwrap();
            assert!((found / jackknife - 1.0).abs() < 0.02, "{found} is not {jackknife}");
        }
    }

    #[test]
    fn without_undos_it_is_the_kept_share_of_the_reported() {
        let found = persistence(&[[10, 0, 4, 3, 20], [5, 0, 2, 1, 9]]);
        assert_eq!((found.numerator, found.denominator), (Some(4.0), Some(6.0)));
    }

    #[test]
    fn without_reports_nothing_is_known_unless_all_was_taken_back() {
        for estimate in [persistence, accepted_and_kept] {
            for unknown in [[10, 0, 0, 0, 20], [10, 3, 0, 0, 20]] {
                let found = estimate(&[unknown]);
                assert_eq!((found.value, found.reason), (None, Some(Reason::NoCases)));
            }
            assert_eq!(estimate(&[[3, 3, 0, 0, 20]]).value, Some(0.0));
        }
        let nothing = accepted_and_kept(&[[0; 5]]);
        assert_eq!((nothing.value, nothing.reason), (None, Some(Reason::NoDecisions)));
    }

    #[test]
    fn where_all_or_nothing_was_kept_the_product_has_no_interval() {
        for (kept, value) in [(4, 0.4), (0, 0.0)] {
            let found = accepted_and_kept(&[[5, 1, 2, kept / 2, 10], [5, 1, 2, kept / 2, 10]]);
            assert_eq!(
                (found.value, found.lower, found.reason),
                (Some(value), None, Some(Reason::TooFew))
            );
        }
        let found = persistence(&[[5, 1, 2, 2, 10], [5, 1, 2, 2, 10]]);
        assert!(found.lower.unwrap() > 0.0 && found.upper.unwrap() < 1.0, "{found:?}");
    }
}
