//! HTTP as no client would speak it.

use super::{EVENT, logged};
use crate::support::TestServer;
use crate::support::wire::{Wire, statuses};

/// Bytes of the longest path with its query.
const TARGET_BYTES: usize = 65_534;

fn post(server: &TestServer, more: &str, body: &str) -> String {
    format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: {}\r\n{more}\r\n\r\n{body}",
        server.key
    )
}

/// Sends bytes, and gives the statuses of all that is answered before the server ends the connection.
fn answered(server: &TestServer, bytes: &str) -> Vec<u16> {
    let mut wire = Wire::open(server.address());
    wire.send(bytes);
    statuses(&wire.rest())
}

#[test]
fn broken_requests_are_refused() {
    let server = TestServer::start();
    let get = |more: &str| format!("GET /api/v1/metrics HTTP/1.1\r\nHost: x\r\n{more}\r\n\r\n");
    let many: String = (0..200).map(|number| format!("X-{number}: 1\r\n")).collect();
    for (name, bytes, status) in [
        ("no HTTP", "\u{0}\u{1}\u{2}\r\n\r\n".to_owned(), 400),
        ("an old greeting", "GET /\r\n\r\n".to_owned(), 400),
        ("another version", "GET / HTTP/9.9\r\n\r\n".to_owned(), 400),
        ("a long header", get(&format!("X-A: {}", "a".repeat(200_000))), 431),
        ("many headers", get(many.trim_end()), 431),
        ("a folded header", get("X-A: a\r\n b"), 400),
        ("NUL in a header", get("X-A: a\0b"), 400),
        (
            "a length that is no number",
            post(&server, "Content-Length: ten", EVENT),
            400,
        ),
        ("a negative length", post(&server, "Content-Length: -1", EVENT), 400),
        (
            "two lengths",
            post(&server, "Content-Length: 5\r\nContent-Length: 6", EVENT),
            400,
        ),
        (
            "a huge length",
            post(&server, "Content-Length: 99999999999999999999999", EVENT),
            400,
        ),
        (
            "a length and chunks",
            post(&server, "Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            400,
        ),
        (
            "an unknown transfer",
            post(&server, "Transfer-Encoding: chunked, magic", "0\r\n\r\n"),
            400,
        ),
    ] {
        let found = answered(&server, &bytes);
        assert!(
            !found.is_empty() && found.iter().all(|found| *found == status),
            "{name}: {found:?}"
        );
    }
    assert_eq!(logged(&server), 0);
    assert_eq!(server.get("/api/v1/metrics").status, 200);
}

/// The web server takes a broken chunk for a broken connection, and ends it without an answer.
#[test]
fn broken_chunks_end_the_connection() {
    let server = TestServer::start();
    for chunk in ["zz\r\n{}\r\n", "fffffffffffffffff\r\n{}\r\n", "1\r\n{}}}}\r\n0\r\n\r\n"] {
        let found = answered(&server, &post(&server, "Transfer-Encoding: chunked", chunk));
        assert!(found.iter().all(|status| *status == 400), "{chunk}: {found:?}");
    }
    assert_eq!(server.get("/api/v1/metrics").status, 200);
    assert_eq!(logged(&server), 0);
}

/// A body that is shorter than it says is no body, even if it reads as one.
#[test]
fn a_body_that_breaks_off_is_not_stored() {
    let server = TestServer::start();
    for more in ["Content-Length: 500", "Transfer-Encoding: chunked"] {
        let body = if more.starts_with('C') {
            EVENT.to_owned()
        } else {
            format!("{:x}\r\n{EVENT}\r\n", EVENT.len())
        };
        let mut wire = Wire::open(server.address());
        wire.send(post(&server, more, &body));
        wire.end();
        let said = wire.rest();
        assert!(statuses(&said).iter().all(|status| *status == 400), "{said}");
    }
    assert_eq!(server.get("/api/v1/metrics").status, 200);
    assert_eq!(logged(&server), 0);
}

/// What follows the bytes that a length covers is the next request, not part of the body.
#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = TestServer::start();
    let length = format!("Content-Length: {}", EVENT.len());
    let store = post(&server, &length, EVENT);
    let refused = post(&server, "Content-Length: 1", "{");
    let last = post(&server, &format!("{length}\r\nConnection: close"), EVENT);
    assert_eq!(
        answered(&server, &[store.clone(), refused, store, last].concat()),
        [200, 400, 200, 200]
    );
    assert_eq!(logged(&server), 3);
}

#[test]
fn a_request_has_a_longest_path() {
    let server = TestServer::start();
    let start = "/api/v1/outputs?cursor=";
    let get = |bytes: usize| {
        format!(
            "GET {start}{} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {}\r\nConnection: close\r\n\r\n",
            "f".repeat(bytes - start.len()),
            server.key
        )
    };
    let mut wire = Wire::open(server.address());
    wire.send(get(TARGET_BYTES));
    let said = wire.rest();
    assert!(statuses(&said) == [400] && said.contains("invalid_parameter"), "{said}");
    let mut wire = Wire::open(server.address());
    wire.send(get(TARGET_BYTES + 1));
    let said = wire.rest();
    assert!(
        statuses(&said) == [400] && !said.contains("invalid_parameter"),
        "{said}"
    );
}
