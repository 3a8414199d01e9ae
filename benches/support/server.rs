//! The server that is measured: the real program, as a process of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use calibrant::store::{cursor, events};
use diesel::PgConnection;

use super::database::Database;
use super::http::{self, Connection};

/// The admin key of every server under measurement.
pub const KEY: &str = "cal_sk_only_for_measurements_on_this_machine";

pub struct Server {
    process: Child,
    pub address: SocketAddr,
}

impl Server {
    pub fn start(database: &Database) -> Server {
        let mut process = Command::new(program())
            .arg("serve")
            .env("CALIBRANT_DATABASE_URL", database.url())
            .env("CALIBRANT_BIND", "127.0.0.1:0")
            .env("CALIBRANT_ADMIN_KEY", KEY)
            .env("CALIBRANT_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server can be started");
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens on http://")?.1.parse().ok())
            .expect("the server says where it listens");
        // Read on, so that a full pipe never stops the server.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Server { process, address }
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// The bytes of a request with the key.
    pub fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
        http::request(method, path, KEY, body.as_bytes())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
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

/// Waits until all that is in the log is in the numbers.
pub fn settle(conn: &mut PgConnection) {
    loop {
        let position = cursor::read(conn).expect("the cursor is there").position();
        let waiting = events::backlog(conn, None, position, 1).expect("the log can be read");
        if waiting.events == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
