//! Page and Hinkley's test against river, stability against scipy, charts against their papers.

use calibrant::stats::cusum::Cusum;
use calibrant::stats::laney;
use calibrant::stats::page_hinkley::{self, Settings};
use calibrant::stats::psi::{self, Histogram};
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
