//! Calibration in depth, recalibration and risk control, against scikit-learn, scipy and statsmodels.

use calibrant::stats::calibration::{self, Bin};
use calibrant::stats::hosmer_lemeshow::hosmer_lemeshow;
use calibrant::stats::level::Level;
use calibrant::stats::recalibration::{self, Form, Map};
use calibrant::stats::risk_control::{self, Evidence};
use calibrant::stats::sample::Sample;
use calibrant::stats::{binned, consistency, isotonic, logistic, murphy, selective, smooth};
use serde_json::Value;

use super::{close, number, numbers, rows, within};

fn golden() -> Value {
    super::golden("calibration")
}

fn sample(dataset: &Value) -> Sample {
    let points = rows(&dataset["rows"]).iter().map(|row| {
        let [user, p, y] = numbers(row)[..] else {
            panic!("three numbers")
        };
        (user as i64, p, y == 1.0)
    });
    Sample::new(points.collect(), usize::MAX)
}

/// The rows of each dataset as cells, with what is expected of them.
fn each(check: impl Fn(&[Bin], &Value)) {
    for dataset in rows(&golden()["datasets"]) {
        check(&sample(dataset).cells(), dataset);
    }
}

/// The bin of a cell. A mean of equal confidences may be off in the last digit, and random ones never lie on an edge.
fn bin(cell: &Bin) -> usize {
    calibration::bin_index((cell.mean_p().unwrap() * 1e15).round() / 1e15, 10)
}

fn equal_width(cells: &[Bin]) -> Vec<Bin> {
    let mut bins = vec![Bin::default(); 10];
    for cell in cells {
        bins[bin(cell)].merge(cell);
    }
    bins
}

fn check_bins(bins: &[Bin], expected: &Value) {
    close(calibration::ece(bins).unwrap(), &expected["ece"], "ece");
    close(binned::average(bins).unwrap(), &expected["average"], "average");
    let square = binned::debiased_square(bins).unwrap();
    close(square, &expected["debiased_square"], "debiased");
}

#[test]
fn bins_of_equal_width_and_of_equal_mass() {
    each(|cells, expected| {
        check_bins(&equal_width(cells), &expected["width"]);
        // Where confidences are equal, numpy's order of rows decides who is in which bin; here they share.
        if !expected["mass"].is_null() {
            check_bins(&binned::equal_mass(cells, 10), &expected["mass"]);
        }
    });
}

#[test]
fn parts_of_the_brier_score() {
    each(|cells, expected| {
        let binned = murphy::over_groups(cells.chunk_by(|one, other| bin(one) == bin(other))).unwrap();
        for (found, of) in [(binned, "width"), (murphy::exact(cells).unwrap(), "equal")] {
            let expected = &expected[of];
            close(found.reliability, &expected["reliability"], of);
            close(found.resolution, &expected["resolution"], of);
            let spread = [
                (found.within_variance, "within_variance"),
                (found.within_covariance, "within_covariance"),
            ];
            for (part, name) in spread {
                assert!((part - number(&expected[name])).abs() < 1e-12, "{of} {name}");
            }
        }
        close(binned.brier(), &expected["brier"], "brier");
        let corp = murphy::corp(cells).unwrap();
        close(
            corp.miscalibration,
            &expected["corp"]["miscalibration"],
            "miscalibration",
        );
        close(
            corp.discrimination,
            &expected["corp"]["discrimination"],
            "discrimination",
        );
        close(corp.uncertainty, &expected["corp"]["uncertainty"], "uncertainty");
        let z = murphy::spiegelhalter_z(cells).unwrap();
        close(z, &expected["spiegelhalter"], "z");
    });
}

#[test]
fn deciles_match_scipy() {
    each(|cells, expected| {
        let (found, expected) = (hosmer_lemeshow(cells).unwrap(), &expected["hosmer_lemeshow"]);
        close(found.statistic, &expected["statistic"], "statistic");
        close(found.p_value, &expected["p_value"], "p value");
        assert_eq!(Some(u64::from(found.df)), expected["df"].as_u64());
    });
}

#[test]
fn smooth_errors() {
    each(|cells, expected| {
        let found = smooth::error(cells).unwrap();
        close(found.error, &expected["smooth"]["error"], "error");
        close(found.width, &expected["smooth"]["width"], "width");
    });
}

#[test]
fn risk_over_coverage() {
    each(|cells, expected| {
        let found = selective::areas(cells).unwrap();
        close(found.aurc, &expected["selective"]["aurc"], "aurc");
        close(found.excess, &expected["selective"]["excess"], "excess");
        close(found.generalised, &expected["selective"]["generalised"], "generalised");
    });
}

#[test]
fn logistic_maps_match_statsmodels() {
    for dataset in rows(&golden()["datasets"]) {
        let (sample, expected) = (sample(dataset), &dataset["maps"]);
        let cells = sample.cells();
        let line = recalibration::cox(&cells).unwrap();
        close(line.intercept, &expected["platt"]["a"], "intercept");
        close(line.slope, &expected["platt"]["b"], "slope");
        let scores = sample.by_cluster(&[0.0; 2], |sum, confidence, entry| {
            let score = line.score(confidence, entry.n, entry.y);
            *sum = [sum[0] + score[0], sum[1] + score[1]];
        });
        let clustered = logistic::sandwich(&line.covariance, &scores).unwrap();
        for (row, other) in [(0, 0), (0, 1), (1, 1)] {
            close(
                line.covariance[row][other],
                &expected["platt"]["covariance"][row][other],
                "covariance",
            );
            close(
                clustered[row][other],
                &expected["platt"]["clustered"][row][other],
                "sandwich",
            );
        }
        let Some(Map::Temperature { temperature }) = Map::fit(Form::Temperature, &cells) else {
            panic!("a temperature")
        };
        close(temperature, &expected["temperature"], "temperature");
        let Some(Map::Beta { a, b, c }) = Map::fit(Form::Beta, &cells) else {
            panic!("a beta map")
        };
        for (found, name) in [(a, "a"), (b, "b"), (c, "c")] {
            within(found, number(&expected["beta"][name]), 1e-8, name);
        }
    }
}

#[test]
fn isotonic_maps_match_sklearn() {
    each(|cells, expected| {
        let map = Map::fit(Form::Isotonic, cells).unwrap();
        let isotonic = &expected["maps"]["isotonic"];
        for (p, value) in numbers(&expected["at"]).into_iter().zip(rows(&isotonic["at"])) {
            let found = map.apply(p);
            assert!((found - number(value)).abs() < 1e-12, "{p}: {found} is not {value}");
        }
        let blocks = isotonic::pool(cells);
        assert_eq!(isotonic::knots(&blocks).len(), rows(&isotonic["knots"]).len());
        let n: f64 = cells.iter().map(|cell| cell.n).sum();
        let squares = blocks.iter().map(|block| {
            let q = block.value();
            block.pooled.n * q * q - 2.0 * q * block.pooled.sum_y + block.pooled.sum_y
        });
        close(squares.sum::<f64>() / n, &isotonic["brier"], "brier");
    });
}

#[test]
fn consistency_bars_match_scipy() {
    for case in rows(&golden()["bars"]) {
        let [n, p, level, lower, upper] = numbers(case)[..] else {
            panic!("five numbers")
        };
        let bin = Bin {
            n,
            sum_p: n * p,
            sum_y: 0.0,
        };
        let bar = consistency::bar(&bin, Level::new(level).unwrap()).unwrap();
        assert!(
            (bar.lower - lower).abs() < 1e-12 && (bar.upper - upper).abs() < 1e-12,
            "{case}: {bar:?}"
        );
    }
}

#[test]
fn tests_of_a_risk() {
    let risks = &golden()["risks"];
    for case in rows(&risks["binomial"]) {
        let [errors, n, risk, expected] = numbers(case)[..] else {
            panic!("four numbers")
        };
        within(
            risk_control::binomial_p(errors as u64, n as u64, risk),
            expected,
            1e-9,
            "binomial",
        );
    }
    for case in rows(&risks["users"]) {
        let mut evidence = Evidence::new(number(&case[1]));
        numbers(&case[0])
            .into_iter()
            .for_each(|share| evidence.count(share, None));
        close(evidence.p_value(), &case[2], "evidence");
    }
    for case in rows(&risks["fewest"]) {
        let (risk, delta) = (number(&case[0]), number(&case[1]));
        assert_eq!(
            risk_control::fewest_users(risk, risk / 2.0, delta),
            case[3].as_u64().unwrap()
        );
        assert_eq!(
            risk_control::fewest_outputs(risk, risk / 2.0, delta),
            case[2].as_u64().unwrap()
        );
    }
}
