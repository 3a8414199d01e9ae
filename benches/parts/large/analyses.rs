//! Analyses of the large product: two versions compared, beside DuckDB's sums of the same users; a change explained; users followed.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::agree::{number, same};
use super::questions::{METRICS, next_level};
use crate::support::duckdb::DuckDb;
use crate::support::figures::{median, milliseconds};
use crate::support::product::{LARGEST, Product};
use crate::support::server::Server;
use crate::support::table::Table;

/// The same as in the peer's script.
const COMPARE: &str = "two versions compared";
const EXPLAIN: &str = "a change explained";
const TRAJECTORY: &str = "users followed by exposure";
const ANSWERS: usize = 5;
/// Standard errors of groups of users must be DuckDB's of users within this share.
const SPREAD: f64 = 0.25;

/// Times each analysis.
pub fn measure(server: &Server, product: &Product, duckdb: &DuckDb, parquet: &Path, table: &mut Table) {
    let peer = duckdb.ask(parquet, COMPARE, ANSWERS);
    let mut connection = server.connect();
    let ours = serde_json::from_slice(connection.send(&request(COMPARE, product))).expect("answers are JSON");
    check(&ours, &peer.rows);
    let theirs = format!("{COMPARE}, DuckDB");
    table.add(theirs.clone(), "ms", median(peer.seconds) * 1e3);
    for name in [COMPARE, EXPLAIN, TRAJECTORY] {
        // Once to read what is kept.
        connection.send(&request(name, product));
        let times = (0..ANSWERS).map(|_| milliseconds(connection.timed(&request(name, product))));
        table.add(name, "ms", median(times.collect()));
    }
    table.faster(COMPARE, &theirs);
}

fn request(name: &str, product: &Product) -> Vec<u8> {
    let (from, to) = product.range(0.0);
    let level = next_level();
    let path = match name {
        COMPARE => format!(
            "/api/v1/compare?baseline=version=v1&candidate=version=v2&metrics={}&from={from}&to={to}&level={level:.6}",
            METRICS.join(",")
        ),
        EXPLAIN => {
            let middle = middle(&from, &to);
            format!(
                "/api/v1/features/{LARGEST}/explain?from={middle}&to={to}&before_from={from}&before_to={middle}&level={level:.6}"
            )
        }
        _ => format!("/api/v1/features/{LARGEST}/trajectory?from={from}&to={to}&level={level:.6}"),
    };
    Server::request("GET", &path, b"")
}

/// The first half of the days is compared with the second.
fn middle(from: &str, to: &str) -> String {
    let [from, to] = [from, to].map(|time| time.parse::<DateTime<Utc>>().expect("ranges are times"));
    (from + (to - from) / 2).format("%Y-%m-%dT00:00:00Z").to_string()
}

/// Fails unless both sides have the same counts, and differences standard errors alike.
fn check(ours: &Value, theirs: &[Map<String, Value>]) {
    let row = theirs.first().expect("there is one row");
    for (metric, compared) in METRICS.iter().zip(ours["data"].as_array().expect("there are metrics")) {
        for side in ["baseline", "candidate"] {
            for part in ["numerator", "denominator"] {
                let place = format!("{COMPARE}, {metric}, {side}, {part}");
                same(&place, &compared[side][part], &row[&format!("{metric}_{side}_{part}")]);
            }
        }
        let ratio = number(&compared["standard_error"]) / number(&row[&format!("{metric}_se")]);
        assert!(
            (ratio - 1.0).abs() < SPREAD,
            "{COMPARE}, {metric}: our standard error is {ratio:.2} times DuckDB's"
        );
    }
}
