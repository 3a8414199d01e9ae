//! Gets the large product into a data directory, once: through HTTP and the fold, as a real one comes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use calibrant::store::private::PrivateDatabase;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{DAYS, Large, heading};
use crate::support::duckdb::DuckDb;
use crate::support::figures::round;
use crate::support::product::{self, Product};
use crate::support::server::{self, Server};
use crate::support::settings::Settings;
use crate::support::table::Table;
use crate::support::{database, machine};

/// Outputs that are sent before the next look at how far the load is: what a stopped load sends again.
const PIECE: u64 = 100_000;
/// Outputs of one request.
const REQUEST: u64 = 2_500;
/// Events that may wait for the fold before more are sent.
const WINDOW: u64 = 200_000;
/// Bytes on disk that an output takes, its events and its Parquet included, and what is left free besides.
const BYTES_EACH: u64 = 2_000;
const SPARE: u64 = 5_000_000_000;

/// How far a load is, kept beside the data.
#[derive(Default, Serialize, Deserialize)]
struct Progress {
    recipe: String,
    outputs: u64,
    events: u64,
    seconds: f64,
    /// Megabytes that the server took at most.
    memory: f64,
    done: bool,
}

/// The product, loaded now or earlier.
pub fn ready(settings: &Settings, duckdb: &DuckDb, outputs: u64, table: &mut Table) -> Large {
    let folder = settings.folder.join(format!("large-{outputs}"));
    let (data, record) = (folder.join("data"), folder.join("progress.json"));
    let product = Product::new(outputs, DAYS);
    let mut progress = read(&record);
    let recipe = recipe();
    if settings.reload || progress.recipe != recipe {
        if folder.exists() {
            println!("{}: made by another recipe, or to be loaded again", folder.display());
            fs::remove_dir_all(&folder).expect("it is ours");
        }
        progress = Progress {
            recipe,
            ..Progress::default()
        };
    }
    fs::create_dir_all(&folder).expect("the bench's folder is writable");
    if !progress.done {
        let needed = (outputs - progress.outputs) * BYTES_EACH + SPARE;
        let free = machine::free_bytes(&folder);
        assert!(
            free > needed,
            "{needed} bytes must be free for {outputs} outputs; {free} are"
        );
        load(&product, outputs, &data, &record, &mut progress);
    }
    let parquet = folder.join("outputs.parquet");
    if !parquet.exists() {
        let started = Instant::now();
        let database = PrivateDatabase::join(&data).expect("PostgreSQL is installed");
        duckdb.export(&database.url(), &product.range(0.0).1, &parquet);
        println!("Parquet written in {:.0} s", started.elapsed().as_secs_f64());
    }
    table.part(heading(outputs));
    table.add(
        "the load, acknowledged and folded",
        "events/s",
        progress.events as f64 / progress.seconds,
    );
    table.add("the load, in all", "s", progress.seconds);
    table.add("the load, server memory, most", "MB", progress.memory);
    let parquet_bytes = fs::metadata(&parquet).expect("it is there").len();
    table.add("Parquet", "B/event", parquet_bytes as f64 / progress.events as f64);
    Large {
        outputs,
        product,
        data,
        parquet,
    }
}

/// Sends what is missing, piece by piece, and waits until all of it is in the numbers.
fn load(product: &Product, outputs: u64, data: &Path, record: &Path, progress: &mut Progress) {
    println!("{}: loading from output {}", heading(outputs), progress.outputs);
    database::prepare(&PrivateDatabase::start(data).expect("PostgreSQL is installed").url());
    let server = Server::start_in(data);
    let database = PrivateDatabase::join(data).expect("its server runs");
    let mut conn = PgConnection::establish(&database.url()).expect("the database runs");
    let first = progress.outputs;
    let (give, pieces) = mpsc::sync_channel(1);
    thread::scope(|scope| {
        // The next piece is made while one is sent.
        scope.spawn(move || {
            for start in (first..outputs).step_by(PIECE as usize) {
                if give.send(piece(product, start..outputs.min(start + PIECE))).is_err() {
                    return;
                }
            }
        });
        for piece in pieces {
            let started = Instant::now();
            server.send(&piece.requests);
            progress.events += piece.events;
            while server::folded(&mut conn) + WINDOW < progress.events {
                thread::sleep(Duration::from_millis(20));
            }
            let last = piece.end == outputs;
            if last {
                server::settle(&mut conn);
            }
            progress.outputs = piece.end;
            progress.seconds += started.elapsed().as_secs_f64();
            progress.memory = progress.memory.max(server.memory().0);
            write(record, progress);
            if last || (piece.end / PIECE).is_multiple_of(5) {
                println!(
                    "{} of {} outputs, {:.0} events/s",
                    round(piece.end),
                    round(outputs),
                    progress.events as f64 / progress.seconds
                );
            }
        }
    });
    // What autovacuum would do at some moment of the measurements.
    conn.batch_execute("VACUUM (ANALYZE)").expect("we own the database");
    conn.batch_execute("CHECKPOINT").expect("we own the database");
    progress.done = true;
    write(record, progress);
}

struct Piece {
    end: u64,
    events: u64,
    requests: Vec<Vec<u8>>,
}

fn piece(product: &Product, numbers: std::ops::Range<u64>) -> Piece {
    let mut events = 0;
    let end = numbers.end;
    let requests = numbers
        .step_by(REQUEST as usize)
        .map(|start| {
            let lines = product.in_order(start..end.min(start + REQUEST));
            events += lines.len() as u64;
            Server::events(lines.join("\n").as_bytes())
        })
        .collect();
    Piece { end, events, requests }
}

/// What the data is made by: the product's recipe and the schema.
fn recipe() -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations"))
        .expect("the migrations are there")
        .flatten()
        .map(|entry| entry.path().join("up.sql"))
        .collect();
    files.sort();
    let mut schema = Sha256::new();
    for file in files {
        schema.update(fs::read(file).expect("a migration has this file"));
    }
    let digest: String = schema
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("product {}, schema {digest}", product::RECIPE)
}

fn read(record: &Path) -> Progress {
    let text = fs::read(record).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

fn write(record: &Path, progress: &Progress) {
    let text = serde_json::to_vec(progress).expect("it is plain data");
    fs::write(record, text).expect("the bench's folder is writable");
}
