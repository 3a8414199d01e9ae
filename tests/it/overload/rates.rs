//! What one key, or one address without a key, may send per second.

use calibrant::api::rate::{BURST, Rates, UNKNOWN_KEYS};
use calibrant::state::Limits;

use crate::support::{Answer, TestServer, fresh_db, tables};

const EVENT: &str = r#"{"type":"accept","output_id":"o","feature":"f"}"#;

fn limited(requests: u32, events: u32) -> TestServer {
    TestServer::limited(fresh_db(), Limits::with_rates(Rates { requests, events }))
}

#[track_caller]
fn check_limited(answer: &Answer) {
    let problem = answer.expect_problem(429, "rate_limited");
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=BURST.as_secs() + 1).contains(&seconds), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("try again"));
}

/// Asks until the answer is 429, which must come within so many requests, and no sooner than after the burst.
#[track_caller]
fn exhaust(burst: usize, mut ask: impl FnMut() -> Answer) -> Answer {
    for asked in 0..20 * burst {
        let answer = ask();
        if answer.status == 429 {
            assert!(asked >= burst, "limited after {asked} requests, not {burst}");
            return answer;
        }
    }
    panic!("nothing was limited");
}

#[test]
fn a_key_has_so_many_requests() {
    let server = limited(1, 0);
    let (_, other) = server.project("other");
    check_limited(&exhaust(10, || server.get("/api/v1/metrics")));
    // Every route of the key, its body unread; no other key, and nothing that needs none.
    check_limited(&server.post("/api/v1/events", EVENT));
    check_limited(&server.post("/api/v1/query", "{"));
    assert_eq!(server.get_as(&other, "/api/v1/metrics").status, 200);
    assert_eq!(server.get("/metrics").status, 200);
    assert!(tables::rows(&server.db, "SELECT 1 FROM events").is_empty());
}

#[test]
fn a_key_has_so_many_events() {
    let server = limited(0, 10);
    let batch = format!("[{}]", vec![EVENT; 300].join(","));
    // A batch may be larger than the bucket; the next one waits for it.
    assert_eq!(server.post("/api/v1/events", &batch).expect(200)["created"], 300);
    check_limited(&server.post("/api/v1/events", EVENT));
    check_limited(&server.get("/api/v1/features"));
    server.settle();
    assert_eq!(tables::rows(&server.db, "SELECT 1 FROM events").len(), 300);
}

#[test]
fn unknown_keys_of_one_address_are_limited() {
    let server = TestServer::start();
    let mut number = 0;
    let burst = (u64::from(UNKNOWN_KEYS) * BURST.as_secs()) as usize;
    let last = exhaust(burst, || {
        number += 1;
        server.get_as(&format!("cal_sk_{number}"), "/api/v1/metrics")
    });
    check_limited(&last);
    // Keys that are known are not concerned, or only until they are.
    let known = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        server.get("/api/v1/metrics").status == 200
    });
    assert!(known);
    server.get_as("cal_sk_new", "/api/v1/metrics");
    assert_eq!(server.get("/api/v1/metrics").status, 200);
}

#[test]
fn a_key_that_is_not_found_is_looked_up_once() {
    let server = TestServer::start();
    let (text, row) = calibrant::api::auth::new_key(1, "later", &calibrant::domain::scope::Scope::ALL);
    server
        .get_as(&text, "/api/v1/metrics")
        .expect_problem(401, "unauthenticated");
    // Made behind the server's back: it does not look again so soon.
    server
        .db
        .with(|conn| calibrant::store::keys::insert(conn, &row).map_err(calibrant::store::StoreError::from))
        .unwrap();
    server
        .get_as(&text, "/api/v1/metrics")
        .expect_problem(401, "unauthenticated");
}
