//! Two servers on one database.

use std::process::Stdio;

use serde_json::json;

use crate::crash::load::{Load, Sent};
use crate::crash::program::{DataDir, Program, wait_until};
use crate::support::{empty_database, fresh_database};

fn serve(data: &DataDir, url: &str) -> Program {
    let mut command = data.command(&["serve"]);
    command.env("CALIBRANT_DATABASE_URL", url);
    Program::start(command, data.path())
}

#[track_caller]
fn verify(data: &DataDir, url: &str) {
    let mut verify = data.command(&["verify"]);
    assert!(verify.env("CALIBRANT_DATABASE_URL", url).status().unwrap().success());
}

/// Either may be the one that folds when it is killed; the other takes over, and then the roles change.
#[test]
fn one_takes_over_when_the_other_is_killed() {
    let (url, data) = (fresh_database(), DataDir::new());
    let mut all = Sent::default();
    let mut survivor = serve(&data, &url);
    for round in 0..3 {
        let mut killed = survivor;
        survivor = serve(&data, &url);
        let loads = [&killed, &survivor].map(|server| {
            let name = format!("{round}-{}", server.pid());
            Load::start(server.client.address, &name, round)
        });
        loads.iter().for_each(|load| load.wait_for(10));
        killed.kill();
        let [of_killed, of_survivor] = loads;
        of_survivor.wait_for(10);
        for load in [of_killed, of_survivor] {
            let sent = load.stop();
            assert_eq!(sent.refused, [0; 0]);
            sent.assert_stored(&survivor);
            all.extend(sent);
        }
        all.assert_counted_once(&survivor);
        verify(&data, &url);
    }
}

#[test]
fn a_key_revoked_on_one_is_soon_refused_by_the_other() {
    let (url, data) = (fresh_database(), DataDir::new());
    let (first, second) = (serve(&data, &url), serve(&data, &url));
    let made = first
        .post("/api/v1/keys", r#"{"name":"short-lived","scopes":["read"]}"#)
        .expect(201);
    let key = made["key"].as_str().unwrap().to_owned();
    let status_of = |server: &Program| {
        let answer = server.client.request("GET", "/api/v1/status", Some(&key), &[], b"");
        answer.status
    };
    assert_eq!([status_of(&first), status_of(&second)], [200, 200]);
    let path = format!("/api/v1/keys/{}", made["id"].as_str().unwrap());
    let revoked = first
        .client
        .request("DELETE", &path, Some(crate::crash::program::KEY), &[], b"");
    assert_eq!(revoked.status, 204, "{}", revoked.text());
    assert_eq!(status_of(&first), 401);
    wait_until("the other server refuses the key", || status_of(&second) == 401);
}

#[test]
fn migrations_started_at_once_run_once() {
    let (url, data) = (empty_database(), DataDir::new());
    let started: Vec<_> = (0..4)
        .map(|_| {
            let mut migrate = data.command(&["migrate"]);
            migrate.env("CALIBRANT_DATABASE_URL", &url);
            migrate.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for migrate in started {
        let output = migrate.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let server = serve(&data, &url);
    let event = json!({"type": "accept", "output_id": "x", "feature": "f"});
    server.post("/api/v1/events", &event.to_string()).expect(200);
    assert_eq!(server.settle()["log_position"], 1);
    verify(&data, &url);
}
