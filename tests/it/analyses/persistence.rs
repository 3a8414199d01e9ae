//! Whether what users accepted stays in place.

use std::collections::HashMap;

use calibrant::domain::event::{Event, EventKind};
use calibrant::query;
use calibrant::simulate::Simulation;
use chrono::Utc;
use serde_json::{Value, json};

use super::{about, both_ways, options, world};
use crate::support::TestServer;

fn send(server: &TestServer, events: &[Value]) {
    server.send(json!({"events": events}).to_string());
}

/// An event of an output of the feature `draft`, so many seconds after it was shown.
fn event(output: &str, user: &str, kind: &str, seconds: u32) -> Value {
    json!({"type": kind, "output_id": output, "feature": "draft", "user_id": user,
        "occurred_at": format!("2026-11-01T10:{:02}:{:02}Z", seconds / 60, seconds % 60)})
}

fn retained(output: &str, user: &str, share: f64, after_seconds: u32) -> Value {
    let mut event = event(output, user, "retained", 59 * 60);
    event["retained_share"] = share.into();
    event["after_seconds"] = after_seconds.into();
    event
}

fn step(server: &TestServer, place: usize) -> Value {
    let found = server.get("/api/v1/features/draft/persistence").expect(200);
    found["data"][0]["steps"][place].clone()
}

/// Eight accepted, two of them taken back, four of the others reported, and two refused.
fn drafts() -> Vec<Value> {
    let mut events = Vec::new();
    for number in 0..10 {
        let (id, user) = (format!("o{number}"), format!("u{}", number % 4));
        events.push(event(&id, &user, "shown", 0));
        events.push(event(&id, &user, if number < 8 { "accept" } else { "reject" }, 10));
        match number {
            0 => events.push(event(&id, &user, "undo", 20)),
            1 => events.push(event(&id, &user, "undo", 10 + 200)),
            2 => events.push(retained(&id, &user, 1.0, 30)),
            3 => events.push(retained(&id, &user, 0.67, 30)),
            4 => events.push(retained(&id, &user, 0.5, 33)),
            5 => events.push(retained(&id, &user, 0.49, 28)),
            _ => {}
        }
    }
    events
}

#[test]
fn what_is_not_reported_is_no_failure() {
    let server = TestServer::start();
    send(&server, &drafts());
    let first = step(&server, 0);
    assert_eq!(first["after_seconds"], 30);
    assert_eq!(
        [&first["known"]["value"], &first["taken_back"]["value"]],
        [&json!(0.625), &json!(0.125)]
    );
    // Seven of eight were not taken back, and of four reported, so many were kept.
    for (share, least, kept) in [(0, 1.0, 1.0), (1, 0.67, 2.0), (2, 0.5, 3.0)] {
        let row = &first["shares"][share];
        assert_eq!(row["least"], json!(least));
        let of_accepted = &row["of_accepted"];
        assert!(
            (of_accepted["value"].as_f64().unwrap() - 7.0 / 8.0 * kept / 4.0).abs() < 1e-12,
            "{row}"
        );
        assert_eq!(of_accepted["n"], 5);
        assert!(of_accepted["lower"].as_f64() < of_accepted["value"].as_f64(), "{row}");
        let of_decided = &row["of_decided"];
        assert!(
            (of_decided["value"].as_f64().unwrap() - 0.8 * 7.0 / 8.0 * kept / 4.0).abs() < 1e-12,
            "{row}"
        );
        assert_eq!(of_decided["n"], 10);
    }
    // Nobody reports of later, and of what is known only that two were taken back is: that says nothing of the others.
    let last = step(&server, 3);
    assert_eq!(last["taken_back"]["value"], 0.25);
    for share in last["shares"].as_array().unwrap() {
        for of in ["of_accepted", "of_decided"] {
            assert_eq!(
                (&share[of]["value"], &share[of]["reason"]),
                (&Value::Null, &json!("no_cases"))
            );
        }
    }
}

#[test]
fn an_output_says_what_was_in_place() {
    let server = TestServer::start();
    send(&server, &drafts());
    let kept = |id: &str| server.get(&format!("/api/v1/outputs/{id}")).expect(200)["kept"].clone();
    let at = |after_seconds: u32, share: f64| json!({"after_seconds": after_seconds, "share": share});
    assert_eq!(kept("o3"), json!([at(30, 0.67)]));
    assert_eq!(kept("o1"), json!([at(300, 0.0), at(600, 0.0)]));
    assert_eq!(kept("o7"), json!([]));
    assert_eq!(kept("o9"), json!([]));
}

/// A later decision, and words that are taken back, change what is known.
#[test]
fn later_events_change_what_is_known() {
    let server = TestServer::start();
    let mut said = retained("o", "u", 0.25, 30);
    said["id"] = json!("said");
    send(
        &server,
        &[event("o", "u", "shown", 0), event("o", "u", "accept", 10), said],
    );
    assert_eq!(step(&server, 0)["shares"][2]["of_accepted"]["value"], 0);
    send(
        &server,
        &[json!({"type": "retract", "output_id": "o", "retracts": "said"})],
    );
    assert_eq!(step(&server, 0)["shares"][2]["of_accepted"]["reason"], "no_cases");
    send(&server, &[retained("o", "u", 0.75, 30)]);
    assert_eq!(step(&server, 0)["shares"][2]["of_accepted"]["value"], 1);
    // What is refused in the end was not accepted.
    send(&server, &[event("o", "u", "reject", 59 * 60 + 30)]);
    let step = step(&server, 0);
    assert_eq!(step["shares"][2]["of_accepted"]["reason"], "no_cases");
    // Of what was decided nothing stayed, and no report is needed to know it.
    let of_decided = &step["shares"][2]["of_decided"];
    assert_eq!(
        (&of_decided["value"], &of_decided["reason"]),
        (&json!(0), &json!("too_few"))
    );
}

/// Steps that the app took by itself were accepted by nobody.
#[test]
fn what_the_app_takes_by_itself_is_not_counted() {
    let server = TestServer::start();
    let mut taken = event("o", "u", "accept", 10);
    taken["auto"] = json!(true);
    send(
        &server,
        &[event("o", "u", "shown", 0), taken, retained("o", "u", 1.0, 30)],
    );
    assert_eq!(step(&server, 0)["known"]["reason"], "no_cases");
    let kept = &server.get("/api/v1/outputs/o").expect(200)["kept"];
    assert_eq!(kept[0]["share"], 1.0);
}

/// What a reading of the simulated events finds of one feature: accepted, taken back within so many seconds, and what is reported of
/// the others.
fn recount(feature: &str, seconds: u32) -> (f64, f64, Vec<f64>) {
    let mut outputs: HashMap<String, Vec<Event>> = HashMap::new();
    let mut names: HashMap<String, String> = HashMap::new();
    let events: Vec<Event> = Simulation::new(options()).into_deliveries().collect();
    let shown = |event: &&Event| event.kind == EventKind::Shown && event.feature.as_deref() == Some(feature);
    for event in events.iter().filter(shown) {
        for name in event.aliases.iter().chain([&event.output_id]) {
            names.insert(name.clone(), event.output_id.clone());
        }
    }
    for event in events {
        if let Some(output) = names.get(&event.output_id) {
            outputs.entry(output.clone()).or_default().push(event);
        }
    }
    let (mut accepted, mut back, mut reports) = (0.0, 0.0, Vec::new());
    for own in outputs.values() {
        let of = |kind: EventKind| own.iter().filter(move |event| event.kind == kind);
        let mut takes = of(EventKind::Accept)
            .chain(of(EventKind::Edit))
            .chain(of(EventKind::PartialAccept));
        let Some(at) = takes.next().and_then(|event| event.occurred_at) else {
            continue;
        };
        accepted += 1.0;
        let undone = of(EventKind::Undo).next().and_then(|event| event.occurred_at);
        if undone.is_some_and(|undone| (undone - at).num_milliseconds() <= i64::from(seconds) * 1_000) {
            back += 1.0;
        } else {
            let report = of(EventKind::Retained).find(|event| event.after_seconds == Some(seconds));
            reports.extend(report.and_then(|event| event.retained_share));
        }
    }
    (accepted, back, reports)
}

#[test]
fn the_simulated_product_keeps_what_its_events_say() {
    for (feature, horizons) in [
        ("code.complete", [Some(30), None, Some(300), None]),
        ("canvas.trigger", [None, None, Some(300), None]),
    ] {
        let ids = [
            "persistence_30s",
            "persistence_120s",
            "persistence_300s",
            "persistence_600s",
        ];
        for question in both_ways(&about(feature, &ids)) {
            let world = world();
            let answer = world
                .db
                .with(|conn| query::run(conn, &world.sources, &question, Utc::now()))
                .unwrap();
            for (found, seconds) in answer.rows[0].estimates.iter().zip(horizons) {
                let Some(seconds) = seconds else {
                    assert_eq!(found.value, None, "{found:?}");
                    continue;
                };
                let (accepted, back, reports) = recount(feature, seconds);
                let kept = reports.iter().filter(|share| **share >= 0.67).count() as f64;
                let expected = (1.0 - back / accepted) * kept / reports.len() as f64;
                assert!(
                    (found.value.unwrap() - expected).abs() < 1e-12,
                    "{found:?} is not {expected}"
                );
                assert_eq!(found.n as f64, back + reports.len() as f64);
                assert!(reports.len() > 300 && back > 10.0);
            }
        }
    }
}
