//! The server that is measured: the real program, as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use calibrant::store::{events, projects};
use diesel::PgConnection;

use super::database::Database;
use super::http::{self, Connection};
use super::machine;

/// The admin key of every server under measurement.
const KEY: &str = "cal_sk_only_for_measurements_on_this_machine";
/// Connections that send batches.
pub const WRITERS: usize = 8;

pub struct Server {
    process: Child,
    pub address: SocketAddr,
    /// From the start of the process until it listened.
    pub ready: Duration,
    /// Whether it has a database of its own, which it must stop in good order.
    has_database: bool,
}

impl Server {
    /// On a database that runs.
    pub fn start(database: &Database) -> Server {
        Server::spawn(|command| command.env("CALIBRANT_DATABASE_URL", database.url()), false)
    }

    /// On a data directory, whose database it starts and stops itself.
    pub fn start_in(data: &Path) -> Server {
        Server::spawn(|command| command.arg("--data-dir").arg(data), true)
    }

    fn spawn(settings: impl FnOnce(&mut Command) -> &mut Command, has_database: bool) -> Server {
        let started = Instant::now();
        let mut command = Command::new(program());
        command
            .arg("serve")
            .env_remove("CALIBRANT_DATABASE_URL")
            .env("CALIBRANT_BIND", "127.0.0.1:0")
            .env("CALIBRANT_ADMIN_KEY", KEY)
            .env("CALIBRANT_LOG", "warn")
            // What the server can do, not what one key may.
            .env("CALIBRANT_RATE_REQUESTS", "0")
            .env("CALIBRANT_RATE_EVENTS", "0")
            .stdout(Stdio::piped());
        let mut process = settings(&mut command).spawn().expect("the server can be started");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens on http://")?.1.parse().ok())
            .expect("the server says where it listens");
        let ready = started.elapsed();
        // Read on, so that a full pipe never stops the server.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Server {
            process,
            address,
            ready,
            has_database,
        }
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// The bytes of a request with the key.
    pub fn request(method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let key = format!("authorization: Bearer {KEY}");
        http::request(method, path, &[&key, "content-type: application/json"], body)
    }

    /// The bytes of a request that brings events.
    pub fn events(body: &[u8]) -> Vec<u8> {
        Server::request("POST", "/api/v1/events", body)
    }

    /// As [`Server::events`], compressed.
    pub fn zipped_events(body: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(body).expect("memory takes it");
        let key = format!("authorization: Bearer {KEY}");
        http::request(
            "POST",
            "/api/v1/events",
            &[&key, "content-type: application/json", "content-encoding: gzip"],
            &encoder.finish().expect("memory takes it"),
        )
    }

    /// Sends requests over keep-alive connections, the next after the answer, and gives the time until the last answer.
    pub fn send(&self, requests: &[Vec<u8>]) -> Duration {
        let next = AtomicUsize::new(0);
        let started = Instant::now();
        thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    let mut connection = self.connect();
                    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                        connection.send(request);
                    }
                });
            }
        });
        started.elapsed()
    }

    /// Megabytes of memory, the database aside: the most so far, and now.
    pub fn memory(&self) -> (f64, f64) {
        machine::memory(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let asked = self.has_database
            && Command::new("kill")
                .arg(self.process.id().to_string())
                .status()
                .is_ok_and(|status| status.success());
        if !asked {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// The program of this build, or the one that `CALIBRANT_BENCH_PROGRAM` names: to compare builds.
fn program() -> PathBuf {
    let named = std::env::var_os("CALIBRANT_BENCH_PROGRAM");
    let built = option_env!("CARGO_BIN_EXE_calibrant").map(Into::into);
    named
        .or(built)
        .map(PathBuf::from)
        .expect("cargo says where the program is")
}

/// Events that are in the numbers. Costs one row, so that it can be asked often.
pub fn folded(conn: &mut PgConnection) -> u64 {
    let projects = projects::all(conn).expect("projects can be read");
    projects
        .iter()
        .map(|project| project.folded_events.unsigned_abs())
        .sum()
}

/// Waits until all that is in the log is in the numbers.
pub fn settle(conn: &mut PgConnection) {
    loop {
        let waiting = events::backlog(conn, None, 1).expect("the log can be read");
        if waiting.events == 0 {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}
