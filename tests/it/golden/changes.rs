//! Effects of changes, against regressions of statsmodels whose covariance is clustered by user.

use std::collections::BTreeMap;

use calibrant::stats::combination::{Combination, Term};
use calibrant::stats::level::Level;
use serde_json::Value;

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
        let weights = match &case["weights"] {
            // Versions on the same days: each day as a regression with an effect for each day weighs it.
            Value::Null => {
                let sizes: Vec<f64> = found.iter().map(|(_, size, _)| *size).collect();
                let of_day = |pair: &[f64]| pair[0] * pair[1] / (pair[0] + pair[1]);
                let days: Vec<f64> = sizes.chunks(2).map(of_day).collect();
                let all: f64 = days.iter().sum();
                days.iter().flat_map(|day| [-day / all, day / all]).collect()
            }
            weights => numbers(weights),
        };
        let terms: Vec<Term> = found
            .iter()
            .zip(&weights)
            .map(|((value, _, influences), weight)| Term {
                weight: *weight,
                value: *value,
                influences,
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
