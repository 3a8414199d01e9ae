//! What programs read that know nothing of this API: files at an address, links, and views in the database.

mod clients;
mod files;
mod links;
mod views;

use calibrant::store::Db;

use crate::support::{Answer, Client, TestServer, fresh_db, simulated};

/// Days of the simulated product that are asked about.
const RANGE: &str = "from=2026-03-01T00:00:00Z&to=2026-03-15T00:00:00Z";

/// A server with a small simulated product.
fn product() -> TestServer {
    product_in(fresh_db())
}

fn product_in(db: Db) -> TestServer {
    let server = TestServer::over(db);
    simulated::load(
        &server.db,
        calibrant::simulate::Options {
            days: 14,
            users: 60,
            outputs: 3_000,
            ..calibrant::simulate::Options::ending("2026-03-15T00:00:00Z".parse().unwrap())
        },
    );
    server
}

/// The path of a link to an address.
#[track_caller]
fn link(server: &TestServer, address: &str) -> String {
    let made = server.post("/api/v1/links", serde_json::json!({"path": address}).to_string());
    made.expect(201)["path"].as_str().unwrap().to_owned()
}

/// Reads an address with nothing but the address.
fn read(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    Client::new(server.address()).request(method, path, None, headers, b"")
}
