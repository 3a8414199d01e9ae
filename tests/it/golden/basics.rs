//! Distributions, clustered rates, calibration, AUROC, quantiles and detection, against scipy, statsmodels, scikit-learn and
//! ddsketch.

use std::collections::BTreeMap;

use calibrant::stats::auroc::{self, GridCount};
use calibrant::stats::calibration::{self, Bin};
use calibrant::stats::cluster::{self, ClusterRatio};
use calibrant::stats::detection::Counts;
use calibrant::stats::level::{Interval, Level};
use calibrant::stats::{beta, gamma, normal, proportion, sketch, student};
use serde_json::Value;

use super::{close, close_interval, number, numbers, rows, within};

fn golden() -> Value {
    super::golden("basics")
}

#[test]
fn distributions_match_scipy() {
    // Tighter than elsewhere: every interval inherits what is lost here.
    const TOLERANCE: f64 = 1e-12;
    let golden = &golden()["distributions"];
    for (name, function) in [
        ("normal_cdf", normal::cdf as fn(f64) -> f64),
        ("normal_quantile", normal::quantile),
    ] {
        for case in rows(&golden[name]) {
            let (x, expected) = (number(&case[0]), number(&case[1]));
            within(function(x), expected, TOLERANCE, &format!("{name}({x})"));
        }
    }
    for (name, function) in [
        ("student_cdf", student::cdf as fn(f64, f64) -> f64),
        ("student_quantile", student::quantile),
    ] {
        for case in rows(&golden[name]) {
            let case = numbers(case);
            let what = format!("{name}({}, {})", case[0], case[1]);
            within(function(case[0], case[1]), case[2], TOLERANCE, &what);
        }
    }
}

#[test]
fn beta_and_gamma_match_scipy() {
    let golden = &golden()["distributions"];
    for (name, function) in [
        (
            "ln_gamma",
            (|case: &[f64]| gamma::ln_gamma(case[0])) as fn(&[f64]) -> f64,
        ),
        ("digamma", |case| gamma::digamma(case[0])),
        ("chi_square_tail", |case| gamma::chi_square_tail(case[0], case[1])),
        ("beta_cdf", |case| beta::cdf(case[0], case[1], case[2])),
        ("beta_quantile", |case| beta::quantile(case[0], case[1], case[2])),
        ("binomial_cdf", |case| {
            beta::binomial_cdf(case[0] as u64, case[1] as u64, case[2])
        }),
    ] {
        for case in rows(&golden[name]) {
            let case = numbers(case);
            let (expected, arguments) = case.split_last().expect("a value");
            within(function(arguments), *expected, 1e-9, &format!("{name}{arguments:?}"));
        }
    }
}

#[test]
fn intervals_of_proportions_match_statsmodels() {
    let golden = &golden()["proportions"];
    let check = |name: &str, of: fn(f64, f64, Level) -> Option<Interval>| {
        for case in rows(&golden[name]) {
            let level = Level::new(number(&case[2])).expect("a level");
            let interval = of(number(&case[0]), number(&case[1]), level).expect("trials");
            close(interval.lower, &case[3], &format!("lower of {name} {case}"));
            close(interval.upper, &case[4], &format!("upper of {name} {case}"));
        }
    };
    check("wilson", |k, n, level| proportion::wilson(k, n, level.z()));
    check("clopper_pearson", proportion::clopper_pearson);
    check("jeffreys", proportion::jeffreys);
}

/// One row of a golden data set.
struct Row {
    user: u64,
    p: f64,
    y: f64,
    weight: f64,
    /// 0 or 1: the side of a comparison.
    arm: f64,
}

fn observations(dataset: &Value) -> Vec<Row> {
    let column = |name: &str| numbers(&dataset[name]);
    let (p, y, weight, arm) = (column("p"), column("y"), column("weight"), column("arm"));
    rows(&dataset["user"])
        .iter()
        .enumerate()
        .map(|(i, user)| Row {
            user: user.as_u64().expect("a user"),
            p: p[i],
            y: y[i],
            weight: weight[i],
            arm: arm[i],
        })
        .collect()
}

/// Totals of some columns per user.
fn totals<const N: usize>(rows: &[Row], columns: impl Fn(&Row) -> [f64; N]) -> Vec<[f64; N]> {
    let mut users = BTreeMap::new();
    for row in rows {
        let sums = users.entry(row.user).or_insert([0.0; N]);
        for (sum, x) in sums.iter_mut().zip(columns(row)) {
            *sum += x;
        }
    }
    users.into_values().collect()
}

fn ratio(rows: &[Row], columns: impl Fn(&Row) -> [f64; 2]) -> ClusterRatio {
    let totals: Vec<_> = totals(rows, columns).into_iter().map(<(f64, f64)>::from).collect();
    ClusterRatio::from_totals(&totals)
}

#[test]
fn clustered_ratios_match_statsmodels() {
    for dataset in rows(&golden()["datasets"]) {
        let rows = observations(dataset);
        let mean = ratio(&rows, |r| [r.y, 1.0]);
        let cases = [
            ("mean", mean),
            ("weighted", ratio(&rows, |r| [r.weight * r.y, r.weight])),
            ("signed", ratio(&rows, |r| [r.p - r.y, 1.0])),
        ];
        for (name, ratio) in cases {
            let expected = &dataset[name];
            close(ratio.ratio().expect(name), &expected["value"], name);
            close(ratio.standard_error().expect(name), &expected["se"], name);
            if ratio.clusters < cluster::LARGE {
                close_interval(ratio.linear(Level::default()), &expected["interval"], name);
            }
        }
        let deff = mean.design_effect().expect("a rate between 0 and 1");
        close(deff, &dataset["design_effect"], "design effect");
        let trials = mean.effective_trials().expect("a rate between 0 and 1");
        within(trials, mean.denominator / deff, 1e-9, "effective trials");
    }
}

#[test]
fn clustered_difference_matches_statsmodels() {
    for dataset in rows(&golden()["datasets"]) {
        let sides = |r: &Row| [r.arm * r.y, r.arm, (1.0 - r.arm) * r.y, 1.0 - r.arm];
        let totals: Vec<_> = totals(&observations(dataset), sides)
            .into_iter()
            .map(<(f64, f64, f64, f64)>::from)
            .collect();
        let difference = cluster::difference(&totals).expect("both arms");
        let expected = &dataset["difference"];
        close(difference.value, &expected["value"], "difference");
        let se = difference.standard_error.expect("several users");
        close(se, &expected["se"], "standard error of the difference");
    }
}

#[test]
fn calibration_matches_sklearn() {
    for dataset in rows(&golden()["datasets"]) {
        let rows = observations(dataset);
        for expected in self::rows(&dataset["calibration"]) {
            let count = usize::try_from(expected["bins"].as_u64().expect("bins")).expect("small");
            let mut pooled = vec![Bin::default(); count];
            let mut users: BTreeMap<u64, Vec<Bin>> = BTreeMap::new();
            for row in &rows {
                let index = calibration::bin_index(row.p, count);
                let one = Bin {
                    n: 1.0,
                    sum_p: row.p,
                    sum_y: row.y,
                };
                pooled[index].merge(&one);
                users.entry(row.user).or_insert_with(|| vec![Bin::default(); count])[index].merge(&one);
            }
            let what = format!("{count} bins");
            close(calibration::ece(&pooled).expect("rows"), &expected["ece"], &what);
            let mce = calibration::mce(&pooled, 10.0).expect("a full bin");
            close(mce, &expected["mce_min_10"], &what);

            let users: Vec<_> = users.into_values().collect();
            let influence: Vec<f64> = calibration::ece_influence(&users)
                .expect("rows")
                .into_iter()
                .flatten()
                .collect();
            let variance = cluster::linearised_variance(&influence).expect("several users");
            close(variance.sqrt(), &expected["se"], &what);
            if (users.len() as u64) < cluster::LARGE {
                let interval = calibration::ece_interval(&users, Level::default());
                close_interval(interval, &expected["interval"], &what);
            }
        }
    }
}

#[test]
fn proper_scores_match_sklearn() {
    for dataset in rows(&golden()["datasets"]) {
        let rows = observations(dataset);
        let n = rows.len() as f64;
        let squares = rows.iter().map(|r| (r.p - r.y).powi(2)).sum();
        let brier = calibration::brier(squares, n).expect("rows");
        close(brier, &dataset["brier"], "Brier");
        let base_rate = rows.iter().map(|r| r.y).sum::<f64>() / n;
        let skill = calibration::brier_skill(brier, base_rate).expect("both outcomes");
        close(skill, &dataset["brier_skill"], "Brier skill");
        let loss: f64 = rows.iter().map(|r| calibration::log_loss_term(r.p, r.y)).sum();
        close(loss / n, &dataset["log_loss"], "log loss");
    }
}

#[test]
fn bin_index_is_numpy_on_and_around_every_edge() {
    for (bins, expected) in golden()["bin_indices"].as_object().expect("an object") {
        let bins: u32 = bins.parse().expect("a bin count");
        for (i, expected) in (0..=bins).zip(rows(expected)) {
            let p = f64::from(i) / f64::from(bins);
            let actual = [p.next_down(), p, p.next_up()].map(|p| calibration::bin_index(p, bins as usize) as u64);
            let expected = [0, 1, 2].map(|side| expected[side].as_u64().expect("an index"));
            assert_eq!(actual, expected, "around {i}/{bins}");
        }
    }
}

#[test]
fn auroc_matches_sklearn_and_delong() {
    const CELLS: usize = 1000;
    for dataset in rows(&golden()["datasets"]) {
        let rows = observations(dataset);
        let mut scores: Vec<_> = rows.iter().map(|r| (r.p, r.y == 1.0)).collect();
        close(
            auroc::exact(&mut scores).expect("both outcomes"),
            &dataset["auroc"],
            "AUROC",
        );

        // With three decimals, a cell of the grid of 1000 holds one score, but for 0 and 0.001.
        let mut grid = vec![GridCount::default(); CELLS];
        for row in &rows {
            let cell = &mut grid[calibration::bin_index(row.p, CELLS)];
            cell.positives += row.y;
            cell.negatives += 1.0 - row.y;
        }
        let gridded = auroc::from_grid(&grid).expect("both outcomes");
        close(gridded.value, &dataset["auroc"], "AUROC on the grid");
        let variance = auroc::delong_variance(&grid).expect("both outcomes");
        close(variance, &dataset["delong"], "DeLong variance");
    }
}

#[test]
fn quantiles_match_ddsketch() {
    let golden = &golden()["sketch"];
    let mut buckets = BTreeMap::new();
    for value in numbers(&golden["values"]) {
        *buckets.entry(sketch::index(value)).or_insert(0_u64) += 1;
    }
    let buckets: Vec<_> = buckets.into_iter().collect();
    for case in rows(&golden["quantiles"]) {
        let actual = sketch::quantile(&buckets, number(&case[0])).expect("values");
        close(actual, &case[1], &format!("quantile {}", case[0]));
    }
}

#[test]
fn detection_matches_scipy() {
    for case in rows(&golden()["detection"]) {
        let case = numbers(case);
        let counts = Counts {
            hits: case[0],
            signal: case[1],
            false_alarms: case[2],
            noise: case[3],
        };
        let what = format!("{counts:?}");
        within(counts.d_prime().expect(&what), case[4], 1e-9, &what);
        let criterion = counts.criterion().expect(&what);
        // At a criterion of 0 two equal scores cancel, in either library.
        assert!((criterion - case[5]).abs() <= 1e-12, "{what}: {criterion}");
    }
}
