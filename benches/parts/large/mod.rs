//! Questions about a product with many outputs, beside DuckDB on Parquet of the same outputs, and what serving it takes.

mod agree;
mod analyses;
mod fill;
mod questions;
mod readers;
mod resources;

use std::path::PathBuf;

use super::Measurement;
use crate::support::bench::Bench;
use crate::support::duckdb::DuckDb;
use crate::support::figures::{median, milliseconds, round};
use crate::support::product::Product;
use crate::support::server::Server;
use crate::support::table::Table;
use questions::QUESTIONS;

const DAYS: u32 = 90;
/// Answers of DuckDB in one run, after one to warm up.
const PEER_ANSWERS: usize = 5;

/// A product that is loaded, and the same outputs as Parquet.
struct Large {
    outputs: u64,
    product: Product,
    data: PathBuf,
    parquet: PathBuf,
}

pub fn prepare<'a>(bench: &'a Bench, table: &mut Table) -> Measurement<'a> {
    let duckdb = DuckDb::install(&bench.settings.folder);
    let sizes: Vec<Large> = bench
        .settings
        .sizes
        .iter()
        .map(|outputs| fill::ready(&bench.settings, &duckdb, *outputs, table))
        .collect();
    Box::new(move |table| {
        let mut smaller: Option<u64> = None;
        for large in &sizes {
            large.measure(&duckdb, smaller, table);
            smaller = Some(large.outputs);
        }
    })
}

fn heading(outputs: u64) -> String {
    format!("large, {} outputs over {DAYS} days", round(outputs))
}

impl Large {
    fn measure(&self, duckdb: &DuckDb, smaller: Option<u64>, table: &mut Table) {
        table.part(heading(self.outputs));
        let server = Server::start_in(&self.data);
        table.add("start to ready", "ms", milliseconds(server.ready));
        let mut connection = server.connect();
        let cold = QUESTIONS[0].request(&self.product, 0.0);
        let cold = milliseconds(connection.timed(&cold));
        table.add(format!("first answer: {}", QUESTIONS[0].name), "ms", cold);

        for question in &QUESTIONS {
            let peer = duckdb.ask(&self.parquet, question.name, PEER_ANSWERS);
            let ours = connection.send(&question.request(&self.product, 0.0));
            let ours = serde_json::from_slice(ours).expect("answers are JSON");
            let spread = agree::check(question, &ours, &peer.rows);
            let name = format!("{}, DuckDB", question.name);
            let seconds = median(peer.seconds);
            table.add(name, "ms", seconds * 1e3);
            if let Some(spread) = spread {
                table.add(format!("{}, standard errors", question.name), "× theirs", spread);
            }
        }
        analyses::measure(&server, &self.product, duckdb, &self.parquet, table);
        readers::alone(&server, &self.product, table);
        readers::paced_beside_ingest(&server, &self.product, table);
        readers::closed_loop(&server, &self.product, table);
        compare(smaller, table);

        let (most, now) = server.memory();
        table.add("server memory, serving and folding, now", "MB", now);
        table.add("server memory, serving and folding, most", "MB", most);
        resources::sizes(&self.data, table);
    }
}

/// Each p50 beside DuckDB's, and each figure beside that of the size before.
fn compare(smaller: Option<u64>, table: &mut Table) {
    for question in &QUESTIONS {
        for how in readers::WAYS {
            let name = |quantile| format!("{}, {how}, {quantile}", question.name);
            table.faster(&name("p50"), &format!("{}, DuckDB", question.name));
            if let Some(smaller) = smaller {
                for quantile in ["p50", "p99"] {
                    table.share_of(&name(quantile), &heading(smaller), &name(quantile));
                }
            }
        }
    }
}
