//! Our statistics against those of established libraries.
//!
//! Each topic has a script in `tests/golden` that computes its JSON file there; the numbers are the libraries', not ours.

mod aftereffect;
mod agreement;
mod basics;
mod calibration;
mod changes;
mod comparison;
mod drift;
mod evals;
mod experiments;
mod trust;
mod words;

use std::path::Path;

use calibrant::stats::level::Interval;
use serde_json::Value;

/// The values that the script of a topic computed.
pub fn golden(topic: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{topic}.json"));
    let text = std::fs::read_to_string(path).expect("the values are checked in");
    serde_json::from_str(&text).expect("they are JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

fn numbers(value: &Value) -> Vec<f64> {
    rows(value).iter().map(number).collect()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

fn within(actual: f64, expected: f64, relative: f64, what: &str) {
    assert!(
        (actual - expected).abs() <= relative * expected.abs(),
        "{what}: {actual} is not {expected}"
    );
}

fn close(actual: f64, expected: &Value, what: &str) {
    within(actual, number(expected), 1e-9, what);
}

fn close_interval(actual: Option<Interval>, expected: &Value, what: &str) {
    let actual = actual.expect(what);
    close(actual.lower, &expected[0], what);
    close(actual.upper, &expected[1], what);
}
