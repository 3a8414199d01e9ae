//! `POST /events`: what is taken, what is refused, and what the answer says of it.

mod bodies;
mod decoders;
mod feedback;
mod groups;
pub mod hostile;
mod identity;
mod limits;
mod outcomes;
mod privacy;
mod refused;
mod streams;
mod wire;

use serde_json::Value;

use crate::support::{TestServer, tables};

/// The smallest event.
const EVENT: &str = r#"{"type":"accept","output_id":"o","feature":"f"}"#;

/// How many events the log holds.
fn logged(server: &TestServer) -> usize {
    tables::rows(&server.db, "SELECT event_key FROM events").len()
}

/// The state of one output.
#[track_caller]
fn output(server: &TestServer, id: &str) -> Value {
    server.get(&format!("/api/v1/outputs/{id}")).expect(200)
}
