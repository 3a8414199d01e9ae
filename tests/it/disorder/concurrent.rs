//! Many writers at once, with the same events.

use std::collections::BTreeMap;
use std::sync::Mutex;

use calibrant::fold::step;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::{computed, fold};
use crate::support::{TestServer, tables};

const WRITERS: u64 = 6;
const EVENTS: usize = 3_000;

fn event(number: usize) -> String {
    let kind = ["shown", "accept", "reject", "copy"][number % 4];
    format!(
        r#"{{"id":"e{number}","type":"{kind}","output_id":"o{}","feature":"f{}","user_id":"u{}","aliases":["a{}"],"occurred_at":"2026-03-01T{:02}:00:00Z"}}"#,
        number / 4,
        number / 4 % 3,
        number / 4 % 50,
        number / 8,
        number % 24,
    )
}

#[test]
fn writers_with_the_same_events_store_each_once() {
    let first = TestServer::start();
    // A second server over the same database, as on another machine.
    let second = TestServer::over(first.db.clone());
    let created = Mutex::new(0);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let server = [&first, &second][writer as usize % 2];
            let created = &created;
            scope.spawn(move || {
                let mut numbers: Vec<usize> = (0..EVENTS).collect();
                numbers.shuffle(&mut StdRng::seed_from_u64(writer));
                for batch in numbers.chunks(250) {
                    let lines: Vec<String> = batch.iter().map(|number| event(*number)).collect();
                    let answer = server.post("/api/v1/events", lines.join("\n")).expect(200);
                    let counts = [&answer["created"], &answer["duplicates"]].map(|count| count.as_u64().unwrap());
                    assert_eq!(counts[0] + counts[1], batch.len() as u64);
                    *created.lock().unwrap() += counts[0];
                }
            });
        }
    });
    assert_eq!(created.into_inner().unwrap(), EVENTS as u64);
    assert_eq!(tables::rows(&first.db, "SELECT event_key FROM events").len(), EVENTS);

    first.settle();
    let status = first.get("/api/v1/status").expect(200);
    assert_eq!(
        (&status["log_position"], &status["outputs"]),
        (&EVENTS.into(), &(EVENTS / 4).into())
    );
    let numbers = computed(&first.db);
    let mut conn = first.db.dedicated().unwrap();
    step::rebuild(&mut conn, |_| ()).unwrap();
    fold(&mut conn);
    assert_eq!(computed(&first.db), numbers);
}

#[test]
fn of_conflicting_events_sent_at_once_one_is_stored() {
    let server = TestServer::start();
    let outcomes = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (server, outcomes) = (&server, &outcomes);
            scope.spawn(move || {
                for number in 0..40 {
                    let body = format!(r#"{{"id":"e{number}","type":"accept","output_id":"w{writer}","feature":"f"}}"#);
                    let answer = server.post("/api/v1/events", body);
                    assert!([200, 207].contains(&answer.status), "{}", answer.text());
                    let result = &answer.json()["results"][0];
                    let outcome = result["code"]
                        .as_str()
                        .or(result["status"].as_str())
                        .unwrap()
                        .to_owned();
                    *outcomes.lock().unwrap().entry((number, outcome)).or_insert(0) += 1;
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    for number in 0..40 {
        assert_eq!(outcomes.get(&(number, "created".to_owned())), Some(&1));
        assert_eq!(outcomes.get(&(number, "id_conflict".to_owned())), Some(&5));
    }
    server.settle();
    assert_eq!(server.get("/api/v1/status").expect(200)["rejected"]["id_conflict"], 200);
    assert_eq!(tables::rows(&server.db, "SELECT event_key FROM events").len(), 40);
}
