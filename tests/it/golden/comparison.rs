//! Contrasts, two proportions, confidence sequences, adjusted p-values, power and sample ratios, against statsmodels and scipy.

use calibrant::stats::cluster::ClusterRatio;
use calibrant::stats::contrast::{Contrast, Moved};
use calibrant::stats::level::Level;
use calibrant::stats::{balance, multiple, power, sequence, two_proportions};
use serde_json::Value;

use super::{close, close_interval, number, numbers, rows, within};

fn golden() -> Value {
    super::golden("comparison")
}

/// The ratio of one side, and the influence of each of its users.
fn side(totals: &Value) -> (f64, Vec<f64>) {
    let totals: Vec<(f64, f64)> = rows(totals)
        .iter()
        .map(|pair| (number(&pair[0]), number(&pair[1])))
        .collect();
    let ratio = ClusterRatio::from_totals(&totals);
    let value = ratio.ratio().expect("outputs");
    let influence = totals.iter().map(|(n, d)| (n - value * d) / ratio.denominator);
    (value, influence.collect())
}

#[test]
fn contrasts_match_statsmodels() {
    for case in rows(&golden()["contrasts"]) {
        let ((first, one), (second, two)) = (side(&case["first"]), side(&case["second"]));
        let influences: Vec<_> = one
            .into_iter()
            .map(|e| (Some(Moved::alike(e)), None))
            .chain(two.into_iter().map(|e| (None, Some(Moved::alike(e)))))
            .collect();
        let contrast = Contrast::new(first, second, &influences);
        close(contrast.difference, &case["difference"], "difference");
        close(contrast.standard_error.expect("users"), &case["se"], "standard error");
        close_interval(contrast.interval(Level::default()), &case["interval"], "interval");
        close(contrast.p_value().expect("users"), &case["p"], "p-value");
        let ratio = Contrast::log_ratio(first, second, &influences).expect("rates above zero");
        close(ratio.difference, &case["log_ratio"], "log ratio");
        close(
            ratio.standard_error.expect("users"),
            &case["log_se"],
            "its standard error",
        );
    }
}

#[test]
fn two_proportions_match_statsmodels() {
    for case in rows(&golden()["proportions"]) {
        let [k1, n1, k2, n2] = numbers(&case["counts"])[..] else {
            panic!("four counts")
        };
        let level = Level::new(number(&case["level"])).expect("a level");
        let interval = two_proportions::newcombe((k1, n1), (k2, n2), level);
        close_interval(interval, &case["interval"], "Newcombe");
        match two_proportions::z_pooled((k1, n1), (k2, n2)) {
            Some(p) => close(p, &case["p"], "z-test"),
            None => assert!(case["p"].is_null()),
        }
    }
}

#[test]
fn sequences_match_their_paper() {
    for case in rows(&golden()["sequences"]) {
        let [value, error, units, planned, level, lower, upper] = numbers(case)[..] else {
            panic!("seven numbers")
        };
        let level = Level::new(level).expect("a level");
        let tuning = sequence::tuning(planned, level);
        let interval = sequence::interval(value, error, units, tuning, level);
        within(interval.lower, lower, 1e-9, "lower");
        within(interval.upper, upper, 1e-9, "upper");
    }
}

#[test]
fn adjusted_p_values_match_statsmodels() {
    let golden = &golden()["adjusted"];
    let p = numbers(&golden["p"]);
    for (adjusted, expected) in [(multiple::holm(&p), "holm"), (multiple::benjamini_hochberg(&p), "bh")] {
        for (adjusted, expected) in adjusted.into_iter().zip(numbers(&golden[expected])) {
            within(adjusted, expected, 1e-9, "adjusted");
        }
    }
}

#[test]
fn detectable_differences_have_the_power_of_statsmodels() {
    for case in rows(&golden()["power"]) {
        let level = Level::new(number(&case[1])).expect("a level");
        let found = power::detectable(number(&case[0]), level, number(&case[4]));
        within(found, number(&case[3]), 1e-9, "detectable");
        let needed = power::clusters_needed(found / 2.0, number(&case[0]), 100.0, level, number(&case[2]));
        within(needed, 400.0, 1e-8, "half the effect takes four times the users");
    }
}

#[test]
fn sample_ratios_match_scipy() {
    for case in rows(&golden()["balance"]) {
        let observed: Vec<u64> = rows(&case[0])
            .iter()
            .map(|count| count.as_u64().expect("a count"))
            .collect();
        close(
            balance::p_value(&observed, &numbers(&case[1])).expect("users"),
            &case[2],
            "p-value",
        );
    }
}

#[test]
fn places_are_tested_together_as_scipy_and_statsmodels_do() {
    let golden = &golden()["places"];
    let counts = |table: &Value| -> Vec<u64> { numbers(table).iter().map(|count| *count as u64).collect() };
    let tables: Vec<Vec<u64>> = rows(&golden["tables"]).iter().map(counts).collect();
    let found = balance::by_place(tables.iter().map(Vec::as_slice), &numbers(&golden["shares"]));
    assert_eq!(found.len(), tables.len());
    let places: Vec<&[u64]> = tables.iter().map(Vec::as_slice).collect();
    close(
        balance::alike(&places).expect("places"),
        &golden["alike"],
        "the same shares",
    );
    // Sides and places without users change nothing.
    let padded = |users: &&[u64]| [*users, &[0]].concat();
    let padded: Vec<Vec<u64>> = places.iter().chain(&[&[0, 0, 0][..]]).map(padded).collect();
    let padded: Vec<&[u64]> = padded.iter().map(Vec::as_slice).collect();
    close(
        balance::alike(&padded).expect("places"),
        &golden["alike"],
        "with nobody",
    );
    assert_eq!(balance::alike(&[&[3, 4]]), None);
    assert_eq!(balance::alike(&[&[3, 0], &[5, 0]]), None);
    for (at, chance) in found.iter().enumerate() {
        let (p, holm) = (&golden["p"][at], &golden["holm"][at]);
        let Some(chance) = chance else {
            assert!(p.is_null() && holm.is_null(), "too few users are no place to test");
            continue;
        };
        close(chance.p_value, p, "p-value");
        close(chance.adjusted, holm, "after Holm");
    }
}
