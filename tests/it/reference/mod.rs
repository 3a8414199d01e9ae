//! Real data sets, imported as users import them, against numbers that others computed from the same rows.
//!
//! Each data set has a `REFERENCE.json` beside it, made with numpy, scipy, scikit-learn, pandas and rapidfuzz. Counts must be
//! equal, and everything else equal to nine digits. Where a definition differs on purpose, the test says so and compares
//! what is the same.

mod decisions;
mod ratings;
mod stability;
mod texts;

use std::path::{Path, PathBuf};

use calibrant::cli::import::import_file;
use calibrant::import::{Mapping, Options, Report};
use calibrant::store::projects;
use serde_json::{Value, json};

use crate::support::{TestServer, data_set, project_file};

const DIGITS: f64 = 1e-9;

/// A server with one data set in it.
struct Imported {
    server: TestServer,
    reference: Value,
    folder: PathBuf,
}

impl Imported {
    /// `None` where the data is not at hand.
    fn new(set: &str, file: &str) -> Option<Imported> {
        let folder = data_set(set)?;
        let text = std::fs::read_to_string(folder.join("REFERENCE.json")).unwrap();
        let server = TestServer::start();
        let report = import(&server, set, &folder.join(file));
        assert_eq!(report.created, report.events, "{report}");
        server.settle();
        Some(Imported {
            server,
            reference: serde_json::from_str(&text).unwrap(),
            folder,
        })
    }

    /// The rows of an answer to `POST /query`.
    #[track_caller]
    fn query(&self, question: &Value) -> Vec<Value> {
        let answer = self.server.post("/api/v1/query", question.to_string()).expect(200);
        answer["data"].as_array().unwrap().clone()
    }

    /// One metric of everything.
    #[track_caller]
    fn metric(&self, id: &str) -> Value {
        let rows = self.query(&json!({"metrics": [id], "interval": "naive"}));
        rows[0]["metrics"][id].clone()
    }

    /// One metric where a dimension has a value, with the interval asked for.
    #[track_caller]
    fn metric_where(&self, id: &str, slice: &Slice, interval: &str) -> Value {
        let filters: Vec<Value> = slice
            .iter()
            .map(|(dimension, value)| json!({"dimension": dimension, "op": "in", "value": [value]}))
            .collect();
        let rows = self.query(&json!({"metrics": [id], "interval": interval, "filters": filters}));
        rows[0]["metrics"][id].clone()
    }

    /// A proportion against `{k, n, rate, wilson}`.
    #[track_caller]
    fn check_rate(&self, id: &str, slice: &Slice, expected: &Value) {
        let got = self.metric_where(id, slice, "naive");
        assert_eq!(got["numerator"].as_f64(), expected["k"].as_f64(), "{id}: {got}");
        assert_eq!(got["denominator"].as_f64(), expected["n"].as_f64(), "{id}: {got}");
        assert_eq!(got["n"], expected["n"], "{id}: {got}");
        assert_eq!(got["method"], "wilson", "{id}: {got}");
        same(id, &got["value"], &expected["rate"]);
        same(id, &got["lower"], &expected["wilson"][0]);
        same(id, &got["upper"], &expected["wilson"][1]);
    }

    /// A ratio against `{ratio, num, den, clusters, se, ci_t, ci_z}`.
    #[track_caller]
    fn check_clustered(&self, id: &str, slice: &Slice, expected: &Value) {
        let got = self.metric_where(id, slice, "clustered_linear");
        // Student's t with G - 1 degrees of freedom below fifty clusters, the normal distribution from there on.
        let interval = if expected["clusters"].as_u64().unwrap() < 50 {
            &expected["ci_t"]
        } else {
            &expected["ci_z"]
        };
        assert_eq!(got["numerator"].as_f64(), expected["num"].as_f64(), "{id}: {got}");
        assert_eq!(got["denominator"].as_f64(), expected["den"].as_f64(), "{id}: {got}");
        assert_eq!(got["method"], "linear_cluster_exact", "{id}: {got}");
        same(id, &got["value"], &expected["ratio"]);
        same(id, &got["standard_error"], &expected["se"]);
        same(id, &got["lower"], &interval[0]);
        same(id, &got["upper"], &interval[1]);
    }

    /// The six headline numbers of a target and its reliability table.
    #[track_caller]
    fn check_calibration(&self, feature: &str, version: Option<&str>, target: &str, expected: &Value) {
        let mut path = format!("/api/v1/features/{feature}/calibration?target={target}");
        if let Some(version) = version {
            let filter = json!([{"dimension": "version", "op": "in", "value": [version]}]).to_string();
            path += &format!("&filters={}", filter.replace('"', "%22").replace(' ', "%20"));
        }
        let answer = self.server.get(&path).expect(200);
        let slice = &answer["data"][0];
        for (metric, name) in [
            ("ece_10", "ece_equal_width"),
            ("mce_10", "mce_equal_width"),
            ("calibration_gap", "signed_gap_equal_width"),
            ("brier", "brier"),
            ("log_loss", "log_loss_eps1e-6"),
            ("auroc", "auroc"),
        ] {
            let id = format!("{metric}_{target}");
            let got = &slice["metrics"][&id];
            assert_eq!(got["n"], expected["n"], "{id}: {got}");
            same(&id, &got["value"], &expected[name]);
        }
        same("brier_skill", &slice["brier_skill"], &expected["brier_skill"]);
        self.check_table(slice, &expected["table_equal_width"]);
    }

    /// Every band; those that the reference leaves out are empty.
    #[track_caller]
    fn check_table(&self, slice: &Value, table: &Value) {
        let table = table.as_array().unwrap();
        for (number, band) in slice["bins"].as_array().unwrap().iter().enumerate() {
            match table.iter().find(|row| row["bin"] == number) {
                Some(row) => {
                    assert_eq!(band["n"], row["n"], "{band}");
                    same("mean confidence", &band["mean_confidence"], &row["mean_p"]);
                    same("outcome", &band["outcome"]["value"], &row["mean_y"]);
                }
                None => {
                    assert_eq!(band["n"], 0, "{band}");
                    assert_eq!(band["outcome"]["value"], Value::Null);
                }
            }
        }
    }
}

/// What to filter by: dimensions and values. Empty for everything.
type Slice<'a> = [(&'a str, &'a str)];

/// Imports a file with the mapping that the project ships for the set.
fn import(server: &TestServer, set: &str, file: &Path) -> Report {
    let text = std::fs::read_to_string(project_file(&format!("examples/{set}.toml"))).unwrap();
    let mapping = Mapping::parse(&text).unwrap();
    let options = Options {
        progress: false,
        rejected_file: Some(std::env::temp_dir().join("calibrant-test-rejected.jsonl")),
        ..Options::default()
    };
    import_file(&server.db, projects::DEFAULT, file, &mapping, &options).unwrap()
}

/// Equal to nine digits.
#[track_caller]
fn same(what: &str, got: &Value, expected: &Value) {
    let (Some(value), Some(wanted)) = (got.as_f64(), expected.as_f64()) else {
        assert_eq!(got, expected, "{what}");
        return;
    };
    let scale = wanted.abs().max(1e-3);
    assert!(
        (value - wanted).abs() <= DIGITS * scale,
        "{what}: got {value}, expected {wanted}"
    );
}
