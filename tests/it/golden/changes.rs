//! Effects of changes, against regressions of statsmodels whose covariance is clustered by user.

use std::collections::BTreeMap;

use calibrant::stats::cluster::Sizes;
use calibrant::stats::combination::{Combination, Term};
use calibrant::stats::level::Level;
use calibrant::stats::panel::{self, Cell};

use super::{close, close_interval, number, numbers, rows};

/// The mean of a cell, how many are in it, and how far each user moves it.
fn cell(users: &[f64], cells: &[f64], y: &[f64], number: usize) -> (f64, f64, Vec<(i64, f64)>) {
    let own = || {
        (0..y.len())
            .filter(|at| cells[*at] as usize == number)
            .map(|at| (users[at] as i64, y[at]))
    };
    let size = own().count() as f64;
    let mean = own().map(|(_, y)| y).sum::<f64>() / size;
    let mut influences: BTreeMap<i64, f64> = BTreeMap::new();
    for (user, y) in own() {
        *influences.entry(user).or_default() += (y - mean) / size;
    }
    (mean, size, influences.into_iter().collect())
}

#[test]
fn effects_match_statsmodels() {
    for case in rows(&super::golden("changes")["cases"]) {
        let [users, cells, y] = ["user", "cell", "y"].map(|name| numbers(&case[name]));
        let count = cells.iter().fold(0.0_f64, |most, cell| most.max(*cell)) as usize + 1;
        let found: Vec<_> = (0..count).map(|number| cell(&users, &cells, &y, number)).collect();
        let weights = numbers(&case["weights"]);
        let terms: Vec<Term> = found
            .iter()
            .zip(&weights)
            .map(|((value, _, influences), weight)| Term {
                weight: *weight,
                value: *value,
                influences,
                sizes: Sizes::equal(influences.len() as u64),
            })
            .collect();
        let effect = Combination::new(&terms);
        // The value is a difference of numbers near one half.
        assert!((effect.value - number(&case["value"])).abs() < 1e-12, "{effect:?}");
        close(effect.standard_error.expect("users"), &case["se"], "standard error");
        close(effect.p_value().expect("users"), &case["p"], "p-value");
        close_interval(effect.interval(Level::default()), &case["interval"], "interval");
    }
}

#[test]
fn users_compared_with_themselves_match_statsmodels() {
    for case in rows(&super::golden("changes")["panels"]) {
        let [users, days, sides, y] = ["user", "day", "z", "y"].map(|name| numbers(&case[name]));
        let mut totals: BTreeMap<(i64, usize, bool), (f64, f64)> = BTreeMap::new();
        for at in 0..y.len() {
            let cell = totals.entry((users[at] as i64, days[at] as usize, sides[at] > 0.5));
            let (taken, all) = cell.or_default();
            *taken += y[at];
            *all += 1.0;
        }
        let cells = totals.into_iter().map(|((user, period, moved), totals)| Cell {
            user,
            period,
            moved,
            totals,
        });
        let effect = panel::effect(cells.collect()).expect("users who moved");
        assert_eq!(effect.clusters as f64, number(&case["users"]));
        assert_eq!(effect.fewest.clusters as f64, number(&case["fewest"]));
        close(effect.value, &case["value"], "value");
        close(effect.standard_error.expect("users"), &case["se"], "standard error");
        close(effect.p_value().expect("users"), &case["p"], "p-value");
        close_interval(effect.interval(Level::default()), &case["interval"], "interval");
    }
}
