//! Files and answers that a server holds in memory.

use serde_json::json;

use super::{erase, of_others, of_user, send};
use crate::retention::{let_go_in, patch};
use crate::support::{Answer, TestServer};

const FILE: &str = "/api/v1/exports/outputs.parquet";

fn read(server: &TestServer, key: &str, method: &str, path: &str, range: Option<&str>) -> Answer {
    let headers: Vec<(&str, &str)> = range.into_iter().map(|range| ("range", range)).collect();
    server.request(method, path, Some(key), &headers, b"")
}

fn names_the_user(answer: &Answer) -> bool {
    let has = |word: &[u8]| answer.body.windows(word.len()).any(|bytes| bytes == word);
    has("anna".as_bytes()) || has("own-response".as_bytes()) || has(b"annas")
}

/// Whoever reads on in a file is told to begin again, on every server, and then gets what is there.
#[test]
fn a_file_in_pieces_forgets_an_erased_user() {
    let server = TestServer::start();
    let other_server = TestServer::over(server.db.clone());
    let other_key = server.key_with(&[calibrant::domain::scope::Scope::Read]);
    send(&server, &server.key, &of_user());
    send(&server, &server.key, &of_others());
    let csv = "/api/v1/outputs?format=csv&limit=100";
    for server in [&server, &other_server] {
        for path in [FILE, csv] {
            let head = read(server, &server.key, "HEAD", path, None);
            assert_eq!(head.status, 200);
            let piece = read(server, &server.key, "GET", path, Some("bytes=0-"));
            assert!(piece.status == 206 && names_the_user(&piece));
        }
        assert!(names_the_user(
            &server.get("/api/v1/query?metrics=shown&group_by=feature")
        ));
    }
    erase(&server);
    for server in [&server, &other_server] {
        for path in [FILE, csv] {
            let told = read(server, &other_key, "GET", path, Some("bytes=0-"));
            told.expect_problem(409, "conflict");
            for range in [Some("bytes=0-"), None] {
                let now = read(server, &server.key, "GET", path, range);
                assert!([200, 206].contains(&now.status), "{}", now.text());
                assert!(!names_the_user(&now) && !now.body.is_empty());
            }
        }
        assert!(!names_the_user(
            &server.get("/api/v1/query?metrics=shown&group_by=feature")
        ));
    }
}

#[test]
fn a_file_in_pieces_forgets_texts_that_are_kept_no_longer() {
    let server = TestServer::start();
    send(&server, &server.key, &of_others());
    let path = "/api/v1/outputs?format=csv&limit=100";
    assert!(
        read(&server, &server.key, "GET", path, None)
            .text()
            .contains("some words")
    );
    assert_eq!(read(&server, &server.key, "GET", path, Some("bytes=0-9")).status, 206);
    patch(&server, &json!({"retain_texts_days": 7})).expect(200);
    assert!(let_go_in(&server, 8).texts > 0);
    read(&server, &server.key, "GET", path, Some("bytes=0-")).expect_problem(409, "conflict");
    let now = read(&server, &server.key, "GET", path, Some("bytes=0-"));
    assert!(now.status == 206 && !now.text().contains("some words"));
}
