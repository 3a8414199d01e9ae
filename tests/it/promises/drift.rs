//! Where nothing changes, changes are hardly ever found, however often one looks.

use std::collections::HashMap;

use calibrant::query::analyses::drift::{ChartMethod, chart};
use calibrant::stats::cluster::ClusterRatio;
use calibrant::stats::drift::{self, Bucket};
use calibrant::stats::random::Random;
use chrono::DateTime;

use super::{RUNS, User};

const BASELINE: usize = 14;
const WATCHED: usize = 30;
const ALPHA: f64 = 0.05;

/// Days of a feature that stands still: some of its users come each day, all with their own rates.
fn days(random: &mut Random, days: usize) -> Vec<Bucket> {
    let users: Vec<User> = (0..300).map(|_| User::draw(random, 0.6)).collect();
    (0..days)
        .map(|_| {
            let mut totals: HashMap<usize, (f64, f64)> = HashMap::new();
            for _ in 0..80 {
                let at = random.below(users.len() as u64) as usize;
                let (those, all) = users[at].day(random);
                let total = totals.entry(at).or_default();
                *total = (total.0 + those, total.1 + all);
            }
            let mut totals: Vec<(usize, (f64, f64))> = totals.into_iter().collect();
            totals.sort_unstable_by_key(|(at, _)| *at);
            let totals: Vec<(f64, f64)> = totals.into_iter().map(|(_, total)| total).collect();
            let ratio = ClusterRatio::from_totals(&totals);
            Bucket {
                numerator: ratio.numerator,
                denominator: ratio.denominator,
                variance: ratio.variance().unwrap_or(f64::NAN),
            }
        })
        .collect()
}

#[test]
fn what_stands_still_raises_no_alarm_and_has_no_change() {
    let mut random = Random::new(3);
    let (mut alarms, mut changes) = (0, 0);
    for _ in 0..RUNS {
        let days = days(&mut random, BASELINE + WATCHED);
        // An alarm at any of the looks: that it came on some day is kept.
        let monitor = drift::monitor(&days, BASELINE, ALPHA / WATCHED as f64).unwrap();
        alarms += u32::from(monitor.alarm.is_some());
        changes += u32::from(!drift::find_changes(&days, ALPHA, 7).is_empty());
    }
    let most = (ALPHA * f64::from(RUNS)) as u32;
    assert!(alarms <= most, "{alarms} alarms in {RUNS} runs");
    // One look at a level of 5 %: within two standard errors of it.
    assert!(changes <= most + 14, "{changes} changes in {RUNS} runs");
}

#[test]
fn charts_notice_little_where_nothing_changes_and_a_step_where_there_is_one() {
    let mut random = Random::new(4);
    let dates: Vec<_> = (0..(BASELINE + WATCHED) as i64)
        .map(|day| DateTime::from_timestamp(day * 86_400, 0).unwrap())
        .collect();
    let methods = [
        ChartMethod::Cusum,
        ChartMethod::PageHinkley,
        ChartMethod::Adwin,
        ChartMethod::Bayes,
    ];
    let mut noticed = |shift: f64| {
        let mut runs = methods.map(|_| 0);
        for _ in 0..RUNS / 4 {
            let mut days = days(&mut random, BASELINE + WATCHED);
            for day in days.iter_mut().skip(BASELINE + 10) {
                day.numerator += shift * day.denominator;
            }
            let chart = chart(&days, &dates, BASELINE, ALPHA / WATCHED as f64, true);
            for (count, method) in runs.iter_mut().zip(methods) {
                *count += u32::from(chart.signals.iter().any(|signal| signal.method == method));
            }
        }
        println!("{shift}: {runs:?} of {}", RUNS / 4);
        runs
    };
    // Cumulative sums take the mean of the baseline as known and notice up to twice what they were set to; nothing makes them an alarm.
    let [cusum, others @ ..] = noticed(0.0);
    let runs = RUNS / 4;
    assert!(cusum < runs * 3 / 20, "{cusum} of {runs}");
    assert!(others.iter().all(|count| *count < runs / 20), "{others:?} of {runs}");
    let [cusum, page_hinkley, adwin, bayes] = noticed(0.2);
    for (count, least) in [(cusum, 95), (page_hinkley, 95), (adwin, 25), (bayes, 95)] {
        assert!(count * 100 > least * runs, "{count} of {runs}");
    }
}
