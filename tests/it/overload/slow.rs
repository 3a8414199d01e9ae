//! Clients that are slow, silent or never done.

use std::thread;
use std::time::Duration;

use calibrant::api::rate::Rates;
use calibrant::state::Limits;

use crate::support::wire::{Wire, statuses};
use crate::support::{TestServer, fresh_db};

fn impatient(connections: usize) -> TestServer {
    let limits = Limits {
        patience: Duration::from_millis(600),
        connections,
        ..Limits::with_rates(Rates::UNLIMITED)
    };
    TestServer::limited(fresh_db(), limits)
}

fn head(server: &TestServer, path: &str, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {}\r\n{more}\r\n",
        server.key
    )
}

/// Sends pieces until the server has had enough; gives all that it said.
fn trickle(server: &TestServer, start: &str, piece: &str) -> String {
    let mut wire = Wire::open(server.address());
    wire.send(start);
    for _ in 0..400 {
        thread::sleep(Duration::from_millis(50));
        if !wire.send(piece) {
            break;
        }
    }
    wire.rest()
}

#[test]
fn a_head_that_does_not_end_is_cut_off() {
    let server = impatient(100);
    let said = trickle(&server, "GET /api/v1/metrics HTTP/1.1\r\nX-A: ", "a");
    assert_eq!(statuses(&said), [408]);
    assert_eq!(server.get("/api/v1/metrics").status, 200);
}

#[test]
fn a_body_that_trickles_is_cut_off() {
    let server = impatient(100);
    for path in ["/api/v1/events", "/api/v1/query"] {
        let said = trickle(&server, &head(&server, path, "Content-Length: 100000\r\n"), " ");
        assert_eq!(statuses(&said), [408], "{path}: {said}");
        assert!(
            said.contains("too_slow") && said.to_lowercase().contains("connection: close"),
            "{said}"
        );
        let said = trickle(
            &server,
            &head(&server, path, "Transfer-Encoding: chunked\r\n"),
            "1\r\n \r\n",
        );
        assert_eq!(statuses(&said), [408], "{path}: {said}");
    }
}

#[test]
fn a_body_that_stops_is_cut_off() {
    let server = impatient(100);
    let mut wire = Wire::open(server.address());
    wire.send(head(&server, "/api/v1/events", "Content-Length: 100\r\n"));
    wire.send("{\"type\":");
    assert_eq!(statuses(&wire.rest()), [408]);
}

#[test]
fn a_body_that_never_ends_is_refused() {
    let server = TestServer::start();
    // One JSON text without an end, sent as fast as it goes; what is left of it after the refusal is not read.
    let mut wire = Wire::open(server.address());
    wire.send(head(&server, "/api/v1/events", "Transfer-Encoding: chunked\r\n"));
    let chunk = format!("10000\r\n{}\r\n", "[".repeat(0x10000));
    let sent = (0..1_000_000).take_while(|_| wire.send(&chunk)).count();
    assert!(sent < 1_000_000, "the server took {sent} chunks");
    assert_eq!(server.get("/api/v1/metrics").status, 200);
}

/// Whoever holds all connections without using them loses them to whoever comes.
#[test]
fn idle_connections_make_room() {
    let server = impatient(8);
    let connect = || {
        let mut wire = Wire::open(server.address());
        wire.send("GET /api/v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n");
        wire.read_to("ok\"}");
        wire
    };
    let mut held: Vec<Wire> = (0..8).map(|_| connect()).collect();
    // Half of them say nothing more, the others begin a request and do not go on.
    held.iter_mut().take(4).for_each(|wire| {
        wire.send("GET /");
    });
    let mut late = connect();
    late.send("GET /api/v1/health/live HTTP/1.1\r\nHost: x\r\n\r\n");
    late.read_to("ok\"}");
    held.into_iter().for_each(|wire| {
        wire.rest();
    });
}
