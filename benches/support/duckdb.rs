//! The peer: DuckDB from PyPI, in a virtual environment of its own in the bench's folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::database::psql;

const VERSION: &str = "2.0.0";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/duckdb_peer.py");

pub struct DuckDb {
    python: PathBuf,
}

/// One question's answer and the seconds that it took, each time.
#[derive(Deserialize)]
pub struct Answer {
    pub seconds: Vec<f64>,
    pub rows: Vec<serde_json::Map<String, serde_json::Value>>,
}

impl DuckDb {
    /// Installs it when it is not there yet.
    pub fn install(folder: &Path) -> DuckDb {
        let home = folder.join(format!("duckdb-{VERSION}"));
        let python = home.join("bin/python");
        let works = || {
            let check = Command::new(&python)
                .args(["-c", "import duckdb"])
                .stderr(Stdio::null())
                .status();
            check.is_ok_and(|status| status.success())
        };
        if !works() {
            println!("installing DuckDB {VERSION} in {}", home.display());
            run(Command::new("python3").args(["-m", "venv"]).arg(&home));
            let package = format!("duckdb=={VERSION}");
            run(Command::new(&python).args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                &package,
            ]));
        }
        DuckDb { python }
    }

    /// Writes the outputs of a database before an instant to a Parquet file, sorted by the time shown.
    pub fn export(&self, url: &str, before: &str, file: &Path) {
        let query = format!(
            "COPY (SELECT c.feature, c.version, c.attributes->>'plan', o.user_key, o.shown_at AT TIME ZONE 'UTC', \
             o.decision, o.confidence, o.correct, o.missed FROM outputs o JOIN cells c ON c.id = o.cell_id \
             WHERE o.shown_at < '{before}') TO STDOUT (FORMAT csv)"
        );
        let mut rows = psql(url, &query)
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql is installed");
        let piped = rows.stdout.take().expect("it is piped");
        run(Command::new(&self.python)
            .args([SCRIPT, "export"])
            .arg(file)
            .stdin(piped));
        assert!(rows.wait().expect("it was started").success());
    }

    /// Answers a question some times, after once to warm up.
    pub fn ask(&self, file: &Path, question: &str, times: usize) -> Answer {
        let output = Command::new(&self.python)
            .args([SCRIPT, "ask"])
            .arg(file)
            .args([question, &times.to_string()])
            .stderr(Stdio::inherit())
            .output()
            .expect("it was installed");
        assert!(output.status.success(), "DuckDB could not answer");
        serde_json::from_slice(&output.stdout).expect("the script prints an answer")
    }
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?} failed");
}
