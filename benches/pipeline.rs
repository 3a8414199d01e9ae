//! How fast events come in, become numbers, and are asked about, beside what PostgreSQL itself does with the same rows.
//!
//! `cargo bench --bench pipeline` measures everything; words after `--` choose parts (`ingest`, `single`, `freshness`,
//! `query`). `CALIBRANT_BENCH_RUNS` and `CALIBRANT_BENCH_OUTPUTS` make it shorter or larger. README.md beside this file
//! says what each line means.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that meets what it did not expect has nothing to measure"
)]

mod support;

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use calibrant::domain::event::Event;
use calibrant::simulate::{Options, Simulation};
use chrono::Utc;
use diesel::connection::SimpleConnection;
use support::database::{Cluster, Database};
use support::figures::{Table, load_average, machine, milliseconds, quantile};
use support::server::{self, Server};

/// Connections that send batches, and copies that run at once.
const WRITERS: usize = 8;
const BATCH: usize = 1_000;
/// Connections that send single events.
const CLIENTS: usize = 64;
/// Seconds of single events, and of background load under which freshness is measured.
const SECONDS: u64 = 5;
/// Events per second of that load, in batches of a hundred.
const BACKGROUND: usize = 5_000;
/// Answers to each question in one run.
const ANSWERS: usize = 50;

const COPY: &str = "psql \\copy, 1 process";
const COPIES: &str = "psql \\copy, 8 processes";
const JSON: &str = "HTTP batches, JSON, acknowledged";
const NDJSON: &str = "HTTP batches, NDJSON, acknowledged";
const BESIDE: &str = "HTTP batches, JSON, acknowledged beside the fold";
const FOLDED: &str = "HTTP batches, JSON, acknowledged and folded";
const SINGLE: &str = "single events, acknowledged beside the fold";
const INSERTS: &str = "pgbench, single-row inserts";

const RATIOS: [(&str, &str); 7] = [
    (JSON, COPY),
    (JSON, COPIES),
    (NDJSON, COPY),
    (BESIDE, COPY),
    (FOLDED, COPY),
    (FOLDED, COPIES),
    (SINGLE, INSERTS),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    let runs = setting("CALIBRANT_BENCH_RUNS", 5);
    let started = Instant::now();
    println!("{}", machine());

    let events = events(setting("CALIBRANT_BENCH_OUTPUTS", 75_000));
    let cluster = Cluster::start();
    let load = Load::new(&events, &cluster);
    println!(
        "{} events, {} bytes each as JSON, {runs} runs",
        events.len(),
        load.bytes_each
    );

    let mut table = Table::default();
    for run in 1..=runs {
        if wants("ingest") {
            copy(&cluster, &load, &mut table);
            ingest(&cluster, &load, &mut table);
        }
        if wants("single") {
            single(&cluster, &load, &mut table);
        }
        if wants("ingest") || wants("freshness") || wants("query") {
            let database = cluster.database();
            let server = Server::start(&database);
            fold(&database, &server, &load, &mut table);
            if wants("query") {
                queries(&server, &mut table);
            }
            if wants("freshness") {
                freshness(&server, &mut table);
            }
        }
        println!("run {run} of {runs}: load average {}", load_average());
    }
    println!();
    table.print(&RATIOS);
    println!("\n{:.0} s in all", started.elapsed().as_secs_f64());
}

fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} must be a number")),
        Err(_) => default,
    }
}

/// A simulated product's events in the order in which they arrive, each once.
fn events(outputs: u64) -> Vec<Event> {
    let mut seen = HashSet::new();
    let options = Options {
        outputs,
        ..Options::ending(Utc::now())
    };
    Simulation::new(options)
        .into_deliveries()
        .filter(|event| event.id.clone().is_some_and(|id| seen.insert(id)))
        .collect()
}

/// The same events in every form that is measured.
struct Load {
    events: usize,
    bytes_each: usize,
    json: Vec<Vec<u8>>,
    ndjson: Vec<Vec<u8>>,
    singles: Vec<Vec<u8>>,
    /// Files with the rows of the log: all of them, and the same in eight pieces.
    rows: PathBuf,
    pieces: Vec<PathBuf>,
}

impl Load {
    fn new(events: &[Event], cluster: &Cluster) -> Load {
        let texts: Vec<String> = events
            .iter()
            .map(|event| serde_json::to_string(event).expect("events are plain data"))
            .collect();
        let post = |body: &str| Server::request("POST", "/api/v1/events", body);
        let json = texts
            .chunks(BATCH)
            .map(|batch| post(&format!("{{\"events\":[{}]}}", batch.join(","))));
        let mut load = Load {
            events: events.len(),
            bytes_each: texts.iter().map(String::len).sum::<usize>() / texts.len(),
            json: json.collect(),
            ndjson: texts.chunks(BATCH).map(|batch| post(&batch.join("\n"))).collect(),
            singles: texts.iter().map(|text| post(text)).collect(),
            rows: cluster.folder().join("rows"),
            pieces: Vec::new(),
        };
        load.write_rows(cluster);
        load
    }

    /// Has the server store everything once, and takes the rows from there: what is copied is what is stored.
    fn write_rows(&mut self, cluster: &Cluster) {
        let database = cluster.database();
        let server = Server::start(&database);
        send(&server, &self.json);
        let command = format!("\\copy events to '{}'", self.rows.display());
        assert!(database.psql(&command).status().expect("psql is installed").success());
        let text = fs::read(&self.rows).expect("it was just written");
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(lines.len(), self.events);
        for (number, piece) in lines.chunks(lines.len().div_ceil(WRITERS)).enumerate() {
            let path = cluster.folder().join(format!("rows.{number}"));
            fs::write(&path, piece.concat()).expect("the folder is writable");
            self.pieces.push(path);
        }
    }
}

/// Sends requests over keep-alive connections and gives the time until the last answer.
fn send(server: &Server, requests: &[Vec<u8>]) -> Duration {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let mut connection = server.connect();
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    connection.send(request);
                }
            });
        }
    });
    started.elapsed()
}

/// The limit: PostgreSQL's own client copies the rows into the log's table with its indexes.
fn copy(cluster: &Cluster, load: &Load, table: &mut Table) {
    for (name, files) in [(COPY, std::slice::from_ref(&load.rows)), (COPIES, &load.pieces)] {
        let database = cluster.database();
        let started = Instant::now();
        let copies: Vec<Child> = files
            .iter()
            .map(|file| format!("\\copy events from '{}'", file.display()))
            .map(|command| database.psql(&command).spawn().expect("psql is installed"))
            .collect();
        for mut copy in copies {
            assert!(copy.wait().expect("it was started").success());
        }
        table.add(name, "rows/s", load.events as f64 / started.elapsed().as_secs_f64());
    }
}

/// Durable ingest by itself: the fold's lease is held elsewhere, as it is when another machine folds.
fn ingest(cluster: &Cluster, load: &Load, table: &mut Table) {
    for (name, requests) in [(JSON, &load.json), (NDJSON, &load.ndjson)] {
        let database = cluster.database();
        let server = Server::start(&database);
        let mut lease = database.connect();
        lease
            .batch_execute("BEGIN; SELECT FROM fold_cursor FOR UPDATE")
            .expect("the cursor is there");
        let elapsed = send(&server, requests);
        table.add(name, "events/s", load.events as f64 / elapsed.as_secs_f64());
    }
}

/// All events acknowledged while the fold runs, then the time until nothing waits for it.
fn fold(database: &Database, server: &Server, load: &Load, table: &mut Table) {
    let started = Instant::now();
    let acknowledged = send(server, &load.json);
    server::settle(&mut database.connect());
    let folded = started.elapsed();
    table.add(BESIDE, "events/s", load.events as f64 / acknowledged.as_secs_f64());
    table.add(FOLDED, "events/s", load.events as f64 / folded.as_secs_f64());
}

/// One event per request from many clients, and as many clients of pgbench that insert rows of the same size.
fn single(cluster: &Cluster, load: &Load, table: &mut Table) {
    let limit = Duration::from_secs(SECONDS);
    let mut times = {
        let database = cluster.database();
        let server = Server::start(&database);
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|_| {
                    scope.spawn(|| {
                        let mut connection = server.connect();
                        let mut times = Vec::new();
                        let started = Instant::now();
                        while started.elapsed() < limit
                            && let Some(request) = load.singles.get(next.fetch_add(1, Ordering::Relaxed))
                        {
                            times.push(milliseconds(connection.timed(request)));
                        }
                        times
                    })
                })
                .collect();
            clients
                .into_iter()
                .flat_map(|client| client.join().expect("no client fails"))
                .collect::<Vec<f64>>()
        })
    };
    assert!(
        times.len() < load.singles.len(),
        "there are too few events for {SECONDS} s"
    );
    table.add(SINGLE, "events/s", times.len() as f64 / SECONDS as f64);
    table.add("single events, p50", "ms", quantile(&mut times, 0.5));
    table.add("single events, p99", "ms", quantile(&mut times, 0.99));

    let database = cluster.database();
    let script = format!(
        "\\set tx random(1, 1000000000)\nINSERT INTO events VALUES (1, gen_random_uuid(), gen_random_uuid(), :tx, 0, 1, \
         now(), now(), :tx, '\"{}\"');\n",
        "x".repeat(load.bytes_each)
    );
    let report = database.pgbench(&script, CLIENTS, SECONDS);
    let reported = |start: &str| -> f64 {
        let line = report.lines().find_map(|line| line.strip_prefix(start));
        let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        number.unwrap_or_else(|| panic!("pgbench says {report}"))
    };
    table.add(INSERTS, "rows/s", reported("tps = "));
    table.add("pgbench, mean latency", "ms", reported("latency average = "));
}

/// What the dashboard asks, from the rollups and from the outputs themselves.
fn queries(server: &Server, table: &mut Table) {
    let rates = r#""metrics":["shown","acceptance_rate","correctness_rate","trust_gap","decision_time_p50"]"#;
    let calibration = r#""metrics":["ece_10_correctness","brier_correctness","auroc_correctness"]"#;
    let post = |body: String| Server::request("POST", "/api/v1/query", &body);
    let by_day = r#""group_by":["feature"],"granularity":"day""#;
    let questions = [
        (
            "totals, rollups, p50",
            "totals, rollups, p99",
            post(format!("{{{rates}}}")),
        ),
        (
            "totals, exact, p50",
            "totals, exact, p99",
            post(format!("{{{rates},\"exact\":true}}")),
        ),
        (
            "by feature and day, rollups, p50",
            "by feature and day, rollups, p99",
            post(format!("{{{rates},{by_day}}}")),
        ),
        (
            "by feature and day, exact, p50",
            "by feature and day, exact, p99",
            post(format!("{{{rates},{by_day},\"exact\":true}}")),
        ),
        (
            "calibration by feature, rollups, p50",
            "calibration by feature, rollups, p99",
            post(format!("{{{calibration},\"group_by\":[\"feature\"]}}")),
        ),
        (
            "one feature's calibration, exact, p50",
            "one feature's calibration, exact, p99",
            Server::request("GET", "/api/v1/features/code.complete/calibration", ""),
        ),
    ];
    for (p50, p99, question) in questions {
        let mut connection = server.connect();
        connection.send(&question);
        let mut times: Vec<f64> = Vec::new();
        let started = Instant::now();
        // Slow answers are asked for less often, so that a run is bounded.
        while times.len() < ANSWERS && (times.len() < 5 || started.elapsed() < Duration::from_secs(2)) {
            times.push(milliseconds(connection.timed(&question)));
        }
        table.add(p50, "ms", quantile(&mut times, 0.5));
        table.add(p99, "ms", quantile(&mut times, 0.99));
    }
}

/// The time from the acknowledgement of an event to the first answer that contains it, while others keep coming.
fn freshness(server: &Server, table: &mut Table) {
    let over = AtomicBool::new(false);
    let mut times: Vec<f64> = thread::scope(|scope| {
        scope.spawn(|| background(server, &over));
        let mut connection = server.connect();
        let question = Server::request(
            "POST",
            "/api/v1/query",
            r#"{"metrics":["shown"],"filters":[{"dimension":"feature","op":"in","value":["probe"]}]}"#,
        );
        let mut times = Vec::new();
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(SECONDS) {
            let probe = format!(
                r#"{{"type":"accept","output_id":"probe-{}","feature":"probe"}}"#,
                times.len()
            );
            connection.send(&Server::request("POST", "/api/v1/events", &probe));
            let acknowledged = Instant::now();
            let counted = format!("\"value\":{}", times.len() + 1);
            while !String::from_utf8_lossy(connection.send(&question)).contains(&counted) {
                assert!(
                    acknowledged.elapsed() < Duration::from_secs(30),
                    "the probe is not seen"
                );
                // Asked more often, the questions would be the load.
                thread::sleep(Duration::from_millis(10));
            }
            times.push(milliseconds(acknowledged.elapsed()));
        }
        over.store(true, Ordering::Relaxed);
        times
    });
    table.add(
        "acknowledged to visible at 5000 events/s, p50",
        "ms",
        quantile(&mut times, 0.5),
    );
    table.add(
        "acknowledged to visible at 5000 events/s, p99",
        "ms",
        quantile(&mut times, 0.99),
    );
}

/// A steady load of new outputs.
fn background(server: &Server, over: &AtomicBool) {
    let mut connection = server.connect();
    let started = Instant::now();
    let mut sent = 0;
    while !over.load(Ordering::Relaxed) {
        let due = (started.elapsed().as_secs_f64() * BACKGROUND as f64) as usize;
        if sent + 100 > due {
            thread::sleep(Duration::from_millis(2));
            continue;
        }
        let events: Vec<String> = (sent..sent + 100)
            .map(|number| {
                format!(
                    r#"{{"type":"{}","output_id":"background-{}","feature":"background","user_id":"u-{}","confidence":0.8}}"#,
                    ["shown", "accept"][number % 2],
                    number / 2,
                    number / 2 % 500
                )
            })
            .collect();
        connection.send(&Server::request(
            "POST",
            "/api/v1/events",
            &format!("[{}]", events.join(",")),
        ));
        sent += events.len();
    }
}
