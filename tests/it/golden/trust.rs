//! Shrinkage, non-response, within-user differences, fading, precision and survival, against scipy, statsmodels, scikit-learn, lifelines
//! and numpy.

use calibrant::stats::decision_curve;
use calibrant::stats::gamma::trigamma;
use calibrant::stats::half_life::Fading;
use calibrant::stats::level::Level;
use calibrant::stats::nonresponse::{Answers, Bounds, Strata, Weighted};
use calibrant::stats::shrinkage::{Means, Rates};
use calibrant::stats::survival;
use calibrant::stats::within::{Stratum, mantel_haenszel};
use serde_json::Value;

use super::{close, close_interval, number, numbers, rows};

fn golden() -> Value {
    super::golden("trust")
}

fn pairs(value: &Value) -> Vec<(f64, f64)> {
    rows(value)
        .iter()
        .map(|pair| (number(&pair[0]), number(&pair[1])))
        .collect()
}

#[test]
fn priors_of_rates_match_scipy() {
    for case in rows(&golden()["beta_binomial"]) {
        let units = pairs(&case["units"]);
        let rates = Rates::fit(&units).expect("enough units");
        let Rates::Spread(prior, _) = rates else {
            panic!("they differ")
        };
        close(prior.alpha, &case["alpha"], "alpha");
        close(prior.beta, &case["beta"], "beta");
        let (mean, interval) = rates.unit(units[0], Level::default());
        close(mean, &case["mean"], "posterior mean");
        close_interval(Some(interval), &case["interval"], "posterior interval");
    }
}

#[test]
fn priors_of_means_match_statsmodels() {
    for case in rows(&golden()["means"]) {
        let means = Means::fit(&pairs(&case["units"])).expect("enough units");
        close(means.mean, &case["mean"], "mean");
        close(means.variance, &case["variance"], "variance between units");
        close(means.standard_error, &case["se"], "standard error of the mean");
    }
}

#[test]
fn weighted_estimates_and_bounds_match_their_definitions() {
    for case in rows(&golden()["nonresponse"]) {
        let table = |name: &str| rows(&case[name]).iter().map(numbers).collect::<Vec<_>>();
        let (shown, observed, positive) = (table("shown"), table("observed"), table("positive"));
        let mut strata: Strata = vec![Default::default(); shown[0].len()];
        for user in 0..shown.len() {
            for (stratum, clusters) in strata.iter_mut().enumerate() {
                let own = Answers {
                    shown: shown[user][stratum],
                    observed: observed[user][stratum],
                    positive: positive[user][stratum],
                };
                clusters.push((user as i64, own));
            }
        }
        let found = Weighted::estimate(&strata).expect("answers");
        close(found.value, &case["value"], "estimate");
        close(found.standard_error.expect("users"), &case["se"], "standard error");
        close(found.effective, &case["effective"], "effective size");
        let bounds = Bounds::new(&strata);
        close(bounds.lower.ratio().expect("outputs"), &case["lower"], "lower bound");
        close(bounds.upper.ratio().expect("outputs"), &case["upper"], "upper bound");
        close_interval(
            bounds.interval(Level::default()),
            &case["interval"],
            "interval of the bounds",
        );
    }
}

#[test]
fn differences_within_users_match_their_definition() {
    let case = &golden()["within"];
    let strata = rows(&case["tables"]).iter().map(|row| {
        let row = numbers(row);
        Stratum {
            with: (row[0], row[1]),
            without: (row[2], row[3]),
        }
    });
    let found = mantel_haenszel(strata);
    close(found.ratio().expect("users"), &case["value"], "difference");
    close(found.standard_error().expect("users"), &case["se"], "standard error");
    assert_eq!(Some(found.clusters), case["users"].as_u64());
}

#[test]
fn fading_gaps_match_scipy() {
    let case = &golden()["fading"];
    let fading = Fading::fit(&pairs(&case["gaps"])).expect("enough lags");
    // Both stop where the sum of squares is flat to the last digit, half as many digits of the curve.
    super::within(fading.first, number(&case["first"]), 1e-6, "first gap");
    super::within(fading.left, number(&case["left"]), 1e-6, "what is left");
}

#[test]
fn average_precision_matches_scikit_learn() {
    let case = &golden()["precision"];
    let found = decision_curve::average_precision(&pairs(&case["counts"]));
    close(
        found.expect("positives"),
        &case["average_precision"],
        "average precision",
    );
}

#[test]
fn f_scores_match_scikit_learn() {
    let case = &golden()["f_beta"];
    let outputs = pairs(&case["rows"]);
    for score in rows(&case["scores"]) {
        let [step, beta, expected] = numbers(score)[..] else {
            panic!("three numbers")
        };
        let shown: Vec<f64> = outputs
            .iter()
            .filter(|(p, _)| *p >= step / 20.0)
            .map(|(_, y)| *y)
            .collect();
        let useful = outputs.iter().map(|(_, y)| y).sum();
        let (numerator, denominator) = decision_curve::f_score(shown.iter().sum(), shown.len() as f64, useful, beta);
        super::within(numerator / denominator, expected, 1e-12, "F-score");
    }
}

#[test]
fn survival_matches_lifelines() {
    let case = &golden()["survival"];
    let durations: Vec<(u32, bool)> = pairs(&case["rows"])
        .into_iter()
        .map(|(time, has_ended)| (time as u32, has_ended == 1.0))
        .collect();
    let found = survival::kaplan_meier(&durations);
    for case in rows(&case["levels"]) {
        let level = Level::new(number(&case["level"])).unwrap();
        assert_eq!(found.len(), rows(&case["table"]).len());
        for (moment, expected) in found.iter().zip(rows(&case["table"])) {
            close(moment.survival, &expected[0], "survival");
            let interval = moment.interval(level).unwrap();
            close(interval.lower, &expected[1], "lower");
            close(interval.upper, &expected[2], "upper");
        }
    }
}

#[test]
fn trigamma_matches_scipy() {
    for (x, expected) in pairs(&golden()["trigamma"]) {
        super::within(trigamma(x), expected, 1e-12, "trigamma");
    }
}
