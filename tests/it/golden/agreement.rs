//! Agreement, rank correlation, prediction-powered means and corrected rates, against scikit-learn, statsmodels, scipy,
//! krippendorff, irrCAC and ppi_py.

use calibrant::stats::agreement::pair::{Table, Weights};
use calibrant::stats::agreement::raters::{Ratings, Scale};
use calibrant::stats::level::Level;
use calibrant::stats::ppi::{Judged, Mean, Ppi};
use calibrant::stats::prevalence::{self, Share};
use calibrant::stats::spearman;
use serde_json::Value;

use super::{close, close_interval, number, numbers, rows, within};

fn golden() -> Value {
    super::golden("agreement")
}

#[test]
fn pairs_match_scikit_learn_and_statsmodels() {
    for case in rows(&golden()["pairs"]) {
        let counts: Vec<Vec<f64>> = rows(&case["table"]).iter().map(numbers).collect();
        let mut table = Table::new(counts.len());
        for (i, row) in counts.iter().enumerate() {
            for (j, count) in row.iter().enumerate() {
                table.add(i, j, *count);
            }
        }
        close(table.agreeing() / table.n(), &case["agreement"], "agreement");
        let values: Vec<f64> = (0..counts.len()).map(|category| category as f64 / 4.0).collect();
        for (weights, name) in [
            (Weights::Nominal, "nominal"),
            (Weights::Linear, "linear"),
            (Weights::Quadratic, "quadratic"),
        ] {
            let kappa = table.kappa(weights, &values).expect("two categories");
            close(kappa.value, &case["kappa"][name], name);
        }
        let nominal = table.kappa(Weights::Nominal, &values).expect("two categories");
        close(nominal.standard_error, &case["se"], "standard error");
        let pairs: Vec<(f64, f64)> = numbers(&case["a"]).into_iter().zip(numbers(&case["b"])).collect();
        let correlation = spearman::correlation(&pairs).expect("an order");
        close(correlation.value, &case["spearman"], "spearman");
    }
}

#[test]
fn raters_match_krippendorff_and_irrcac() {
    for case in rows(&golden()["raters"]) {
        let values = numbers(&case["values"]);
        let mut ratings = Ratings::new(values.len());
        rows(&case["counts"])
            .iter()
            .for_each(|counts| ratings.add(&numbers(counts)));
        close(ratings.agreement().expect("pairs"), &case["agreement"], "agreement");
        close(ratings.fleiss_kappa().expect("pairs"), &case["fleiss"], "fleiss");
        close(ratings.ac1().expect("pairs"), &case["ac1"], "ac1");
        for (scale, name) in [
            (Scale::Nominal, "nominal"),
            (Scale::Ordinal, "ordinal"),
            (Scale::Interval, "interval"),
        ] {
            close(
                ratings.alpha(scale, &values).expect("pairs"),
                &case["alpha"][name],
                name,
            );
        }
    }
}

/// Each output a cluster of its own, and without the correction for few clusters, which the library does not have.
fn check_mean(mean: Mean, expected: &Value, what: &str) {
    let clusters = mean.sizes.clusters as f64;
    let error = mean.standard_error.expect("clusters") * ((clusters - 1.0) / clusters).sqrt();
    let half = Level::default().z() * error;
    within(mean.value - half, number(&expected[0]), 1e-9, what);
    within(mean.value + half, number(&expected[1]), 1e-9, what);
}

#[test]
fn prediction_powered_means_match_their_authors() {
    for case in rows(&golden()["ppi"]) {
        let (y, f) = (numbers(&case["y"]), numbers(&case["f"]));
        let labels = y.into_iter().map(Some).chain(std::iter::repeat(None));
        let outputs: Vec<Judged> = (0..)
            .zip(f.into_iter().zip(labels))
            .map(|(cluster, (judge, people))| Judged { cluster, judge, people })
            .collect();
        let ppi = Ppi::new(&outputs).expect("labels of both kinds");
        check_mean(ppi.people_alone(), &case["classical"], "people alone");
        check_mean(ppi.at(1.0), &case["ppi"], "PPI");
        let tuned = ppi.at(ppi.power_tuned());
        close(tuned.value, &case["tuned_value"], "PPI++");
        check_mean(tuned, &case["tuned"], "PPI++");
        let best = ppi.at(ppi.optimal()).standard_error.expect("clusters");
        assert!(
            best <= tuned.standard_error.expect("clusters"),
            "no λ is better than the best"
        );
    }
}

#[test]
fn corrected_rates_match_their_paper() {
    for case in rows(&golden()["corrected"]) {
        let share = |name: &str| Share {
            successes: number(&case[name][0]),
            trials: number(&case[name][1]),
            clusters: None,
        };
        let (called, sensitivity) = (share("called"), share("sensitivity"));
        let found = prevalence::corrected(called, sensitivity, share("specificity"), Level::default());
        let found = found.expect("a judge better than a coin");
        assert!((found.value - number(&case["value"])).abs() < 1e-12);
        close_interval(Some(found.interval), &case["interval"], "Lang and Reiczigel");
    }
}
