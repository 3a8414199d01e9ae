//! Clients that send until they are told to stop, and remember what was acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};

use super::program::{KEY, Program};
use crate::support::Client;

const CLIENTS: usize = 4;
/// Outputs in one request, with three events each.
const OUTPUTS: usize = 10;
/// Events in one request.
const ALL: usize = 3 * OUTPUTS;
/// How long a client waits before it goes on.
const WHEN_REFUSED: Duration = Duration::from_millis(200);

pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Sent>>,
}

/// What became of the requests, by body.
#[derive(Default)]
pub struct Sent {
    pub acknowledged: Vec<String>,
    /// Answered with an error, or not at all: stored or not, nobody knows.
    pub unknown: Vec<String>,
    /// The statuses of errors.
    pub refused: Vec<u16>,
}

impl Load {
    pub fn start(address: SocketAddr, name: &'static str) -> Load {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |number| {
            let stop = Arc::clone(&stop);
            thread::spawn(move || send(address, name, number, &stop))
        };
        Load {
            clients: (0..CLIENTS).map(client).collect(),
            stop,
        }
    }

    pub fn stop(self) -> Sent {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Sent::default();
        for client in self.clients {
            let sent = client.join().unwrap();
            all.acknowledged.extend(sent.acknowledged);
            all.unknown.extend(sent.unknown);
            all.refused.extend(sent.refused);
        }
        all
    }
}

fn send(address: SocketAddr, name: &str, number: usize, stop: &AtomicBool) -> Sent {
    let client = Client::new(address);
    let mut sent = Sent::default();
    for request in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let body = body(&format!("{name}-{number}-{request}"));
        match client.try_request("POST", "/api/v1/events", Some(KEY), &[], body.as_bytes()) {
            Ok(answer) if answer.status == 200 => {
                assert_eq!(stored(&answer.json()), ALL, "{}", answer.text());
                sent.acknowledged.push(body);
            }
            Ok(answer) => {
                sent.refused.push(answer.status);
                sent.unknown.push(body);
                thread::sleep(WHEN_REFUSED);
            }
            Err(_) => {
                sent.unknown.push(body);
                thread::sleep(WHEN_REFUSED);
            }
        }
    }
    sent
}

/// Outputs that were shown, taken and rated, of a handful of users.
fn body(name: &str) -> String {
    let events: Vec<Value> = (0..OUTPUTS)
        .flat_map(|output| {
            let id = format!("{name}-{output}");
            let user = format!("u-{}", output % 7);
            let decision = if output % 3 == 0 { "reject" } else { "accept" };
            [
                json!({"type": "shown", "id": format!("{id}-s"), "output_id": id, "feature": "load", "user_id": user,
                    "confidence": output as f64 / OUTPUTS as f64}),
                json!({"type": decision, "id": format!("{id}-d"), "output_id": id}),
                json!({"type": "rate", "id": format!("{id}-r"), "output_id": id, "rating": 1}),
            ]
        })
        .collect();
    json!({"events": events}).to_string()
}

/// How many events an answer says are in the log, by this request or by an earlier one.
fn stored(answer: &Value) -> usize {
    let of = |name: &str| answer[name].as_u64().unwrap() as usize;
    of("created") + of("duplicates")
}

impl Sent {
    /// Everything acknowledged is there; with the rest sent again, everything is there exactly once; and a rebuild finds
    /// the same numbers.
    #[track_caller]
    pub fn check(&self, server: &Program, rebuild: impl FnOnce()) {
        assert!(self.acknowledged.len() > 10, "{} requests", self.acknowledged.len());
        for body in &self.acknowledged {
            let answer = server.post("/api/v1/events", body).expect(200);
            assert_eq!(answer["duplicates"], ALL, "acknowledged and lost: {answer}");
        }
        for body in &self.unknown {
            let answer = server.post("/api/v1/events", body).expect(200);
            assert_eq!(stored(&answer), ALL, "{answer}");
        }
        let requests = self.acknowledged.len() + self.unknown.len();
        let status = server.settle();
        assert_eq!(status["log_position"], requests * ALL, "{status}");
        let before = numbers(server);
        let metrics = &before["data"][0]["metrics"];
        for id in ["shown", "decided", "rating_mean"] {
            assert_eq!(metrics[id]["n"], requests * OUTPUTS, "{id}: {before}");
        }
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
