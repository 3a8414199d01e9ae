//! Many times the load that the server can take: it says so, stays small, loses nothing, and goes on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use calibrant::api::body::HELD_BYTES;
use serde_json::{Value, json};

use crate::crash::program::{DataDir, KEY, Program, wait_until};
use crate::support::Client;
use crate::support::wire::Wire;

/// Requests per second that one key may send in this test.
const RATE: &str = "5";
/// Resident memory of the server that is too much.
const MOST_KIB: u64 = 1_024 * 1024;

/// Clients that hold the memory.
const HOLDERS: usize = 28;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// What the server answered to one kind of client.
#[derive(Default)]
struct Heard {
    statuses: BTreeMap<u16, usize>,
    created: u64,
}

/// The flood lasts longer in `make torture`.
fn length() -> Duration {
    let long = std::env::var_os("CALIBRANT_TORTURE").is_some();
    Duration::from_secs(if long { 60 } else { 3 })
}

/// Sends one request after the other until told to stop, each about outputs of its own: `@` in the body becomes a new number.
fn flood(address: SocketAddr, key: &str, path: &str, template: &str, stop: &AtomicBool) -> Heard {
    let client = Client::new(address);
    let mut heard = Heard::default();
    while !stop.load(Ordering::Relaxed) {
        let body = template.replace('@', &NEXT.fetch_add(1, Ordering::Relaxed).to_string());
        // Refused while it still sent: some clients see the connection end before they read why.
        let Ok(answer) = client.try_request("POST", path, Some(key), &[], body.as_bytes()) else {
            *heard.statuses.entry(0).or_default() += 1;
            continue;
        };
        *heard.statuses.entry(answer.status).or_default() += 1;
        match answer.status {
            200 => heard.created += answer.json()["created"].as_u64().unwrap_or_default(),
            429 | 503 => {
                assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
                assert!(["rate_limited", "overloaded"].contains(&answer.json()["code"].as_str().unwrap()));
            }
            other => panic!("{other}: {}", answer.text()),
        }
    }
    heard
}

/// A client that sends nearly ten megabytes and does not come to the end. [`HOLDERS`] of them leave less of what may be held than
/// the question after them takes.
fn hold_memory(address: SocketAddr, key: &str) -> Wire {
    let mut wire = Wire::open(address);
    wire.send(format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key}\r\nContent-Length: 10000000\r\n\r\n"
    ));
    wire.send(vec![b' '; HELD_BYTES / HOLDERS - 1_000]);
    wire
}

/// The largest resident memory so far.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn a_flood_is_refused_in_good_order() {
    let data = DataDir::new();
    let server = Program::start(data.command(&["serve", "--rate-requests", RATE]), data.path());
    let key = |name: &str| -> String {
        let asked = json!({"name": name, "scopes": ["ingest", "read"]}).to_string();
        server.post("/api/v1/keys", &asked).expect(201)["key"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let small = r#"{"type":"accept","output_id":"@","feature":"f"}"#.to_owned();
    let shown = |number| json!({"type": "shown", "output_id": format!("@-{number}"), "feature": "f", "input": "x".repeat(1_000)});
    let batch = Value::from_iter((0..10).map(shown)).to_string();
    let question = r#"{"metrics":["acceptance_rate","shown"],"group_by":["feature"],"granularity":"hour"}"#.to_owned();
    let kinds = [
        ("small", 8, key("small"), "/api/v1/events", small),
        ("batches", 4, key("batches"), "/api/v1/events", batch),
        ("questions", 4, key("questions"), "/api/v1/query", question),
    ];
    let stop = AtomicBool::new(false);
    let address = server.client.address;
    let heard: Vec<Heard> = thread::scope(|scope| {
        let clients: Vec<Vec<_>> = kinds
            .iter()
            .map(|(_, count, key, path, body)| {
                let client = |_| scope.spawn(|| flood(address, key, path, body, &stop));
                (0..*count).map(client).collect()
            })
            .collect();
        thread::sleep(length());
        stop.store(true, Ordering::Relaxed);
        let joined = clients.into_iter().map(|clients| {
            clients.into_iter().fold(Heard::default(), |mut all, client| {
                let heard = client.join().unwrap();
                all.created += heard.created;
                heard
                    .statuses
                    .into_iter()
                    .for_each(|(status, count)| *all.statuses.entry(status).or_default() += count);
                all
            })
        });
        joined.collect()
    });

    let started = Instant::now();
    let ask = || {
        let question = format!(r#"{}{{"metrics":["shown"]}}"#, " ".repeat(200_000));
        server
            .client
            .request("POST", "/api/v1/query", Some(KEY), &[], question.as_bytes())
    };
    wait_until("the server answers again", || ask().status == 200);
    let calm = started.elapsed();
    let holder = key("holder");
    let mut holders: Vec<Wire> = (0..HOLDERS).map(|_| hold_memory(address, &holder)).collect();
    wait_until("the memory is full", || {
        let answer = ask();
        // A question that found room may have taken it from the last of them.
        if answer.status == 200 {
            holders.push(hold_memory(address, &holder));
        }
        answer.status == 503 && answer.header("retry-after") == Some("1")
    });
    drop(holders);
    wait_until("the memory is given back", || ask().status == 200);
    let peak = peak_kib(server.pid());
    for ((name, ..), heard) in kinds.iter().zip(&heard) {
        eprintln!("{name}: {:?}, {} events", heard.statuses, heard.created);
    }
    eprintln!("peak {} MiB; answered {:?} after the flood", peak / 1024, calm);
    assert!(heard[0].statuses.contains_key(&200) && heard[0].statuses.contains_key(&429));
    assert!(
        heard.iter().all(|heard| heard.statuses.contains_key(&200)),
        "each kind is answered"
    );
    assert!(peak < MOST_KIB, "{peak} KiB");
    // Each client was asked to stop between requests, so that every event that is stored was acknowledged.
    let acknowledged: u64 = heard.iter().map(|heard| heard.created).sum();
    assert_eq!(server.settle()["log_position"], acknowledged);
}
