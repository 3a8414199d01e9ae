//! An erasure while events come in, of the user and of others.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::{USER, erase, sound};
use crate::support::{Client, TestServer, tables};

const CLIENTS: usize = 3;
/// Large batches are written in another way than small ones.
const SIZES: [usize; CLIENTS] = [1, 20, 200];

#[test]
fn nothing_of_the_user_slips_through_and_nothing_of_others_is_lost() {
    let server = TestServer::start();
    let (stopped, created, refused) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for (client, size) in SIZES.into_iter().enumerate() {
            let (stopped, created, refused) = (&stopped, &created, &refused);
            let (address, key) = (server.address(), server.key.clone());
            scope.spawn(move || {
                let sender = Client::new(address);
                for round in 0.. {
                    if stopped.load(Ordering::Relaxed) {
                        return;
                    }
                    let events: Vec<Value> = (0..size.max(2))
                        .map(|number| {
                            let user = if number % 2 == 0 {
                                USER.to_owned()
                            } else {
                                format!("u{number}")
                            };
                            json!({"type": "accept", "id": format!("{client}-{round}-{number}"), "user_id": user,
                                "output_id": format!("{client}-{round}-{number}"), "feature": "f", "final": "words"})
                        })
                        .collect();
                    let body = json!({"events": events}).to_string();
                    let answer = sender
                        .request("POST", "/api/v1/events", Some(&key), &[], body.as_bytes())
                        .json();
                    for (event, result) in events.iter().zip(answer["results"].as_array().unwrap()) {
                        match (result["status"].as_str().unwrap(), event["user_id"] == USER) {
                            ("created", false) => created.fetch_add(1, Ordering::Relaxed),
                            ("created", true) => 0,
                            ("rejected", true) => refused.fetch_add(1, Ordering::Relaxed),
                            other => panic!("{other:?}: {result}"),
                        };
                    }
                }
            });
        }
        thread::sleep(Duration::from_millis(1_500));
        let receipt = erase(&server);
        assert!(receipt["events"].as_i64().unwrap() > 20, "{receipt}");
        // From the answer on nothing of the user is there, whatever was on its way.
        let name = serde_json::to_string(USER).unwrap().replace('\'', "''");
        let query = format!("SELECT 1 AS one FROM events WHERE position('{name}' in body::text) > 0");
        assert_eq!(tables::rows(&server.db, &query), Vec::<String>::new());
        thread::sleep(Duration::from_millis(500));
        assert_eq!(tables::rows(&server.db, &query), Vec::<String>::new());
        stopped.store(true, Ordering::Relaxed);
    });
    server.settle();
    assert!(refused.into_inner() > 10);
    assert_eq!(
        tables::rows(&server.db, "SELECT 1 AS one FROM events").len() as u64,
        created.into_inner()
    );
    assert_eq!(super::found(&server.db), []);
    sound(&server.db);
}
