//! Retention while events come in: what was acknowledged is folded, late, or counted as gone.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use calibrant::store::Db;
use serde_json::json;

use super::{event, let_go_beside, let_go_in, metric, patch, sound, status};
use crate::crash::program::wait_until;
use crate::support::{Client, TestServer, fresh_database, tables};

const CLIENTS: i64 = 2;
const TIME: Duration = Duration::from_secs(3);

#[test]
fn nothing_acknowledged_is_lost_while_old_data_goes() {
    let server = TestServer::start();
    patch(
        &server,
        &json!({"retain_events_days": 30, "retain_outputs_days": 30, "retain_texts_days": 10}),
    )
    .expect(200);
    let (stopped, created) = (AtomicBool::new(false), AtomicU64::new(0));
    let shown = AtomicU64::new(0);
    let slowest = thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (stopped, created, shown) = (&stopped, &created, &shown);
            let (address, key) = (server.address(), server.key.clone());
            scope.spawn(move || {
                let sender = Client::new(address);
                for round in 0.. {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    // New outputs of all ages, and feedback on earlier ones, which may be sealed or gone by now.
                    let mut events = Vec::new();
                    for number in 0..20 {
                        let (name, age) = (format!("{client}-{round}-{number}"), (number * 7 + round) % 30);
                        let mut new = event("shown", &name, age);
                        new["output"] = json!("some words");
                        new["aliases"] = json!([format!("{name}-response")]);
                        events.push(new);
                        events.push(event(
                            "accept",
                            &format!("{client}-{}-{number}-response", (round - 3).max(0)),
                            0,
                        ));
                    }
                    let mut ids = std::collections::BTreeSet::new();
                    for event in &mut events {
                        let id = format!("{}-{round}", event["id"].as_str().unwrap());
                        event["feature"] = if event["type"] == "shown" {
                            json!("f")
                        } else {
                            json!(null)
                        };
                        if event["feature"].is_null() {
                            event.as_object_mut().unwrap().remove("feature");
                        }
                        assert!(ids.insert(id.clone()));
                        event["id"] = json!(id);
                    }
                    let body = json!({"events": events}).to_string();
                    let answer = sender.request("POST", "/api/v1/events", Some(&key), &[], body.as_bytes());
                    let answer = answer.expect(200);
                    created.fetch_add(answer["created"].as_u64().unwrap(), Ordering::Relaxed);
                    shown.fetch_add(20, Ordering::Relaxed);
                }
            });
        }
        let started = Instant::now();
        let mut slowest = Duration::ZERO;
        let mut days = 0;
        while started.elapsed() < TIME {
            let pass = Instant::now();
            let_go_beside(&server, days % 25);
            slowest = slowest.max(pass.elapsed());
            days += 1;
        }
        stopped.store(true, Ordering::Relaxed);
        slowest
    });
    let told = status(&server);
    let created = created.into_inner();
    assert!(created > 200, "{created} events, slowest pass {slowest:?}");
    assert_eq!(told["log_position"], created, "{told}");
    let kept = tables::rows(&server.db, "SELECT 1 AS one FROM events").len() as u64;
    assert_eq!(told["expired_events"].as_u64().unwrap() + kept, created);
    assert!(told["expired_events"].as_u64().unwrap() > 0, "{told}");
    assert_eq!(metric(&server, "shown")["value"], shown.into_inner());
    let checked = sound(&server.db);
    assert_eq!(checked.events as u64, kept);
    let_go_in(&server, 60);
    sound(&server.db);
}

/// Nobody has to run a command.
#[test]
fn a_server_lets_go_by_itself() {
    let url = fresh_database();
    let start = || TestServer::over(Db::connect(&url, 4).unwrap());
    {
        let server = start();
        server.send(json!({"events": [event("shown", "old", 40), event("shown", "new", 1)]}).to_string());
        patch(&server, &json!({"retain_outputs_days": 30})).expect(200);
    }
    let server = start();
    wait_until("the old output is gone", || {
        tables::rows(&server.db, "SELECT 1 AS one FROM outputs").len() == 1
    });
    assert_eq!(status(&server)["expired_events"], 1);
    assert_eq!(metric(&server, "shown")["value"], 2);
    sound(&server.db);
}
