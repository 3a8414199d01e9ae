//! Clients that send until they are told to stop, and remember what was acknowledged.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::program::{KEY, Program, wait_until};
use crate::support::Client;

const CLIENTS: usize = 4;
/// Outputs in one batch, with three events each.
const OUTPUTS: usize = 10;
/// How long a client waits before it goes on.
const WHEN_REFUSED: Duration = Duration::from_millis(200);

pub struct Load {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Sent>>,
}

struct Shared {
    stop: AtomicBool,
    acknowledged: AtomicUsize,
    /// Where the server is. Another may take its place.
    address: Mutex<SocketAddr>,
}

/// A body and what is in it.
#[derive(Clone)]
pub struct Request {
    body: String,
    /// Events with ids of their own.
    events: usize,
    /// Outputs that it shows, decides and rates.
    outputs: usize,
}

/// What became of the requests.
#[derive(Default)]
pub struct Sent {
    pub acknowledged: Vec<Request>,
    /// Answered with an error, or not at all: stored or not, nobody knows.
    pub unknown: Vec<Request>,
    /// The statuses of errors.
    pub refused: Vec<u16>,
}

impl Load {
    /// The same seed sends the same requests.
    pub fn start(address: SocketAddr, name: &str, seed: u64) -> Load {
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            acknowledged: AtomicUsize::new(0),
            address: Mutex::new(address),
        });
        let client = |number: usize| {
            let sender = Sender {
                name: format!("{name}-{number}"),
                dice: StdRng::seed_from_u64(seed.wrapping_add(number as u64)),
                requests: 0,
                sent: Sent::default(),
            };
            let shared = Arc::clone(&shared);
            thread::spawn(move || sender.run(&shared))
        };
        Load {
            clients: (0..CLIENTS).map(client).collect(),
            shared,
        }
    }

    /// Goes on with another server.
    pub fn follow(&self, address: SocketAddr) {
        *self.shared.address.lock().unwrap() = address;
    }

    /// Waits until so many more requests are acknowledged.
    pub fn wait_for(&self, requests: usize) {
        let acknowledged = || self.shared.acknowledged.load(Ordering::Relaxed);
        let wanted = acknowledged() + requests;
        wait_until("requests are acknowledged", || acknowledged() >= wanted);
    }

    pub fn stop(self) -> Sent {
        self.shared.stop.store(true, Ordering::Relaxed);
        let mut all = Sent::default();
        for client in self.clients {
            all.extend(client.join().unwrap());
        }
        all
    }
}

/// One client.
struct Sender {
    name: String,
    dice: StdRng,
    requests: usize,
    sent: Sent,
}

impl Sender {
    fn run(mut self, shared: &Shared) -> Sent {
        let mut address = *shared.address.lock().unwrap();
        let mut client = Client::new(address);
        while !shared.stop.load(Ordering::Relaxed) {
            let now = *shared.address.lock().unwrap();
            if now != address {
                (address, client) = (now, Client::new(now));
            }
            let (request, repeated) = self.next();
            let answer = client.try_request("POST", "/api/v1/events", Some(KEY), &[], request.body.as_bytes());
            if let Ok(answer) = &answer
                && answer.status == 200
            {
                let answer = answer.json();
                assert_eq!(stored(&answer), request.events, "{answer}");
                shared.acknowledged.fetch_add(1, Ordering::Relaxed);
                if repeated {
                    assert_eq!(answer["duplicates"], request.events, "acknowledged and lost: {answer}");
                } else {
                    self.sent.acknowledged.push(request);
                }
                continue;
            }
            self.sent.refused.extend(answer.ok().map(|answer| answer.status));
            if !repeated {
                self.sent.unknown.push(request);
            }
            thread::sleep(WHEN_REFUSED);
        }
        self.sent
    }

    /// A batch mostly, else a single event that comes late, else something acknowledged once more.
    fn next(&mut self) -> (Request, bool) {
        let known = self.sent.acknowledged.len();
        match self.dice.random_range(0..8) {
            0 if known > 0 => (self.sent.acknowledged[self.dice.random_range(0..known)].clone(), true),
            1..=3 if self.requests > 0 => (self.late(), false),
            _ => (self.batch(), false),
        }
    }

    /// Outputs that were shown, taken under one of their names, and rated, of a handful of users.
    fn batch(&mut self) -> Request {
        let mut events = Vec::with_capacity(3 * OUTPUTS);
        for output in 0..OUTPUTS {
            let id = format!("{}-{}-{output}", self.name, self.requests);
            let other = format!("{id}-response");
            let user = format!("u-{}", output % 7);
            let decision = if output % 3 == 0 { "reject" } else { "accept" };
            let named = if self.dice.random_bool(0.5) { &id } else { &other };
            events.push(
                json!({"type": "shown", "id": format!("{id}-s"), "output_id": id, "feature": "load", "user_id": user,
                "aliases": [other], "output": "some words", "confidence": output as f64 / OUTPUTS as f64}),
            );
            events.push(json!({"type": decision, "id": format!("{id}-d"), "output_id": named}));
            events.push(json!({"type": "rate", "id": format!("{id}-r"), "output_id": id, "rating": 1}));
        }
        self.requests += 1;
        Request {
            events: events.len(),
            outputs: OUTPUTS,
            body: json!({"events": events}).to_string(),
        }
    }

    /// Feedback on an output of an earlier batch, which may never have arrived.
    fn late(&mut self) -> Request {
        let batch = self.dice.random_range(0..self.requests);
        let output = self.dice.random_range(0..OUTPUTS);
        let (id, number) = (format!("{}-{batch}-{output}", self.name), self.dice.random::<u64>());
        let event = match self.dice.random_range(0..3) {
            0 => json!({"type": "judge", "correct": self.dice.random_bool(0.7)}),
            1 => json!({"type": "comment", "comment": "on second thought"}),
            _ => json!({"type": "copy"}),
        };
        let mut body = event;
        body["id"] = json!(format!("{id}-{number}"));
        body["output_id"] = json!(id);
        Request {
            body: body.to_string(),
            events: 1,
            outputs: 0,
        }
    }
}

/// How many events an answer says are in the log, by this request or by an earlier one.
fn stored(answer: &Value) -> usize {
    let of = |name: &str| answer[name].as_u64().unwrap() as usize;
    of("created") + of("duplicates")
}

impl Sent {
    pub fn extend(&mut self, other: Sent) {
        self.acknowledged.extend(other.acknowledged);
        self.unknown.extend(other.unknown);
        self.refused.extend(other.refused);
    }

    /// Events of all requests.
    pub fn events(&self) -> usize {
        self.requests().map(|request| request.events).sum()
    }

    pub fn outputs(&self) -> usize {
        self.requests().map(|request| request.outputs).sum()
    }

    fn requests(&self) -> impl Iterator<Item = &Request> {
        self.acknowledged.iter().chain(&self.unknown)
    }

    /// Errors are those that tell a client to come back.
    #[track_caller]
    pub fn assert_only_unavailable(&self) {
        let other: Vec<u16> = self.refused.iter().copied().filter(|status| *status != 503).collect();
        assert!(other.is_empty(), "{other:?}");
    }

    /// Everything acknowledged is there; the rest is sent again until it is.
    #[track_caller]
    pub fn assert_stored(&self, server: &Program) {
        for request in &self.acknowledged {
            let answer = server.post("/api/v1/events", &request.body).expect(200);
            assert_eq!(answer["duplicates"], request.events, "acknowledged and lost: {answer}");
        }
        for request in &self.unknown {
            let answer = server.post("/api/v1/events", &request.body).expect(200);
            assert_eq!(stored(&answer), request.events, "{answer}");
        }
    }

    /// Everything is there exactly once, and in the numbers.
    #[track_caller]
    pub fn assert_counted_once(&self, server: &Program) {
        let status = server.settle();
        assert_eq!(status["log_position"], self.events(), "{status}");
        let numbers = numbers(server);
        let metrics = &numbers["data"][0]["metrics"];
        for id in ["shown", "decided", "rating_mean"] {
            assert_eq!(metrics[id]["n"], self.outputs(), "{id}: {numbers}");
        }
    }

    /// All of that, and a rebuild finds the same numbers.
    #[track_caller]
    pub fn check(&self, server: &Program, rebuild: impl FnOnce()) {
        assert!(self.acknowledged.len() > 10, "{} requests", self.acknowledged.len());
        self.assert_stored(server);
        self.assert_counted_once(server);
        let before = numbers(server);
        rebuild();
        server.settle();
        assert_eq!(numbers(server), before);
    }
}

/// What the metrics say, without what depends on when they are asked.
fn numbers(server: &Program) -> Value {
    let question = json!({"metrics": ["shown", "decided", "users", "acceptance_rate", "rating_mean", "brier_acceptance",
        "auroc_acceptance", "ece_10_acceptance"], "group_by": ["feature"]});
    let mut answer = server.post("/api/v1/query", &question.to_string()).expect(200);
    answer["meta"].take();
    answer
}
