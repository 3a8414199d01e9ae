//! Links: what they open, and that they open nothing else.

use std::time::Duration;

use calibrant::domain::scope::Scope;
use serde_json::json;

use super::{link, read};
use crate::crash::program::{DataDir, KEY, Program};
use crate::support::TestServer;
use crate::tenants::routes;

const ADDRESS: &str = "/api/v1/series?metrics=shown,decided&group_by=feature&format=csv";
const EVENT: &str = r#"{"type":"accept","output_id":"x","feature":"its own"}"#;

#[test]
fn a_link_opens_its_address() {
    let server = TestServer::start();
    server.send(EVENT);
    let made = server.post(
        "/api/v1/links",
        json!({"path": ADDRESS, "expires_in_seconds": 600}).to_string(),
    );
    let made = made.expect(201);
    let path = made["path"].as_str().unwrap();
    assert_eq!(made["url"], format!("http://{}{path}", server.address()));
    let expires: chrono::DateTime<chrono::Utc> = made["expires_at"].as_str().unwrap().parse().unwrap();
    let left = (expires - chrono::Utc::now()).num_seconds();
    assert!((590..=600).contains(&left), "{left}");

    let whole = read(&server, "GET", path, &[]);
    assert!(
        whole.status == 200 && whole.text().contains("its own"),
        "{}",
        whole.text()
    );
    assert_eq!(read(&server, "HEAD", path, &[]).header("etag"), whole.header("etag"));
    let piece = read(&server, "GET", path, &[("range", "bytes=0-3")]);
    assert_eq!((piece.status, piece.text().as_str()), (206, "time"));
    // However the client writes it, and wherever it puts the key.
    let (address, key) = path.rsplit_once('&').unwrap();
    let (route, query) = address.split_once('?').unwrap();
    for path in [
        format!("{route}?{key}&{query}"),
        path.replace("shown,decided", "shown%2Cdecided"),
        path.replace("group_by", "group%5Fby"),
    ] {
        assert_eq!(read(&server, "GET", &path, &[]).text(), whole.text(), "{path}");
    }
    // A key goes before a link.
    let (_, other) = server.project("other");
    let foreign = server.get_as(&other, path);
    assert!(foreign.status == 200 && !foreign.text().contains("its own"));
}

#[test]
fn a_link_opens_nothing_else() {
    let server = TestServer::start();
    server.send(EVENT);
    let path = link(&server, ADDRESS);
    let (address, key) = path.rsplit_once('&').unwrap();
    let refused = |method: &str, path: &str| {
        let answer = read(&server, method, path, &[]);
        answer.expect_problem(401, "unauthenticated");
        assert!(!answer.text().contains("its own"));
    };
    let turned = |place: usize| {
        let mut bytes = key.as_bytes().to_vec();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        format!("{address}&{}", String::from_utf8(bytes).unwrap())
    };
    for path in [
        format!("{address}&level=0.9&{key}"),
        address.replace("&format=csv", &format!("&{key}")),
        path.replace("shown,decided", "decided,shown"),
        path.replace("/series", "/query"),
        path.replace("/api/v1/series", "/api/v1/outputs"),
        format!("/api/v1/keys?{key}"),
        format!("{address}&key="),
        format!("{address}&key=cal_ln_"),
        format!("{address}&key={}", server.key),
        // The key's id, the time, the signature.
        turned("key=cal_ln_".len() + 2),
        turned("key=cal_ln_".len() + 28),
        turned(key.len() - 4),
        address.to_owned(),
    ] {
        refused("GET", &path);
    }
    for method in ["POST", "DELETE", "PATCH"] {
        let answer = read(&server, method, &format!("/api/v1/events?{key}"), &[]);
        assert!([401, 405].contains(&answer.status), "{method}: {}", answer.text());
    }
}

/// A link may only read, whatever its key may.
#[test]
fn what_a_reader_cannot_open_is_not_linked_to() {
    let server = TestServer::start();
    let reader = server.key_with(&[Scope::Read]);
    let mut refused = 0;
    for (method, template) in routes() {
        if method != "GET" {
            continue;
        }
        let path = template
            .replace("{id}", "0199b2c4-0000-7000-8000-000000000000")
            .split('/')
            .map(|segment| if segment.starts_with('{') { "x" } else { segment })
            .collect::<Vec<_>>()
            .join("/");
        let is_forbidden = server.get_as(&reader, &path).status == 403;
        let made = server.post("/api/v1/links", json!({"path": path}).to_string());
        assert_eq!(
            made.status,
            if is_forbidden { 422 } else { 201 },
            "{path}: {}",
            made.text()
        );
        refused += usize::from(is_forbidden);
    }
    assert!(refused >= 3, "{refused}");
}

#[test]
fn a_link_ends() {
    let server = TestServer::start();
    let short = server.post(
        "/api/v1/links",
        json!({"path": ADDRESS, "expires_in_seconds": 1}).to_string(),
    );
    let short = short.expect(201)["path"].as_str().unwrap().to_owned();
    std::thread::sleep(Duration::from_millis(1_100));
    read(&server, "GET", &short, &[]).expect_problem(401, "unauthenticated");

    let made = server.post("/api/v1/keys", json!({"name": "bi", "scopes": ["read"]}).to_string());
    let made = made.expect(201);
    let made_with = made["key"].as_str().unwrap();
    let linked = server.post_as(made_with, "/api/v1/links", json!({"path": ADDRESS}).to_string());
    let path = linked.expect(201)["path"].as_str().unwrap().to_owned();
    assert_eq!(read(&server, "GET", &path, &[]).status, 200);
    let id = made["id"].as_str().unwrap();
    let revoked = server.request("DELETE", &format!("/api/v1/keys/{id}"), Some(&server.key), &[], b"");
    assert_eq!(revoked.status, 204);
    read(&server, "GET", &path, &[]).expect_problem(401, "unauthenticated");
}

#[test]
fn what_cannot_be_linked_to_is_refused() {
    let server = TestServer::start();
    let ask = |body: serde_json::Value| server.post("/api/v1/links", body.to_string());
    for path in [
        "",
        "api/v1/series",
        "https://example.org/api/v1/series",
        "//example.org/api/v1/series",
        "/api/v1/events",
        "/api/v1/absent",
        "/api/v1/keys",
        "/api/v1/audit",
        "/api/v1/series?metric=shown",
        "/api/v1/series?key=x",
        &format!("/api/v1/series?metrics={}", "x".repeat(9_000)),
    ] {
        ask(json!({"path": path})).expect_problem(422, "invalid_body");
    }
    for seconds in [0, -1, 2_592_001, i64::MAX] {
        ask(json!({"path": ADDRESS, "expires_in_seconds": seconds})).expect_problem(422, "invalid_body");
    }
    ask(json!({"path": ADDRESS, "expires_at": 1})).expect_problem(422, "invalid_body");
    let sender = server.key_with(&[Scope::Ingest]);
    let body = json!({"path": ADDRESS}).to_string();
    server
        .post_as(&sender, "/api/v1/links", body)
        .expect_problem(403, "forbidden");
}

/// A log that says all it can says no key and no link.
#[test]
fn links_are_not_logged() {
    let data = DataDir::new();
    let server = Program::start(data.command(&["serve", "--log", "trace"]), data.path());
    let client = &server.client;
    let body = json!({"path": ADDRESS}).to_string();
    let made = client
        .request("POST", "/api/v1/links", Some(KEY), &[], body.as_bytes())
        .expect(201);
    let path = made["path"].as_str().unwrap();
    let signed = path.rsplit_once("key=").unwrap().1;
    assert_eq!(client.request("GET", path, None, &[], b"").status, 200);
    for path in [
        format!("{path}x"),
        path.replace("metrics", "metric"),
        format!("/api/v1/absent?key={signed}"),
        format!("/api/v1/health/ready?key={signed}"),
    ] {
        client.request("GET", &path, None, &[], b"");
    }
    let said = server.log();
    assert!(said.contains("/api/v1/series"), "requests are logged: {said}");
    assert!(!said.contains(&signed[..40]) && !said.contains(KEY), "{said}");
}
