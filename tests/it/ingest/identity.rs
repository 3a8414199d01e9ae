//! A repeated event changes nothing, and a retry is always safe.

use serde_json::{Value, json};

use super::{EVENT, logged, output};
use crate::support::TestServer;

const FIRST: &str = r#"{"id":"e","type":"accept","output_id":"o","feature":"f","occurred_at":"2026-01-02T03:04:05Z"}"#;

#[test]
fn a_repeated_id_is_a_duplicate_in_whatever_form_it_comes() {
    let server = TestServer::start();
    assert_eq!(server.post("/api/v1/events", FIRST).expect(200)["created"], 1);
    let reordered =
        r#"{"occurred_at":"2026-01-02T04:04:05+01:00","feature":"f","output_id":"o","type":"approve","id":"e"}"#;
    for body in [FIRST.to_owned(), format!("[{FIRST},{FIRST}]"), reordered.to_owned()] {
        let answer = server.post("/api/v1/events", &body).expect(200);
        assert_eq!(answer["created"], 0, "{body}");
        assert_eq!(answer["results"][0]["status"], "duplicate");
    }
    assert_eq!(logged(&server), 1);
}

#[test]
fn the_same_id_with_other_content_is_a_conflict_and_the_first_stays() {
    let server = TestServer::start();
    server.send(FIRST);
    for (field, value) in [
        ("type", json!("reject")),
        ("output_id", json!("another")),
        ("feature", json!("g")),
        ("occurred_at", json!("2026-01-02T03:04:06Z")),
        ("confidence", json!(0.5)),
        ("aliases", json!(["z"])),
    ] {
        let mut other: Value = serde_json::from_str(FIRST).unwrap();
        other[field] = value;
        let answer = server.post("/api/v1/events", other.to_string()).expect(207);
        let result = &answer["results"][0];
        assert_eq!(
            (&result["code"], &result["http_status"]),
            (&"id_conflict".into(), &409.into()),
            "{field}"
        );
        assert_eq!((&result["id"], &result["path"]), (&"e".into(), &"events[0].id".into()));
    }
    server.settle();
    let kept = output(&server, "o");
    assert_eq!((&kept["decision"], &kept["feature"]), (&"accepted".into(), &"f".into()));
    server.get("/api/v1/outputs/another").expect_problem(404, "not_found");
    server.get("/api/v1/outputs/z").expect_problem(404, "not_found");
}

#[test]
fn an_idempotency_key_names_events_that_have_no_id() {
    let server = TestServer::start();
    let other = EVENT.replace("\"o\"", "\"p\"");
    let send = |key: &str, body: String, status: u16| {
        let headers = [("idempotency-key", key)];
        let answer = server.request("POST", "/api/v1/events", Some(&server.key), &headers, body.as_bytes());
        let answer = answer.expect(status);
        ["created", "duplicates", "rejected"].map(|name| answer[name].as_u64().unwrap())
    };
    assert_eq!(send("k", format!("[{EVENT},{other}]"), 200), [2, 0, 0]);
    assert_eq!(send("k", format!("[{EVENT},{other}]"), 200), [0, 2, 0]);
    // More was added at the end; a request that was changed at the start is told so.
    assert_eq!(send("k", format!("{EVENT}\n{other}\n{EVENT}"), 200), [1, 2, 0]);
    assert_eq!(send("k", other.clone(), 207), [0, 0, 1]);
    assert_eq!(send("l", other, 200), [1, 0, 0]);
    // Ids win over the key.
    assert_eq!(send("k", FIRST.to_owned(), 200), [1, 0, 0]);
    assert_eq!(send("m", FIRST.to_owned(), 200), [0, 1, 0]);
    assert_eq!(logged(&server), 5);
}

#[test]
fn projects_do_not_share_ids() {
    let server = TestServer::start();
    let (_, other) = server.project("other");
    server.send(FIRST);
    let answer = server
        .post_as(&other, "/api/v1/events", FIRST.replace("accept", "reject"))
        .expect(200);
    assert_eq!(answer["created"], 1);
    server.settle();
    assert_eq!(output(&server, "o")["decision"], "accepted");
    assert_eq!(
        server.get_as(&other, "/api/v1/outputs/o").expect(200)["decision"],
        "rejected"
    );
}
