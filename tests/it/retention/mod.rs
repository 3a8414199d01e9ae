//! What is kept no longer goes, and no number changes.

mod beside;
mod followed;
mod late;
mod numbers;
mod refused;
mod texts;

use std::process::Command;

use calibrant::domain::key::ProjectId;
use calibrant::fold::retention::{Expired, apply, due};
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

/// Lets go of what is old, which is what was said that would go.
fn let_go(db: &Db, project: ProjectId, now: DateTime<Utc>) -> Expired {
    let told = db.dedicated().and_then(|mut conn| {
        let project = projects::find(&mut conn, project)?;
        due(&mut conn, &project, now)
    });
    let gone = apply(&mut db.dedicated().unwrap(), project, now, &mut |_| true).unwrap();
    let told = Expired {
        cases: gone.cases,
        ..told.unwrap()
    };
    assert_eq!(told, gone);
    gone
}

/// Lets go as a server would do so many days from now.
pub fn let_go_in(server: &TestServer, days: i64) -> Expired {
    let_go(&server.db, project(server), Utc::now() + TimeDelta::days(days))
}

/// The same while others write, so that what goes cannot be told before.
fn let_go_beside(server: &TestServer, days: i64) -> Expired {
    let (mut conn, now) = (server.db.dedicated().unwrap(), Utc::now() + TimeDelta::days(days));
    apply(&mut conn, project(server), now, &mut |_| true).unwrap()
}

fn project(server: &TestServer) -> ProjectId {
    let found = server
        .db
        .with(|conn| projects::find_or_create(conn, projects::DEFAULT).map_err(StoreError::from));
    found.unwrap().0.id
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

#[test]
fn the_command_asks_for_one_of_its_two_ways() {
    for given in [&["retention"][..], &["retention", "--dry-run", "--apply"]] {
        let run = Command::new(env!("CARGO_BIN_EXE_calibrant"))
            .args(given)
            .output()
            .unwrap();
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(
            !run.status.success() && said.contains("--dry-run") && said.contains("--apply"),
            "{said}"
        );
    }
}
