//! Differences less what was there before, and what a choice is worth, against gbstats.

use calibrant::stats::contrast::{Contrast, Moved, Pair};
use calibrant::stats::{cuped, posterior};

use super::{close, number, numbers, rows, within};

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// How far each user moves the mean of an arm.
fn influence(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|value| (value - mean(values)) / values.len() as f64)
        .collect()
}

#[test]
fn adjusted_differences_match_gbstats() {
    for case in rows(&super::golden("experiments")["cases"]) {
        let arms = |name: &str| -> Vec<Vec<f64>> { rows(&case[name]).iter().map(numbers).collect() };
        let (x, y) = (arms("x"), arms("y"));
        let pairs = |values: &[Vec<f64>]| -> Vec<Pair> {
            let of = |arm: usize| influence(&values[arm]);
            let first = of(0).into_iter().map(|own| (Some(Moved::alike(own)), None));
            first
                .chain(of(1).into_iter().map(|own| (None, Some(Moved::alike(own)))))
                .collect()
        };
        let (moved, before) = (pairs(&y), pairs(&x));
        let plain = Contrast::new(mean(&y[0]), mean(&y[1]), &moved);
        close(plain.difference, &case["plain"], "difference");
        close(
            plain.standard_error.expect("users"),
            &case["plain_se"],
            "standard error",
        );

        let own = |(first, second): &Pair| second.unwrap_or_default().by - first.unwrap_or_default().by;
        let influences: Vec<(f64, f64)> = moved.iter().zip(&before).map(|(y, x)| (own(y), own(x))).collect();
        let theta = cuped::theta(&influences).expect("users differ");
        close(theta, &case["theta"], "theta");
        let less = |y: Option<Moved>, x: Option<Moved>| y.zip(x).map(|(y, x)| Moved::alike(y.by - theta * x.by));
        let adjusted: Vec<Pair> = moved
            .iter()
            .zip(&before)
            .map(|(y, x)| (less(y.0, x.0), less(y.1, x.1)))
            .collect();
        let of = |arm: usize| mean(&y[arm]) - theta * mean(&x[arm]);
        let adjusted = Contrast::new(of(0), of(1), &adjusted);
        close(adjusted.difference, &case["difference"], "adjusted difference");
        close(
            adjusted.standard_error.expect("users"),
            &case["se"],
            "its standard error",
        );
    }
}

#[test]
fn choices_match_gbstats() {
    for case in rows(&super::golden("experiments")["choices"]) {
        let choice =
            posterior::choice(number(&case["difference"]), number(&case["se"]), f64::INFINITY).expect("an error");
        close(choice.better, &case["better"], "probability");
        // The library's mean of a truncated normal loses some digits far out.
        within(choice.expected_loss, number(&case["loss"]), 1e-7, "expected loss");
    }
}
