//! Real data sets, imported as users import them, against numbers that others computed from the same rows.
//!
//! Each data set has a `REFERENCE.json` beside it, made with numpy, scipy, scikit-learn, pandas and rapidfuzz. Counts must be
//! equal, and everything else equal to nine digits. Where a definition differs on purpose, the test says so and compares
//! what is the same.

mod agreement;
mod calibration;
mod decisions;
mod rankings;
mod ratings;
mod stability;
mod surveys;
mod texts;

use std::collections::BTreeMap;
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

    /// Metrics of everything.
    #[track_caller]
    fn everything(&self, ids: &[&str]) -> Slice {
        self.slices(ids, &json!([])).remove(0).1
    }

    /// Metrics for each value of a dimension.
    #[track_caller]
    fn by(&self, dimension: &str, ids: &[&str]) -> BTreeMap<String, Slice> {
        let name = |group: &Value| group[dimension].as_str().unwrap().to_owned();
        let slices = self.slices(ids, &json!([dimension]));
        slices.into_iter().map(|(group, slice)| (name(&group), slice)).collect()
    }

    #[track_caller]
    fn slices(&self, ids: &[&str], group_by: &Value) -> Vec<(Value, Slice)> {
        let ask = |interval| self.query(&json!({"metrics": ids, "group_by": group_by, "interval": interval}));
        let rows = ask("naive").into_iter().zip(ask("clustered_linear"));
        rows.map(|(mut naive, mut clustered)| {
            assert_eq!(naive["group"], clustered["group"]);
            let slice = Slice {
                naive: naive["metrics"].take(),
                clustered: clustered["metrics"].take(),
            };
            (naive["group"].take(), slice)
        })
        .collect()
    }

    /// The slices of a feature's calibration.
    #[track_caller]
    fn curves(&self, feature: &str, parameters: &str) -> Vec<Value> {
        let path = format!("/api/v1/features/{feature}/calibration?{parameters}");
        self.server.get(&path).expect(200)["data"].as_array().unwrap().clone()
    }
}

/// The estimates of one slice, with both kinds of interval.
struct Slice {
    naive: Value,
    clustered: Value,
}

impl Slice {
    fn get(&self, id: &str) -> &Value {
        &self.naive[id]
    }

    fn value(&self, id: &str) -> &Value {
        &self.naive[id]["value"]
    }

    /// A proportion against `{k, n, rate, wilson}`.
    #[track_caller]
    fn check_rate(&self, id: &str, expected: &Value) {
        let got = &self.naive[id];
        assert_eq!(got["numerator"], expected["k"], "{id}: {got}");
        assert_eq!(got["denominator"], expected["n"], "{id}: {got}");
        assert_eq!(got["n"], expected["n"], "{id}: {got}");
        assert_eq!(got["method"], "wilson", "{id}: {got}");
        same(id, &got["value"], &expected["rate"]);
        same(id, &got["lower"], &expected["wilson"][0]);
        same(id, &got["upper"], &expected["wilson"][1]);
    }

    /// A ratio against `{ratio, num, den, clusters, se, ci_t, ci_z}`.
    #[track_caller]
    fn check_clustered(&self, id: &str, expected: &Value) {
        let got = &self.clustered[id];
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

    /// The six headline numbers of a target against a calibration block.
    #[track_caller]
    fn check_calibration(&self, target: &str, expected: &Value) {
        for (metric, name) in CALIBRATION {
            let id = format!("{metric}_{target}");
            assert_eq!(self.naive[&id]["n"], expected["n"], "{id}: {}", self.naive[&id]);
            same(&id, self.value(&id), &expected[name]);
        }
    }
}

/// Metrics, without their target, and what the reference calls them.
const CALIBRATION: [(&str, &str); 6] = [
    ("ece_10", "ece_equal_width"),
    ("mce_10", "mce_equal_width"),
    ("calibration_gap", "signed_gap_equal_width"),
    ("brier", "brier"),
    ("log_loss", "log_loss_eps1e-6"),
    ("auroc", "auroc"),
];

/// Compares one slice of `/features/{f}/calibration`: six numbers, the skill, and every band of the reliability table.
#[track_caller]
fn check_curve(slice: &Value, target: &str, expected: &Value) {
    let metrics = Slice {
        naive: slice["metrics"].clone(),
        clustered: Value::Null,
    };
    metrics.check_calibration(target, expected);
    same("brier_skill", &slice["brier_skill"], &expected["brier_skill"]);
    let table = expected["table_equal_width"].as_array().unwrap();
    let bands = slice["bins"].as_array().unwrap();
    assert_eq!(bands.len(), 10);
    for (number, band) in bands.iter().enumerate() {
        // The reference leaves out bands without outputs.
        let Some(row) = table.iter().find(|row| row["bin"] == number) else {
            assert_eq!((&band["n"], &band["outcome"]["value"]), (&json!(0), &Value::Null));
            continue;
        };
        assert_eq!(band["n"], row["n"], "{band}");
        same("mean confidence", &band["mean_confidence"], &row["mean_p"]);
        same("outcome", &band["outcome"]["value"], &row["mean_y"]);
    }
}

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
