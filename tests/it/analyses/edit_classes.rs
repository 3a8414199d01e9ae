//! A project says which edits are light, medium or heavy; what it says holds for all of its numbers.

use std::thread;
use std::time::Duration;

use calibrant::fold::step;
use calibrant::metrics;
use calibrant::query::{self, Query};
use calibrant::store::projects;
use chrono::Utc;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::{Answer, TestServer};

/// In hundredths: on both sides of thresholds, and on them.
const DISTANCES: [f64; 10] = [0.0, 0.04, 0.05, 0.1, 0.100_001, 0.2, 0.3, 0.31, 0.5, 0.97];
const RATES: [&str; 5] = [
    "untouched_rate",
    "light_edit_rate",
    "medium_edit_rate",
    "heavy_edit_rate",
    "rewrite_rate",
];

fn edited() -> TestServer {
    let server = TestServer::start();
    let events: Vec<Value> = (0..)
        .zip(DISTANCES)
        .map(|(number, distance)| {
            json!({
                "type": "edit", "output_id": format!("o{number}"), "feature": "f", "user_id": format!("u{}", number % 3),
                "occurred_at": format!("2026-03-0{}T{}:00:00Z", 1 + number % 2, 10 + number / 2),
                "version": (number % 2).to_string(), "edit_distance": distance,
            })
        })
        .collect();
    server.send(json!({"events": events}).to_string());
    server
}

fn set(server: &TestServer, thresholds: &Value) -> Answer {
    let body = json!({"edit_thresholds": thresholds}).to_string();
    server.request(
        "PATCH",
        "/api/v1/projects/current",
        Some(&server.key),
        &[],
        body.as_bytes(),
    )
}

fn ask(server: &TestServer) -> Value {
    server
        .post("/api/v1/query", json!({"metrics": RATES}).to_string())
        .expect(200)
}

/// How many of the ten outputs are of each class, from the outputs and from the rollups.
#[track_caller]
fn check(server: &TestServer, thresholds: &Value, expected: [u64; 5]) {
    let answer = ask(server);
    assert_eq!(answer["meta"]["edit_thresholds"], *thresholds);
    for (id, count) in RATES.iter().zip(expected) {
        let found = &answer["data"][0]["metrics"][id];
        let of = (&found["numerator"], &found["denominator"]);
        assert_eq!(of, (&json!(count), &json!(10)), "{id}: {found}");
    }
    let sources = Default::default();
    let mut conn = server.db.dedicated().unwrap();
    let project = projects::find_by_name(&mut conn, projects::DEFAULT).unwrap().unwrap();
    let metrics = RATES.map(|id| metrics::find(id).unwrap().1);
    let question = Query {
        exact_outputs: 0,
        ..Query::new(project.id, metrics.to_vec())
    };
    let rolled_up = query::run(&mut conn, &sources, &question, Utc::now()).unwrap();
    let numerators = rolled_up.rows[0].estimates.iter().map(|estimate| estimate.numerator);
    assert_eq!(
        numerators.collect::<Vec<_>>(),
        expected.map(|count| Some(count as f64)).to_vec()
    );
}

#[test]
fn thresholds_hold_for_the_past_too() {
    let server = edited();
    let usual = json!({"light": 0.1, "medium": 0.3, "heavy": 0.5});
    let own = json!({"light": 0.05, "medium": 0.2, "heavy": 0.95});
    check(&server, &usual, [1, 3, 3, 3, 1]);
    assert_eq!(set(&server, &own).expect(200)["edit_thresholds"], own);
    check(&server, &own, [1, 2, 3, 4, 1]);
    step::rebuild(&mut server.db.dedicated().unwrap(), |_| ()).unwrap();
    check(&server, &own, [1, 2, 3, 4, 1]);
    set(&server, &usual).expect(200);
    check(&server, &usual, [1, 3, 3, 3, 1]);
}

/// What speaks of classes says which are meant; what does not, does not.
#[test]
fn answers_say_which_thresholds_they_used() {
    let server = edited();
    let own = json!({"light": 0.15, "medium": 0.2, "heavy": 0.25});
    set(&server, &own).expect(200);
    assert_eq!(server.get("/api/v1/metrics").expect(200)["edit_thresholds"], own);
    for (path, of) in [
        (
            "/api/v1/compare?baseline=version%3D0&candidate=version%3D1&metrics=",
            "/meta",
        ),
        ("/api/v1/features/f/trajectory?metrics=", "/meta"),
        ("/api/v1/features/f/drift?metrics=", "/meta"),
        ("/api/v1/features/f/explain?metric=", "/meta"),
        ("/api/v1/explain?metric=", "/meta"),
    ] {
        let stated = |metric: &str| {
            let answer = server.get(&format!("{path}{metric}")).expect(200);
            answer.pointer(of).unwrap()["edit_thresholds"].clone()
        };
        assert_eq!(stated("medium_edit_rate"), own, "{path}");
        assert_eq!(stated("edit_distance"), Value::Null, "{path}");
    }
    let answer = server
        .get("/api/v1/features/f/trajectory?metrics=light_edit_rate")
        .expect(200);
    let first = &answer["by_exposure"][0]["metrics"]["light_edit_rate"];
    // Of their first outputs the users changed nothing, 0.05 and a little more than 0.1.
    assert_eq!(
        (&first["numerator"], &first["denominator"]),
        (&json!(2), &json!(3)),
        "{first}"
    );
}

#[test]
fn thresholds_that_cannot_be_told_apart_are_refused() {
    let server = edited();
    for thresholds in [
        json!({"light": 0.1, "medium": 0.3}),
        json!({"light": 0.0, "medium": 0.3, "heavy": 0.5}),
        json!({"light": 0.1, "medium": 0.3, "heavy": 1.0}),
        json!({"light": 0.1, "medium": 0.33, "heavy": 0.5}),
        json!({"light": 0.3, "medium": 0.3, "heavy": 0.5}),
        json!({"light": 0.5, "medium": 0.3, "heavy": 0.6}),
        json!([0.1, 0.3, 0.5]),
    ] {
        set(&server, &thresholds).expect_problem(422, "invalid_body");
    }
    let kept = json!({"light": 0.05, "medium": 0.1, "heavy": 0.95});
    set(&server, &kept).expect(200);
    assert_eq!(ask(&server)["meta"]["edit_thresholds"], kept);
    let usual = json!({"light": 0.1, "medium": 0.3, "heavy": 0.5});
    assert_eq!(set(&server, &Value::Null).expect(200)["edit_thresholds"], usual);
    assert_eq!(ask(&server)["meta"]["edit_thresholds"], usual);
}

/// A question that waits while the thresholds change, and is asked again when they are as they were before.
#[test]
fn an_answer_of_other_thresholds_in_between_is_not_kept() {
    let server = edited();
    let (usual, own) = (
        json!({"light": 0.1, "medium": 0.3, "heavy": 0.5}),
        json!({"light": 0.05, "medium": 0.2, "heavy": 0.95}),
    );
    let at_level = &|level: f64| {
        let question = json!({"metrics": RATES, "level": level});
        let answer = server.post("/api/v1/query", question.to_string()).expect(200);
        answer["meta"]["edit_thresholds"].clone()
    };
    let mut blocker = server.db.dedicated().unwrap();
    blocker
        .batch_execute("BEGIN; LOCK TABLE cells IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    let between = thread::scope(|scope| {
        // As many as are computed at once.
        for level in [0.6, 0.61, 0.62, 0.63] {
            scope.spawn(move || at_level(level));
        }
        thread::sleep(Duration::from_millis(500));
        let waiting = scope.spawn(|| at_level(0.7));
        thread::sleep(Duration::from_millis(500));
        set(&server, &own).expect(200);
        blocker.batch_execute("COMMIT").unwrap();
        waiting.join().unwrap()
    });
    assert_eq!(between, own);
    set(&server, &usual).expect(200);
    assert_eq!(at_level(0.7), usual);
}
