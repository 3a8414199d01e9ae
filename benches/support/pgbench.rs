//! The peer for single events: pgbench, which comes with PostgreSQL's server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::database::Database;

/// Runs a script's statements, prepared, from many clients for a time. `folder` takes its files. Gives transactions per second, and
/// the time of each transaction in milliseconds.
pub fn run(database: &Database, folder: &Path, script: &str, clients: usize, time: Duration) -> (f64, Vec<f64>) {
    let path = folder.join("pgbench.sql");
    fs::write(&path, script).expect("the folder is writable");
    let output = Command::new(program("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--log"])
        .arg(format!("--log-prefix={}", folder.join("pgbench-log").display()))
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", time.as_secs()))
        .arg("--file")
        .arg(&path)
        .arg(database.url())
        .output()
        .expect("pgbench is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    let rate = report
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok())
        .unwrap_or_else(|| panic!("pgbench says {report}"));
    (rate, logged_times(folder))
}

/// The milliseconds of every transaction that was logged. The logs are removed.
fn logged_times(folder: &Path) -> Vec<f64> {
    let mut times = Vec::new();
    for entry in fs::read_dir(folder).expect("it is ours").flatten() {
        if entry.file_name().to_string_lossy().starts_with("pgbench-log.") {
            let text = fs::read_to_string(entry.path()).expect("pgbench wrote it");
            let microseconds = text
                .lines()
                .filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok());
            times.extend(microseconds.map(|time| time / 1e3));
            fs::remove_file(entry.path()).expect("it is ours");
        }
    }
    times
}

/// The newest of the server programs that Debian has beside psql, or the one on the PATH.
fn program(name: &str) -> PathBuf {
    fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .max()
        .unwrap_or_else(|| PathBuf::from(name))
}
