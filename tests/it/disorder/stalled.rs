//! A project that cannot be folded does not keep the others waiting, and loses nothing.

use std::time::{Duration, Instant};

use calibrant::fold::step;
use serde_json::Value;

use super::{computed, fold};
use crate::support::{TestServer, tables};

fn shown(server: &TestServer, key: &str) -> Value {
    let answer = server
        .post_as(key, "/api/v1/query", r#"{"metrics":["shown"]}"#)
        .expect(200);
    answer["data"][0]["metrics"]["shown"]["value"].clone()
}

fn accept(number: usize) -> String {
    format!(r#"{{"type":"accept","output_id":"o{number}","feature":"f"}}"#)
}

/// Sends an event of a project and waits until the log is followed past it.
fn send(server: &TestServer, key: &str, number: usize) {
    server.post_as(key, "/api/v1/events", accept(number)).expect(200);
    server.settle();
}

#[test]
fn others_go_on_while_one_project_cannot_be_folded() {
    let server = TestServer::start();
    let (broken, broken_key) = server.project("broken");
    send(&server, &broken_key, 0);
    // The database refuses that project's outputs, as it would if the fold wrote something that it cannot hold.
    tables::execute(
        &server.db,
        &format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$; \
             CREATE TRIGGER refuse BEFORE INSERT ON outputs FOR EACH ROW WHEN (NEW.project_id = {broken}) \
             EXECUTE FUNCTION refuse()"
        ),
    );
    for number in 1..4 {
        send(&server, &broken_key, number);
        send(&server, &server.key, number);
    }
    assert_eq!(shown(&server, &server.key), 3);
    assert_eq!(shown(&server, &broken_key), 1);
    let status = |key: &str| server.get_as(key, "/api/v1/status").expect(200);
    assert_eq!(status(&broken_key)["backlog"]["events"], 3);
    assert_eq!(status(&server.key)["backlog"]["events"], 0);

    tables::execute(&server.db, "DROP TRIGGER refuse ON outputs; DROP FUNCTION refuse");
    let started = Instant::now();
    while status(&broken_key)["backlog"]["events"] != 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "it is not tried again");
        std::thread::sleep(Duration::from_millis(50));
    }
    send(&server, &broken_key, 4);
    assert_eq!(shown(&server, &broken_key), 5);
    assert_eq!(status(&broken_key)["log_position"], 5);

    let numbers = computed(&server.db);
    let mut conn = server.db.dedicated().unwrap();
    step::rebuild(&mut conn, |_| ()).unwrap();
    fold(&mut conn);
    assert_eq!(computed(&server.db), numbers);
}
