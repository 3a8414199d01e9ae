//! What is kept no longer goes, and no number changes.

mod beside;
mod late;
mod numbers;
mod refused;
mod texts;

use std::time::Duration;

use calibrant::domain::key::ProjectId;
use calibrant::fold::retention::{Expired, apply};
use calibrant::fold::step;
use calibrant::fold::verify::{Checked, verify};
use calibrant::store::projects::{self, Settings};
use calibrant::store::{Db, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::TestServer;

/// Days for texts, events and outputs.
fn keep(db: &Db, project: ProjectId, days: [Option<i32>; 3]) {
    let [texts, events, outputs] = days;
    let settings = Settings {
        retain_texts_days: Some(texts),
        retain_events_days: Some(events),
        retain_outputs_days: Some(outputs),
        ..Settings::default()
    };
    db.with(|conn| Ok::<_, StoreError>(projects::update(conn, project, &settings)?))
        .unwrap();
}

fn let_go(db: &Db, project: ProjectId, now: DateTime<Utc>) -> Expired {
    let mut pieces = 0;
    let mut rest = |_: Duration| {
        pieces += 1;
        true
    };
    apply(&mut db.dedicated().unwrap(), project, now, &mut rest).unwrap()
}

/// Lets go as a server would do so many days from now.
pub fn let_go_in(server: &TestServer, days: i64) -> Expired {
    let project = server
        .db
        .with(|conn| projects::find_or_create(conn, projects::DEFAULT).map_err(StoreError::from));
    let_go(&server.db, project.unwrap().0.id, Utc::now() + TimeDelta::days(days))
}

/// Everything is what the log says, and after a rebuild too.
#[track_caller]
fn sound(db: &Db) -> Checked {
    let check = || {
        let checked = verify(&mut db.dedicated().unwrap(), |_| ()).unwrap().remove(0);
        assert_eq!(checked.listed, []);
        assert_eq!(checked.differences, 0);
        checked
    };
    let before = check();
    step::rebuild(&mut db.dedicated().unwrap(), |_| ()).unwrap();
    let after = check();
    assert_eq!(after, before);
    after
}

pub fn patch(server: &TestServer, settings: &Value) -> crate::support::Answer {
    let body = settings.to_string();
    server.request(
        "PATCH",
        "/api/v1/projects/current",
        Some(&server.key),
        &[],
        body.as_bytes(),
    )
}

/// An event of an output, so many days ago.
fn event(kind: &str, output: &str, days_ago: i64) -> Value {
    let occurred_at = Utc::now() - TimeDelta::days(days_ago);
    json!({"type": kind, "id": format!("{kind}-{output}-{days_ago}"), "output_id": output, "feature": "f",
        "occurred_at": occurred_at.to_rfc3339()})
}

fn status(server: &TestServer) -> Value {
    server.settle();
    server.get("/api/v1/status").expect(200)
}

/// Value and denominator of a metric over all time.
fn metric(server: &TestServer, id: &str) -> Value {
    let question = json!({"metrics": [id]}).to_string();
    server.post("/api/v1/query", question).expect(200)["data"][0]["metrics"][id].clone()
}
