//! Whoever waits for new numbers is told of them, and holds nobody up.

use std::thread;
use std::time::{Duration, Instant};

use calibrant::api::position::{LONGEST, WAITING_ONE_IN};
use calibrant::api::rate::Rates;
use calibrant::state::Limits;
use serde_json::Value;

use crate::crash::program::DataDir;
use crate::support::wire::Wire;
use crate::support::{TestServer, fresh_db};

/// Well before a wait ends by itself.
const SOON: Duration = Duration::from_secs(10);

fn event(output: &str) -> String {
    format!(r#"{{"type":"accept","output_id":"{output}","feature":"f"}}"#)
}

fn position(answer: &Value) -> i64 {
    answer["log_position"].as_i64().unwrap()
}

#[track_caller]
fn now(server: &TestServer, query: &str) -> i64 {
    let started = Instant::now();
    let answer = server.get(&format!("/api/v1/position{query}")).expect(200);
    assert!(started.elapsed() < SOON, "{query} waited");
    position(&answer)
}

#[test]
fn who_knows_less_or_nothing_does_not_wait() {
    let server = TestServer::start();
    assert_eq!(now(&server, ""), 0);
    server.send(event("a"));
    assert_eq!(now(&server, ""), 1);
    assert_eq!(now(&server, "?after=0"), 1);
    assert_eq!(now(&server, "?after=7"), 1);
    server
        .get("/api/v1/position?after=x")
        .expect_problem(400, "invalid_parameter");
    server
        .request("GET", "/api/v1/position", None, &[], b"")
        .expect_problem(401, "unauthenticated");
}

#[test]
fn new_numbers_are_told_of_and_those_of_others_are_not() {
    let server = TestServer::start();
    let (_, other) = server.project("other");
    server.send(event("a"));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let answer = server.get("/api/v1/position?after=1").expect(200);
            (position(&answer), Instant::now())
        });
        thread::sleep(Duration::from_millis(500));
        server.post_as(&other, "/api/v1/events", event("b")).expect(200);
        server.settle();
        thread::sleep(Duration::from_millis(500));
        assert!(!waiting.is_finished(), "another project's numbers moved");
        let sent = Instant::now();
        server.post("/api/v1/events", event("c")).expect(200);
        let (position, told) = waiting.join().unwrap();
        assert_eq!(position, 2);
        let after = told - sent;
        println!("told after {after:?}");
        assert!(after < SOON, "told after {after:?}");
    });
}

#[test]
fn a_wait_has_an_end_and_places_are_counted() {
    let connections = 80;
    let limits = Limits {
        connections,
        ..Limits::with_rates(Rates::UNLIMITED)
    };
    let server = TestServer::limited(fresh_db(), limits);
    let request = format!(
        "GET /api/v1/position?after=0 HTTP/1.1\r\nHost: x\r\nX-Api-Key: {}\r\nConnection: close\r\n\r\n",
        server.key
    );
    let started = Instant::now();
    let waiting: Vec<Wire> = (0..connections / WAITING_ONE_IN)
        .map(|_| {
            let mut wire = Wire::open(server.address());
            assert!(wire.send(&request));
            wire
        })
        .collect();
    thread::sleep(Duration::from_secs(2));
    // Those that wait are all in their places once one more finds none.
    let mut at_once = false;
    while !at_once && started.elapsed() < LONGEST {
        let asked = Instant::now();
        server.get("/api/v1/position?after=0").expect(200);
        at_once = asked.elapsed() < LONGEST / 4;
    }
    assert!(at_once, "everyone waits");
    // Whoever has other questions is answered meanwhile.
    server.get("/api/v1/status").expect(200);
    for wire in waiting {
        assert!(wire.rest().ends_with(r#"{"log_position":0}"#));
    }
    assert!(started.elapsed() > LONGEST);
}

#[test]
fn a_server_that_is_told_to_stop_lets_them_go() {
    let data = DataDir::new();
    let mut server = data.serve();
    let address = server.client.address;
    let waiting = thread::spawn(move || {
        let client = crate::support::Client::new(address);
        client.request(
            "GET",
            "/api/v1/position?after=0",
            Some(crate::crash::program::KEY),
            &[],
            b"",
        )
    });
    thread::sleep(Duration::from_secs(1));
    assert!(!waiting.is_finished());
    let started = Instant::now();
    assert!(server.stop());
    assert!(started.elapsed() < LONGEST / 2, "the end took {:?}", started.elapsed());
    assert_eq!(position(&waiting.join().unwrap().expect(200)), 0);
}
