//! The dashboard's files and pages, and signing in to it.

use calibrant::api::session;
use calibrant::domain::scope::Scope;
use calibrant::store::{StoreError, keys, sessions};
use serde_json::json;

use crate::support::{Answer, TestServer, tables};

const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Signs in and gives the cookie.
#[track_caller]
fn sign_in(server: &TestServer, body: &serde_json::Value) -> String {
    let answer = server.request(
        "POST",
        "/api/v1/session",
        None,
        &[OWN_PAGE],
        body.to_string().as_bytes(),
    );
    answer.expect(201);
    let set = answer.header("set-cookie").unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=1209600"] {
        assert!(set.contains(attribute), "{set}");
    }
    set.split(';').next().unwrap().to_owned()
}

fn with_cookie(server: &TestServer, method: &str, path: &str, cookie: &str, headers: &[(&str, &str)]) -> Answer {
    let mut sent = vec![("cookie", cookie)];
    sent.extend(headers);
    let body = json!({"name": "made by a page", "scopes": ["read"]}).to_string();
    server.request(method, path, None, &sent, body.as_bytes())
}

#[test]
fn a_key_signs_in_until_it_signs_out() {
    let server = TestServer::start();
    let cookie = sign_in(&server, &json!({"key": server.key}));
    let whose = with_cookie(&server, "GET", "/api/v1/session", &cookie, &[OWN_PAGE]).expect(200);
    assert_eq!(
        (&whose["project"], &whose["key"]["name"]),
        (&"default".into(), &"test".into())
    );
    assert_eq!(
        server.get("/api/v1/session").expect(200),
        whose,
        "a key alone is told the same"
    );
    assert_eq!(
        with_cookie(&server, "POST", "/api/v1/keys", &cookie, &[OWN_PAGE]).status,
        201
    );

    // What is stored does not let anyone in.
    let (_, token) = cookie.split_once('=').unwrap();
    assert!(
        tables::everything(&server.db)
            .iter()
            .all(|(_, row)| !row.contains(token))
    );
    server
        .get_as(token, "/api/v1/features")
        .expect_problem(401, "unauthenticated");

    let out = with_cookie(&server, "DELETE", "/api/v1/session", &cookie, &[OWN_PAGE]);
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    with_cookie(&server, "GET", "/api/v1/features", &cookie, &[OWN_PAGE]).expect_problem(401, "unauthenticated");
}

#[test]
fn other_pages_cannot_use_a_session() {
    let server = TestServer::start();
    let cookie = sign_in(&server, &json!({"key": server.key}));
    let host = server.address().to_string();
    let own = format!("http://{host}");
    let read = |headers: &[(&str, &str)]| with_cookie(&server, "GET", "/api/v1/features", &cookie, headers).status;
    let write = |headers: &[(&str, &str)]| with_cookie(&server, "POST", "/api/v1/keys", &cookie, headers).status;
    for foreign in [
        [("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
        [("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:1")],
        [("origin", "http://127.0.0.1:1"), ("host", host.as_str())],
        [("origin", "null"), ("host", host.as_str())],
    ] {
        assert_eq!((read(&foreign), write(&foreign)), (403, 403), "{foreign:?}");
    }
    assert_eq!((read(&[]), write(&[])), (200, 403), "who does not say may read");
    assert_eq!((read(&[("origin", &own)]), write(&[("origin", &own)])), (200, 201));
    // A key is no ambient authority: with it, any page may call.
    let foreign = [("sec-fetch-site", "cross-site"), ("cookie", cookie.as_str())];
    let answer = server.request("GET", "/api/v1/features", Some(&server.key), &foreign, b"");
    assert_eq!(answer.status, 200);
    // Nor can another page sign a visitor in as someone else.
    let body = json!({"key": server.key}).to_string();
    server
        .request("POST", "/api/v1/session", None, &foreign, body.as_bytes())
        .expect_problem(403, "forbidden");
}

#[test]
fn a_session_may_do_what_its_key_may_and_ends_with_it() {
    let server = TestServer::start();
    let reader = server.key_with(&[Scope::Read]);
    let cookie = sign_in(&server, &json!({"key": reader}));
    let session = |method: &str, path: &str| with_cookie(&server, method, path, &cookie, &[OWN_PAGE]);
    let whose = session("GET", "/api/v1/session").expect(200);
    assert_eq!(whose["key"]["scopes"], json!(["read"]));
    session("POST", "/api/v1/keys").expect_problem(403, "forbidden");
    let path = format!("/api/v1/keys/{}", whose["key"]["id"].as_str().unwrap());
    assert_eq!(server.request("DELETE", &path, Some(&server.key), &[], b"").status, 204);
    session("GET", "/api/v1/features").expect_problem(401, "unauthenticated");

    let refused = |body: serde_json::Value| {
        server.request(
            "POST",
            "/api/v1/session",
            None,
            &[OWN_PAGE],
            body.to_string().as_bytes(),
        )
    };
    refused(json!({"key": reader})).expect_problem(401, "unauthenticated");
    refused(json!({"key": server.key_with(&[Scope::Ingest])})).expect_problem(403, "forbidden");
    for body in [
        json!({}),
        json!({"key": 7}),
        json!({"key": server.key, "token": "t"}),
        json!({"name": "x"}),
    ] {
        refused(body).expect_problem(422, "invalid_body");
    }
}

#[test]
fn a_link_signs_in_once() {
    let server = TestServer::start();
    let token = server
        .db
        .with(|conn| {
            let key = keys::of_project(conn, 1)?.remove(0);
            let (token, link) = session::new_link(key.id);
            sessions::insert(conn, &link)?;
            Ok::<_, StoreError>(token)
        })
        .unwrap();
    let as_session = format!("calibrant_session={token}");
    assert_eq!(
        with_cookie(&server, "GET", "/api/v1/features", &as_session, &[OWN_PAGE]).status,
        401
    );
    let cookie = sign_in(&server, &json!({"token": token}));
    assert_eq!(
        with_cookie(&server, "GET", "/api/v1/features", &cookie, &[OWN_PAGE]).status,
        200
    );
    let again = json!({"token": token}).to_string();
    server
        .request("POST", "/api/v1/session", None, &[OWN_PAGE], again.as_bytes())
        .expect_problem(401, "unauthenticated");
}

#[test]
fn pages_are_served_and_the_api_is_not_shadowed() {
    let server = TestServer::start();
    let browse = |path: &str| server.request("GET", path, None, &[("accept", "text/html,*/*;q=0.8")], b"");
    for path in ["/", "/features/email.draft", "/compare?feature=x", "/sign-in"] {
        let page = browse(path);
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert!(page.text().contains("<title>Calibrant</title>"));
    }
    for path in [
        "/api/v1/nothing",
        "/api",
        "/compat/x",
        "/assets/nothing.js",
        "/docs/nothing",
    ] {
        assert_eq!(browse(path).status, 404, "{path}");
    }
    // Programs are told that there is nothing.
    server
        .request("GET", "/features", None, &[], b"")
        .expect_problem(404, "not_found");
    server
        .request("POST", "/", None, &[("accept", "text/html")], b"")
        .expect_problem(404, "not_found");
}

#[test]
fn built_files_are_kept_by_browsers_for_good() {
    let server = TestServer::start();
    let get = |path: &str, headers: &[(&str, &str)]| server.request("GET", path, None, headers, b"");
    let page = get("/", &[]);
    let Some(script) = page
        .text()
        .split('"')
        .find(|text| text.starts_with("/assets/") && text.ends_with(".js"))
        .map(str::to_owned)
    else {
        println!("SKIPPED: the dashboard is not in this build; `make web` builds it");
        assert!(page.text().contains("make web"), "the page says how to build it");
        return;
    };
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    let tag = page.header("etag").unwrap();
    assert_eq!(get("/", &[("if-none-match", tag)]).status, 304);
    let plain = get(&script, &[("accept-encoding", "identity")]);
    let packed = get(&script, &[("accept-encoding", "br, gzip")]);
    for answer in [&plain, &packed] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(
            answer.header("cache-control"),
            Some("public, max-age=31536000, immutable")
        );
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
    }
    assert_ne!(plain.header("etag"), packed.header("etag"));
    assert_eq!(get(&format!("{script}.gz"), &[]).status, 404);
}
