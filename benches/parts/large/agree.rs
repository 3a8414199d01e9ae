//! Whether both give the same numbers: a bench that compares different ones is worthless.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::questions::{Form, METRICS, Question};
use crate::support::figures::median;

/// Sums of whole numbers are the same; a sum of logarithms depends on their order in the last digits.
const ROUNDING: f64 = 1e-9;
/// Standard errors of fewer users say little.
const USERS: f64 = 200.0;
/// In the middle, standard errors must be the same within this share. Calibrant's are of random groups of users where it reads
/// rollups, each of them off by chance.
const SPREAD: f64 = 0.25;

/// Fails unless every point value is the same. Gives the median of our standard errors divided by theirs, if there are any.
pub fn check(question: &Question, ours: &Value, theirs: &[Map<String, Value>]) -> Option<f64> {
    let ratios = match question.form {
        Form::Rates(_) => rates(question.name, ours, theirs),
        Form::Curve => curve(ours, theirs),
    };
    if ratios.is_empty() {
        return None;
    }
    let middle = median(ratios);
    assert!(
        (middle - 1.0).abs() < SPREAD,
        "{}: our standard errors are {middle:.2} times DuckDB's in the middle",
        question.name
    );
    Some(middle)
}

fn rates(name: &str, ours: &Value, theirs: &[Map<String, Value>]) -> Vec<f64> {
    let rows = ours["data"].as_array().expect("answers have rows");
    assert_eq!(rows.len(), theirs.len(), "{name}: rows");
    let by_key: HashMap<String, &Map<String, Value>> = theirs.iter().map(|row| (their_key(row), row)).collect();
    let mut ratios = Vec::new();
    for row in rows {
        let key = our_key(row);
        let their = by_key
            .get(&key)
            .unwrap_or_else(|| panic!("{name}: DuckDB has no row {key}"));
        let place = format!("{name}, {key}");
        same(&place, &row["metrics"]["shown"]["value"], &their["shown"]);
        for metric in METRICS {
            let part = |part: &str| &their[&format!("{metric}_{part}")];
            let estimate = &row["metrics"][metric];
            ratios.extend(same_rate(&format!("{place}, {metric}"), estimate, part));
        }
    }
    ratios
}

fn curve(ours: &Value, theirs: &[Map<String, Value>]) -> Vec<f64> {
    let slice = &ours["data"][0];
    let bins = slice["bins"].as_array().expect("a curve has bins");
    let filled = bins.iter().filter(|bin| bin["n"] != 0);
    assert_eq!(filled.count(), theirs.len(), "reliability curve: filled bins");
    let sum = |column: &str| -> f64 { theirs.iter().map(|row| number(&row[column])).sum() };
    let n = sum("outcome_d");
    let mut error = 0.0;
    let mut ratios = Vec::new();
    for row in theirs {
        let band = number(&row["band"]) as usize;
        let place = format!("reliability curve, bin {band}");
        let part = |part: &str| &row[&format!("outcome_{part}")];
        let (hits, size, confidence) = (number(part("n")), number(part("d")), number(&row["p"]) / 1e10);
        ratios.extend(same_rate(&place, &bins[band]["outcome"], part));
        near(&place, &bins[band]["mean_confidence"], confidence / size);
        error += (hits - confidence).abs();
    }
    let metric = |id: &str| &slice["metrics"][id]["value"];
    near("calibration error", metric("ece_10_acceptance"), error / n);
    near(
        "Brier score",
        metric("brier_acceptance"),
        sum("squared_error") / 1e10 / n,
    );
    near("log loss", metric("log_loss_acceptance"), sum("log_loss") / n);
    ratios
}

/// Compares one rate. Gives our standard error divided by theirs, where it says something.
fn same_rate<'a>(place: &str, ours: &Value, their: impl Fn(&str) -> &'a Value) -> Option<f64> {
    let (n, d) = (number(their("n")), number(their("d")));
    if d == 0.0 {
        assert!(
            ours["value"].is_null(),
            "{place}: nothing, but we say {}",
            ours["value"]
        );
        return None;
    }
    same(place, &ours["numerator"], their("n"));
    same(place, &ours["denominator"], their("d"));
    assert_eq!(ours["value"].as_f64(), Some(n / d), "{place}: value");
    let errors = ours["standard_error"].as_f64().zip(their("se").as_f64());
    let (ours, theirs) = errors.filter(|_| number(their("users")) >= USERS)?;
    (theirs > 0.0).then_some(ours / theirs)
}

pub fn same(place: &str, ours: &Value, theirs: &Value) {
    assert_eq!(number(ours), number(theirs), "{place}");
}

fn near(place: &str, ours: &Value, theirs: f64) {
    let ours = number(ours);
    let tolerance = ROUNDING * theirs.abs().max(1e-3);
    assert!((ours - theirs).abs() <= tolerance, "{place}: {ours} and {theirs}");
}

/// Nothing to add up is null in SQL.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

/// The values of a row's group and its day, as one text.
fn our_key(row: &Value) -> String {
    let group = row["group"].as_object().into_iter().flat_map(Map::values);
    let group = group.map(|value| value.as_str().unwrap_or_default().to_owned());
    let day = row["bucket"].as_str().map(|bucket| bucket.chars().take(10).collect());
    group.chain(day).collect::<Vec<String>>().join(" ")
}

fn their_key(row: &Map<String, Value>) -> String {
    let parts = ["feature", "version", "day"]
        .iter()
        .filter_map(|column| row.get(*column)?.as_str());
    parts.collect::<Vec<&str>>().join(" ")
}
