//! How long the release build takes from nothing, and what it is spent on.

use std::collections::HashMap;
use std::fs;
use std::process::Command;
use std::time::Instant;

use serde::Deserialize;

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::table::Table;

/// Crates that are listed.
const LISTED: usize = 25;

/// One step of the build, as cargo's report has it.
#[derive(Deserialize)]
struct Unit {
    name: String,
    version: String,
    duration: f64,
}

pub fn prepare<'a>(bench: &'a Bench, _: &mut Table) -> Measurement<'a> {
    let target = bench.settings.folder.join("build");
    Box::new(move |table| {
        table.part("build: cargo build --release --locked in an empty folder");
        let _ = fs::remove_dir_all(&target);
        let started = Instant::now();
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--locked", "--timings", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .env("CARGO_INCREMENTAL", "0")
            .status()
            .expect("cargo runs");
        assert!(built.success(), "it does not build");
        table.add("in all", "s", started.elapsed().as_secs_f64());
        let program = target.join("release/calibrant");
        let bytes = fs::metadata(&program).expect("it was just built").len();
        table.add("the program", "MB", bytes as f64 / 1e6);

        let report = fs::read_to_string(target.join("cargo-timings/cargo-timing.html")).expect("cargo wrote it");
        let crates = crates(&report);
        let all = crates.iter().map(|(_, seconds)| seconds).sum();
        table.add("all crates, one after the other", "s", all);
        for (name, seconds) in crates.into_iter().take(LISTED) {
            table.add(name, "s", seconds);
        }
        fs::remove_dir_all(&target).expect("it is ours");
    })
}

/// The seconds of each crate, build scripts with the rest, the most expensive first. The report holds its steps as the value of a
/// variable of its script.
fn crates(report: &str) -> Vec<(String, f64)> {
    let json = report
        .split_once("const UNIT_DATA = ")
        .expect("cargo's report has its data")
        .1;
    let units = serde_json::Deserializer::from_str(json)
        .into_iter::<Vec<Unit>>()
        .next()
        .expect("there is a value")
        .expect("cargo's report has its data as JSON");
    let mut crates: HashMap<String, f64> = HashMap::new();
    for unit in units {
        *crates.entry(format!("{} {}", unit.name, unit.version)).or_default() += unit.duration;
    }
    let mut crates: Vec<_> = crates.into_iter().collect();
    crates.sort_by(|one, other| other.1.total_cmp(&one.1));
    crates
}
