//! Bodies are read as what they are, whatever the headers say.

use std::io::Write;

use calibrant::domain::scope::Scope;

use super::{EVENT, logged};
use crate::support::{Answer, TestServer};

type Headers<'a> = &'a [(&'a str, &'a str)];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn send(server: &TestServer, headers: Headers, body: &[u8]) -> Answer {
    server.request("POST", "/api/v1/events", Some(&server.key), headers, body)
}

#[track_caller]
fn check_taken(server: &TestServer, headers: Headers, body: impl AsRef<[u8]>, created: usize) {
    let before = logged(server);
    let answer = send(server, headers, body.as_ref()).expect(200);
    assert_eq!(answer["created"], created, "{answer}");
    assert_eq!((&answer["duplicates"], &answer["rejected"]), (&0.into(), &0.into()));
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), created);
    for (index, result) in results.iter().enumerate() {
        assert_eq!(
            (&result["index"], &result["status"]),
            (&index.into(), &"created".into())
        );
    }
    assert_eq!(logged(server), before + created);
}

#[test]
fn every_form_of_body_is_taken() {
    let server = TestServer::start();
    let batch = format!(r#"{{"events":[{EVENT},{EVENT}]}}"#);
    let lines = format!("{EVENT}\n\n{EVENT}\r\n  {EVENT}");
    check_taken(&server, &[], EVENT, 1);
    check_taken(&server, &[], format!(" \r\n{EVENT}\n"), 1);
    check_taken(&server, &[], &batch, 2);
    check_taken(&server, &[], format!("[{EVENT},{EVENT},{EVENT}]"), 3);
    check_taken(&server, &[], &lines, 3);
    check_taken(&server, &[], format!("\u{feff}{EVENT}"), 1);
    check_taken(&server, &[], format!("\u{feff}{lines}"), 3);
    check_taken(&server, &[], EVENT.replace(',', ",\n"), 1);
}

#[test]
fn headers_do_not_decide_how_a_body_is_read() {
    let server = TestServer::start();
    let lines = format!("{EVENT}\n{EVENT}");
    for content_type in [
        "application/x-ndjson",
        "text/plain",
        "application/xml",
        "image/png; x=y",
    ] {
        check_taken(&server, &[("content-type", content_type)], EVENT, 1);
        check_taken(&server, &[("content-type", content_type)], &lines, 2);
    }
    for headers in [
        &[][..],
        &[("content-encoding", "gzip")],
        &[("content-encoding", "identity")],
    ] {
        check_taken(&server, headers, gzip(lines.as_bytes()), 2);
        check_taken(&server, headers, zstd(lines.as_bytes()), 2);
        check_taken(&server, headers, EVENT, 1);
    }
    let members = [gzip(format!("{EVENT}\n").as_bytes()), gzip(EVENT.as_bytes())].concat();
    check_taken(&server, &[], members, 2);
}

#[track_caller]
fn check_refused(server: &TestServer, headers: Headers, body: impl AsRef<[u8]>, status: u16, code: &str) {
    send(server, headers, body.as_ref()).expect_problem(status, code);
    assert_eq!(logged(server), 0);
}

#[test]
fn unusable_requests_are_refused_as_a_whole() {
    let server = TestServer::start();
    let mut cut = gzip(EVENT.as_bytes());
    cut.truncate(cut.len() - 9);
    let mut damaged = zstd(EVENT.repeat(50).as_bytes());
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    for (body, status, code) in [
        (&b""[..], 400, "invalid_json"),
        (b" \n ", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"type=accept", 400, "invalid_json"),
        (b"\xff\xfe{}", 400, "invalid_json"),
        (&cut, 400, "invalid_json"),
        (&damaged, 400, "invalid_json"),
        (b"3", 422, "invalid_body"),
        (b"null", 422, "invalid_body"),
        (b"\"accept\"", 422, "invalid_body"),
        (b"[]", 422, "invalid_body"),
        (br#"{"events":[]}"#, 422, "invalid_body"),
        (br#"{"events":{}}"#, 422, "invalid_body"),
        (br#"{"events":[{}],"project":"x"}"#, 422, "invalid_body"),
    ] {
        check_refused(&server, &[], body, status, code);
    }
    check_refused(
        &server,
        &[("content-encoding", "br")],
        EVENT,
        415,
        "unsupported_encoding",
    );
    check_refused(
        &server,
        &[("content-encoding", "gzip, gzip")],
        EVENT,
        415,
        "unsupported_encoding",
    );
    check_refused(&server, &[("idempotency-key", "")], EVENT, 400, "invalid_parameter");
    let long = "k".repeat(256);
    check_refused(&server, &[("idempotency-key", &long)], EVENT, 400, "invalid_parameter");
    check_taken(&server, &[("idempotency-key", &long[1..])], EVENT, 1);
}

#[test]
fn the_key_may_be_in_any_usual_place() {
    let server = TestServer::start();
    let reads = server.key_with(&[Scope::Read, Scope::Admin]);
    let writes = server.key_with(&[Scope::Ingest]);
    let basic = |user: &str, password: &str| format!("Basic {}", base64(&format!("{user}:{password}")));
    let bearer = |key: &str| format!("bearer {key}");
    for (name, value, status) in [
        ("authorization", bearer(&writes), 200),
        ("x-api-key", writes.clone(), 200),
        ("authorization", basic(&writes, ""), 200),
        ("authorization", basic("anyone", &writes), 200),
        ("authorization", bearer(&reads), 403),
        ("x-api-key", "cal_sk_unknown".to_owned(), 401),
        ("authorization", basic("user", "password"), 401),
        ("authorization", format!("Digest {writes}"), 401),
        ("cookie", writes.clone(), 401),
    ] {
        let answer = server.request("POST", "/api/v1/events", None, &[(name, &value)], EVENT.as_bytes());
        assert_eq!(answer.status, status, "{name}: {value}");
        if status == 401 {
            answer.expect_problem(401, "unauthenticated");
            assert!(answer.header("www-authenticate").is_some());
        }
    }
    assert_eq!(logged(&server), 4);
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let word = (0..3).fold(0u32, |word, at| {
            (word << 8) | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * at)) as usize & 63];
            out.push(if at > chunk.len() { '=' } else { digit as char });
        }
    }
    out
}
