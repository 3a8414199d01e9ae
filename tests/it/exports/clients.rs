//! `datasets`, pandas, Polars, pyarrow and DuckDB, as people have them, read what is exported.

use super::{decided, edited, send};
use crate::support::{TestServer, python};

#[test]
fn real_clients_read_the_data_sets() {
    let server = TestServer::start();
    send(&server, &edited(250));
    python::run("exports.py", &[&format!("http://{}", server.address()), &server.key]);
}

#[test]
fn real_clients_read_feedback() {
    let server = TestServer::start();
    send(&server, &decided(200));
    python::run("feedback.py", &[&format!("http://{}", server.address()), &server.key]);
}
