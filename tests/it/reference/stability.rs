//! The same events give the same answers, to the byte: imported twice, in any order, cut anyhow, sent again.
//!
//! Byte for byte holds between databases, where the keys are the same. Sums are whole numbers and do not depend on order;
//! what is computed from them takes clusters and buckets in the order of their keys.

use calibrant::import::{self, Mapping, Options};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::import;
use crate::support::{TestServer, data_set, project_file};

const SEED: u64 = 20261122;
/// How many events are sent in every order.
const EVENTS: usize = 5_000;

#[test]
fn importing_twice_changes_nothing() {
    for (set, file) in [
        ("copilot_cups", "suggestions.jsonl.gz"),
        ("feedbackqa", "feedback.jsonl.gz"),
    ] {
        let Some(folder) = data_set(set) else { return };
        let server = TestServer::start();
        let first = import(&server, set, &folder.join(file));
        server.settle();
        let before = answers(&server);
        let second = import(&server, set, &folder.join(file));
        server.settle();
        assert_eq!((second.events, second.created), (first.events, 0), "{second}");
        assert_eq!(second.duplicates, first.created, "{second}");
        assert_same(&before, &answers(&server));
    }
}

#[test]
fn any_order_gives_the_same_bytes() {
    for (set, file) in [
        ("copilot_cups", "suggestions.jsonl.gz"),
        // No times: all that an output's events can be ordered by is what they are.
        ("human_alignment", "events.csv.gz"),
        ("feedbackqa", "feedback.jsonl.gz"),
    ] {
        let Some(folder) = data_set(set) else { return };
        let (dimensions, mut events) = events(set, &folder.join(file));
        let straight = start(&dimensions);
        let mut random = StdRng::seed_from_u64(SEED);
        let created = send(&straight, &events, &mut random);
        assert_eq!(created, events.len() as u64);
        straight.settle();

        let again: Vec<Value> = events.iter().filter(|_| random.random_bool(0.2)).cloned().collect();
        events.extend(again);
        events.shuffle(&mut random);
        let shuffled = start(&dimensions);
        assert_eq!(send(&shuffled, &events, &mut random), created);
        shuffled.settle();
        assert_same(&answers(&straight), &answers(&shuffled));
    }
}

/// A server whose project declares dimensions.
fn start(dimensions: &[String]) -> TestServer {
    let server = TestServer::start();
    let settings = json!({"dimensions": dimensions}).to_string();
    let path = "/api/v1/projects/current";
    server
        .request("PATCH", path, Some(&server.key), &[], settings.as_bytes())
        .expect(200);
    server
}

/// Sends events in requests of random sizes. Gives how many were new.
fn send(server: &TestServer, events: &[Value], random: &mut StdRng) -> u64 {
    let mut rest = events;
    let mut created = 0;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(random.random_range(1..=1_000).min(rest.len()));
        rest = after;
        let answer = server
            .post("/api/v1/events", json!({"events": batch}).to_string())
            .expect(200);
        created += answer["created"].as_u64().unwrap();
    }
    created
}

/// The dimensions, and the first events that the mapping makes of a file.
fn events(set: &str, file: &std::path::Path) -> (Vec<String>, Vec<Value>) {
    let text = std::fs::read_to_string(project_file(&format!("examples/{set}.toml"))).unwrap();
    let mapping = Mapping::parse(&text).unwrap();
    let options = Options {
        progress: false,
        ..Options::default()
    };
    let mut made = Vec::new();
    let store = |events: Vec<calibrant::domain::event::Event>| {
        made.extend(events.iter().map(|event| serde_json::to_value(event).unwrap()));
        Ok(vec![import::Outcome::Created; events.len()])
    };
    import::run(file, &mapping, &options, |_| Ok(()), store).unwrap();
    made.truncate(EVENTS);
    (mapping.dimensions().to_vec(), made)
}

/// What the API says of everything: each question and its answer.
fn answers(server: &TestServer) -> Vec<(String, Vec<u8>)> {
    let catalogue = server.get("/api/v1/metrics").expect(200);
    let ids: Vec<&Value> = catalogue["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| &metric["id"])
        .collect();
    let mut answers = Vec::new();
    for metrics in ids.chunks(25) {
        for question in [
            json!({"metrics": metrics}),
            json!({"metrics": metrics, "group_by": ["feature", "version"], "interval": "clustered_linear",
                "granularity": "week", "timezone": "Europe/Berlin"}),
        ] {
            let question = question.to_string();
            let answer = server.post("/api/v1/query", &question);
            answer.expect(200);
            answers.push((question, answer.body));
        }
    }
    let features = server.get("/api/v1/features");
    for feature in features.json()["data"].as_array().unwrap() {
        let feature = feature["feature"].as_str().unwrap();
        for about in ["trust", "calibration", "calibration?target=acceptance", "reliance"] {
            let path = format!("/api/v1/features/{feature}/{about}");
            answers.push((path.clone(), server.get(&path).body));
        }
    }
    answers.push(("/api/v1/features".to_owned(), features.body));
    answers
}

#[track_caller]
fn assert_same(left: &[(String, Vec<u8>)], right: &[(String, Vec<u8>)]) {
    assert_eq!(left.len(), right.len());
    for ((question, before), (_, after)) in left.iter().zip(right) {
        let text = String::from_utf8_lossy;
        assert!(
            before == after,
            "{question}\n  one answer: {}\n  the other:  {}",
            text(before),
            text(after)
        );
    }
}
