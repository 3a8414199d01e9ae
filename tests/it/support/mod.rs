//! What the tests stand on: a real PostgreSQL, a real server on a real socket, and a client.

mod client;
mod cluster;
mod generated;
pub mod python;
mod server;
pub mod simulated;
pub mod tables;
pub mod wire;

pub use client::{Answer, Client};
pub use cluster::{empty_database, fresh_database, fresh_db};
pub use generated::check_generated;
pub use server::TestServer;

use std::path::PathBuf;

/// A folder of the real data sets, if they are there. `CALIBRANT_TEST_DATA` says where; tests that need them say so and
/// pass when they are not.
pub fn data_set(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CALIBRANT_TEST_DATA").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    let found = folder.join(name);
    if found.is_dir() {
        return Some(found);
    }
    eprintln!(
        "SKIPPED: the data set `{name}` is not at {}; set CALIBRANT_TEST_DATA",
        found.display()
    );
    None
}

/// A file of the project.
pub fn project_file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
