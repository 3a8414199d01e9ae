//! Page and Hinkley's test and the adaptive window against river, Bayesian runs against their library, stability against scipy, charts
//! against their papers.

use calibrant::stats::adwin;
use calibrant::stats::cusum::Cusum;
use calibrant::stats::laney;
use calibrant::stats::page_hinkley::{self, Settings};
use calibrant::stats::psi::{self, Histogram};
use calibrant::stats::run_length;
use serde_json::Value;

use super::{close, number, numbers, rows};

fn golden() -> Value {
    super::golden("drift")
}

fn places(alarms: &Value) -> Vec<usize> {
    numbers(alarms).into_iter().map(|at| at as usize).collect()
}

#[test]
fn page_and_hinkley_alarm_when_river_does() {
    for case in rows(&golden()["page_hinkley"]) {
        let [minimum, delta, threshold, alpha] = numbers(&case["settings"])[..] else {
            panic!("four settings")
        };
        let settings = Settings {
            min_instances: minimum as u64,
            delta,
            threshold,
            alpha,
        };
        let found = page_hinkley::alarms(&numbers(&case["x"]), settings);
        let found: Vec<usize> = found.into_iter().map(|(at, _)| at).collect();
        assert!(found.len() > 5);
        assert_eq!(found, places(&case["alarms"]));
    }
}

#[test]
fn adaptive_windows_alarm_when_river_does() {
    for case in rows(&golden()["adwin"]) {
        let [delta, clock, buckets, shortest, grace] = numbers(&case["settings"])[..] else {
            panic!("five settings")
        };
        let settings = adwin::Settings {
            delta,
            clock: clock as u64,
            max_buckets: buckets as usize,
            min_window_length: shortest as u64,
            grace_period: grace as u64,
        };
        let found = adwin::alarms(&numbers(&case["x"]), settings);
        let found: Vec<usize> = found.into_iter().map(|(at, _)| at).collect();
        assert!(found.len() > 5);
        assert_eq!(found, places(&case["alarms"]));
    }
}

#[test]
fn bayesian_runs_match_their_library_and_every_way_to_cut() {
    for case in rows(&golden()["bayes"]) {
        let [a, b] = numbers(&case["prior"])[..] else {
            panic!("two counts")
        };
        let settings = run_length::Settings {
            hazard: number(&case["hazard"]),
            prior: (a, b),
            least_mass: number(&case["least_mass"]),
            ..run_length::Settings::default()
        };
        let buckets: Vec<(f64, f64)> = rows(&case["x"])
            .iter()
            .map(|bucket| (number(&bucket[0]), number(&bucket[1])))
            .collect();
        let found = run_length::runs(&buckets, settings);
        assert_eq!(found.most_likely, places(&case["most_likely"]));
        let expected = numbers(&case["change"]);
        assert_eq!(found.change.len(), expected.len());
        assert!(expected.iter().sum::<f64>() > 0.9, "something changes");
        for (at, (found, expected)) in found.change.iter().zip(expected).enumerate() {
            // Probabilities, many of them of next to nothing.
            assert!((found - expected).abs() < 1e-9, "{at}: {found} is not {expected}");
        }
    }
}

#[test]
fn stability_matches_scipy() {
    for case in rows(&golden()["psi"]) {
        let (before, after) = (numbers(&case["before"]), numbers(&case["after"]));
        let found = psi::stability(Histogram::independent(&before), Histogram::independent(&after)).expect("counts");
        close(found.psi, &case["psi"], "index");
        close(found.expected, &case["expected"], "expected");
        close(found.p_value, &case["p"], "p-value");
    }
}

#[test]
fn charts_match_their_papers() {
    let golden = golden();
    let laney = &golden["laney"];
    let buckets: Vec<(f64, f64)> = rows(&laney["buckets"])
        .iter()
        .map(|bucket| (number(&bucket[0]), number(&bucket[1])))
        .collect();
    let chart = laney::chart(&buckets).expect("days that differ");
    close(chart.centre, &laney["centre"], "centre");
    close(chart.sigma_z, &laney["sigma_z"], "sigma");
    let limits = rows(&laney["lower"]).iter().zip(rows(&laney["upper"]));
    for (point, (lower, upper)) in chart.points.into_iter().flatten().zip(limits) {
        close(point.lower, lower, "lower limit");
        close(point.upper, upper, "upper limit");
    }
    let case = &golden["cusum"];
    let cusum = Cusum {
        target: 0.0,
        allowance: number(&case["allowance"]),
        threshold: number(&case["threshold"]),
    };
    let found: Vec<usize> = cusum
        .alarms(&numbers(&case["x"]))
        .iter()
        .map(|alarm| alarm.at)
        .collect();
    assert_eq!(found, places(&case["alarms"]));
}
