//! Pages of other origins, as browsers let them: a browser asks before it sends for a page, and gives it only the answers that it may read.

use std::io::Write;

use calibrant::domain::scope::Scope;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Answer, TestServer};
use crate::tenants::routes;

const PAGE: (&str, &str) = ("origin", "https://app.example");
const EVENT: &str = r#"{"type":"accept","output_id":"x","feature":"f"}"#;

/// What a page gets that fetches an address without cookies.
#[track_caller]
fn fetch(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let asked = names.join(",");
    let preflight = [
        PAGE,
        ("access-control-request-method", method),
        ("access-control-request-headers", &asked),
    ];
    let allowed = server.request("OPTIONS", path, None, &preflight, b"");
    assert_eq!((allowed.status, allowed.body.len()), (204, 0), "{method} {path}");
    assert!(is_readable(&allowed), "{method} {path}: {:?}", allowed.headers);
    let methods = listed(&allowed, "access-control-allow-methods");
    assert!(methods.contains(&method.to_owned()), "{method} {path}: {methods:?}");
    let sendable = listed(&allowed, "access-control-allow-headers");
    for name in names {
        assert!(
            sendable.iter().any(|known| known.eq_ignore_ascii_case(name)),
            "{name} for {method} {path}: {sendable:?}"
        );
    }
    let sent: Vec<(&str, &str)> = std::iter::once(PAGE).chain(headers.iter().copied()).collect();
    let answer = server.request(method, path, None, &sent, body);
    assert!(is_readable(&answer), "{method} {path}: {:?}", answer.headers);
    answer
}

/// Whether a browser gives an answer to the page. To a request with cookies it does not: `*` is not enough for those.
fn is_readable(answer: &Answer) -> bool {
    answer.header("access-control-allow-origin") == Some("*")
        && answer.header("access-control-allow-credentials").is_none()
}

fn listed(answer: &Answer, name: &str) -> Vec<String> {
    let text = answer.header(name).unwrap_or_default();
    text.split(',').map(|item| item.trim().to_owned()).collect()
}

#[test]
fn a_page_sends_events_with_a_key_that_may_do_no_more() {
    let server = TestServer::start();
    let key = server.key_with(&[Scope::Ingest]);
    assert!(key.starts_with("cal_pk_"));
    let bearer = format!("Bearer {key}");
    let plain = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let stored = fetch(&server, "POST", "/api/v1/events", &plain, EVENT.as_bytes());
    assert_eq!(stored.expect(200)["created"], 1);

    // Compressed, and so that it can be sent again.
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(EVENT.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    let retried = [
        ("x-api-key", key.as_str()),
        ("content-type", "application/x-ndjson"),
        ("content-encoding", "gzip"),
        ("idempotency-key", "page-1"),
    ];
    for result in ["created", "duplicates"] {
        let answer = fetch(&server, "POST", "/api/v1/events", &retried, &packed);
        assert_eq!(answer.expect(200)[result], 1, "{result}");
    }
    // What was refused, and why, is for the page to read.
    let refused = fetch(&server, "POST", "/api/v1/events", &plain, b"{}").expect(207);
    assert_eq!(refused["results"][0]["code"], "missing_field");
    fetch(&server, "GET", "/api/v1/features", &plain[..1], b"").expect_problem(403, "forbidden");
}

/// Whatever is described can be called from a page, and its answer be read.
#[test]
fn every_route_is_open_to_pages() {
    let server = TestServer::start();
    let headers = [("x-api-key", server.key.as_str()), ("content-type", "application/json")];
    let mut methods = Vec::new();
    for (method, template) in routes() {
        let path: Vec<&str> = template
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect();
        let answer = fetch(&server, method, &path.join("/"), &headers, b"{}");
        assert!(answer.status < 500, "{method} {template}: {}", answer.text());
        methods.push(method);
    }
    assert!(
        ["GET", "POST", "PUT", "PATCH", "DELETE"]
            .iter()
            .all(|method| methods.contains(method))
    );

    fetch(&server, "POST", "/api/v1/evals", &headers, br#"{"name":"set"}"#).expect(201);
    let cases = br#"{"cases":[{"case":"one","input":"a question"}]}"#;
    let replaced = fetch(&server, "PUT", "/api/v1/evals/set/cases", &headers, cases).expect(200);
    assert_eq!(replaced["created"], 1, "{replaced}");
}

#[test]
fn a_page_reads_what_comes_with_an_answer_and_what_went_wrong() {
    let server = TestServer::start();
    server.send(EVENT);
    let key = [("x-api-key", server.key.as_str())];
    let first = fetch(&server, "GET", "/api/v1/outputs?format=csv&limit=1", &key, b"");
    let readable = listed(&first, "access-control-expose-headers");
    for name in ["ETag", "Accept-Ranges", "X-Request-Id"] {
        assert!(
            readable.contains(&name.to_owned()) && first.header(name).is_some(),
            "{name}"
        );
    }
    let tag = first.header("etag").unwrap().to_owned();
    let known = [key[0], ("if-none-match", tag.as_str())];
    assert_eq!(
        fetch(&server, "GET", "/api/v1/outputs?format=csv&limit=1", &known, b"").status,
        304
    );
    let piece = [key[0], ("range", "bytes=0-8"), ("if-range", tag.as_str())];
    let piece = fetch(&server, "GET", "/api/v1/outputs?format=csv&limit=1", &piece, b"");
    assert_eq!((piece.status, piece.text().as_str()), (206, "output_id"));
    assert_eq!(
        piece.header("content-range").map(|range| &range[..10]),
        Some("bytes 0-8/")
    );

    let wrong = [("x-api-key", "cal_sk_0")];
    fetch(&server, "GET", "/api/v1/features", &wrong, b"").expect_problem(401, "unauthenticated");
    fetch(&server, "GET", "/api/v1/features?x=1", &key, b"").expect_problem(400, "invalid_parameter");
    fetch(&server, "GET", "/api/v1/nothing", &key, b"").expect_problem(404, "not_found");
    fetch(&server, "PUT", "/api/v1/features", &key, b"").expect_problem(405, "method_not_allowed");
}

#[test]
fn what_is_no_page_is_answered_as_ever() {
    let server = TestServer::start();
    let answer = server.get("/api/v1/features");
    assert_eq!(answer.header("access-control-allow-origin"), None);
    // Without a method to ask for, it is no question of a browser.
    let options = server.request("OPTIONS", "/api/v1/features", None, &[PAGE], b"");
    options.expect_problem(405, "method_not_allowed");
}
